import { join } from 'node:path'
import { isoInstant } from '../domain/clock.ts'
import { addDays, day as dayOf, dayAt, timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { LandPorts } from '../stream/land.ts'
import type { ReplayPorts } from '../stream/replay.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { numberOf, openStreamProject } from './stream-project.ts'
import type { StreamProject } from './stream-project.ts'
import { formatOf, printRows } from './table.ts'

const command = 'stream'
const shadowUsual = 'shadow'
/** The job that a swap took the place of keeps its counts under a name of this. */
const keptPrefix = 'before'

interface LakeProject extends StreamProject {
  readonly ports: ReplayPorts & LandPorts
}

async function openLakeProject(invocation: Invocation): Promise<LakeProject> {
  await using opening = new AsyncDisposableStack()
  const project = opening.use(await openStreamProject(invocation))
  const { openLake } = await import('../config.ts')
  const { SeriesRegistry } = await import('../stream/series.ts')
  const lake = opening.use(await openLake(project.settings))
  const { log, warehouse, counters, clock, settings } = project
  const registry = new SeriesRegistry(warehouse, timeZone(settings.stream.zone))
  const scratchDir = join(invocation.projectDir, '.millrace', 'land')
  const opened = opening.move()
  return {
    ...project,
    ports: { log, lake, warehouse, counters, registry, clock, scratchDir },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** `stream land`: what is in the log and not yet in the lake, into the lake; then compaction and what may be removed. */
export async function landEvents(invocation: Invocation, given: Given): Promise<number> {
  const { output } = invocation
  await using project = await openLakeProject(invocation)
  const { landAll } = await import('../stream/land.ts')
  const { compact, listEventFiles, planCompaction, planSweep, sweep } = await import('../stream/land-care.ts')
  const { ports } = project
  const isDry = given['dryRun'] === true
  const landed = isDry ? [] : await landAll(ports)
  const runs = planCompaction(await listEventFiles(ports.warehouse, ports.log.topic))
  if (!isDry) for (const run of runs) await compact(ports, run)
  const gone = await planSweep(ports)
  if (!isDry) await sweep(ports, gone)
  const rows = [
    { what: 'landed', files: landed.length, rows: landed.reduce((sum, file) => sum + file.rows, 0) },
    {
      what: 'compacted',
      files: runs.flat().length,
      rows: runs.flat().reduce((sum, file) => sum + file.rows, 0),
    },
    { what: 'removed', files: gone.replaced.length + gone.orphans.length, rows: null },
  ]
  printRows(output, formatOf(undefined, output), ['what', 'files', 'rows'], rows)
  return 0
}

/** Fills a job from the lake, then from the log up to its end. */
async function fill(
  invocation: Invocation,
  { settings, ports, warehouse, clock }: LakeProject,
  job: string,
): Promise<void> {
  const { output, signal } = invocation
  const { fillFromLake } = await import('../stream/replay.ts')
  const { runStream } = await import('../stream/run.ts')
  const { streamSpecs } = await import('../config.ts')
  let records = 0
  for await (const filled of fillFromLake(ports, job)) {
    records += filled.records
    output.footer([`${job}  p${filled.partition}  ${filled.next}  ${records.toLocaleString('en')} …`])
    if (signal.aborted) break
  }
  output.footer([])
  await runStream(
    { warehouse, clock, ...streamSpecs(settings), defaultZone: timeZone(settings.stream.zone), job, once: true },
    signal,
  )
}

/** `stream replay`: counts everything again beside the live counters, and shows where the two differ. */
export async function replayEvents(invocation: Invocation, given: Given): Promise<number> {
  const { output, signal, language } = invocation
  const job = typeof given['into'] === 'string' ? given['into'] : shadowUsual
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(job) || job === 'live')
    throw new MillraceError('CLI_USAGE', { command, detail: `--into ${job}: a-z 0-9 -, not live` })
  await using project = await openLakeProject(invocation)
  const { checkSwap, compareJobs, swapJobs } = await import('../stream/replay.ts')
  const { settings, counters, warehouse, clock } = project
  await fill(invocation, project, job)
  if (signal.aborted) return 130
  const differences = await compareJobs(counters, job)
  const columns = ['day', 'platform', 'account_id', 'campaign_id', 'metric', 'live', 'shadow']
  const rows = differences.map(({ day, accountId, campaignId, live, shadow, ...one }) => ({
    ...one,
    day: addDays(dayOf('1970-01-01'), day),
    account_id: accountId,
    campaign_id: campaignId,
    live: String(live),
    shadow: String(shadow),
  }))
  printRows(output, formatOf(undefined, output), columns, rows)
  output.say(words[language].compared(differences.length, job))
  if (given['swap'] !== true) return 0
  checkSwap({ adapter: settings.stream.counters.adapter, place: counters.place })
  const kept = `${keptPrefix}-${isoInstant(clock.nowMs())
    .replaceAll(/[-:]|\.\d+/g, '')
    .toLowerCase()}`
  if (!(await confirmed(invocation, words[language].swap(job, kept)))) return 99
  await swapJobs(warehouse, job, kept)
  output.say(words[language].swapped(job, kept))
  return 0
}

/** `stream rebuild`: the live counters made again in a store that was emptied. */
export async function rebuildCounters(invocation: Invocation): Promise<number> {
  const { output, signal, language } = invocation
  await using project = await openLakeProject(invocation)
  const { counters, log, warehouse } = project
  const there = (await counters.cursors('live')).filter(({ topic }) => topic === log.topic)
  if (there.length > 0)
    throw new MillraceError('STREAM_REBUILD_NEEDLESS', { place: counters.place, partitions: there.length })
  if (!(await confirmed(invocation, words[language].rebuild(counters.place)))) return 99
  await warehouse.query('delete from stream_begun where job = $1 and topic = $2', ['live', log.topic])
  await fill(invocation, project, 'live')
  if (signal.aborted) return 130
  const rebuilt = (await counters.cursors('live')).filter(({ topic }) => topic === log.topic)
  printRows(
    output,
    formatOf(undefined, output),
    ['partition', 'next', 'records'],
    rebuilt.map(({ partition, next, tallies }) => ({ partition, next, records: tallies.records })),
  )
  return 0
}

/** `stream reconcile`: days against the lake and against the platforms; ends with 5 where something is outside. */
export async function reconcileEvents(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  await using project = await openLakeProject(invocation)
  const { reconcileDay, recordReconciliation } = await import('../stream/reconcile.ts')
  const { reconcilePlatform, recordPlatform } = await import('../stream/reconcile-platform.ts')
  const { ports, clock, settings } = project
  const days = numberOf(given, { command, name: 'days', min: 1, max: 400 }) ?? 2
  const today = dayAt(clock.nowMs(), timeZone(settings.stream.zone))
  const last = typeof given['day'] === 'string' ? dayOf(given['day']) : today
  const rows: Record<string, unknown>[] = []
  for (let back = days - 1; back >= 0; back -= 1) {
    const day = addDays(last, -back)
    const lake = await reconcileDay(ports, day)
    await recordReconciliation(ports, lake)
    const platform = await reconcilePlatform(ports, day)
    await recordPlatform(ports, platform, clock.nowMs())
    rows.push(
      { kind: 'lake', ...lake, differing: lake.differing.length },
      { kind: 'platform', ...platform, differing: platform.differing.length },
    )
  }
  printRows(output, formatOf(undefined, output), ['day', 'kind', 'outcome', 'campaigns', 'differing', 'detail'], rows)
  const outside = rows.filter(({ outcome }) => outcome === 'outside').length
  if (outside > 0) output.warn(words[language].outside(outside))
  return outside > 0 ? 5 : 0
}

const words = {
  en: {
    compared: (count: number, job: string) =>
      count === 0
        ? `${job} counts as the live counters do.`
        : `${job} differs in ${count} cells from the live counters.`,
    swap: (job: string, kept: string) => `Make ${job} the live counters? The ones of now are kept as ${kept}.`,
    swapped: (job: string, kept: string) => `${job} is live; what was live is kept as ${kept}.`,
    rebuild: (place: string) => `Make the live counters in ${place} again from lake and log?`,
    outside: (count: number) => `${count} reconciliation(s) outside: the counters or the platform are wrong there.`,
  },
  ko: {
    compared: (count: number, job: string) =>
      count === 0
        ? `${job}의 집계가 실시간 카운터와 같습니다.`
        : `${job}의 집계가 실시간 카운터와 ${count}개 값에서 다릅니다.`,
    swap: (job: string, kept: string) => `${job}을(를) 실시간 카운터로 바꿀까요? 지금 것은 ${kept}(으)로 남습니다.`,
    swapped: (job: string, kept: string) =>
      `이제 ${job}이(가) 실시간 카운터입니다. 이전 것은 ${kept}(으)로 남아 있습니다.`,
    rebuild: (place: string) => `${place}의 실시간 카운터를 레이크와 로그에서 다시 만들까요?`,
    outside: (count: number) => `대사 ${count}건이 허용 범위를 벗어났습니다. 카운터나 플랫폼의 숫자가 틀린 것입니다.`,
  },
} as const
