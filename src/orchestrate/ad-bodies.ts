import { z } from 'zod'
import { accountKey, costBases } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import { addDays, day, dayEndMs, isClosed } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ErrorCode, Facts } from '../domain/errors.ts'
import type { ExtractRecord, PartitionKey } from '../domain/metric.ts'
import type { Level } from '../domain/platform.ts'
import { planSlices } from '../connectors/connector.ts'
import type { ConnectorSpec, SliceRequest } from '../connectors/connector.ts'
import { markFailed } from '../warehouse/partition-state.ts'
import { platformQuotaOf } from '../warehouse/platform-quota.ts'
import { remoteJobsOf } from '../warehouse/remote-jobs.ts'
import { sourceStatesOf } from '../warehouse/source-states.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { AccountInput, AdConf } from './ad-graph.ts'
import type { BodyContext, BodyEnd, TaskBodies } from './body.ts'
import { defineBody } from './body.ts'
import { checkpointed, findCheckpoint, keepCheckpoint, sealTask } from './checkpoint.ts'
import { extractSlice } from './extract.ts'
import type { Json } from './graph.ts'
import type { LevelFailure, Loaded } from './load.ts'
import { loadExtract } from './load.ts'
import { buildModels } from './models.ts'
import { contentMade, modelsContent, rememberModels, unchangedModels } from './models-content.ts'
import { readNames } from './names.ts'
import { ratesForRun } from './rates.ts'
import { refreshDays } from './plan.ts'
import { levelsOf } from './ports.ts'
import type { OpenConnection, Ports } from './ports.ts'
import { asMillraceError, emptyTally } from './tally.ts'
import type { Tally } from './tally.ts'
import { watchPublished } from './watch.ts'

/** What an extract hands to its load. */
export interface ExtractedOutput {
  readonly days: readonly Day[]
  readonly records: readonly ExtractRecord[]
  readonly failures: readonly LevelFailure[]
}

export interface LoadedOutput {
  /** Of campaigns. */
  readonly loads: readonly Loaded[]
  /** Of the levels below. */
  readonly details: readonly Loaded[]
  readonly failures: readonly LevelFailure[]
}

export type ModelsOutput = Pick<Tally, 'models' | 'dbtTests'>

export const accountInput = z.object({
  account: z.object({
    platform: z.string(),
    accountId: z.string(),
    name: z.string(),
    currency: z.string(),
    zone: z.string(),
    costBasis: z.enum(costBases).optional(),
    managerId: z.string().optional(),
  }),
  connection: z.string(),
}) as unknown as z.ZodType<AccountInput>

/** Kept by this program's own hand, in the shape that the type says. */
const anyRecord = z
  .object({ extractId: z.string(), rawKeys: z.object({}).loose() })
  .loose() as unknown as z.ZodType<ExtractRecord>

const json = z.json() as z.ZodType<Json>
export const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

/** What the tasks of the ad pipeline do, over opened ports; the same for a worker, a command and another scheduler. */
export function adBodies(ports: Ports): TaskBodies {
  return {
    extract: defineBody({ input: accountInput, output: json, run: (input, at) => extract(ports, input, at) }),
    load: defineBody({ input: accountInput, output: json, run: (input, at) => load(ports, input, at) }),
    dbt: defineBody({ input: json, output: json, run: (_input, at) => models(ports, at) }),
    unreachable: defineBody({
      input: z.object({ code: z.string(), facts: z.record(z.string(), z.unknown()) }),
      output: json,
      run: ({ code, facts }) => Promise.reject(new MillraceError(code as ErrorCode, facts as Facts)),
    }),
  }
}

function confOf({ task }: BodyContext): AdConf {
  const { kind = 'advance', days = null, waits = true } = task.conf as unknown as Partial<AdConf>
  return { kind, days, waits }
}

export async function connectionOf(ports: Ports, { connection }: AccountInput): Promise<OpenConnection> {
  // The process may be older than the connection. What is wrong with another one is told where runs are planned.
  await ports.followConnections?.().catch(() => undefined)
  const found = ports.connections.find((one) => one.name === connection)
  if (!found) throw new MillraceError('ORCHESTRATE_NO_ACCOUNTS', { wanted: connection })
  return found
}

async function extract(ports: Ports, input: AccountInput, at: BodyContext): Promise<BodyEnd<Json>> {
  const { account } = input
  const connection = await connectionOf(ports, input)
  const { connector } = connection
  const { spec } = connector
  const reading = daysToRead(spec, account, at, ports.clock.nowMs())
  if (reading.kind !== 'read') return reading
  const { days, request } = reading
  const { clock, random, fetch, warehouse } = ports
  const context = {
    clock,
    random,
    fetch,
    signal: at.signal,
    remoteJobs: remoteJobsOf(warehouse),
    quota: platformQuotaOf(warehouse),
    sourceStates: sourceStatesOf(warehouse, clock),
  }
  const log = ({ level, message }: { level: 'debug' | 'info' | 'warn'; message: string }) => at.log(level, message)
  const records: ExtractRecord[] = []
  const failures: LevelFailure[] = []
  const read = async (level: Level) => {
    for (const slice of planSlices(spec, { ...request, level }, (one) => addDays(one, 1))) {
      const key = `slice ${level} ${slice.since}/${slice.until}`
      // A slice that is in the lake is not asked for again when a later one of the same task fails.
      const kept = { task: at.task, key, schema: anyRecord }
      const asked = () => extractSlice(ports, { connector, account, slice, context: { ...context, log } })
      records.push(await checkpointed(warehouse, kept, asked))
    }
  }
  const [, ...below] = levelsOf(connection, account.accountId)
  await marking(ports, input, { days, signal: at.signal, level: 'campaign' }, () => read('campaign'))
  for (const level of below)
    failures.push(...(await attempted(ports, input, { days, signal: at.signal, level }, () => read(level))))
  await remember(ports, at, records)
  return { kind: 'success', output: plain({ days, records, failures } satisfies ExtractedOutput) }
}

/** Pure: which days of an account an extract reads now, or why it reads none. */
export function daysToRead(
  spec: ConnectorSpec,
  account: AdAccount,
  at: BodyContext,
  nowMs: number,
):
  | { readonly kind: 'read'; readonly days: readonly Day[]; readonly request: Omit<SliceRequest, 'level'> }
  | Extract<BodyEnd<Json>, { readonly kind: 'deferred' | 'success' | 'unchanged' | 'skipped' }> {
  const { kind, days: given, waits } = confOf(at)
  const own = given?.[accountKey(account)]
  const wanted = own ?? (given === null ? refreshDays(day(at.task.partitionKey), spec) : [])
  const days = wanted.filter((one) => isClosed(one, account.zone, nowMs, spec.settleMs)).toSorted()
  const newest = wanted.toSorted().at(-1)
  // The day that it is about has not closed there yet: it looks again then, and holds no slot until it does.
  if (waits && own === undefined && newest !== undefined && !days.includes(newest))
    return { kind: 'deferred', delayMs: Math.max(1, dayEndMs(newest, account.zone) + spec.settleMs - nowMs) }
  if (days.length === 0) return { kind: 'skipped', output: null }
  return { kind: 'read', days, request: { account, days, kind } }
}

/** Which run asked for an extract: the way from a published row to its run. */
async function remember(ports: Ports, { task }: BodyContext, records: readonly ExtractRecord[]): Promise<void> {
  await ports.warehouse.query(
    `insert into run_extract (extract_id, run_id, task, attempt) select e, $2, $3, $4 from unnest($1::uuid[]) as e
     on conflict do nothing`,
    [records.map((one) => one.extractId), task.runId, task.task, task.attempt],
  )
}

async function load(ports: Ports, input: AccountInput, at: BodyContext): Promise<BodyEnd<Json>> {
  const { connector } = await connectionOf(ports, input)
  const extracted = Object.values(at.task.upstream).find((one) => one !== null) as unknown as
    | ExtractedOutput
    | undefined
  if (!extracted) return { kind: 'skipped', output: null }
  const so: Loads = { loads: [], details: [], failures: [...(extracted.failures ?? [])] }
  const byLevel = Map.groupBy(extracted.records, (record) => record.level)
  const last = [...byLevel.values()].at(-1)?.at(-1)
  for (const [level, records] of byLevel) {
    const marks = { days: extracted.days, signal: at.signal, level }
    const loaded = level === 'campaign' ? so.loads : so.details
    const loading = async () => {
      for (const record of records) {
        at.signal.throwIfAborted()
        const known = await findCheckpoint(ports.warehouse, at.task, loadKey(record))
        const alongside = async (session: Session, one: Loaded) => {
          const own = level === 'campaign' ? 'loads' : 'details'
          await keepCheckpoint(session, at.task, loadKey(record), one)
          const end = endOfLoads(input, { ...so, [own]: [...loaded, one] })
          if (record === last && end.kind !== 'failed') await sealTask(session, at.task, end)
        }
        loaded.push(
          known === null
            ? await loadExtract(ports, connector.spec, input.account, record, { alongside })
            : (known as unknown as Loaded),
        )
      }
    }
    if (level === 'campaign') await marking(ports, input, marks, loading)
    else so.failures.push(...(await attempted(ports, input, marks, loading)))
  }
  return endOfLoads(input, so)
}

/**
 * What a load did is kept in its own transaction, and behind the last one the success of the task: an extract that is published is not
 * loaded again by the next attempt, and a worker that has lost the task publishes nothing.
 */
const loadKey = ({ extractId }: ExtractRecord) => `load ${extractId}`

/** What has been loaded so far: of campaigns, of levels below, and what of these failed. */
interface Loads {
  readonly loads: Loaded[]
  readonly details: Loaded[]
  readonly failures: LevelFailure[]
}

type EndOfLoads =
  | { readonly kind: 'success' | 'unchanged'; readonly output: Json }
  | Extract<BodyEnd<Json>, { readonly kind: 'failed' }>

export function endOfLoads(input: AccountInput, { loads, details, failures }: Loads): EndOfLoads {
  const output = plain({ loads, details, failures } satisfies LoadedOutput)
  const all = [...loads, ...details]
  const refusal = all.flatMap((one) => one.refusals)[0]
  if (refusal) return { kind: 'failed', error: new MillraceError(refusal.code, refusal.facts), output }
  // Loading again would not read again what the extract could not: a class that is not retried, whatever the reason was.
  if (failures.length > 0) return { kind: 'failed', error: levelMissing(input, failures), output }
  const isUnchanged = all.every(({ partitions }) => partitions.every(({ outcome }) => outcome !== 'published'))
  return { kind: isUnchanged ? 'unchanged' : 'success', output }
}

function levelMissing({ account }: AccountInput, failures: readonly LevelFailure[]): MillraceError {
  const levels = [...new Set(failures.map((one) => one.level))].join(', ')
  return new MillraceError('ORCHESTRATE_LEVEL_MISSING', {
    account: accountKey(account),
    levels,
    code: failures[0]?.code ?? '',
  })
}

/** What a piece of work is about: what fails with it. */
interface Marks {
  readonly days: readonly Day[]
  readonly signal: AbortSignal
  readonly level: Level
}

/** The work on a level below the campaign: its failure is told and marks its own partitions, and nothing else waits for it. */
async function attempted(
  ports: Ports,
  input: AccountInput,
  marks: Marks,
  work: () => Promise<void>,
): Promise<readonly LevelFailure[]> {
  try {
    await marking(ports, input, marks, work)
    return []
  } catch (thrown) {
    marks.signal.throwIfAborted()
    const { code, facts } = asMillraceError(thrown)
    if (code === 'ORCHESTRATE_TASK_STOPPED') throw thrown
    return [{ level: marks.level, code, facts }]
  }
}

/** A failure of an account's task fails exactly its days; being stopped is no failure of the data, and marks nothing. */
export async function marking(
  ports: Ports,
  { account }: AccountInput,
  { days, signal, level }: Marks,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    signal.throwIfAborted()
    const error = asMillraceError(thrown)
    if (error.code === 'ORCHESTRATE_TASK_STOPPED') throw error
    const { what, why } = error.explain('en')
    const { platform, accountId } = account
    const keys = days.map((date): PartitionKey => ({
      platform,
      accountId,
      level,
      breakdownKey: '',
      date,
    }))
    await ports.warehouse.transaction((session) =>
      markFailed(session, keys, { code: error.code, message: `${what}. ${why}`, atMs: ports.clock.nowMs() }),
    )
    throw thrown
  }
}

async function models(ports: Ports, at: BodyContext): Promise<BodyEnd<Json>> {
  await foldedMonths(ports, at)
  const end = await builtModels(ports, at)
  await watched(ports, at)
  return end
}

/** Counts the sums of changed months anew. Whoever asks before is answered from their days, so that a failure here fails no run. */
async function foldedMonths(ports: Ports, at: BodyContext): Promise<void> {
  try {
    await ports.warehouse.query(
      `select fold_fact_ad_months(platform, account_id) from (
         select distinct platform, account_id from fact_ad_month_stale order by platform, account_id) stale`,
    )
  } catch (thrown) {
    at.signal.throwIfAborted()
    at.log('warn', `sums of months were not counted: ${asMillraceError(thrown).message}`)
  }
}

/** Looks at what readers see now. It tells and refuses nothing, so that its own failure fails no run. */
async function watched(ports: Ports, at: BodyContext): Promise<void> {
  try {
    const { partitions, failed } = await watchPublished(ports)
    if (failed > 0) at.log('warn', `${failed} checks of ${partitions} published account days failed`)
  } catch (thrown) {
    at.signal.throwIfAborted()
    at.log('warn', `published days were not checked: ${asMillraceError(thrown).message}`)
  }
}

async function builtModels(ports: Ports, at: BodyContext): Promise<BodyEnd<Json>> {
  if (!ports.dbt) return { kind: 'skipped', output: null }
  const tally = emptyTally()
  const output = (): Json => plain({ models: tally.models, dbtTests: tally.dbtTests } satisfies ModelsOutput)
  try {
    await ratesForRun(ports, (level, message) => at.log(level, message))
    await readNames(ports.warehouse, ports.naming ?? [], ports.clock.nowMs())
    const before = await modelsContent(ports, ports.dbt)
    const known = await unchangedModels(ports, at.task, before.hash)
    if (known) return known
    await buildModels(ports, ports.dbt, tally, at.signal, (event) => {
      if (event.kind === 'log' && event.level !== 'debug' && event.message !== '') at.log('debug', event.message)
    })
    await rememberModels(ports, at.task, await contentMade(ports, ports.dbt, before), output())
  } catch (thrown) {
    at.signal.throwIfAborted()
    return { kind: 'failed', error: asMillraceError(thrown), output: output() }
  }
  return { kind: 'success', output: output() }
}
