import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { checkLines } from './check.ts'
import type { CheckLine, Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector, mappingsOf } from './connector.ts'
import { fallingForward } from './fall-forward.ts'
import { accountFields, accountOf, statusWord } from './meta-ads-account.ts'
import { MetaClient } from './meta-ads-client.ts'
import { metaLevels } from './meta-ads-levels.ts'
import { readSlice } from './meta-ads-slice.ts'
import { metaMapping } from './meta-ads-rows.ts'
import { describeMetaToken } from './meta-token.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'
import { tokenLine } from './token-line.ts'

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
  appId: z.string().regex(/^\d+$/).optional().describe('The app that the token was made by; only to renew it.'),
  appSecret: secret.optional().describe('Secret of that app.'),
  accounts: z.array(accountId).default([]).describe('Ad account ids; left out: all that the token reaches.'),
  businesses: z
    .array(z.string().regex(/^(?:all|\d{1,25})$/, 'must be the number of a business, or all'))
    .default([])
    .describe('Finds the accounts that these businesses own or work for; all: of every business that the token sees.'),
  pageLimit: z.int().min(10).max(5_000).default(500).describe('Rows a page; halved when Meta finds it too large.'),
  jobIdleSecondsMax: z
    .int()
    .min(30)
    .max(7_200)
    .default(600)
    .describe('How long a report that Meta works at may stand still before it is asked for anew.'),
  ...limits,
})

export type MetaAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(apiVersion: string): ConnectorSpec<typeof options> {
  return {
    platform: 'meta_ads',
    summary: 'Metrics of Meta ads, one paged insights call an account, level and range.',
    options,
    levels: ['campaign', 'ad_group', 'ad'],
    apiVersion,
    // Longer ranges run into "reduce the amount of data" before they save a call.
    rangeDaysMax: 31,
    retentionDays: 1_110,
    // Meta restates for 28 days, then the numbers stand.
    lookbackDays: 28,
    settleMs: hourMs,
    mapping: metaMapping,
    mappings: mappingsOf(metaLevels),
  }
}

export const adapter = defineConnector({
  name: 'meta_ads',
  summary: 'Reads campaign insights from Meta over the Marketing API.',
  options,
  open: (given) => Promise.resolve(fallingForward('meta_ads', given, openMetaAds)),
})

/** A connection to Meta. Nothing is called before it is asked something. */
export function openMetaAds(given: MetaAdsOptions): Connector {
  const redact = redactor([given.accessToken, given.appSecret])
  const policy = policyOf(given, given.accessToken)
  const open = () => new MetaClient({ ...given, timeoutMs: given.timeoutSeconds * 1000, policy }, redact)
  const discover = (context: ConnectorContext, onUnavailable?: OnUnavailable) =>
    given.accounts.length > 0
      ? describeAccounts(open(), given.accounts, context, onUnavailable)
      : given.businesses.length > 0
        ? accountsOfBusinesses(open(), given.businesses, context)
        : listAccounts(open(), context)
  return {
    spec: specOf(given.apiVersion),
    discover,
    check: async (context) => {
      const lines = await checkLines({
        platform: 'meta_ads',
        language: context.language,
        signIn: () => open().pages('me/adaccounts', { fields: 'account_id' }, null, context).next(),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: ({ accountId: id }) => {
          const probe = { level: 'account', fields: 'impressions', date_preset: 'yesterday' }
          return open().pages(`act_${id}/insights`, probe, id, context).next()
        },
      })
      return [...lines, ...(await lifeOf(given, lines, context))]
    },
    async extract(slice, account, context, sink) {
      const client = open()
      try {
        return await readSlice(client, slice, account, { context, sink }, given)
      } catch (error) {
        throw isMillraceError(error, 'CONNECTORS_PERMISSION') ? await explained(client, error, account, context) : error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** When the token ends, where Meta tells: a token that may not ask about itself is no failure. */
async function lifeOf(
  given: MetaAdsOptions,
  [signedIn]: readonly CheckLine[],
  context: ConnectorContext,
): Promise<readonly CheckLine[]> {
  if (signedIn?.outcome !== 'ok') return []
  try {
    const { expiresAtMs } = await describeMetaToken(given, given.accessToken, context)
    return [tokenLine(expiresAtMs, context.clock.nowMs(), context.language)]
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return []
  }
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

/** What businesses own and what they were given to work at; an account of several is found below the first. Needs business_management. */
async function accountsOfBusinesses(
  client: MetaClient,
  wanted: readonly string[],
  context: ConnectorContext,
): Promise<readonly AdAccount[]> {
  const businesses = wanted.filter((id) => id !== 'all')
  if (wanted.includes('all'))
    for await (const page of client.pages('me/businesses', { fields: 'id,name' }, null, context))
      businesses.push(...page.rows.map((node) => String(node['id'])))
  const accounts = new Map<string, AdAccount>()
  for (const id of new Set(businesses))
    for (const edge of ['owned_ad_accounts', 'client_ad_accounts'])
      for await (const page of client.pages(`${id}/${edge}`, { fields: accountFields }, null, context))
        for (const node of page.rows) {
          const account = accountOf(node, context, id)
          if (!accounts.has(account.accountId)) accounts.set(account.accountId, account)
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
