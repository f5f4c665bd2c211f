// Holds the last lines of two demo runs against the demo's promise:
//   node scripts/assert-demo.cjs FIRST.ndjson SECOND.ndjson
// Each is the stdout of `npm run demo -- --once --json`; the second run of the same checkout must report the same data.
'use strict'
var fs = require('fs')
var assert = require('assert')

var DAYS = 30
var PLATFORMS = ['google_ads', 'meta_ads']
var ACCOUNTS = 6
var CURRENCIES = ['EUR', 'KRW', 'USD']

function lines(file) {
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
}

/** The run's last word. Every line before it has to be an event, too: a stray word on stdout breaks whoever reads it. */
function lastEvent(file) {
  var events = lines(file).map(function (line, index) {
    try {
      return JSON.parse(line)
    } catch (error) {
      throw new Error(file + ', line ' + (index + 1) + ' is not JSON (' + error.message + '): ' + line, {
        cause: error,
      })
    }
  })
  assert.ok(events.length > 0, file + ' is empty')
  return events[events.length - 1]
}

function assertDone(done) {
  assert.strictEqual(done.event, 'done', 'the last line is the done event')
  assert.strictEqual(done.days, DAYS, 'days')
  assert.deepStrictEqual(done.platforms.slice().sort(), PLATFORMS, 'platforms')
  assert.strictEqual(done.accounts, ACCOUNTS, 'accounts')
  // At least five delivering campaigns an account; a campaign need not deliver on every day.
  assert.ok(done.rows > ACCOUNTS * DAYS, 'rows: ' + done.rows)
  assert.ok(done.models > 0, 'models: ' + done.models)
  assert.ok(done.dbt_tests.pass > 0, 'dbt_tests.pass: ' + done.dbt_tests.pass)
  assert.strictEqual(done.dbt_tests.fail, 0, 'dbt_tests.fail')
  assert.ok(done.checks.pass > 0, 'checks.pass: ' + done.checks.pass)
  assert.strictEqual(done.checks.fail, 0, 'checks.fail')
  assert.deepStrictEqual(Object.keys(done.cost_total).sort(), CURRENCIES, 'currencies')
  CURRENCIES.forEach(function (currency) {
    var total = done.cost_total[currency]
    assert.ok(
      typeof total === 'string' && /^\d+(\.\d+)?$/.test(total),
      'cost_total.' + currency + ' is a decimal string: ' + total,
    )
    assert.ok(Number(total) > 0, 'cost_total.' + currency + ' is above zero')
  })
  assert.ok(done.seconds > 0, 'seconds: ' + done.seconds)
}

/** What a second run must find as the first one left it. */
function data(done) {
  return { rows: done.rows, cost_total: done.cost_total, accounts: done.accounts, days: done.days }
}

/** Throws at the first difference from the promise; returns the two done events. */
function assertDemos(first, second) {
  var events = [lastEvent(first), lastEvent(second)]
  events.forEach(assertDone)
  assert.deepStrictEqual(data(events[1]), data(events[0]), 'the second run reports the same data')
  return events
}

module.exports = { assertDemos: assertDemos }

if (require.main === module) {
  try {
    var events = assertDemos(process.argv[2], process.argv[3])
    process.stdout.write(
      'both demos kept the promise, in ' + events[0].seconds + ' s and ' + events[1].seconds + ' s\n',
    )
  } catch (error) {
    process.stderr.write('assert-demo: ' + error.message + '\n')
    process.exitCode = 1
  }
}
