// One set-up at a time in one folder, whatever is killed and whenever. Old syntax: see bootstrap.cjs.
//
// The lock is the file with the highest number in its folder; its text names the processes that hold it, or is 'free'.
// A lock of the dead is never removed but succeeded: whoever creates the next number (the system lets only one) holds it.
// Removing a dead one's file first, as a plain lock file does, lets two takers remove each other's.
'use strict'
var fs = require('fs')
var path = require('path')

var FREE = 'free'
var POLL_MS = 200
var RETRY_MS = 10
// A holder creates its file and writes its name in two steps; an empty file older than this is one whose holder died between.
var EMPTY_MS = 5000

function numbers(folder) {
  return fs
    .readdirSync(folder)
    .map(function (name) {
      return /^\d+$/.test(name) ? parseInt(name, 10) : 0
    })
    .sort(function (a, b) {
      return b - a
    })
}

/** When the process began, in the system's ticks: tells a process from a later one that was given the same number. */
function birth(pid) {
  if (process.platform !== 'linux') return ''
  try {
    var stat = fs.readFileSync('/proc/' + pid + '/stat', 'utf8')
    var fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'gone' : fields[19]
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return 'gone'
    throw error
  }
}

function isAlive(holder) {
  var pid = parseInt(holder, 10)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code === 'ESRCH') return false
  }
  return holder === describe(pid)
}

function describe(pid) {
  return pid + ' ' + birth(pid)
}

/** The process that holds the lock file, or undefined when nobody alive does. */
function holderOf(file) {
  var text
  var ageMs
  try {
    text = fs.readFileSync(file, 'utf8')
    ageMs = Math.abs(Date.now() - fs.statSync(file).mtimeMs)
  } catch (error) {
    if (error.code === 'ENOENT') return 'another'
    throw error
  }
  if (text === '') return ageMs < EMPTY_MS ? 'another' : undefined
  return text === FREE ? undefined : text.split('\n').filter(isAlive)[0]
}

function unlink(file) {
  try {
    fs.unlinkSync(file)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** Takes the number after `top`; false when somebody else was quicker. */
function take(folder, top) {
  var mine = top + 1
  var file = path.join(folder, String(mine))
  try {
    fs.writeFileSync(file, describe(process.pid), { flag: 'wx' })
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  // A slow taker may re-create a number that was tidied away after it looked; the higher number then stands beside it.
  if (numbers(folder)[0] !== mine) {
    unlink(file)
    return false
  }
  numbers(folder).forEach(function (number) {
    if (number > 0 && number < mine) unlink(path.join(folder, String(number)))
  })
  return file
}

/**
 * Calls `on.acquired(lock)` once this process holds the lock of the folder; `on.waiting(holder, file)` once, if it has to wait;
 * `on.refused(error)` if the folder cannot be written. `lock.add(pid)` names a child that works under the lock: should its
 * parent be killed, the lock stays held until the child has ended too. `lock.release()` lets the next one in.
 */
function acquire(folder, on) {
  var told = false
  function attempt() {
    var top = numbers(folder)[0] || 0
    var holder = top > 0 ? holderOf(path.join(folder, String(top))) : undefined
    if (holder === undefined) {
      var file = take(folder, top)
      if (file) on.acquired(lockOn(file))
      else setTimeout(attempt, RETRY_MS)
      return
    }
    if (!told) on.waiting(holder.split(' ')[0], path.join(folder, String(top)))
    told = true
    setTimeout(attempt, POLL_MS)
  }
  try {
    fs.mkdirSync(folder, { recursive: true })
    fs.accessSync(folder, fs.constants.W_OK)
  } catch (error) {
    on.refused(error)
    return
  }
  attempt()
}

function lockOn(file) {
  return {
    add: function (pid) {
      fs.writeFileSync(file, [describe(process.pid), describe(pid)].join('\n'))
    },
    release: function () {
      fs.writeFileSync(file, FREE)
    },
  }
}

module.exports = { acquire: acquire }
