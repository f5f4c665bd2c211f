import { isoInstant } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { addDays, dayAt } from '../domain/day.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { DimensionCount, Score } from './brief-verdict.ts'
import { partitionsOn, percentOf, scoresOf, verdictOf } from './brief-verdict.ts'
import type { RouteOutput } from './contract.ts'
import { Figures } from './figure.ts'

export type Overview = RouteOutput<'GET /api/v1/overview'>
type AccountDays = Overview['accounts'][number]
type Cards = Overview['cards']

/** Hours after its midnight within which a day is not yet missed. */
const settleHours = 6
const volumeDays = 30
const stageDays = 7
const alertsMax = 8
const actionsMax = 5

/** A day counts as good from here on; the seed's own example of a good day is 99.5. */
const goodFrom = 99

interface BriefRequest {
  readonly date: Day | undefined
  readonly zone: TimeZone
}

/** The morning brief of a day: what the Overview shows and the brief mail says, from one set of queries. Sums and ratios are the database's. */
export async function readBrief(
  warehouse: Pick<Warehouse, 'query'>,
  clock: Clock,
  { date: asked, zone }: BriefRequest,
): Promise<Overview> {
  const nowMs = clock.nowMs()
  const yesterday = addDays(dayAt(nowMs, zone), -1)
  const date = asked ?? yesterday
  const figures = new Figures(warehouse, clock)
  const now = new Date(nowMs)
  const daysAgo = (days: number) => new Date(nowMs - days * 86_400_000)
  const [rows, volume, counts, totals, money, movers, stages, runs, models, stream, alerts, actions] =
    await Promise.all([
      figures.ask<AccountRow>('brief-accounts', [date, now, settleHours]),
      figures.ask<Overview['volume'][number]>('brief-volume', [addDays(date, 1 - volumeDays), date]),
      figures.ask<DimensionCount>('brief-checks', [date]),
      figures.ask<TotalsRow>('brief-totals', [date]),
      figures.ask<Overview['money'][number]>('brief-money', [date]),
      figures.ask<Overview['movers'][number]>('brief-movers', [date]),
      figures.ask<StageRow>('brief-stages', [daysAgo(stageDays)]),
      figures.ask<RunRow>('brief-runs', [date]),
      figures.ask<ModelsRow>('brief-models', []),
      figures.ask<StreamRow>('brief-stream', [now]),
      figures.ask<AlertRow>('alerts', [daysAgo(stageDays), now, alertsMax]),
      figures.ask<Overview['actions'][number]>('brief-actions', [date, now, actionsMax]),
    ])
  const accounts = accountsOf(rows, totals)
  const quality = scoresOf(counts, accounts, { date, before: addDays(date, -1) })
  return {
    date,
    zone,
    yesterday,
    asOf: isoInstant(nowMs),
    verdict: verdictOf(accounts, counts, date),
    cards: {
      pipeline: pipelineCard(runs[0], accounts, date),
      quality: qualityCard(counts, quality, { date, before: addDays(date, -1) }),
      stream: streamCard(stream[0], nowMs),
      models: modelsCard(models[0]),
    },
    accounts,
    money: [...money],
    movers: [...movers],
    volume: [...volume],
    stages: stages.map((one) => ({ ...one, at: one.at.toISOString() })),
    quality,
    alerts: alerts.map((one) => ({ ...one, at: one.at.toISOString() })),
    actions: [...actions],
    sources: figures.sources,
  }
}

interface AccountRow {
  readonly platform: string
  readonly accountId: string
  readonly name: string
  readonly currency: string
  readonly zone: string
  readonly date: string
  readonly state: AccountDays['days'][number]['state']
  readonly rows: number
  readonly completeness: AccountDays['days'][number]['completeness']
  readonly publishedAt: Date | null
  readonly restated: number
  readonly problem: string | null
}

interface TotalsRow {
  readonly platform: string
  readonly accountId: string
  readonly outcome: string
}

interface StageRow extends Omit<Overview['stages'][number], 'at'> {
  readonly at: Date
}

interface AlertRow extends Omit<Overview['alerts'][number], 'at'> {
  readonly at: Date
}

function accountsOf(rows: readonly AccountRow[], totals: readonly TotalsRow[]): AccountDays[] {
  const outcome = (row: AccountRow) =>
    totals.find((one) => one.platform === row.platform && one.accountId === row.accountId)?.outcome
  const byAccount = Map.groupBy(rows, (row) => `${row.platform} ${row.accountId}`)
  return [...byAccount.values()].flatMap((days) => {
    const [first] = days
    if (!first) return []
    const { platform, accountId, name, currency, zone } = first
    const said = outcome(first)
    return [
      {
        platform,
        accountId,
        name,
        currency,
        zone,
        totals: said === 'pass' ? 'equal' : said === 'fail' ? 'different' : 'unknown',
        days: days.map(({ date, state, rows: count, completeness, publishedAt, restated, problem }) => ({
          date,
          state,
          rows: count,
          completeness,
          publishedAt: publishedAt?.toISOString() ?? null,
          restated,
          problem,
        })),
      } satisfies AccountDays,
    ]
  })
}

interface RunRow {
  readonly runId: string
  readonly state: string
  readonly endedAt: Date | null
  readonly seconds: number | null
}

function pipelineCard(run: RunRow | undefined, accounts: readonly AccountDays[], date: string): Cards['pipeline'] {
  const partitions = partitionsOn(accounts, date)
  const percent = percentOf(partitions.filter(({ state }) => state === 'published').length, partitions.length)
  if (!run) return { state: 'none', percent, seconds: null, endedAt: null, runId: null }
  const state = run.state === 'success' || run.state === 'partial' ? run.state : run.endedAt ? 'failed' : 'running'
  return { state, percent, seconds: run.seconds, endedAt: run.endedAt?.toISOString() ?? null, runId: run.runId }
}

function qualityCard(
  counts: readonly DimensionCount[],
  scores: readonly Score[],
  { date, before }: { readonly date: string; readonly before: string },
): Cards['quality'] {
  const sum = (day: string, of: (one: DimensionCount) => number) =>
    counts.filter((one) => one.date === day).reduce((total, one) => total + of(one), 0)
  const judged = (day: string) => sum(day, (one) => one.pass + one.warn + one.fail)
  const passed = sum(date, (one) => one.pass)
  const failed = sum(date, (one) => one.fail)
  const score = percentOf(passed, judged(date))
  const isWhole = scores.every((one) => one.score === null || Number(one.score) >= goodFrom)
  const state = score === null ? 'none' : failed > 0 ? 'bad' : isWhole ? 'good' : 'warn'
  return {
    state,
    score,
    scoreBefore: percentOf(
      sum(before, (one) => one.pass),
      judged(before),
    ),
    passed,
    judged: judged(date),
    warned: sum(date, (one) => one.warn),
    failed,
  }
}

interface StreamRow {
  readonly events: number
  readonly lastAt: Date | null
  readonly waiting: number
  readonly live: boolean
}

/** So many records may wait before the stream is behind: some seconds of a busy day. */
const waitingMax = 10_000
/** Nothing for so long is quiet, which may be right at night and is said, not judged. */
const quietAfterMs = 15 * 60_000

function streamCard(row: StreamRow | undefined, nowMs: number): Cards['stream'] {
  const { events = 0, lastAt = null, waiting = 0, live = false } = row ?? {}
  const isQuiet = lastAt === null || nowMs - lastAt.getTime() > quietAfterMs
  const state = !live ? 'none' : waiting > waitingMax ? 'behind' : isQuiet ? 'quiet' : 'normal'
  return { state, eventsPerHour: events, waiting, lastAt: lastAt?.toISOString() ?? null }
}

interface ModelsRow {
  readonly builtAt: Date | null
  readonly models: number
  readonly pass: number
  readonly fail: number
  readonly old: boolean
}

function modelsCard(row: ModelsRow | undefined): Cards['models'] {
  if (!row) return { state: 'none', models: 0, testsPassed: 0, testsFailed: 0, builtAt: null }
  const { builtAt, models, pass, fail, old } = row
  const state = fail > 0 ? 'failed' : old ? 'old' : 'fresh'
  return { state, models, testsPassed: pass, testsFailed: fail, builtAt: builtAt?.toISOString() ?? null }
}
