import { z } from 'zod'
import { planSlices } from '../connectors/connector.ts'
import type { SliceRequest } from '../connectors/connector.ts'
import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import { addDays, daysOf } from '../domain/day.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { DailyMetric, ExtractRecord, Slice } from '../domain/metric.ts'
import { blockingAudit } from '../quality/audit.ts'
import { refusalsOf, tallied } from '../quality/result.ts'
import type { CheckResult } from '../quality/result.ts'
import { finerSums } from '../unify/aggregate.ts'
import { unifyRows } from '../unify/unify.ts'
import { accountInput, adBodies, connectionOf, daysToRead, endOfLoads, marking, plain } from './ad-bodies.ts'
import type { ExtractedOutput } from './ad-bodies.ts'
import type { AccountInput } from './ad-graph.ts'
import type { BodyContext, BodyEnd, TaskBodies } from './body.ts'
import { defineBody } from './body.ts'
import { connectorContext } from './connector-context.ts'
import type { Json } from './graph.ts'
import { uuid } from './identity.ts'
import type { Ports } from './ports.ts'

/** Rows between an extract and its load: what the lake is for where runs are real. */
type Held = Map<string, readonly DailyMetric[]>

const json = z.json() as z.ZodType<Json>

/**
 * The pipeline's tasks for a clock that jumps: the platform's own client over HTTP, its paging, errors and retries, and the real audit
 * and load. Left out is what a month of nights would spend its minutes on and a schedule does not depend on: the lake's files, a
 * question for each gap between the days of a refresh, and the models.
 */
export function simulatedBodies(ports: Ports): TaskBodies {
  const held: Held = new Map()
  return {
    ...adBodies(ports),
    extract: defineBody({ input: accountInput, output: json, run: (input, at) => extract(ports, held, input, at) }),
    load: defineBody({ input: accountInput, output: json, run: (input, at) => load(ports, held, input, at) }),
    dbt: defineBody({ input: json, output: json, run: () => Promise.resolve({ kind: 'skipped', output: null }) }),
  }
}

async function extract(ports: Ports, held: Held, input: AccountInput, at: BodyContext): Promise<BodyEnd<Json>> {
  const { connector } = await connectionOf(ports, input)
  const reading = daysToRead(connector.spec, input.account, at, ports.clock.nowMs())
  if (reading.kind !== 'read') return reading
  const { days } = reading
  const requestedAtMs = ports.clock.nowMs()
  const extractId = uuid(requestedAtMs, ports.random)
  let record: ExtractRecord | undefined
  await marking(ports, input, { days, signal: at.signal, level: 'campaign' }, async () => {
    const read = await readDays(ports, input, at, reading)
    held.set(extractId, read.metrics)
    record = {
      ...read.slice,
      extractId,
      requestedAtMs,
      finishedAtMs: ports.clock.nowMs(),
      rows: read.metrics.length,
      apiVersion: connector.spec.apiVersion,
      requestIds: [],
      operations: read.operations,
      controlTotals: null,
      mapVersion: connector.spec.mapping.version,
      rawKeys: {},
    }
  })
  return {
    kind: 'success',
    output: plain({ days, records: record ? [record] : [], failures: [] } satisfies ExtractedOutput),
  }
}

/** All days of a task in the fewest questions: those between them are asked for and thrown away where that is one question less. */
async function readDays(
  ports: Ports,
  input: AccountInput,
  at: BodyContext,
  { days, request }: { readonly days: readonly Day[]; readonly request: Omit<SliceRequest, 'level'> },
): Promise<{ readonly slice: Slice; readonly metrics: readonly DailyMetric[]; readonly operations: number }> {
  const { connector } = await connectionOf(ports, input)
  const { account } = input
  const slicesOf = (wanted: readonly Day[]) =>
    planSlices(connector.spec, { ...request, level: 'campaign', days: wanted }, (one) => addDays(one, 1))
  const slices = slicesOf(days)
  const [first] = slices
  const [since, until] = [days[0], days.at(-1)]
  if (!first || !since || !until) throw new TypeError('nothing to read')
  const whole = slicesOf(daysOf({ since, until }))
  const context = connectorContext(ports, at.signal, (level, message) => at.log(level, message))
  const wanted: ReadonlySet<string> = new Set(days)
  const { mapping } = connector.spec
  const rows: RawRow[] = []
  let operations = 0
  for (const slice of whole.length < slices.length ? whole : slices) {
    const result = await connector.extract(slice, account, context, {
      rows(batch) {
        for (const row of batch) if (wanted.has(row[mapping.date] ?? '')) rows.push(row)
        return Promise.resolve()
      },
      entities: () => Promise.resolve(),
    })
    operations += result.operations
  }
  return { slice: { ...first, since, until }, metrics: canonical(rows, mapping, account), operations }
}

function canonical(
  rows: readonly RawRow[],
  mapping: Parameters<typeof unifyRows>[1],
  account: AdAccount,
): readonly DailyMetric[] {
  const metrics = unifyRows(rows, mapping, account)
  if (mapping.grain !== 'finer') return metrics
  const sums = finerSums()
  sums.add(metrics)
  return sums.rows()
}

async function load(ports: Ports, held: Held, input: AccountInput, at: BodyContext): Promise<BodyEnd<Json>> {
  const { connector } = await connectionOf(ports, input)
  const extracted = Object.values(at.task.upstream).find((one) => one !== null) as unknown as
    | ExtractedOutput
    | undefined
  const record = extracted?.records[0]
  if (!extracted || !record) return { kind: 'skipped', output: null }
  const { days } = extracted
  const { account } = input
  const { spec } = connector
  let results: readonly CheckResult[] = []
  const report = (judged: readonly CheckResult[]) => {
    results = judged
  }
  let end: BodyEnd<Json> = { kind: 'skipped', output: null }
  await marking(ports, input, { days, signal: at.signal, level: 'campaign' }, async () => {
    const partitions = await ports.warehouse.load({
      extract: record,
      account,
      days,
      rows: once(held.get(record.extractId) ?? []),
      audit: blockingAudit({ nowMs: ports.clock.nowMs(), settleMs: spec.settleMs, drift: undefined, report }),
    })
    held.delete(record.extractId)
    const loaded = { partitions, checks: tallied(results), refusals: refusalsOf(account, results) }
    end = endOfLoads(input, { loads: [loaded], details: [], failures: [] })
  })
  return end
}

async function* once(rows: readonly DailyMetric[]): AsyncGenerator<readonly DailyMetric[], void, undefined> {
  await Promise.resolve()
  if (rows.length > 0) yield rows
}
