import { strict as assert } from 'node:assert'
import { describe, expect, test } from 'vitest'
import type { AdAccount } from '../domain/account.ts'
import { standingClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { daysOf } from '../domain/day.ts'
import { addDecimals, decimal, decimalFromMicros, normalised, roundDecimal, zero } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { EntityObservation } from '../domain/entity.ts'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { MetricSource, RawMapping, RawRow } from '../domain/mapping.ts'
import type { Slice } from '../domain/metric.ts'
import type { Level } from '../domain/platform.ts'
import type { Fault, FaultKind } from '../sandbox/scenario.ts'
import type { Route } from '../sandbox/shapes.ts'
import type { Connector, ConnectorContext, ExtractResult } from './connector.ts'

/** What one entity did on one day, by an oracle that is not the connector. */
export interface ExpectedRow {
  readonly entityId: string
  readonly date: Day
  readonly impressions: Decimal
  readonly clicks: Decimal
  readonly cost: Decimal
  readonly conversions: Decimal
}

/** A platform that a connector reaches over the network and whose faults the contract may choose. */
export interface PlatformHands {
  /** The call that brings metrics. */
  readonly metrics: Route
  /** A field that the connector asks for, as the platform's query names it. */
  readonly field: string
  /** Puts these faults in force; none heals the platform. */
  faults(faults: readonly Fault[]): void
  /** Moves the platform's clock on, so that days are restated. */
  advance(durationMs: number): void
  /** Error classes that this platform has words for besides those that all have. */
  readonly refusals?: readonly Refusal[]
  /** What the platform has no words or no way for, with why: promises about it are skipped, and the run prints the reason. */
  readonly without?: Readonly<Partial<Record<FaultKind | 'control_totals', string>>>
}

export interface Refusal {
  readonly fault: Fault
  readonly code: ErrorCode
}

/** A connector set up to be tried; disposing it stops what stands behind it. */
export interface ConnectorRig extends AsyncDisposable {
  readonly connector: Connector
  readonly nowMs: number
  /** Days that have rows. */
  readonly range: DayRange
  /** None of these may appear in an error or a log. */
  readonly secrets: readonly string[]
  truth(account: AdAccount, date: Day): readonly ExpectedRow[]
  /** Absent for a connector that reaches nothing over a network. */
  readonly platform?: PlatformHands
}

/** What a sink saw of one slice. */
export interface Received {
  readonly rows: RawRow[]
  readonly entities: EntityObservation[]
  batches: number
}

/** A context whose waits pass at once and are remembered, and whose log is kept. */
export interface TestContext extends ConnectorContext {
  readonly waitsMs: number[]
  readonly logged: unknown[]
}

export function testContext(nowMs: number, overrides: Partial<ConnectorContext> = {}): TestContext {
  const standing = standingClock(nowMs)
  const waitsMs: number[] = []
  const logged: unknown[] = []
  const clock: Clock = {
    nowMs: () => standing.nowMs(),
    sleep(durationMs, signal) {
      waitsMs.push(durationMs)
      return standing.sleep(durationMs, signal)
    },
  }
  const log = (event: unknown) => void logged.push(event)
  const signal = new AbortController().signal
  return { clock, random: () => 0.5, fetch: globalThis.fetch, signal, log, ...overrides, waitsMs, logged }
}

/** The waits before a call was made again; those between calls, for a pace or for a report, are not among them. */
export function retryWaitsMs({ logged }: Pick<TestContext, 'logged'>): readonly number[] {
  const isRetry = (event: unknown): event is { readonly delayMs: number } =>
    typeof event === 'object' && event !== null && 'attempt' in event && 'delayMs' in event
  return logged.filter(isRetry).map(({ delayMs }) => delayMs)
}

export function sliceOf(account: AdAccount, range: DayRange, level: Level = 'campaign'): Slice {
  const { platform, accountId } = account
  return { platform, accountId, level, breakdownKey: '', kind: 'advance', ...range }
}

/** Reads one slice into memory; fails when the sink is called while it is still busy, because then nothing pushes back. */
export async function receive(
  connector: Connector,
  account: AdAccount,
  range: DayRange,
  context: ConnectorContext,
  level: Level = 'campaign',
): Promise<{ received: Received; result: ExtractResult }> {
  const received: Received = { rows: [], entities: [], batches: 0 }
  let busy = false
  const taking = async (take: () => void) => {
    expect(busy).toBe(false)
    busy = true
    await Promise.resolve()
    take()
    busy = false
  }
  const result = await connector.extract(sliceOf(account, range, level), account, context, {
    rows: (batch) =>
      taking(() => {
        received.batches += 1
        received.rows.push(...batch)
      }),
    entities: (batch) => taking(() => void received.entities.push(...batch)),
  })
  return { received, result }
}

/** The error that reading ends with; fails when it does not. */
export async function errorOf(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isMillraceError(error)) throw new Error('expected a coded error', { cause: error })
  return error
}

function firstAction(cell: string | null, types: readonly string[]): string | undefined {
  const actions = JSON.parse(cell ?? '[]') as readonly { action_type: string; value: string }[]
  return types.flatMap((type) => actions.find((one) => one.action_type === type)?.value ?? [])[0]
}

function metricOf(row: RawRow, source: MetricSource): Decimal {
  if (source.from === 'none') return zero
  if (source.from === 'sum')
    return source.columns.reduce<Decimal>((sum, name) => addDecimals(sum, decimal(row[name] ?? '0')), zero)
  const cell = row[source.column] ?? null
  if (source.from === 'firstAction') return decimal(firstAction(cell, source.actionTypes) ?? '0')
  if (cell === null) return zero
  // To the micro, as facts are kept: LinkedIn's costs carry remainders such as -2E-18.
  return source.from === 'micros' ? decimalFromMicros(cell) : roundDecimal(decimal(cell), 6)
}

const compared = ['impressions', 'clicks', 'cost', 'conversions'] as const
type Compared = (typeof compared)[number]

const isCompared = (name: string): name is Compared => (compared as readonly string[]).includes(name)

function sumOf(rows: readonly ExpectedRow[], name: Compared): Decimal {
  return rows.reduce<Decimal>((before, row) => addDecimals(before, row[name]), zero)
}

/** Raw rows carried out by the mapping that the connector declares, summed by entity and day. */
export function canonical(rows: readonly RawRow[], mapping: RawMapping): readonly ExpectedRow[] {
  const byKey = new Map<string, ExpectedRow>()
  for (const row of rows) {
    const [entityId, date] = [row[mapping.entityId] ?? '', (row[mapping.date] ?? '') as Day]
    const metrics = compared.map((name) => metricOf(row, mapping[name]))
    const before = byKey.get(`${date} ${entityId}`)
    const [impressions, clicks, cost, conversions] = before
      ? compared.map((name, index) => addDecimals(before[name], metrics[index]!))
      : metrics
    byKey.set(`${date} ${entityId}`, {
      entityId,
      date,
      impressions: impressions!,
      clicks: clicks!,
      cost: cost!,
      conversions: conversions!,
    })
  }
  return inOrder([...byKey.values()])
}

function inOrder(rows: readonly ExpectedRow[]): readonly ExpectedRow[] {
  return rows.toSorted((a, b) => (a.date + a.entityId < b.date + b.entityId ? -1 : 1))
}

export function expectedRows(rig: ConnectorRig, account: AdAccount): readonly ExpectedRow[] {
  return inOrder(daysOf(rig.range).flatMap((date) => rig.truth(account, date)))
}

/** Every text that an error carries, its causes included. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? ''
  const facts = isMillraceError(error) ? JSON.stringify(error.toJSON()) : ''
  return `${error.name} ${error.message} ${error.stack ?? ''} ${facts} ${everythingOf(error.cause)}`
}

function expectNoSecret(rig: ConnectorRig, context: TestContext, error?: unknown): void {
  const said = everythingOf(error) + JSON.stringify(context.logged)
  for (const secret of rig.secrets) expect(said).not.toContain(secret)
}

/** What every platform has words for. `from: 1` makes a fault last, so that no retry heals it. */
function commonRefusals(
  { metrics, field, refusals = [], without = {} }: PlatformHands,
  accountId: string,
): readonly Refusal[] {
  const lasting = { route: metrics, from: 1 } as const
  const common: readonly Refusal[] = [
    { fault: { kind: 'html_502', ...lasting }, code: 'CONNECTORS_ANSWER_UNREADABLE' },
    { fault: { kind: 'truncated_json', ...lasting }, code: 'CONNECTORS_ANSWER_CUT' },
    { fault: { kind: 'reset_mid_stream', ...lasting }, code: 'CONNECTORS_ANSWER_CUT' },
    { fault: { kind: 'reset', ...lasting }, code: 'CONNECTORS_UNREACHABLE' },
    { fault: { kind: 'status_500', ...lasting }, code: 'CONNECTORS_TRANSIENT' },
    { fault: { kind: 'status_503', ...lasting }, code: 'CONNECTORS_TRANSIENT' },
    { fault: { kind: 'status_429', ...lasting, retryAfterSeconds: 7_200 }, code: 'CONNECTORS_QUOTA' },
    { fault: { kind: 'token_expired', ...lasting }, code: 'CONNECTORS_AUTH_EXPIRED' },
    { fault: { kind: 'token_revoked', ...lasting }, code: 'CONNECTORS_AUTH_REVOKED' },
    { fault: { kind: 'permission_lost', ...lasting }, code: 'CONNECTORS_PERMISSION' },
    { fault: { kind: 'account_suspended', account: accountId }, code: 'CONNECTORS_ACCOUNT_UNAVAILABLE' },
    { fault: { kind: 'version_sunset', ...lasting }, code: 'CONNECTORS_VERSION_SUNSET' },
    { fault: { kind: 'schema_drift_removed', ...lasting, field, mode: 'error' }, code: 'CONNECTORS_SCHEMA_DRIFT' },
  ]
  return [...common.filter(({ fault }) => without[fault.kind] === undefined), ...refusals]
}

/** Faults that pass: asked again, the platform answers, and nothing of them may be seen in the rows. */
const passing = [
  'html_502',
  'truncated_json',
  'reset_mid_stream',
  'reset',
  'status_500',
  'status_503',
  'status_429',
  'slow',
] as const

/**
 * The promises of the port, tried on one connector. The rig is opened anew for each promise. A connector without a platform, such
 * as the one for files, is held to the first part only.
 */
export function connectorContract(name: string, openRig: () => Promise<ConnectorRig>): void {
  describe(`connectorContract: ${name}`, () => {
    readingPromises(openRig)
    faultPromises(openRig)
  })
}

export async function firstAccount(rig: ConnectorRig, context: ConnectorContext): Promise<AdAccount> {
  const [account] = await rig.connector.discover(context)
  if (!account) throw new Error('the rig has no account')
  return account
}

function readingPromises(openRig: () => Promise<ConnectorRig>): void {
  test('the mapping names only columns that it declares, and its limits are limits', async () => {
    await using rig = await openRig()
    const { mapping, rangeDaysMax, retentionDays, lookbackDays, settleMs, levels } = rig.connector.spec
    const names = mapping.columns.map((column) => column.name)
    const sources = Object.values(mapping).flatMap((value) => {
      if (typeof value !== 'object' || value === null) return []
      if ('column' in value) return [value.column]
      return 'from' in value && value.from === 'sum' ? value.columns : []
    })
    const currencies = mapping.currency === null ? [] : [mapping.currency]
    expect(names).toEqual(expect.arrayContaining([mapping.date, mapping.entityId, ...currencies, ...sources]))
    expect(new Set(names).size).toBe(names.length)
    expect(levels).toContain('campaign')
    expect(Math.min(rangeDaysMax, retentionDays, mapping.version)).toBeGreaterThan(0)
    expect(Math.min(lookbackDays, settleMs)).toBeGreaterThanOrEqual(0)
  })

  test('every account that is discovered has an id of its own, a currency and a zone', async () => {
    await using rig = await openRig()
    const accounts = await rig.connector.discover(testContext(rig.nowMs))
    expect(accounts.length).toBeGreaterThan(0)
    expect(new Set(accounts.map((one) => one.accountId)).size).toBe(accounts.length)
    for (const one of accounts)
      expect([one.currency, one.zone]).toEqual([expect.stringMatching(/^[A-Z]{3}$/), expect.any(String)])
  })

  test('the rows, mapped as declared, are the truth of every entity and day, each once', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    for (const account of await rig.connector.discover(context)) {
      const { received, result } = await receive(rig.connector, account, rig.range, context)
      const { mapping } = rig.connector.spec
      expect(canonical(received.rows, mapping)).toEqual(expectedRows(rig, account))
      expect(result.rows).toBe(received.rows.length)
      const rowsMin = expectedRows(rig, account).length
      expect(received.rows.length).toBeGreaterThanOrEqual(rowsMin)
      expect(received.rows.length).toBeLessThanOrEqual(mapping.grain === 'exact' ? rowsMin : Infinity)
    }
  })

  test('every row has exactly the declared columns, the required ones filled', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    const { received } = await receive(rig.connector, await firstAccount(rig, context), rig.range, context)
    const { columns } = rig.connector.spec.mapping
    const required = columns.filter((column) => column.required)
    for (const row of received.rows) {
      expect(Object.keys(row)).toEqual(columns.map((column) => column.name))
      for (const column of required) expect(row[column.name]).not.toBeNull()
    }
  })

  test('control totals, where the platform gives them, are the sums of the rows', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    for (const account of await rig.connector.discover(context)) {
      const { received, result } = await receive(rig.connector, account, rig.range, context)
      const totals = Object.entries(result.controlTotals ?? {}).filter(([name]) => isCompared(name))
      const rows = canonical(received.rows, rig.connector.spec.mapping)
      const gives = rig.platform && rig.platform.without?.control_totals === undefined
      expect(totals.length).toBeGreaterThanOrEqual(gives ? 3 : 0)
      expect(Object.fromEntries(totals.map(([name, total]) => [name, normalised(total)]))).toEqual(
        Object.fromEntries(totals.map(([name]) => [name, sumOf(rows, name as Compared)])),
      )
    }
  })

  test('every entity that has rows is observed once, by the name that people gave it', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const { received } = await receive(rig.connector, account, rig.range, context)
    const ids = received.entities.map((one) => one.entityId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining(received.rows.map((row) => row[rig.connector.spec.mapping.entityId])))
    for (const one of received.entities) {
      expect(one).toMatchObject({ platform: account.platform, accountId: account.accountId, level: 'campaign' })
      expect(one.name).not.toBe('')
    }
  })

  test('reading twice reads the same', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const first = await receive(rig.connector, account, rig.range, context)
    const second = await receive(rig.connector, account, rig.range, context)
    expect(second.received.rows).toEqual(first.received.rows)
    expect(second.result.controlTotals).toEqual(first.result.controlTotals)
  })

  test('a check of a sound connection is all ok and names each account', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    const lines = await rig.connector.check(context)
    expect(lines.filter((line) => line.outcome !== 'ok')).toEqual([])
    expect(lines.length).toBeGreaterThan(0)
    expectNoSecret(rig, context)
  })

  test('a cancelled extract ends with the reason of the cancellation', async () => {
    await using rig = await openRig()
    const account = await firstAccount(rig, testContext(rig.nowMs))
    const stop = new AbortController()
    stop.abort(new Error('people pressed Ctrl-C'))
    const context = testContext(rig.nowMs, { signal: stop.signal })
    await expect(receive(rig.connector, account, rig.range, context)).rejects.toThrow('people pressed Ctrl-C')
  })
}

/** Skips a promise that only a platform on the network, and one that has the thing in question, can be held to. */
function handsOf(
  { platform }: ConnectorRig,
  skip: (condition: boolean, note: string) => void,
  what?: keyof NonNullable<PlatformHands['without']>,
): PlatformHands {
  skip(!platform, 'reaches nothing over a network')
  assert(platform, 'the test was skipped otherwise')
  const lacks = what && platform.without?.[what]
  skip(lacks !== undefined, lacks ?? '')
  return platform
}

function faultPromises(openRig: () => Promise<ConnectorRig>): void {
  test('every class of refusal is its code, tells no secret, and is not asked again in vain', async ({ skip }) => {
    await using probe = await openRig()
    const platform = handsOf(probe, skip)
    const id = (await firstAccount(probe, testContext(probe.nowMs))).accountId
    for (const { fault, code } of commonRefusals(platform, id)) {
      await using rig = await openRig()
      const context = testContext(rig.nowMs)
      const account = await firstAccount(rig, context)
      rig.platform!.faults([fault])
      const error = await errorOf(receive(rig.connector, account, rig.range, context))
      expect([fault.kind, error.code]).toEqual([fault.kind, code])
      expectNoSecret(rig, context, error)
      expect(error.facts['platform']).toBe(account.platform)
      // A wait of two hours is the caller's to sit out; what passes is asked six times in all; what does not, once.
      const isQuota = code === 'CONNECTORS_QUOTA'
      expect([code, retryWaitsMs(context).length]).toEqual([code, error.retryable && !isQuota ? 5 : 0])
      expect(error.retryAfterMs).toBe(isQuota ? 7_200_000 : undefined)
    }
  })

  test.for(passing)('%s, twice, leaves no trace in the rows', async (kind, { skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip)
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const clean = await receive(rig.connector, account, rig.range, testContext(rig.nowMs))
    platform.faults([{ kind, route: platform.metrics, times: 2, delayMs: 1 }])
    const { received } = await receive(rig.connector, account, rig.range, context)
    expect(canonical(received.rows, rig.connector.spec.mapping)).toEqual(expectedRows(rig, account))
    expect(received.rows.length).toBe(clean.received.rows.length)
    expect(retryWaitsMs(context).length).toBe(kind === 'slow' ? 0 : 2)
  })

  test('a wait that the platform names is kept to, on the clock that was handed in', async ({ skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip)
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    platform.faults([{ kind: 'status_429', route: platform.metrics, nth: 1, retryAfterSeconds: 60 }])
    await receive(rig.connector, account, rig.range, context)
    const [waitMs, ...others] = retryWaitsMs(context)
    expect(others).toEqual([])
    expect(context.waitsMs).toContain(waitMs)
    expect(waitMs).toBeGreaterThanOrEqual(60_000)
    expect(waitMs).toBeLessThan(62_000)
  })

  test('a page that comes twice is taken once', async ({ skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip, 'duplicate_page')
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const clean = await receive(rig.connector, account, rig.range, context)
    platform.faults([{ kind: 'duplicate_page', route: platform.metrics, times: 2 }])
    const { received } = await receive(rig.connector, account, rig.range, context)
    expect(canonical(received.rows, rig.connector.spec.mapping)).toEqual(expectedRows(rig, account))
    expect(received.rows.length).toBe(clean.received.rows.length)
  })

  test('rows that the platform lost show in its control totals', async ({ skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip, 'control_totals')
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const clean = await receive(rig.connector, account, rig.range, context)
    platform.faults([{ kind: 'missing_rows', route: platform.metrics, times: 1 }])
    const { received, result } = await receive(rig.connector, account, rig.range, context)
    const seen = canonical(received.rows, rig.connector.spec.mapping)
    expect(received.rows.length).toBe(clean.received.rows.length - 1)
    expect(result.controlTotals?.impressions).not.toBe(sumOf(seen, 'impressions'))
  })

  test('a restated day comes with its new numbers when it is read again', async ({ skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip)
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const { received: before } = await receive(rig.connector, account, rig.range, context)
    platform.advance(12 * 86_400_000)
    const { received: after } = await receive(rig.connector, account, rig.range, context)
    expect(canonical(after.rows, rig.connector.spec.mapping)).toEqual(expectedRows(rig, account))
    expect(after.rows).not.toEqual(before.rows)
  })

  test('an error of the sink goes to the caller as it is and is not asked for again', async () => {
    await using rig = await openRig()
    const context = testContext(rig.nowMs)
    const account = await firstAccount(rig, context)
    const full = new MillraceError('LAKE_DISK_FULL', { path: '/lake' })
    const extract = rig.connector.extract(sliceOf(account, rig.range), account, context, {
      rows: () => Promise.reject(full),
      entities: () => Promise.resolve(),
    })
    await expect(extract).rejects.toBe(full)
    expect(retryWaitsMs(context)).toEqual([])
  })

  test('a check of a broken connection does not throw and says what to do', async ({ skip }) => {
    await using rig = await openRig()
    const platform = handsOf(rig, skip)
    const context = testContext(rig.nowMs)
    platform.faults([{ kind: 'token_revoked', from: 1 }])
    const lines = await rig.connector.check(context)
    const failed = lines.filter((line) => line.outcome === 'fail')
    expect(failed.length).toBeGreaterThan(0)
    for (const line of failed) expect(line.fix).not.toBeNull()
    expectNoSecret(rig, context)
  })
}
