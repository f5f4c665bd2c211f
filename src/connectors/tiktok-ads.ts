import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import { CampaignReading } from './campaign-reading.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, ExtractResult, OnUnavailable, Sink } from './connector.ts'
import { defineConnector } from './connector.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'
import type { Node } from './tiktok-ads-client.ts'
import { TiktokClient, isNode } from './tiktok-ads-client.ts'
import {
  advertiserFields,
  adFields,
  campaignAddresses,
  campaignFields,
  everyStatus,
  reportDimensions,
  reportMetrics,
  statusWord,
  tiktokAccount,
  tiktokEntity,
  tiktokMapping,
  tiktokRawRow,
  tiktokTotals,
} from './tiktok-ads-rows.ts'

const advertiserId = z
  .string()
  .trim()
  .regex(/^\d{1,25}$/, 'must be an advertiser id: digits')

const options = z.object({
  baseUrl: z.url().default('https://business-api.tiktok.com').describe('Address of the Business API.'),
  apiVersion: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default('v1.3')
    .describe('Version of the Business API.'),
  accessToken: secret.describe('Long-term access token of an app with the scope Reporting.'),
  appId: secret.optional().describe('App id; needed to find the advertisers that the token reaches.'),
  appSecret: secret.optional().describe('App secret; needed to find the advertisers that the token reaches.'),
  accounts: z.array(advertiserId).default([]).describe('Advertiser ids; left out: all that granted access to the app.'),
  pageSize: z.int().min(10).max(1_000).default(1_000).describe('Rows a page.'),
  ...limits,
})

export type TiktokAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(apiVersion: string): ConnectorSpec<typeof options> {
  return {
    platform: 'tiktok_ads',
    summary: 'Campaign metrics of TikTok, one paged report an account and range.',
    options,
    levels: ['campaign'],
    apiVersion,
    // With the dimension stat_time_day a report spans 30 days at most.
    rangeDaysMax: 30,
    retentionDays: 1_110,
    // The longest click window.
    lookbackDays: 28,
    settleMs: hourMs,
    mapping: tiktokMapping,
  }
}

export const adapter = defineConnector({
  name: 'tiktok_ads',
  summary: 'Reads campaign reports from TikTok over the Business API.',
  options,
  open: (given) => Promise.resolve(openTiktokAds(given)),
})

/** A connection to TikTok. Nothing is called before it is asked something. */
export function openTiktokAds(given: TiktokAdsOptions): Connector {
  const redact = redactor([given.accessToken, given.appSecret])
  const policy = policyOf(given, given.appId ?? given.accessToken)
  const open = () => new TiktokClient({ ...given, timeoutMs: given.timeoutSeconds * 1000, policy }, redact)
  const discover = async (context: ConnectorContext, onUnavailable?: OnUnavailable) => {
    const client = open()
    const ids = given.accounts.length > 0 ? given.accounts : await granted(client, given, context)
    return describeAccounts(client, ids, context, given.accounts.length > 0 ? onUnavailable : undefined)
  }
  return {
    spec: specOf(given.apiVersion),
    discover,
    check: (context) =>
      checkLines({
        platform: 'tiktok_ads',
        language: context.language,
        signIn: () => discover(context, () => undefined),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: ({ accountId }) =>
          open()
            .pages('campaign/get', { advertiser_id: accountId, fields: ['campaign_id'] }, accountId, context)
            .next(),
      }),
    async extract(slice, account, context, sink) {
      assert.equal(slice.level, 'campaign', 'only slices of a level that the spec names are asked for')
      const client = open()
      try {
        return await readSlice(client, slice, account, context, sink, given.apiVersion)
      } catch (error) {
        throw isMillraceError(error, 'CONNECTORS_PERMISSION') ? await explained(client, error, account, context) : error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function readSlice(
  client: TiktokClient,
  { since, until }: DayRange,
  account: AdAccount,
  context: ConnectorContext,
  sink: Sink,
  apiVersion: string,
): Promise<ExtractResult> {
  const id = account.accountId
  const reading = new CampaignReading({ account, sink, context, mapping: tiktokMapping, nameColumn: 'campaign_name' })
  const addresses = await landingAddresses(client, id, context)
  const listing = { advertiser_id: id, fields: campaignFields, filtering: everyStatus }
  for await (const page of client.pages('campaign/get', listing, id, context)) {
    reading.note(page.requestId)
    await reading.campaigns(page.list.map((node) => tiktokEntity(node, account, addresses)))
  }
  const question = {
    advertiser_id: id,
    report_type: 'BASIC',
    data_level: 'AUCTION_CAMPAIGN',
    dimensions: reportDimensions,
    metrics: reportMetrics,
    start_date: since,
    end_date: until,
    enable_total_metrics: true,
  }
  let totals: ControlTotals | null = null
  for await (const page of client.pages('report/integrated/get', question, id, context)) {
    reading.note(page.requestId)
    // Every page repeats the totals over all of them; the last is the youngest.
    if (page.totals) totals = tiktokTotals(page.totals)
    await reading.rows(page.list.map(tiktokRawRow))
  }
  return reading.result(apiVersion, client.calls, totals)
}

/** An app may have the scope of reports and not that of ads: then nothing is said of addresses. */
async function landingAddresses(
  client: TiktokClient,
  id: string,
  context: ConnectorContext,
): Promise<ReadonlyMap<string, string>> {
  const ads: Node[] = []
  try {
    for await (const page of client.pages('ad/get', { advertiser_id: id, fields: adFields }, id, context))
      ads.push(...page.list)
  } catch (error) {
    if (!isMillraceError(error, 'CONNECTORS_PERMISSION')) throw error
    context.log({ level: 'info', message: `tiktok_ads/${id}: ads may not be read, so where they lead to is not known` })
    return new Map()
  }
  return campaignAddresses(ads)
}

/** Ids of the advertisers that granted access to the app. */
async function granted(
  client: TiktokClient,
  { appId, appSecret }: Pick<TiktokAdsOptions, 'appId' | 'appSecret'>,
  context: ConnectorContext,
): Promise<readonly string[]> {
  if (appId === undefined || appSecret === undefined) {
    const detail = 'finding the advertisers takes appId and appSecret; or name them under accounts'
    throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'tiktok_ads', account: null, detail })
  }
  const { data } = await client.data('oauth2/advertiser/get', { app_id: appId, secret: appSecret }, null, context)
  const list = Array.isArray(data['list']) ? data['list'].filter(isNode) : []
  return list.map((node) => String(node['advertiser_id']))
}

/** TikTok describes a hundred advertisers a call at most, and says nothing of those that it will not describe. */
const describedAtOnce = 100

async function describeAccounts(
  client: TiktokClient,
  ids: readonly string[],
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): Promise<readonly AdAccount[]> {
  const found = new Map<string, AdAccount>()
  for (let at = 0; at < ids.length; at += describedAtOnce) {
    for (const node of await advertisers(client, ids.slice(at, at + describedAtOnce), null, context)) {
      const account = tiktokAccount(node)
      found.set(account.accountId, account)
      if (statusWord(node) === 'STATUS_ENABLE') continue
      context.log({ level: 'warn', message: `tiktok_ads/${account.accountId} is in status ${statusWord(node)}` })
    }
  }
  for (const id of ids) {
    if (found.has(id)) continue
    const facts = {
      platform: 'tiktok_ads',
      account: id,
      detail: 'the advertiser is not among those that were described',
    }
    const error = new MillraceError('CONNECTORS_PERMISSION', facts)
    if (!onUnavailable) throw error
    onUnavailable(id, error)
  }
  return [...found.values()]
}

async function advertisers(
  client: TiktokClient,
  ids: readonly string[],
  account: string | null,
  context: ConnectorContext,
): Promise<readonly Node[]> {
  const question = { advertiser_ids: ids, fields: advertiserFields }
  const { data } = await client.data('advertiser/info', question, account, context)
  return Array.isArray(data['list']) ? data['list'].filter(isNode) : []
}

/** TikTok refuses a banned advertiser's reports with the code of a missing right; the advertiser itself says which of the two it is. */
async function explained(
  client: TiktokClient,
  refused: MillraceError,
  { accountId: id }: AdAccount,
  context: ConnectorContext,
): Promise<unknown> {
  try {
    const [node] = await advertisers(client, [id], id, context)
    if (!node || statusWord(node) === 'STATUS_ENABLE') return refused
    const detail = `${String(refused.facts['detail'])}; its status is ${statusWord(node)}`
    return new MillraceError(
      'CONNECTORS_ACCOUNT_UNAVAILABLE',
      { platform: 'tiktok_ads', account: id, detail },
      { cause: refused },
    )
  } catch (error) {
    // Not even its status may be read: then the first refusal is the whole story.
    if (!isMillraceError(error)) throw error
    return refused
  }
}
