// Runs a file of this repository under Node 24, after whatever set-up is missing:
//   node scripts/bootstrap.cjs <file> [arguments…]
// Old syntax on purpose (ES5, here and in the .cjs files beside): the Node that npm hands us may be any. With the set-up
// complete it costs three file reads and a look at each package's folder, and touches no network. What only some starts
// need is loaded by those: the bar for `--help` is 80 ms.
'use strict'
var path = require('path')
var setup = require('./setup.cjs')
var processEnd = require('./process-end.cjs')

var EXIT_USAGE = 2

/** Starts Node 24 and ends as it ends. */
function spawnUnder(node, args) {
  var child = require('child_process').spawn(node, args, { stdio: 'inherit' })
  var names = Object.keys(processEnd.SIGNAL_EXITS)
  // On a terminal the child gets SIGINT by itself, and a second one means "at once"; from a program only we get it.
  var isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  function pass(name) {
    if (name !== 'SIGINT' || !isTerminal) child.kill(name)
  }
  names.forEach(function (name) {
    process.on(name, pass)
  })
  processEnd.watchParent(function () {
    child.kill('SIGTERM')
  })
  child.on('error', function (error) {
    processEnd.fail(node + ' could not be started: ' + error.message)
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    names.forEach(function (name) {
      process.removeListener(name, pass)
    })
    process.kill(process.pid, signal)
  })
}

/**
 * Sets up `root` if need be; then calls `here()` if this very process is a Node 24, else starts one on `args`. Programs that
 * the run starts find the same Node, and the packages' programs, first on PATH.
 */
function start(root, args, here) {
  setup.prepare(root, function (node) {
    var programs = path.join(root, 'node_modules', '.bin')
    process.env.PATH = [path.dirname(node), programs, process.env.PATH].join(path.delimiter)
    if (node !== process.execPath) {
      spawnUnder(node, args)
      return
    }
    processEnd.watchParent(function () {
      process.kill(process.pid, 'SIGTERM')
    })
    here()
  })
}

module.exports = { start: start }

if (require.main === module) {
  var file = process.argv[2]
  if (file === undefined) {
    processEnd.note('usage: node scripts/bootstrap.cjs <file> [arguments…]')
    process.exit(EXIT_USAGE)
  }
  start(path.join(__dirname, '..'), process.argv.slice(2), function () {
    process.argv.splice(1, 2, path.resolve(file))
    require('module').runMain()
  })
}
