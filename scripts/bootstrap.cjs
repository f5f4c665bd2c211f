// Runs a file of this repository under Node 24, after whatever set-up is missing:
//   node scripts/bootstrap.cjs <file> [arguments…]
// Old syntax on purpose: the Node that npm hands us may be any. Complete set-up costs two file reads and a look at each
// package's folder, and touches no network. All notes go to stderr, because stdout belongs to the program that is run.
'use strict'
var fs = require('fs')
var path = require('path')
var crypto = require('crypto')
var childProcess = require('child_process')
var setupLock = require('./setup-lock.cjs')

var NODE_WANTED = 24
var EXIT_UNAVAILABLE = 4
var SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
var SIGNALS = Object.keys(SIGNAL_EXITS)
var OLD_SYNTAX_NPM = 7
// A registry that does not answer must end in the remedy within seconds; npm's own retries take more than a minute.
var NPM_ARGUMENTS = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--no-progress',
  '--prefer-offline', '--include=dev', '--include=optional', '--fetch-retries=2', '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=2000', '--fetch-timeout=60000']

function note(text) {
  process.stderr.write('millrace: ' + text + '\n')
}

function fail(text) {
  note(text)
  process.exit(EXIT_UNAVAILABLE)
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}

function readJson(file) {
  var text = readText(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    return undefined // a file cut off by a kill is as good as none: the set-up is done again
  }
}

// ---- Is the set-up complete?

function matches(allowed, own) {
  if (!allowed) return true
  var list = [].concat(allowed)
  if (list.indexOf('!' + own) >= 0) return false
  return list.indexOf(own) >= 0 || list.every(function (word) { return word.charAt(0) === '!' })
}

function libc() {
  if (process.platform !== 'linux' || !process.report) return undefined
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

// npm calls a failed download of an optional package a success. The one built for this very machine is not optional to us.
function mayBeAbsent(entry) {
  if (!entry.optional && !entry.devOptional) return false
  if (!entry.os || !entry.cpu) return true
  if (!matches(entry.os, process.platform) || !matches(entry.cpu, process.arch)) return true
  return Boolean(entry.libc) && !matches(entry.libc, libc())
}

/** The first package that is not installed as the lock file says, or undefined; fills `present` with the folders to look for. */
function firstMissing(folder, present) {
  var lock = readJson(path.join(folder, 'package-lock.json'))
  var tree = readJson(path.join(folder, 'node_modules', '.package-lock.json'))
  if (!lock) return 'package-lock.json'
  if (!tree) return 'node_modules'
  var keys = Object.keys(lock.packages)
  for (var i = 0; i < keys.length; i++) {
    var key = keys[i]
    if (key.indexOf('node_modules/') !== 0) continue
    var want = lock.packages[key]
    var have = tree.packages[key]
    if (!have && mayBeAbsent(want)) continue
    if (!have || have.version !== want.version || (want.integrity && have.integrity !== want.integrity)) return key
    if (!fs.existsSync(path.join(folder, key, 'package.json'))) return key
    present.push(key)
  }
  return undefined
}

function fingerprint(folder) {
  var lock = readText(path.join(folder, 'package-lock.json'))
  var tree = readText(path.join(folder, 'node_modules', '.package-lock.json'))
  return crypto.createHash('sha256').update(String(lock)).update('\n').update(String(tree)).digest('hex')
}

/**
 * True when node_modules is what package-lock.json says. File times lie after git checkouts, and npm's hidden lock file
 * alone lies too, so the entries are compared and each folder is looked at. The comparison is remembered in a stamp inside
 * node_modules (it goes when node_modules goes), keyed by both lock files; the folders are looked at every time.
 */
function installed(folder) {
  var stampFile = path.join(folder, 'node_modules', '.millrace-setup')
  var print = fingerprint(folder)
  var stamp = readText(stampFile)
  if (stamp !== undefined) {
    var lines = stamp.split('\n')
    var whole = lines[0] === print && lines[lines.length - 1] === 'end'
    if (whole) {
      return lines.slice(1, -1).every(function (key) { return fs.existsSync(path.join(folder, key, 'package.json')) })
    }
  }
  var present = []
  if (firstMissing(folder, present) !== undefined) return false
  try {
    fs.writeFileSync(stampFile, [print].concat(present, 'end').join('\n'))
  } catch (error) {
    return true // a read-only checkout only loses the short cut
  }
  return true
}

// ---- Which Node, which npm

function pinnedNode(root) {
  if (parseInt(process.versions.node, 10) >= NODE_WANTED) return { file: process.execPath, own: true }
  var folder = path.join(root, 'tools', 'node24')
  var prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  var name = [prefix, process.platform === 'win32' ? 'win' : process.platform, process.arch].join('-')
  var version = (readJson(path.join(folder, 'package.json')) || { optionalDependencies: {} }).optionalDependencies[name]
  var file = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return { file: file, own: false, folder: folder, name: name, version: version }
}

function nodeReady(pinned) {
  return pinned.own || (fs.existsSync(pinned.file) && installed(pinned.folder))
}

function npmMajor(cli) {
  var npm = readJson(path.join(path.dirname(cli), '..', 'package.json'))
  return npm && npm.version ? parseInt(npm.version, 10) : 0
}

function realpath(file) {
  try {
    return fs.realpathSync(file)
  } catch (error) {
    return undefined
  }
}

/** npm's own program file, so that npm can be run by the Node we choose, without a shell. */
function npmCli() {
  var beside = path.dirname(process.execPath)
  var candidates = [process.env.npm_execpath || '', path.join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')]
  String(process.env.PATH).split(path.delimiter).forEach(function (folder) {
    candidates.push(path.join(folder, 'npm'), path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
  })
  for (var i = 0; i < candidates.length; i++) {
    var real = candidates[i] && realpath(candidates[i])
    if (real && /npm-cli\.js$/.test(real) && npmMajor(real) > 0) return real
  }
  return fail('npm was not found. Install Node ' + NODE_WANTED + ' with its npm, or run `npm ci` here on a machine that has it.')
}

// ---- Installing

function runNpm(node, cli, folder, children, then) {
  // --prefix: `npm --prefix X run demo` hands its own prefix down, and would make this install there.
  var args = [cli].concat(NPM_ARGUMENTS, '--prefix=' + folder)
  var env = Object.assign({}, process.env, { NODE_ENV: 'development', npm_config_global: 'false', npm_config_dry_run: 'false' })
  var child = childProcess.spawn(node, args, { cwd: folder, stdio: ['ignore', 2, 2], env: env })
  children.add(child)
  child.on('error', function (error) { fail('npm could not be started: ' + error.message) })
  child.on('exit', function (code) {
    children.remove(child)
    if (code === 0) return then()
    children.release()
    fail('`npm ci` in ' + folder + ' failed. It needs the npm registry once; after that everything works offline. ' +
      'Go online (or point npm at a registry that answers) and run the same command again.')
  })
}

/** npm 6 and older cannot read our lock files; a newer npm that still runs on their Node is put beside them. */
function withNpm(root, children, then) {
  var cli = npmCli()
  if (npmMajor(cli) >= OLD_SYNTAX_NPM) return then(cli)
  var folder = path.join(root, 'tools', 'npm9')
  var newer = path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')
  var done = path.join(folder, 'node_modules', '.complete')
  if (fs.existsSync(done) && fs.existsSync(newer)) return then(newer)
  note('this npm is version ' + npmMajor(cli) + '; fetching npm 9 beside it (once)')
  runNpm(process.execPath, cli, folder, children, function () {
    fs.writeFileSync(done, '')
    then(newer)
  })
}

function installNode(root, cli, pinned, children, then) {
  if (nodeReady(pinned)) return then()
  var mine = 'this is Node ' + process.versions.node + '; '
  if (!pinned.version) {
    fail(mine + 'Millrace needs Node ' + NODE_WANTED + ' or newer, and npm has none for ' + pinned.name + '. Install one from https://nodejs.org')
  }
  note(mine + 'fetching Node ' + pinned.version + ' beside it (once, about 55 MB)')
  runNpm(process.execPath, cli, pinned.folder, children, function () {
    if (nodeReady(pinned)) return then()
    children.release()
    fail(mine + 'Node ' + pinned.version + ' could not be downloaded from the npm registry. Go online and run the same command again, ' +
      'or install Node ' + NODE_WANTED + ' yourself.')
  })
}

function installPackages(root, cli, pinned, children, then) {
  if (installed(root)) return then()
  note('installing the packages of package-lock.json (once)')
  runNpm(pinned.file, cli, root, children, function () {
    if (installed(root)) return then()
    children.release()
    fail('npm reported success, but ' + firstMissing(root, []) + ' is missing. Most often its download failed: go online and run the same ' +
      'command again. If it happens again, remove the folder node_modules first.')
  })
}

/** The npm processes at work, so that a signal ends them before us and the lock knows them. */
function childrenUnder(lock) {
  var running = []
  SIGNALS.forEach(function (name) { process.on(name, function () { end(name) }) })
  var stopWatching = watchParent(function () { end('SIGTERM') })
  function end(name) {
    running.forEach(function (child) { child.removeAllListeners('exit'); child.kill('SIGTERM') })
    var left = running.length
    if (left === 0) leave(name)
    running.forEach(function (child) { child.on('exit', function () { left -= 1; if (left === 0) leave(name) }) })
  }
  function leave(name) {
    lock.release()
    note('the set-up was interrupted; the same command goes on with it')
    process.exit(SIGNAL_EXITS[name])
  }
  return {
    add: function (child) { running.push(child); if (child.pid) lock.add(child.pid) },
    remove: function (child) { running = running.filter(function (other) { return other !== child }) },
    release: function () {
      stopWatching()
      SIGNALS.forEach(function (name) { process.removeAllListeners(name) })
      lock.release()
    }
  }
}

/** Calls `then(node)` with the file of a Node 24 once everything that the lock files name is installed. */
function prepare(root, then) {
  var pinned = pinnedNode(root)
  if (nodeReady(pinned) && installed(root)) return then(pinned.file)
  var folder = path.join(root, '.millrace', 'setup')
  try {
    fs.mkdirSync(folder, { recursive: true })
  } catch (error) {
    fail('the set-up is not complete and cannot be done here: ' + error.message + '. Run the command once as a user who may write to ' + root)
  }
  setupLock.acquire(folder, function (holder, file) {
    note('process ' + holder + ' is setting up this folder; waiting for it (lock file: ' + file + ')')
  }, function (lock) {
    var children = childrenUnder(lock)
    if (nodeReady(pinned) && installed(root)) {
      children.release()
      return then(pinned.file)
    }
    withNpm(root, children, function (cli) {
      installNode(root, cli, pinned, children, function () {
        installPackages(root, cli, pinned, children, function () {
          children.release()
          then(pinned.file)
        })
      })
    })
  })
}

// ---- Running

/**
 * Calls `orphaned()` when the npm that started us has died; returns how to stop watching. `npm run` passes SIGTERM to its
 * shell only, which dies and leaves us behind. Not started by npm: then living on without a parent may be what was asked for.
 */
function watchParent(orphaned) {
  var parent = process.ppid
  if (!process.env.npm_lifecycle_event || !(parent > 1)) return function () {}
  var timer = setInterval(function () {
    if (process.ppid === parent) return
    clearInterval(timer)
    orphaned()
  }, 500)
  timer.unref()
  return function () { clearInterval(timer) }
}

function spawnUnder(node, args) {
  var child = childProcess.spawn(node, args, { stdio: 'inherit' })
  // On a terminal the child gets SIGINT by itself, and a second one means "at once"; from a program only we get it.
  var terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  SIGNALS.forEach(function (name) {
    process.on(name, function () { if (name !== 'SIGINT' || !terminal) child.kill(name) })
  })
  watchParent(function () { child.kill('SIGTERM') })
  child.on('error', function (error) { fail('Node ' + NODE_WANTED + ' could not be started: ' + error.message) })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    SIGNALS.forEach(function (name) { process.removeAllListeners(name) })
    process.kill(process.pid, signal)
  })
}

/**
 * Sets up `root` if need be, then: calls `here()` if this very process is a Node 24, else starts one on `args`.
 * Programs that the run starts find the same Node and the packages' programs first on PATH.
 */
function start(root, args, here) {
  prepare(root, function (node) {
    process.env.PATH = [path.dirname(node), path.join(root, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter)
    if (node !== process.execPath) return spawnUnder(node, args)
    watchParent(function () { process.kill(process.pid, 'SIGTERM') })
    here()
  })
}

module.exports = { start: start }

if (require.main === module) {
  var file = process.argv[2]
  if (file === undefined) {
    note('usage: node scripts/bootstrap.cjs <file> [arguments…]')
    process.exit(2)
  }
  start(path.join(__dirname, '..'), process.argv.slice(2), function () {
    process.argv.splice(1, 2, path.resolve(file))
    require('module').runMain()
  })
}
