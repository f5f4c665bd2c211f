import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definitionPresets } from '../src/domain/conversion-definition.ts'
import { adapter } from '../src/warehouse/embedded.ts'
import { putDefinition, recount } from '../src/warehouse/definitions.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench } from './figures.ts'

const accounts = 10
const days = 100
const campaigns = 1_000

/** The bar: a million facts counted anew by another definition, without a call. */
const secondsMax = 10

/** Facts as Meta's accounts have them: every campaign-day with clicks, three in four with purchases under two or three names. */
async function fill(warehouse: Warehouse): Promise<void> {
  await warehouse.query(
    `insert into partition_state (platform, account_id, level, breakdown_key, date, state, rows, published_at, extract_id, completeness, fingerprint, actions_stored, definition_version)
     select 'meta_ads', 'act' || a, 'campaign', '', '2026-01-01'::date + d, 'published', ${campaigns}, now(), gen_random_uuid(), 'final', 'x', true, 0
     from generate_series(1, ${accounts}) a, generate_series(0, ${days - 1}) d order by 2, 5`,
  )
  await warehouse.query(
    `insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks, link_clicks, conversions, conversion_value, extract_id)
     select p.partition_id, c::text, p.platform, p.account_id, 'campaign', '', p.date, 'USD', c * 1.37, c * 90, c * 3, c * 2,
            case when c % 4 > 0 then c % 50 else 0 end, case when c % 4 > 0 then (c % 50) * 31.5 else 0 end, p.extract_id
     from partition_state p, generate_series(1, ${campaigns}) c order by p.partition_id, c::text`,
  )
  await warehouse.query(
    `insert into fact_conversion_daily (partition_id, entity_id, action_key, attribution_window, conversions, value)
     select p.partition_id, c::text, a.key, 'default', case when a.key = 'link_click' then c * 2 else floor((c % 50) * a.share) end,
            case when a.key <> 'link_click' then floor((c % 50) * a.share) * 31.5 end
     from partition_state p, generate_series(1, ${campaigns}) c,
          (values ('link_click', 1.0), ('omni_purchase', 1.0), ('offsite_conversion.fb_pixel_purchase', 0.8), ('purchase', 0.9)) as a (key, share)
     where a.key = 'link_click' or c % 4 > 0 and (a.key <> 'omni_purchase' or c % 3 > 0) order by p.partition_id, c::text, a.key`,
  )
  await warehouse.query('analyze')
  await warehouse.query('checkpoint')
}

const ticksPerSecond = 100

/** utime, stime and those of ended children, from the text of /proc/PID/stat. */
const ticksOf = (stat: string) =>
  stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .reduce((sum, one) => sum + Number(one), 0)

/**
 * Seconds of CPU that the database server has used with all its processes, also those that have ended: what the work costs whoever
 * else is at the machine. Null where there is no /proc.
 */
async function serverCpuSeconds(dir: string): Promise<number | null> {
  try {
    const found = (await readdir(dir, { recursive: true })).find((name) => name.endsWith('postmaster.pid'))
    const server = (await readFile(join(dir, found ?? ''), 'utf8')).split('\n')[0] ?? ''
    let ticks = ticksOf(await readFile(`/proc/${server}/stat`, 'utf8'))
    for (const child of (await readFile(`/proc/${server}/task/${server}/children`, 'utf8')).trim().split(' '))
      ticks += ticksOf(await readFile(`/proc/${child}/stat`, 'utf8'))
    return ticks / ticksPerSecond
  } catch {
    return null
  }
}

interface Counting {
  readonly seconds: number
  readonly facts: number
  readonly changed: number
}

async function count(warehouse: Warehouse, preset: keyof typeof definitionPresets): Promise<Counting> {
  const startedMs = performance.now()
  const atMs = 1_790_000_000_000
  await putDefinition(warehouse, { platform: 'meta_ads', accountId: '' }, definitionPresets[preset], atMs)
  let facts = 0
  let changed = 0
  await recount(warehouse, 'meta_ads', atMs, (one) => {
    facts += one.rows
    changed += one.changed
  })
  return { seconds: (performance.now() - startedMs) / 1_000, facts, changed }
}

/** A million facts with three million stored actions, on the embedded server with fsync on; the definition is changed to the chapter's and back. */
export async function bench({ say }: { readonly say: (line: string) => void }): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-hub-'))
  try {
    await using warehouse = await adapter.open(adapter.options.parse({ dir }))
    await warehouse.migrate()
    say('fills a warehouse with a million facts and their actions')
    await fill(warehouse)
    const cpuBefore = await serverCpuSeconds(dir)
    const there = await count(warehouse, 'seed_purchase')
    const cpuAfter = await serverCpuSeconds(dir)
    const cpu = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore
    const back = await count(warehouse, 'purchase')
    const seconds = Math.max(there.seconds, back.seconds)
    return {
      figures: {
        recount_seconds: seconds,
        recount_server_cpu_s: cpu,
        recount_facts: there.facts,
        recount_changed_facts: there.changed,
        recount_facts_per_s: there.facts / seconds,
        recount_api_calls: 0,
        rival_recount_seconds: null,
      },
      lines: [
        {
          what: `${there.facts} facts counted anew, ${there.changed} changed`,
          ours: seconds,
          unit: 's',
          rival: { name: 'others download again', value: null },
          bar: { atMost: secondsMax },
        },
        { what: 'of it CPU of the database, once', ours: cpu, unit: 's' },
      ],
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
