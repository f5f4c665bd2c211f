// Is node_modules what package-lock.json says? Old syntax: see bootstrap.cjs.
'use strict'
var fs = require('fs')
var path = require('path')

var SEPARATOR = '\0'
var STAMP_END = '\0end'
var CANNOT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC']

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}

/** The parsed file; undefined when it is absent or cut off, as a kill may leave it. */
function readJson(file) {
  var text = readText(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** npm's rule for the fields os, cpu and libc: a list of words, or of words that are ruled out by a `!`. */
function admits(allowed, own) {
  if (!allowed) return true
  var list = [].concat(allowed)
  var onlyRulesOut = list.every(function (word) {
    return word.charAt(0) === '!'
  })
  return list.indexOf('!' + own) < 0 && (onlyRulesOut || list.indexOf(own) >= 0)
}

function ownLibc() {
  if (process.platform !== 'linux') return undefined
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

// npm calls a failed download of an optional package a success. The one built for this very machine is not optional to us.
function mayBeAbsent(entry) {
  if (!entry.optional && !entry.devOptional) return false
  if (!entry.os || !entry.cpu) return true
  if (!admits(entry.os, process.platform) || !admits(entry.cpu, process.arch)) return true
  return Boolean(entry.libc) && !admits(entry.libc, ownLibc())
}

/** Compares the lock file with what npm says it installed, and that with the folders: `missing` is the first difference. */
function compare(folder) {
  var lock = readJson(path.join(folder, 'package-lock.json'))
  var tree = readJson(path.join(folder, 'node_modules', '.package-lock.json'))
  if (!lock) return { missing: 'package-lock.json' }
  if (!tree) return { missing: 'node_modules' }
  var present = []
  var missing = Object.keys(lock.packages).filter(function (key) {
    var want = lock.packages[key]
    var have = tree.packages[key]
    if (key.indexOf('node_modules/') !== 0 || (!have && mayBeAbsent(want))) return false
    if (!have || have.version !== want.version) return true
    if (want.integrity && have.integrity !== want.integrity) return true
    present.push(key)
    return !isThere(folder, key)
  })[0]
  return { missing: missing, present: present }
}

function isThere(folder, key) {
  return fs.existsSync(path.join(folder, key, 'package.json'))
}

/**
 * The first package that is not there as the lock file says, or undefined. File times lie after git checkouts, and npm's
 * hidden lock file alone lies too, so the entries are compared and each folder is looked at. That both files are still those
 * of the last comparison is seen from a stamp, which holds their text and the folders to look at: a start then parses
 * nothing. The stamp lies inside node_modules and goes with it.
 */
function firstMissing(folder) {
  var stampFile = path.join(folder, 'node_modules', '.millrace-setup')
  var texts = ['package-lock.json', path.join('node_modules', '.package-lock.json')].map(function (name) {
    return readText(path.join(folder, name))
  })
  var compared = texts.join(SEPARATOR) + SEPARATOR
  var stamp = readText(stampFile)
  if (
    stamp !== undefined &&
    stamp.slice(0, compared.length) === compared &&
    stamp.slice(-STAMP_END.length) === STAMP_END
  ) {
    var keys = stamp.slice(compared.length, -STAMP_END.length).split('\n')
    return keys.filter(function (key) {
      return key !== '' && !isThere(folder, key)
    })[0]
  }
  var found = compare(folder)
  if (found.missing === undefined) writeStamp(stampFile, compared + found.present.join('\n') + STAMP_END)
  return found.missing
}

// A checkout that cannot be written only loses the short cut.
function writeStamp(file, text) {
  try {
    fs.writeFileSync(file, text)
  } catch (error) {
    if (CANNOT_WRITE.indexOf(error.code) < 0) throw error
  }
}

function isInstalled(folder) {
  return firstMissing(folder) === undefined
}

module.exports = { firstMissing: firstMissing, isInstalled: isInstalled, readJson: readJson }
