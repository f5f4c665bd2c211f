import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Day } from '../domain/day.ts'
import { addDays, day } from '../domain/day.ts'
import type { Severity } from './check.ts'
import { isRecent, planRound } from './incident-round.ts'
import type { Change, Incident, Silence } from './incident-round.ts'
import { incidentEvents, incidentStates, incidentTable, severityRank } from './incident-state.ts'
import { fingerprintOf } from './signal.ts'
import type { Signal, SignalKind } from './signal.ts'
import { groupSignals } from './signal-groups.ts'

const first = day('2026-11-01')
const hourMs = 3_600_000
const accounts = ['1', '2', '3']

function signal(about: Partial<Signal> & { readonly checkId: string }): Signal {
  return {
    dataset: 'fact_ad_daily',
    kind: 'check',
    platform: 'google_ads',
    accountId: '1',
    seriesKey: '',
    day: first,
    firing: true,
    severity: 'error',
    facts: {},
    ...about,
  }
}

/** Everything that a day of one account says: all right, or all wrong in the given ways. */
function dayOf(accountId: string, at: Day, wrong: readonly string[]): readonly Signal[] {
  const all: readonly (readonly [string, SignalKind, Severity])[] = [
    ['run.load', 'run', 'error'],
    ['run.late', 'freshness', 'warn'],
    ['ads.empty_partition', 'empty', 'critical'],
    ['ads.volume', 'volume', 'warn'],
    ['anomaly.cost', 'metric', 'error'],
  ]
  return all.map(([checkId, kind, severity]) =>
    signal({ checkId, kind, severity, accountId, day: at, firing: wrong.includes(checkId) }),
  )
}

/** Incidents kept in memory as the store keeps them. */
class Book {
  known: Incident[] = []
  silences: Silence[] = []
  told: { readonly id: string; readonly tell: string; readonly seq: number }[] = []
  #ids = 0

  round(signals: readonly Signal[], nowMs: number): readonly Change[] {
    const changes = planRound({
      signals,
      accountsOf: () => accounts.length,
      known: this.known.filter((one) => isRecent(one, nowMs)),
      silences: this.silences,
      nowMs,
      newId: () => `i${(this.#ids += 1)}`,
    })
    for (const { incident, tell } of changes) {
      this.known = [...this.known.filter((one) => one.incidentId !== incident.incidentId), incident]
      if (tell) this.told.push({ id: incident.incidentId, tell, seq: incident.toldSeq })
    }
    return changes
  }

  get live(): readonly Incident[] {
    return this.known.filter((one) => one.state !== 'resolved')
  }
}

test('the table knows every event in every state, and what is over opens only by being found again', () => {
  for (const state of incidentStates)
    expect(Object.keys(incidentTable[state]).toSorted()).toEqual([...incidentEvents].toSorted())
  expect(incidentEvents.filter((event) => incidentTable.resolved[event] === 'open')).toEqual(['fire', 'escalate'])
})

test('a day without a platform is one incident, one message, and one when it is over', () => {
  const book = new Book()
  const wrong = ['run.late', 'ads.empty_partition', 'ads.volume', 'anomaly.cost']
  const campaigns = Array.from({ length: 500 }, (_, nth) =>
    signal({ checkId: 'anomaly.cost', kind: 'metric', seriesKey: `c${nth}`, accountId: accounts[nth % 3] ?? '1' }),
  )
  const outage = [...accounts.flatMap((account) => dayOf(account, first, wrong)), ...campaigns]
  book.round(outage, 0)
  expect(book.known).toHaveLength(1)
  expect(book.known[0]?.root).toMatchObject({ checkId: 'run.late', accountId: null })
  expect(book.known[0]?.severity).toBe('critical')
  book.round(outage, hourMs)
  book.round(
    accounts.flatMap((account) => dayOf(account, addDays(first, 1), [])),
    20 * hourMs,
  )
  expect(book.told.map(({ tell }) => tell)).toEqual(['opened', 'resolved'])
  expect(book.live).toEqual([])
})

test('a wider cause holds a narrower one on the same day and place alone', () => {
  const roots = (signals: readonly Signal[]) =>
    groupSignals(signals, () => 3).map(({ root }) => `${root.checkId}@${root.accountId}`)
  const late = signal({ checkId: 'run.late', kind: 'freshness' })
  const metric = signal({ checkId: 'anomaly.cost', kind: 'metric' })
  expect(roots([late, metric])).toEqual(['run.late@1'])
  expect(roots([late, { ...metric, accountId: '2' }]).toSorted()).toEqual(['anomaly.cost@2', 'run.late@1'])
  expect(roots([metric, { ...metric, seriesKey: 'c1' }])).toEqual(['anomaly.cost@1'])
})

test('found again within 72 hours it is the same incident; after that another', () => {
  const book = new Book()
  const wrong = () => dayOf('1', first, ['anomaly.cost'])
  book.round(wrong(), 0)
  book.round(dayOf('1', addDays(first, 1), []), 24 * hourMs)
  book.round(dayOf('1', addDays(first, 2), ['anomaly.cost']), 48 * hourMs)
  expect(book.known.map((one) => [one.state, one.reopened])).toEqual([['open', 1]])
  book.round(dayOf('1', addDays(first, 3), []), 72 * hourMs)
  book.round(dayOf('1', addDays(first, 7), ['anomaly.cost']), 168 * hourMs)
  expect(book.known).toHaveLength(2)
  expect(book.told.map(({ tell }) => tell)).toEqual(['opened', 'resolved', 'reopened', 'resolved', 'opened'])
})

test('what gets worse is told again and open again; what is only still there is not, but for once a day', () => {
  const book = new Book()
  book.round(dayOf('1', first, ['ads.volume']), 0)
  book.known = book.known.map((one) => ({ ...one, state: 'acknowledged' as const }))
  book.round(dayOf('1', first, ['ads.volume']), 30 * hourMs)
  expect(book.told.map(({ tell }) => tell)).toEqual(['opened'])
  book.round(dayOf('1', first, ['ads.volume', 'ads.empty_partition']), 31 * hourMs)
  expect(book.live.map((one) => [one.state, one.severity])).toEqual([['open', 'critical']])
  book.round(dayOf('1', first, ['ads.volume', 'ads.empty_partition']), 56 * hourMs)
  expect(book.told.map(({ tell }) => tell)).toEqual(['opened', 'escalated', 'repeated'])
})

test('what is silenced is kept, and told when the silence ends', () => {
  const book = new Book()
  book.silences = [{ platform: 'google_ads', accountId: null, checkId: null, untilMs: 10 * hourMs }]
  book.round(dayOf('1', first, ['anomaly.cost']), 0)
  expect([book.live.length, book.told.length]).toEqual([1, 0])
  book.round(dayOf('1', first, ['anomaly.cost']), 11 * hourMs)
  expect(book.told.map(({ tell }) => tell)).toEqual(['opened'])
})

/* The model: any history of days, accounts and faults, with rounds that are repeated, and people who act in between. */
const step = fc.record({
  account: fc.constantFrom(...accounts),
  forward: fc.integer({ min: 0, max: 2 }),
  hours: fc.integer({ min: 1, max: 60 }),
  wrong: fc.subarray(['run.load', 'run.late', 'ads.empty_partition', 'ads.volume', 'anomaly.cost']),
  all: fc.boolean(),
  person: fc.constantFrom('none', 'acknowledge', 'resolve'),
})

test('any history: one live incident a cause, severity only rises, nothing is told twice, all is over when all is right', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const book = new Book()
      let [at, nowMs] = [first, 0]
      for (const { account, forward, hours, wrong, all, person } of steps) {
        at = addDays(at, forward)
        nowMs += hours * hourMs
        const signals = (all ? accounts : [account]).flatMap((one) => dayOf(one, at, wrong))
        const before = new Map(book.live.map((one) => [one.incidentId, one]))
        book.round(signals, nowMs)
        const tolds = book.told.length
        expect(book.round(signals.toReversed(), nowMs).every((one) => one.tell === null)).toBe(true)
        expect(book.told).toHaveLength(tolds)
        const fallen = book.live.filter(
          ({ incidentId, severity }) =>
            severityRank(severity) < severityRank(before.get(incidentId)?.severity ?? 'info'),
        )
        expect(fallen).toEqual([])
        expect(book.live.filter(({ members }) => !members.some((one) => one.firing))).toEqual([])
        const causes = book.live.flatMap((one) =>
          one.members.filter((member) => member.firing && member.heldBy === null).map(({ fingerprint }) => fingerprint),
        )
        expect(new Set(causes).size).toBe(causes.length)
        const [acted] = book.live
        if (acted && person !== 'none') {
          const state = incidentTable[acted.state][person]
          if (state)
            book.known = book.known.map((one) =>
              one === acted ? { ...one, state, resolvedMs: state === 'resolved' ? nowMs : null } : one,
            )
        }
      }
      expect(new Set(book.told.map(({ id, seq }) => `${id} ${seq}`)).size).toBe(book.told.length)
      book.round(
        accounts.flatMap((one) => dayOf(one, addDays(at, 1), [])),
        nowMs + hourMs,
      )
      expect(book.live).toEqual([])
    }),
    { seed: 20, numRuns: process.env['MILLRACE_LONG'] ? 3_000 : 150 },
  )
})

test('a cause has one name whatever the day, and another at another place', () => {
  const one = signal({ checkId: 'a' })
  expect(fingerprintOf({ ...one, day: addDays(first, 3) } as Signal)).toBe(fingerprintOf(one))
  expect(fingerprintOf({ ...one, accountId: null })).not.toBe(fingerprintOf(one))
})
