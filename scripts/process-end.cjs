// How a process of ours comes to its end. Old syntax: see bootstrap.cjs.
'use strict'

var EXIT_UNAVAILABLE = 4
var WATCH_MS = 500
var SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** Notes go to stderr: stdout belongs to the program that is run. */
function note(text) {
  process.stderr.write('millrace: ' + text + '\n')
}

/** Ends the process because something it depends on is not to be had. */
function fail(text) {
  note(text)
  process.exit(EXIT_UNAVAILABLE)
}

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
  }, WATCH_MS)
  timer.unref()
  return function () {
    clearInterval(timer)
  }
}

module.exports = { SIGNAL_EXITS: SIGNAL_EXITS, note: note, fail: fail, watchParent: watchParent }
