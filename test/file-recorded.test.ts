import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { adapter as fileConnector } from '../src/connectors/file.ts'
import { standingClock } from '../src/domain/clock.ts'
import { day } from '../src/domain/day.ts'
import { decimal, normalDecimal, sumDecimals } from '../src/domain/decimal.ts'
import type { Platform } from '../src/domain/platform.ts'
import { adapter as folder } from '../src/lake/folder.ts'
import { landSpool, rawKeysOf } from '../src/lake/manifest.ts'
import { openSpool } from '../src/lake/spool.ts'
import { readExtract } from '../src/unify/remap.ts'

/*
 * Records that were read from live ad accounts, written out as CSV, go through the file connector, the lake and unify; every metric
 * of every campaign and day must be the sum of the recorded rows. The records lie beside the project, never in it.
 */
const recorded = process.env['MILLRACE_RECORDED_DIR'] ?? join(import.meta.dirname, '../../shared/data/recorded')
const absent = existsSync(recorded) ? undefined : 'no recorded rows: set MILLRACE_RECORDED_DIR to their folder'
const root = await mkdtemp(join(tmpdir(), 'recorded '))
afterAll(() => rm(root, { recursive: true, force: true }))

type Cell = string | number | boolean | null | object
type RecordedRow = Readonly<Record<string, Cell | undefined>>

const googleFields = {
  date: 'segments.date',
  campaign_id: 'campaign.id',
  campaign_name: 'campaign.name',
  status: 'campaign.status',
  currency: 'customer.currency_code',
  cost_micros: 'metrics.cost_micros',
  impressions: 'metrics.impressions',
  clicks: 'metrics.clicks',
  conversions: 'metrics.conversions',
} as const

const metaFields = {
  date: 'date_start',
  campaign_id: 'campaign_id',
  campaign_name: 'campaign_name',
  currency: 'account_currency',
  cost: 'spend',
  impressions: 'impressions',
  clicks: 'clicks',
  link_clicks: 'inline_link_clicks',
} as const

const streams = [
  { stream: 'campaigns', platform: 'google_ads', fields: googleFields },
  { stream: 'display_keyword_performance_report', platform: 'google_ads', fields: googleFields },
  { stream: 'user_location_report', platform: 'google_ads', fields: googleFields },
  { stream: 'ad_group_ad_report', platform: 'google_ads', fields: googleFields },
  { stream: 'ads_insights', platform: 'meta_ads', fields: metaFields },
  { stream: 'ads_insights_country', platform: 'meta_ads', fields: metaFields },
  { stream: 'ads_insights_action_type', platform: 'meta_ads', fields: metaFields },
] as const satisfies readonly { stream: string; platform: Platform; fields: Readonly<Record<string, string>> }[]

function rowsOf(platform: Platform, stream: string): readonly RecordedRow[] {
  const lines = readFileSync(join(recorded, `${platform}_records.jsonl`), 'utf8')
    .split('\n')
    .filter(Boolean)
  const records = lines.map((line) => JSON.parse(line) as { stream: string; data: RecordedRow })
  return records.filter((one) => one.stream === stream).map(({ data }) => data)
}

/** A cell as text: absent is empty, a list or object is its JSON. */
function plain(value: Cell | undefined): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : `${value ?? ''}`
}

function csvOf(rows: readonly RecordedRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value: Cell | undefined) => {
    const text = plain(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((line) => line.map(cell).join(','))
    .join('\r\n')
}

/** Sums of the recorded numbers themselves, by campaign and day; computed without any code of the pipeline but decimal sums. */
function recordedSums(
  rows: readonly RecordedRow[],
  fields: Readonly<Record<string, string>>,
): ReadonlyMap<string, object> {
  const groups = Map.groupBy(
    rows,
    (row) => `${plain(row[fields['campaign_id'] ?? ''])}|${plain(row[fields['date'] ?? ''])}`,
  )
  const sum = (group: readonly RecordedRow[], name: string | undefined) =>
    sumDecimals(group.map((row) => decimal(plain(row[name ?? '']) || '0')))
  return new Map(
    [...groups].map(([key, group]) => {
      const micros = fields['cost_micros']
      const cost = micros ? normalDecimal(`${sum(group, micros)}e-6`) : sum(group, fields['cost'])
      const { impressions, clicks, conversions } = fields
      return [
        key,
        {
          cost,
          impressions: sum(group, impressions),
          clicks: sum(group, clicks),
          conversions: sum(group, conversions),
        },
      ]
    }),
  )
}

describe('recorded rows through the file connector, the lake and unify', () => {
  test.for(streams)('$platform $stream', async ({ stream, platform, fields }, { skip }) => {
    skip(absent !== undefined, absent)
    const rows = rowsOf(platform, stream)
    expect(rows.length).toBeGreaterThan(0)
    const path = join(root, `${stream}.csv`)
    await writeFile(path, csvOf(rows))
    const present = new Set(rows.flatMap((row) => Object.keys(row)))
    const columns = Object.fromEntries(Object.entries(fields).filter(([, name]) => present.has(name)))
    const given = { files: [path], platform, account: '1', currency: 'USD', mapping: { columns } }
    await using connector = await fileConnector.open(fileConnector.options.parse(given))
    await using spool = await openSpool({
      columns: connector.spec.mapping.columns,
      dateColumn: 'date',
      folder: join(root, `${stream}-spool`),
    })
    const signal = new AbortController().signal
    const context = { clock: standingClock(0), random: () => 0, fetch, signal, log: () => undefined }
    const [account] = await connector.discover(context)
    const slice = { platform, accountId: '1', level: 'campaign', breakdownKey: '', kind: 'repair' } as const
    await connector.extract({ ...slice, since: day('2000-01-01'), until: day('2100-01-01') }, account!, context, {
      rows: (batch) => spool.append(batch),
      entities: async () => Promise.resolve(),
    })
    await using lake = await folder.open({ root: join(root, 'lake') })
    const extractId = `00000000-0000-7000-8000-${String(streams.findIndex((one) => one.stream === stream)).padStart(12, '0')}`
    const rawKeys = rawKeysOf(await landSpool(lake, spool, { platform, accountId: '1', extractId }))
    const facts = (await Array.fromAsync(readExtract(lake, { rawKeys }, connector.spec.mapping, account!))).flat()
    const found = facts.map(({ entityId, date, cost, impressions, clicks, conversions }) => [
      `${entityId}|${date}`,
      { cost, impressions, clicks, conversions },
    ])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(recordedSums(rows, fields)))
    expect(facts.length).toBe(recordedSums(rows, fields).size)
  })
})
