import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { AdAccount } from '../domain/account.ts'
import { day, timeZone } from '../domain/day.ts'
import type { DayRange } from '../domain/day.ts'
import { addDecimals, decimal, normalised } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import { currency } from '../domain/money.ts'

/** The folder with records of live accounts: MILLRACE_RECORDED_DIR, or the one beside the repository. */
export const recordedDir =
  process.env['MILLRACE_RECORDED_DIR'] ?? join(import.meta.dirname, '../../../shared/data/recorded')

/** Why there is nothing to replay; undefined when there is. For `skip(missing !== undefined, missing)`. */
export function recordedMissing(recordsFile: RecordsFile): string | undefined {
  const path = join(recordedDir, recordsFile)
  return existsSync(path) ? undefined : `${path} is not there; set MILLRACE_RECORDED_DIR to the folder with it`
}

export type RecordsFile = 'google_ads_records.jsonl' | 'meta_ads_records.jsonl'

/** One record: flattened field names and values, numbers as the digits in the file. */
type Data = Readonly<Record<string, unknown>>

interface Names {
  readonly campaignId: string
  readonly date: string
}

const names: Readonly<Record<RecordsFile, Names>> = {
  'google_ads_records.jsonl': { campaignId: 'campaign.id', date: 'segments.date' },
  'meta_ads_records.jsonl': { campaignId: 'campaign_id', date: 'date_start' },
}

/** The records of one stream with every number as its text: 19-digit ids would not survive as numbers. */
function recordsOf(recordsFile: RecordsFile, stream: string): readonly Data[] {
  const keepDigits = (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' ? source : value
  return readFileSync(join(recordedDir, recordsFile), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line, keepDigits as Parameters<typeof JSON.parse>[1]) as { stream: string; data: Data })
    .filter((record) => record.stream === stream)
    .map((record) => record.data)
}

/** Streams whose records have a campaign, a day and impressions: those that a campaign-level query can be answered from. */
export function recordedStreams(recordsFile: RecordsFile): readonly string[] {
  const { campaignId, date } = names[recordsFile]
  const fits = (data: Data) =>
    data[campaignId] !== undefined &&
    data[date] !== undefined &&
    (data['metrics.impressions'] ?? data['impressions']) !== undefined
  const all = readFileSync(join(recordedDir, recordsFile), 'utf8').matchAll(/^\{"stream": ?"(\w+)"/gm)
  const streams = [...new Set([...all].map((match) => match[1]!))]
  return streams.filter((stream) => recordsOf(recordsFile, stream).every(fits))
}

export interface RecordedServer extends AsyncDisposable {
  /** Base URL of the platform's API. */
  readonly url: string
  /** Google's token endpoint; any credentials are let in. */
  readonly oauthUrl: string
  readonly account: AdAccount
  /** First and last day that the stream has. */
  readonly range: DayRange
  close(): Promise<void>
}

/**
 * A server that answers as the platform does, from records of a live account. A campaign-level query is answered with one row a
 * campaign and day, as the platform would: records of a finer stream are summed, exactly. One stream at a time, because streams
 * are views of the same delivery.
 */
export async function serveRecorded(options: {
  readonly recordsFile: RecordsFile
  readonly stream: string
}): Promise<RecordedServer> {
  const { recordsFile, stream } = options
  const records = recordsOf(recordsFile, stream)
  const days = records.map((data) => text(data[names[recordsFile].date])).sort()
  const isGoogle = recordsFile === 'google_ads_records.jsonl'
  const answer = isGoogle ? googleAnswers(records) : metaAnswers(records, recordsOf(recordsFile, 'campaigns'))
  const server = createServer((request, response) => void reply(request, response, answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    url,
    oauthUrl: `${url}/token`,
    account: isGoogle ? googleAccount(records) : metaAccount(records),
    range: { since: day(days[0]!), until: day(days.at(-1)!) },
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Answer = (path: string, query: URLSearchParams, body: string) => string

async function reply(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://recorded')
  response.setHeader('content-type', 'application/json; charset=UTF-8')
  response.end(
    pathname === '/token'
      ? '{"access_token":"recorded-token","expires_in":3599}'
      : answer(pathname, searchParams, body),
  )
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

const sum = (a: unknown, b: unknown): Decimal => addDecimals(decimal(text(a) || '0'), decimal(text(b) || '0'))

/** One record a campaign and day; of the named metrics the sums, of everything else the first. */
function summed(records: readonly Data[], { campaignId, date }: Names, metrics: readonly string[]): readonly Data[] {
  const rows = new Map<string, Record<string, unknown>>()
  for (const data of records) {
    const key = `${text(data[date])} ${text(data[campaignId])}`
    const row = rows.get(key)
    if (!row) rows.set(key, { ...data })
    else for (const name of metrics) row[name] = sum(row[name], data[name])
  }
  return [...rows.values()]
}

const googleInts = ['impressions', 'clicks', 'cost_micros', 'video_views'] as const
const googleDoubles = ['conversions', 'conversions_value'] as const

/** `video_views` is called video_trueview_views since v23; everything else only changes its case. */
const jsonName = (name: string) =>
  name === 'video_views' ? 'videoTrueviewViews' : name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** int64 as text, doubles as numbers: as the API writes them. One stream's records hold whole counts as 2.0. */
function googleMetrics(data: Data): string {
  const of = (name: string) => normalised(decimal(text(data[`metrics.${name}`]) || '0'))
  return [
    ...googleInts.map((name) => `"${jsonName(name)}":"${of(name)}"`),
    ...googleDoubles.map((name) => `"${jsonName(name)}":${of(name)}`),
  ].join(',')
}

function googleAccount(records: readonly Data[]): AdAccount {
  const [first = {}] = records
  const resource = records.map((data) => text(data['campaign.base_campaign'])).find(Boolean) ?? ''
  return {
    platform: 'google_ads',
    accountId: /^customers\/(\d+)/.exec(resource)?.[1] ?? text(first['customer.id']),
    name: text(first['customer.descriptive_name']) || 'Recorded account',
    currency: currency(text(first['customer.currency_code']) || 'USD'),
    zone: timeZone(text(first['customer.time_zone']) || 'America/Los_Angeles'),
  }
}

function googleAnswers(records: readonly Data[]): Answer {
  const metrics = [...googleInts, ...googleDoubles].map((name) => `metrics.${name}`)
  const rows = summed(records, names['google_ads_records.jsonl'], metrics)
  const { accountId, name, currency: code, zone } = googleAccount(records)
  const client = `{"id":"${accountId}","descriptiveName":${JSON.stringify(name)},"currencyCode":"${code}","timeZone":"${zone}","manager":false,"status":"ENABLED"}`
  return (path, _query, body) => {
    if (path.endsWith('customers:listAccessibleCustomers')) return `{"resourceNames":["customers/${accountId}"]}`
    const { query } = JSON.parse(body) as { query: string }
    if (/FROM customer_client\b/.test(query))
      return `[{"results":[{"customerClient":${client}}],"requestId":"clients"}]`
    const [, since = '', until = ''] = /BETWEEN '([\d-]+)' AND '([\d-]+)'/.exec(query) ?? []
    const asked = rows.filter((row) => text(row['segments.date']) >= since && text(row['segments.date']) <= until)
    const total = asked.reduce<Data>(
      (before, row) => Object.fromEntries(metrics.map((metric) => [metric, sum(before[metric], row[metric])])),
      {},
    )
    return `[{"results":[${asked.map((row) => googleRow(row, code)).join(',')}],"requestId":"recorded"},{"summaryRow":{"metrics":{${googleMetrics(total)}}},"requestId":"recorded"}]`
  }
}

function googleRow(row: Data, currencyCode: string): string {
  const campaign = {
    id: row['campaign.id'],
    name: row['campaign.name'],
    status: row['campaign.status'],
    advertisingChannelType: row['campaign.advertising_channel_type'],
  }
  return `{"campaign":${JSON.stringify(campaign)},"customer":{"currencyCode":"${currencyCode}"},"metrics":{${googleMetrics(row)}},"segments":{"date":"${text(row['segments.date'])}"}}`
}

const metaMetrics = ['impressions', 'clicks', 'inline_link_clicks', 'spend'] as const

/** Meta's records name no zone; those of this account were created at -0800 in winter and -0700 in summer. */
function metaAccount(records: readonly Data[]): AdAccount {
  const [first = {}] = records
  return {
    platform: 'meta_ads',
    accountId: text(first['account_id']),
    name: text(first['account_name']),
    currency: currency(text(first['account_currency'])),
    zone: timeZone('America/Los_Angeles'),
  }
}

/** Every metric is text, and what is zero is left out. */
function metaNode(row: Data, labels: readonly string[]): Data {
  const metrics = metaMetrics.filter((name) => Number(row[name] ?? 0) !== 0)
  return Object.fromEntries([...labels, ...metrics].map((name) => [name, row[name]]))
}

/** Actions of all records of a campaign and day, by type. */
function metaActions(records: readonly Data[]): readonly object[] {
  const byType = new Map<string, Decimal>()
  for (const data of records) {
    for (const { action_type: type, value } of (data['actions'] ?? []) as readonly {
      action_type: string
      value: string
    }[]) {
      byType.set(type, sum(byType.get(type), value))
    }
  }
  return [...byType].map(([type, value]) => ({ action_type: type, value }))
}

function metaAnswers(records: readonly Data[], campaigns: readonly Data[]): Answer {
  const by = names['meta_ads_records.jsonl']
  const rows = summed(records, by, metaMetrics)
  const account = metaAccount(records)
  const described = {
    account_id: account.accountId,
    id: `act_${account.accountId}`,
    name: account.name,
    currency: account.currency,
    timezone_name: account.zone,
    account_status: 1,
  }
  const labels = ['date_start', 'date_stop', 'account_id', 'account_currency', 'campaign_id', 'campaign_name']
  return (path, query) => {
    if (path.endsWith('/me/adaccounts')) return JSON.stringify({ data: [described] })
    if (path.endsWith('/campaigns')) return JSON.stringify({ data: campaigns })
    if (!path.endsWith('/insights')) return JSON.stringify(described)
    const { since, until } = JSON.parse(query.get('time_range') ?? '{}') as { since?: string; until?: string }
    const asked = rows.filter((row) => text(row[by.date]) >= (since ?? '') && text(row[by.date]) <= (until ?? '9'))
    const data = asked.map((row) => {
      const same = records.filter((one) => one[by.campaignId] === row[by.campaignId] && one[by.date] === row[by.date])
      const actions = metaActions(same)
      return { ...metaNode(row, labels), ...(actions.length > 0 && { actions }) }
    })
    const total = asked.reduce<Data>(
      (before, row) => Object.fromEntries(metaMetrics.map((name) => [name, sum(before[name], row[name])])),
      {},
    )
    return JSON.stringify({
      data,
      paging: { cursors: { before: 'MAZDZD', after: 'NzIZD' } },
      summary: metaNode(total, []),
    })
  }
}
