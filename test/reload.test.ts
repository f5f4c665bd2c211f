import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { adapter as file } from '../src/connectors/file.ts'
import { addDays, day, daysOf, timeZone } from '../src/domain/day.ts'
import type { DayRange } from '../src/domain/day.ts'
import type { RawMapping } from '../src/domain/mapping.ts'
import { planReload, reload } from '../src/orchestrate/reload.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import { readRestatements } from '../src/warehouse/restatements.ts'
import { openJob } from './job.ts'
import { publishedLines, truthLines } from './truth.ts'

/*
 * Facts are made again from raw rows, without the platform: what somebody damaged is right again, and a mapping that changed gives
 * its numbers to days that were downloaded before it.
 */
const nowMs = Date.parse('2026-09-10T12:00:00Z')
const range: DayRange = { since: day('2026-09-01'), until: day('2026-09-04') }
const accounts = [
  { platform: 'google_ads', currency: 'USD', zone: 'America/Los_Angeles' },
  { platform: 'meta_ads', currency: 'KRW', zone: 'Asia/Seoul' },
] as const

const job = await openJob({ sandbox: { seed: 11, nowMs, world: { accounts } } })
afterAll(() => job[Symbol.asyncDispose]())
await job.run(range)
job.sandbox.setClock(nowMs + 3_600_000)
await job.run({ since: addDays(range.since, 2), until: range.until })
const { ports, sandbox } = job
const signal = new AbortController().signal

async function outcomes(plans: Awaited<ReturnType<typeof planReload>>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { loads } of reload(ports, plans, signal))
    found.push(...loads.flatMap(({ partitions }) => partitions.map(({ outcome }) => outcome)))
  return found.toSorted()
}

const published = async () => {
  const lines: Record<string, unknown> = {}
  for (const { platform, accountId } of sandbox.accounts)
    for (const date of daysOf(range))
      lines[`${platform} ${accountId} ${date}`] = (await publishedLines(job, platform, accountId, date))?.lines
  return lines
}

const truth = () => {
  const lines: Record<string, unknown> = {}
  for (const { platform, accountId } of sandbox.accounts)
    for (const date of daysOf(range)) {
      const asked = date < addDays(range.since, 2) ? nowMs : nowMs + 3_600_000
      lines[`${platform} ${accountId} ${date}`] = truthLines(sandbox.truth(platform, accountId, date, asked))
    }
  return lines
}

describe('from the lake', () => {
  test('the newest word on each day is planned, each extract once, and nothing that is as it was changes', async () => {
    const plans = await planReload(ports, { range })
    expect(plans.map(({ account, extracts }) => [account.platform, extracts.length])).toEqual([
      ['google_ads', 2],
      ['meta_ads', 2],
    ])
    const calls = sandbox.log().length
    // Days of the older extract that the newer one published are superseded; all others are read and found unchanged.
    expect(await outcomes(plans)).toEqual([...Array(8).fill('superseded').slice(0, 4), ...Array(8).fill('unchanged')])
    expect(sandbox.log().length).toBe(calls)
    expect(await published()).toEqual(truth())
  })

  test('facts that another program damaged are the truth again, and the ledger says so', async () => {
    const damagedAtMs = ports.clock.nowMs()
    await ports.warehouse.query('update fact_ad_daily set clicks = clicks + 7, cost = cost * 2 where cost > 0')
    expect(await published()).not.toEqual(truth())
    await outcomes(await planReload(ports, { range }))
    expect(await published()).toEqual(truth())
    const restated = await readRestatements(ports.warehouse, { sinceMs: damagedAtMs - 1_000, platforms: ['meta_ads'] })
    expect(new Set(restated.map(({ platform, metric }) => `${platform} ${metric}`))).toEqual(
      new Set(['meta_ads cost', 'meta_ads clicks']),
    )
    expect(restated.every(({ metric, difference }) => metric !== 'clicks' || difference.startsWith('-'))).toBe(true)
    expect(await readRestatements(ports.warehouse, { sinceMs: damagedAtMs + 1_000 })).toEqual([])
  })

  test('a changed mapping gives its numbers to days that were downloaded before it', async () => {
    const [google] = await planReload(ports, { range, platforms: ['google_ads'] })
    const spec = google!.spec!
    const campaign: RawMapping = {
      ...spec.mapping,
      version: 99,
      videoViews: { from: 'column', column: 'metrics_clicks', absent: 'null' },
    }
    await outcomes([{ ...google!, spec: { ...spec, mappings: { ...spec.mappings, campaign } } }])
    const [row] = await ports.warehouse.query<{ same: boolean; version: number }>(
      `select bool_and(f.video_views = f.clicks) as same, max(x.map_version) as version
       from fact_ad_daily f join extract x on x.extract_id = f.extract_id where f.platform = 'google_ads'`,
    )
    expect(row).toEqual({ same: true, version: 99 })
    await outcomes(await planReload(ports, { range }))
    expect(await published()).toEqual(truth())
  })

  test('days of an imported file are read by the mapping that came with it, in a project that knows its platform or not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reload-'))
    const csv = join(folder, 'export.csv')
    await writeFile(csv, 'Tag,Kampagne,Kosten\n2026-09-02,7,"1.234,50"\n2026-09-02,7,"0,50"\n')
    const mapping = {
      version: 4,
      columns: { date: 'Tag', campaign_id: 'Kampagne', cost: 'Kosten' },
      numbers: { decimal: ',', group: '.' },
    }
    const given = { files: [csv], platform: 'kakao_moment', account: 'a/7', currency: 'KRW', mapping }
    const connector = await file.open(file.options.parse(given))
    const importing = { ...ports, connections: [{ name: 'import', connector, accountIds: [] }] }
    const days = [day('2026-09-02')] as const
    const imported = { range: { since: days[0], until: days[0] }, days, kind: 'repair', zone: timeZone('UTC') } as const
    expect(await runPipeline(importing, imported, () => {}, signal)).toMatchObject({ state: 'success' })
    await rm(folder, { recursive: true })

    const facts = () => ports.warehouse.query(`select cost::text from fact_ad_daily where platform = 'kakao_moment'`)
    await ports.warehouse.query(`update fact_ad_daily set cost = 1 where platform = 'kakao_moment'`)
    const plans = await planReload(ports, { range, platforms: ['kakao_moment'] })
    expect(plans.map(({ account, rows }) => [account.accountId, rows])).toEqual([['a/7', 2]])
    expect(await outcomes(plans)).toEqual(['published'])
    expect(await facts()).toEqual([{ cost: '1235.000000' }])
    expect(await ports.warehouse.query(`select map_version from extract where platform = 'kakao_moment'`)).toEqual([
      { map_version: 4 },
    ])
  })

  test('an account or a platform that was not asked for is not read', async () => {
    expect(await planReload(ports, { range, accountIds: ['none'] })).toEqual([])
    expect(await planReload(ports, { range: { since: day('2020-01-01'), until: day('2020-01-02') } })).toEqual([])
  })
})
