// The set-up: a Node 24 beside an older one, and the packages of package-lock.json. Old syntax: see bootstrap.cjs.
'use strict'
var fs = require('fs')
var path = require('path')
var installed = require('./installed.cjs')
var processEnd = require('./process-end.cjs')

var NODE_WANTED = 24
var NPM_WANTED = 7
// A registry that does not answer must end in the remedy within seconds; npm's own retries take more than a minute.
var NPM_ARGUMENTS = (
  'ci --ignore-scripts --no-audit --no-fund --no-update-notifier --no-progress --loglevel=error --prefer-offline ' +
  '--include=dev --include=optional --fetch-retries=2 --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=2000 --fetch-timeout=60000'
).split(' ')
var OFFLINE =
  'It needs the npm registry once; after that everything works offline. Go online and run the same command again.'

// ---- What is there

/** Where the Node 24 for this machine is or would be; `own` when it is the one that runs us. */
function pinnedNode(root) {
  if (parseInt(process.versions.node, 10) >= NODE_WANTED) return { file: process.execPath, own: true }
  var folder = path.join(root, 'tools', 'node24')
  var isWindows = process.platform === 'win32'
  var prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  var name = [prefix, isWindows ? 'win' : process.platform, process.arch].join('-')
  var served = installed.readJson(path.join(folder, 'package.json')) || { optionalDependencies: {} }
  var file = path.join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
  return { file: file, own: false, folder: folder, name: name, version: served.optionalDependencies[name] }
}

function isNodeReady(pinned) {
  return pinned.own || (fs.existsSync(pinned.file) && installed.isInstalled(pinned.folder))
}

function npmMajor(cli) {
  var npm = installed.readJson(path.join(path.dirname(cli), '..', 'package.json'))
  return npm && npm.version ? parseInt(npm.version, 10) : 0
}

/** npm's own program file, so that npm can be run by the Node we choose, without a shell; undefined when there is none. */
function npmCli() {
  var tail = path.join('node_modules', 'npm', 'bin', 'npm-cli.js')
  var beside = path.dirname(process.execPath)
  var candidates = [path.join(beside, tail), path.join(beside, '..', 'lib', tail)]
  if (process.env.npm_execpath) candidates.unshift(process.env.npm_execpath)
  String(process.env.PATH)
    .split(path.delimiter)
    .forEach(function (folder) {
      candidates.push(path.join(folder, 'npm'), path.join(folder, tail))
    })
  return candidates
    .filter(fs.existsSync)
    .map(function (file) {
      return fs.realpathSync(file)
    })
    .filter(function (file) {
      return path.basename(file) === 'npm-cli.js' && npmMajor(file) > 0
    })[0]
}

// ---- What is to be done

/** The installs that are missing, in their order. Each is an `npm ci` in its folder, done by `node` with the npm `cli`. */
function plan(root, pinned) {
  var cli = npmCli()
  var steps = []
  if (cli === undefined) {
    processEnd.fail(
      'npm was not found. Install Node ' + NODE_WANTED + ', which brings one, and run the same command again.',
    )
  }
  if (npmMajor(cli) < NPM_WANTED) {
    var newer = npmStep(root, cli)
    cli = newer.program
    if (!newer.ready()) steps.push(newer)
  }
  if (!isNodeReady(pinned)) steps.push(nodeStep(pinned, cli))
  if (!installed.isInstalled(root)) steps.push(packagesStep(root, pinned, cli))
  return steps
}

// npm 6 and older cannot read the lock files; it fetches one that can and that still runs on its Node. It leaves no list of
// what it installed, so that we note ourselves that it came to its end.
function npmStep(root, cli) {
  var folder = path.join(root, 'tools', 'npm9')
  var program = path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')
  var complete = path.join(folder, 'node_modules', '.complete')
  return {
    note: 'this npm is version ' + npmMajor(cli) + '; fetching npm 9 beside it (once)',
    folder: folder,
    program: program,
    node: process.execPath,
    cli: cli,
    done: function () {
      fs.writeFileSync(complete, '')
    },
    ready: function () {
      return fs.existsSync(complete) && fs.existsSync(program)
    },
    failure: 'npm 9 could not be installed. ' + OFFLINE,
  }
}

function nodeStep(pinned, cli) {
  var mine = 'this is Node ' + process.versions.node + '; '
  if (!pinned.version) {
    var none = 'Millrace needs Node ' + NODE_WANTED + ' or newer, and npm has none for ' + pinned.name
    processEnd.fail(mine + none + '. Install one from https://nodejs.org')
  }
  return {
    note: mine + 'fetching Node ' + pinned.version + ' beside it (once, about 55 MB)',
    folder: pinned.folder,
    node: process.execPath,
    cli: cli,
    ready: function () {
      return isNodeReady(pinned)
    },
    failure:
      mine +
      'Node ' +
      pinned.version +
      ' could not be installed. ' +
      OFFLINE +
      ' Or install Node ' +
      NODE_WANTED +
      ' yourself.',
  }
}

function packagesStep(root, pinned, cli) {
  return {
    note: 'installing the packages of package-lock.json (once)',
    folder: root,
    // The Node that will run them chooses among the builds, and is the one that the packages' `engines` are held against.
    node: pinned.file,
    cli: cli,
    ready: function () {
      return installed.isInstalled(root)
    },
    failure: 'the packages of ' + path.join(root, 'package-lock.json') + ' could not be installed. ' + OFFLINE,
  }
}

// ---- Doing it

/** Runs `npm ci` for the step; `ended(code)` when it is over. Returns the process. */
function runNpm(step, ended) {
  // --prefix: `npm --prefix X run demo` hands its own prefix down, and would make this install there.
  var args = [step.cli].concat(NPM_ARGUMENTS, '--prefix=' + step.folder)
  var env = Object.assign({}, process.env, { npm_config_global: 'false', npm_config_dry_run: 'false' })
  var child = require('child_process').spawn(step.node, args, { cwd: step.folder, stdio: ['ignore', 2, 2], env: env })
  child.on('error', function (error) {
    processEnd.note(step.node + ' could not be started: ' + error.message)
    ended(1)
  })
  child.on('exit', ended)
  return child
}

/** Does the steps one after the other under the lock, then calls `then()`. A signal ends npm first and frees the lock. */
function carryOut(steps, lock, then) {
  var child
  var stoppedBy
  var names = Object.keys(processEnd.SIGNAL_EXITS)
  var stopWatching = processEnd.watchParent(function () {
    stop('SIGTERM')
  })

  function stop(name) {
    stoppedBy = stoppedBy || name
    child.kill('SIGTERM')
  }
  function leave() {
    stopWatching()
    names.forEach(function (name) {
      process.removeListener(name, stop)
    })
    lock.release()
  }
  function next() {
    var step = steps.shift()
    if (step === undefined) {
      leave()
      then()
      return
    }
    processEnd.note(step.note)
    child = runNpm(step, function (code) {
      ended(step, code)
    })
    if (child.pid) lock.add(child.pid)
  }
  function ended(step, code) {
    if (stoppedBy === undefined && code === 0) {
      if (step.done) step.done()
      // npm reports success when the download of a build for this machine failed: only what is there counts.
      if (step.ready()) return next()
    }
    leave()
    if (stoppedBy === undefined) processEnd.fail(step.failure)
    processEnd.note('the set-up was interrupted; the same command goes on with it')
    return process.exit(processEnd.SIGNAL_EXITS[stoppedBy])
  }

  names.forEach(function (name) {
    process.on(name, stop)
  })
  next()
}

/** Calls `then(node)` with the file of a Node 24 once everything that the lock files name is installed. */
function prepare(root, then) {
  var pinned = pinnedNode(root)
  if (isNodeReady(pinned) && installed.isInstalled(root)) {
    then(pinned.file)
    return
  }
  require('./setup-lock.cjs').acquire(path.join(root, '.millrace', 'setup'), {
    refused: function (error) {
      processEnd.fail(
        'the set-up is not complete, and cannot be done here: ' +
          error.message +
          '. Run this once as the owner of ' +
          root,
      )
    },
    waiting: function (holder, file) {
      processEnd.note('process ' + holder + ' is setting up this folder; waiting for it (its lock: ' + file + ')')
    },
    acquired: function (lock) {
      carryOut(plan(root, pinned), lock, function () {
        then(pinned.file)
      })
    },
  })
}

module.exports = { prepare: prepare }
