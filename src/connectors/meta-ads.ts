import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, ExtractResult, OnUnavailable, Sink } from './connector.ts'
import { defineConnector } from './connector.ts'
import type { Node } from './meta-ads-client.ts'
import { MetaClient } from './meta-ads-client.ts'
import { MetaReading } from './meta-ads-reading.ts'
import { campaignFields, campaignStatuses, insightFields, metaMapping } from './meta-ads-rows.ts'
import { redactor } from './redact.ts'
import { limits, secret } from './settings.ts'

/** An account id as people copy it (act_123) or as rows carry it: digits. */
const accountId = z
  .string()
  .transform((text) => text.trim().replace(/^act_/, ''))
  .pipe(z.string().regex(/^\d{1,25}$/, 'must be an ad account id such as act_123'))

const options = z.object({
  baseUrl: z.url().default('https://graph.facebook.com').describe('Address of the Graph API.'),
  apiVersion: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default('v26.0')
    .describe('Version of the Graph API.'),
  accessToken: secret.describe('A token with ads_read; one of a system user does not expire.'),
  accounts: z.array(accountId).default([]).describe('Ad account ids; left out: all that the token reaches.'),
  pageLimit: z.int().min(10).max(5_000).default(500).describe('Rows a page; halved when Meta finds it too large.'),
  ...limits,
})

export type MetaAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(apiVersion: string): ConnectorSpec<typeof options> {
  return {
    platform: 'meta_ads',
    summary: 'Campaign metrics of Meta ads, one paged insights call an account and range.',
    options,
    levels: ['campaign'],
    apiVersion,
    // Longer ranges run into "reduce the amount of data" before they save a call.
    rangeDaysMax: 31,
    retentionDays: 1_110,
    // Meta restates for 28 days, then the numbers stand.
    lookbackDays: 28,
    settleMs: hourMs,
    mapping: metaMapping,
  }
}

export const adapter = defineConnector({
  name: 'meta_ads',
  summary: 'Reads campaign insights from Meta over the Marketing API.',
  options,
  open: (given) => Promise.resolve(openMetaAds(given)),
})

const accountFields = 'account_id,name,currency,timezone_name,account_status'

/** A connection to Meta. Nothing is called before it is asked something. */
export function openMetaAds(given: MetaAdsOptions): Connector {
  const redact = redactor([given.accessToken])
  const policy = { attemptsMax: given.attemptsMax, quotaWaitMsMax: given.quotaWaitSecondsMax * 1000 }
  const open = () => new MetaClient({ ...given, timeoutMs: given.timeoutSeconds * 1000, policy }, redact)
  const discover = (context: ConnectorContext, onUnavailable?: OnUnavailable) =>
    given.accounts.length > 0
      ? describeAccounts(open(), given.accounts, context, onUnavailable)
      : listAccounts(open(), context)
  return {
    spec: specOf(given.apiVersion),
    discover,
    check: (context) =>
      checkLines({
        platform: 'meta_ads',
        language: context.language,
        signIn: () => open().pages('me/adaccounts', { fields: 'account_id' }, null, context).next(),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: ({ accountId: id }) => {
          const probe = { level: 'account', fields: 'impressions', date_preset: 'yesterday' }
          return open().pages(`act_${id}/insights`, probe, id, context).next()
        },
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
  client: MetaClient,
  { since, until }: DayRange,
  account: AdAccount,
  context: ConnectorContext,
  sink: Sink,
  apiVersion: string,
): Promise<ExtractResult> {
  const id = account.accountId
  const reading = new MetaReading(account, sink, context)
  const listing = { fields: campaignFields, effective_status: JSON.stringify(campaignStatuses) }
  for await (const page of client.pages(`act_${id}/campaigns`, listing, id, context)) await reading.campaigns(page)
  const asked = {
    level: 'campaign',
    time_increment: '1',
    time_range: JSON.stringify({ since, until }),
    fields: insightFields.join(','),
    default_summary: 'true',
  }
  for await (const page of client.pages(`act_${id}/insights`, asked, id, context)) await reading.insights(page)
  return reading.result(apiVersion, client.calls)
}

async function listAccounts(client: MetaClient, context: ConnectorContext): Promise<readonly AdAccount[]> {
  const accounts = new Map<string, AdAccount>()
  for await (const page of client.pages('me/adaccounts', { fields: accountFields }, null, context)) {
    for (const node of page.rows) {
      const account = accountOf(node, context)
      accounts.set(account.accountId, account)
    }
  }
  return [...accounts.values()]
}

async function describeAccounts(
  client: MetaClient,
  ids: readonly string[],
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): Promise<readonly AdAccount[]> {
  const accounts: AdAccount[] = []
  for (const id of ids) {
    try {
      accounts.push(accountOf(await client.node(`act_${id}`, { fields: accountFields }, id, context), context))
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_PERMISSION') || !onUnavailable) throw error
      onUnavailable(id, error)
    }
  }
  return accounts
}

/** Of `account_status`; all but the first still show their past numbers, most of them to no one else. */
const accountStatuses: Readonly<Record<string, string>> = {
  1: 'active',
  2: 'disabled',
  3: 'unsettled',
  7: 'pending risk review',
  8: 'pending settlement',
  9: 'in grace period',
  100: 'pending closure',
  101: 'closed',
}

const statusWord = (node: Node) => {
  const status = JSON.stringify(node['account_status'] ?? 1).replaceAll('"', '')
  return accountStatuses[status] ?? `in status ${status}`
}

function accountOf(node: Node, context: ConnectorContext): AdAccount {
  const text = (name: string) => (typeof node[name] === 'string' ? node[name] : '')
  const id = text('account_id') || text('id').replace(/^act_/, '')
  const status = statusWord(node)
  if (status !== 'active') context.log({ level: 'warn', message: `meta_ads/${id} is ${status}` })
  return {
    platform: 'meta_ads',
    accountId: id,
    name: text('name') || id,
    currency: currency(text('currency')),
    zone: timeZone(text('timezone_name')),
  }
}

/** Meta refuses a disabled account's reports with the code of a missing right; the account itself says which of the two it is. */
async function explained(
  client: MetaClient,
  refused: MillraceError,
  { accountId: id }: AdAccount,
  context: ConnectorContext,
): Promise<unknown> {
  try {
    const status = statusWord(await client.node(`act_${id}`, { fields: 'account_status' }, id, context))
    if (status === 'active') return refused
    const facts = { platform: 'meta_ads', account: id, detail: `${String(refused.facts['detail'])}; it is ${status}` }
    return new MillraceError('CONNECTORS_ACCOUNT_UNAVAILABLE', facts, { cause: refused })
  } catch (error) {
    // Not even the account's status may be read: then the first refusal is the whole story.
    if (!isMillraceError(error)) throw error
    return refused
  }
}
