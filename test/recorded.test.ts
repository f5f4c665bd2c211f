import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { adapter as fileConnector } from '../src/connectors/file.ts'
import { adapter as googleAds, openGoogleAds } from '../src/connectors/google-ads.ts'
import { serveRecorded } from '../src/connectors/recorded.fixture.ts'
import { standingClock } from '../src/domain/clock.ts'
import { day, timeZone } from '../src/domain/day.ts'
import type { DayRange } from '../src/domain/day.ts'
import { decimal, normalDecimal, sumDecimals } from '../src/domain/decimal.ts'
import type { Platform } from '../src/domain/platform.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import type { OpenConnection } from '../src/orchestrate/ports.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { portsOver } from './job.ts'

/*
 * Records that were read from live ad accounts, written out as CSV and replayed over Google's wire, go through the whole job; every
 * metric in daily_campaign_metrics must be the sum of the recorded rows of its campaign and day. The records lie beside the project,
 * never in it.
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

/** What is published, by campaign and day, in the same shape. */
async function publishedSums(warehouse: Warehouse): Promise<ReadonlyMap<string, object>> {
  const rows = await warehouse.query<
    Record<'campaign_id' | 'date' | 'cost' | 'impressions' | 'clicks' | 'conversions', string>
  >('select campaign_id, date, cost, impressions, clicks, conversions from daily_campaign_metrics')
  const plainNumber = (text: string) => normalDecimal(text)
  return new Map(
    rows.map((row) => [
      `${row.campaign_id}|${row.date}`,
      {
        cost: plainNumber(row.cost),
        impressions: plainNumber(row.impressions),
        clicks: plainNumber(row.clicks),
        conversions: plainNumber(row.conversions),
      },
    ]),
  )
}

/** The whole job over one connection: extract, lake, unify, audit, publish. */
async function publish(
  connection: OpenConnection,
  range: DayRange,
  warehouse: Warehouse,
  folder: string,
): Promise<void> {
  const ports = await portsOver({ clock: standingClock(nowMs), connections: [connection], warehouse, folder })
  const summary = await runPipeline(
    ports,
    { range, kind: 'repair', zone: timeZone('Asia/Seoul') },
    () => undefined,
    new AbortController().signal,
  )
  expect(summary.troubles).toEqual([])
  expect(summary.state).toBe('success')
}

// The records are of 2021 and 2022; a platform answers for 37 months.
const nowMs = Date.parse('2022-06-05T12:00:00Z')

function daysIn(rows: readonly RecordedRow[], name: string): DayRange {
  const days = rows.map((row) => plain(row[name])).sort()
  return { since: day(days[0] ?? ''), until: day(days.at(-1) ?? '') }
}

describe('recorded rows go through the whole job and every metric is the sum of its records', () => {
  test.for(streams)('$platform $stream as a CSV export', async ({ stream, platform, fields }, { skip }) => {
    skip(absent !== undefined, absent)
    const rows = rowsOf(platform, stream)
    expect(rows.length).toBeGreaterThan(0)
    const path = join(root, `${stream}.csv`)
    await writeFile(path, csvOf(rows))
    const present = new Set(rows.flatMap((row) => Object.keys(row)))
    const columns = Object.fromEntries(Object.entries(fields).filter(([, name]) => present.has(name)))
    const given = { files: [path], platform, account: '1', currency: 'USD', mapping: { columns } }
    await using connector = await fileConnector.open(fileConnector.options.parse(given))
    await using warehouse = await openTestWarehouse()
    await publish({ name: stream, connector, accountIds: [] }, daysIn(rows, fields.date), warehouse, join(root, stream))
    expect(await publishedSums(warehouse)).toEqual(recordedSums(rows, fields))
  })

  test.for(streams.filter((one) => one.platform === 'google_ads'))(
    'google_ads $stream over the wire of searchStream',
    async ({ stream, fields }, { skip }) => {
      skip(absent !== undefined, absent)
      const rows = rowsOf('google_ads', stream)
      await using server = await serveRecorded({ recordsFile: 'google_ads_records.jsonl', stream })
      const given = {
        baseUrl: server.url,
        oauthUrl: server.oauthUrl,
        clientId: 'a',
        clientSecret: 'b',
        refreshToken: 'c',
      }
      await using connector = openGoogleAds(googleAds.options.parse(given))
      await using warehouse = await openTestWarehouse()
      await publish(
        { name: 'google', connector, accountIds: [] },
        server.range,
        warehouse,
        join(root, `wire-${stream}`),
      )
      expect(await publishedSums(warehouse)).toEqual(recordedSums(rows, fields))
    },
  )
})
