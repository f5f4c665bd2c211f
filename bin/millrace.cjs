#!/usr/bin/env node
// The command `millrace`. Old syntax, so that an old Node gets a sentence instead of a syntax error.
//   In a checkout: does the set-up if it is missing, then runs src/cli/main.ts under Node 24.
//   In the installed package: runs the compiled dist/cli/main.js, and needs Node 24 itself.
'use strict'
var fs = require('fs')
var path = require('path')

var NODE_WANTED = 24
var EXIT_UNAVAILABLE = 4
var root = path.join(__dirname, '..')
var bootstrap = path.join(root, 'scripts', 'bootstrap.cjs')
var source = path.join(root, 'src', 'cli', 'main.ts')
var compiled = path.join(root, 'dist', 'cli', 'main.js')
var isCheckout = fs.existsSync(bootstrap) && fs.existsSync(source)

// Node keeps what it compiled (and the types it stripped) from the last start: half of the time of a short command.
function keepCompiled(folder) {
  var nodeModule = require('module')
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache(folder)
}

function run(file) {
  return import(require('url').pathToFileURL(file).href)
}

function refuse() {
  var lines = [
    'millrace: this is Node ' + process.versions.node + ', and Millrace needs Node ' + NODE_WANTED + ' or newer.',
    'It uses syntax and built-in modules that older ones lack.',
    'Fix: install Node 24, or let npm fetch one for this run: npx -p node@24 -p millrace millrace demo',
  ]
  process.stderr.write(lines.join('\n') + '\n')
  process.exitCode = EXIT_UNAVAILABLE
}

if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  // Answered here, without set-up: a person asks it first of an installation that does not work.
  process.stdout.write(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version + '\n')
} else if (isCheckout) {
  var modules = path.join(root, 'node_modules')
  if (fs.existsSync(modules)) keepCompiled(path.join(modules, '.cache', 'millrace'))
  require(bootstrap).start(root, [__filename].concat(process.argv.slice(2)), function () {
    void run(source)
  })
} else if (parseInt(process.versions.node, 10) < NODE_WANTED) {
  refuse()
} else {
  keepCompiled()
  void run(compiled)
}
