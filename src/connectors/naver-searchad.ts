import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector } from './connector.ts'
import { NaverClient } from './naver-searchad-client.ts'
import { readNaverSlice } from './naver-searchad-reading.ts'
import { naverMapping } from './naver-searchad-rows.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'

const customerId = z
  .string()
  .trim()
  .regex(/^\d{1,12}$/, 'must be a CUSTOMER_ID: digits')

const options = z.object({
  baseUrl: z.url().default('https://api.searchad.naver.com').describe('Address of the Search Ad API.'),
  apiKey: secret.describe('Access license (엑세스라이선스) of the API manager.'),
  secretKey: secret.describe('Secret key (비밀키) of the same license.'),
  customerId: customerId.describe('CUSTOMER_ID that the license belongs to.'),
  accounts: z
    .array(customerId)
    .default([])
    .describe('CUSTOMER_IDs to read; left out: those that the license manages, or else its own.'),
  costBasis: z
    .enum(['net', 'gross'])
    .default('net')
    .describe(
      'Whether the cost of the reports is without VAT (net) or with it (gross); published is always the one without.',
    ),
  conversionTotals: z
    .boolean()
    .default(true)
    .describe('Whether conversions are held against those of /stats; false where the two count differently.'),
  jobIdleSecondsMax: z
    .int()
    .min(30)
    .max(7_200)
    .default(600)
    .describe('How long a report may take before it is asked for anew.'),
  aggregatingSecondsMax: z
    .int()
    .min(0)
    .max(3_600)
    .default(60)
    .describe('How long a day that Naver still adds up is waited for; then it is left for a later run.'),
  ...limits,
})

export type NaverSearchAdOptions = z.output<typeof options>

/** The Search Ad API has no version in its addresses; the files that it gives have one. */
const apiVersion = 'v2'

const hourMs = 3_600_000

const spec: ConnectorSpec<typeof options> = {
  platform: 'naver_searchad',
  summary: 'Campaign metrics of Naver Search Ad, two reports an account and day.',
  options,
  levels: ['campaign'],
  apiVersion,
  // A report is one day; more than ten days make more reports than an account may keep at once.
  rangeDaysMax: 10,
  retentionDays: 365,
  // Indirect conversions come in for up to 20 days.
  lookbackDays: 20,
  // The day before is added up in the small hours of Korea.
  settleMs: 6 * hourMs,
  mapping: naverMapping,
}

export const adapter = defineConnector({
  name: 'naver_searchad',
  summary: 'Reads campaign reports of Naver Search Ad (네이버 검색광고).',
  options,
  open: (given) => Promise.resolve(openNaverSearchAd(given)),
})

/** Naver bills won and reports days of Seoul, whoever asks; costs are told without VAT here, whatever the reports have. */
function accountOf(accountId: string, name = accountId): AdAccount {
  const zone = timeZone('Asia/Seoul')
  return { platform: 'naver_searchad', accountId, name, currency: currency('KRW'), zone, costBasis: 'net' }
}

/** A connection to Naver Search Ad. Nothing is called before it is asked something. */
export function openNaverSearchAd(given: NaverSearchAdOptions): Connector {
  const redact = redactor([given.apiKey, given.secretKey])
  const policy = policyOf(given, given.apiKey)
  const open = () => new NaverClient({ ...given, timeoutMs: given.timeoutSeconds * 1000, policy }, redact)
  const reportLimits = {
    idleMsMax: given.jobIdleSecondsMax * 1000,
    aggregatingMsMax: given.aggregatingSecondsMax * 1000,
    costBasis: given.costBasis,
    conversionTotals: given.conversionTotals,
  }
  return {
    spec,
    discover: (context, onUnavailable) => discover(open(), given, context, onUnavailable),
    check: (context) =>
      checkLines({
        platform: 'naver_searchad',
        language: context.language,
        signIn: () => balance(open(), given.customerId, context),
        discover: (onUnavailable) => discover(open(), given, context, onUnavailable),
        account: ({ accountId }) =>
          open().json({ method: 'GET', path: '/stat-reports', customerId: accountId }, context),
      }),
    async extract({ level, since, until }, account, context, sink) {
      assert.equal(level, 'campaign', 'only slices of a level that the spec names are asked for')
      const reading = { client: open(), account, range: { since, until }, context, sink, limits: reportLimits }
      return { ...(await readNaverSlice(reading)), apiVersion }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** The smallest question about a customer: its prepaid money. */
const balance = (client: NaverClient, id: string, context: ConnectorContext) =>
  client.json({ method: 'GET', path: '/billing/bizmoney', customerId: id }, context)

const ofOneAccount: ReadonlySet<string> = new Set(['CONNECTORS_PERMISSION', 'CONNECTORS_ACCOUNT_UNAVAILABLE'])

async function discover(
  client: NaverClient,
  { accounts, customerId: own }: NaverSearchAdOptions,
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): Promise<readonly AdAccount[]> {
  const clients = await managed(client, own, context)
  if (accounts.length === 0) return clients.length > 0 ? clients : [accountOf(own)]
  const found: AdAccount[] = []
  for (const id of accounts) {
    const account = clients.find(({ accountId }) => accountId === id) ?? accountOf(id)
    try {
      await balance(client, id, context)
      found.push(account)
    } catch (error) {
      if (!isMillraceError(error) || !ofOneAccount.has(error.code) || !onUnavailable) throw error
      onUnavailable(id, error)
    }
  }
  return found
}

/** The customers that the license manages; none for one that may not ask, because it manages nobody. */
async function managed(client: NaverClient, own: string, context: ConnectorContext): Promise<readonly AdAccount[]> {
  const call = { method: 'GET', path: '/customer-links', query: { type: 'MYCLIENTS' }, customerId: own } as const
  try {
    const links = (await client.json(call, context)) as readonly Readonly<Record<string, unknown>>[]
    return links.map((link) =>
      accountOf(String(link['clientCustomerId']), String(link['clientLoginId'] ?? link['clientCustomerId'])),
    )
  } catch (error) {
    const mayNot = isMillraceError(error, 'CONNECTORS_PERMISSION') || isMillraceError(error, 'CONNECTORS_BAD_REQUEST')
    if (!mayNot) throw error
    context.log({ level: 'debug', message: `naver_searchad/${own} manages no other customers: ${error.message}` })
    return []
  }
}
