import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ConnectionSecrets } from '../domain/secret.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector } from './connector.ts'
import { chosenAccounts, reachAccounts } from './microsoft-ads-accounts.ts'
import { MicrosoftClient } from './microsoft-ads-client.ts'
import { listCampaigns, readSlice } from './microsoft-ads-reading.ts'
import type { MicrosoftAccount } from './microsoft-ads-rows.ts'
import { microsoftMapping } from './microsoft-ads-rows.ts'
import { refreshingTokens } from './oauth-tokens.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'

const digits = z
  .string()
  .trim()
  .regex(/^\d{1,19}$/, 'must be an id: digits, not the number with letters')

const options = z.object({
  baseUrl: z.url().optional().describe('One address of all services; left out: Microsoft’s own, one for each.'),
  oauthUrl: z
    .url()
    .default('https://login.microsoftonline.com/common/oauth2/v2.0/token')
    .describe('The token endpoint itself.'),
  apiVersion: z
    .string()
    .regex(/^v\d+$/)
    .default('v13')
    .describe('Version of the Microsoft Advertising API.'),
  clientId: secret.describe('Application id of your app registration.'),
  clientSecret: secret.optional().describe('Its client secret; public clients have none.'),
  refreshToken: secret.describe(
    'The first refresh token; Microsoft replaces it at every use, and the youngest is kept.',
  ),
  developerToken: secret.describe('Developer token of Microsoft Advertising.'),
  accounts: z.array(digits).default([]).describe('Account ids; left out: all that the signed-in user reaches.'),
  reportWaitSecondsMax: z.int().min(30).max(7_200).default(900).describe('How long a report may take.'),
  secrets: z
    .custom<ConnectionSecrets>()
    .optional()
    .describe('Where replaced refresh tokens are kept; given by the program.'),
  ...limits,
})

export type MicrosoftAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(apiVersion: string): ConnectorSpec<typeof options> {
  return {
    platform: 'microsoft_ads',
    summary: 'Campaign metrics of Microsoft Advertising, one report an account and range.',
    options,
    levels: ['campaign'],
    apiVersion,
    rangeDaysMax: 100,
    retentionDays: 1_110,
    lookbackDays: 30,
    settleMs: hourMs,
    mapping: microsoftMapping,
  }
}

export const adapter = defineConnector({
  name: 'microsoft_ads',
  summary: 'Reads campaign reports from Microsoft Advertising over its REST API.',
  options,
  open: (given) => Promise.resolve(openMicrosoftAds(given)),
})

/** A connection to Microsoft Advertising. Nothing is called before it is asked something. */
export function openMicrosoftAds(given: MicrosoftAdsOptions): Connector {
  const redact = redactor([given.clientSecret, given.refreshToken, given.developerToken])
  const timeoutMs = given.timeoutSeconds * 1000
  const policy = policyOf(given, given.developerToken)
  const oauth = {
    platform: 'microsoft_ads',
    url: given.oauthUrl,
    timeoutMs,
    grant: (_: number, kept: string | undefined) => ({
      grant_type: 'refresh_token',
      client_id: given.clientId,
      ...(given.clientSecret !== undefined && { client_secret: given.clientSecret }),
      refresh_token: kept ?? given.refreshToken,
      scope: 'https://ads.microsoft.com/msads.manage offline_access',
    }),
    replaces: { configured: `${given.clientId} ${given.refreshToken}`, secrets: given.secrets },
  } as const
  const tokens = refreshingTokens(oauth, redact, policy)
  const { baseUrl, apiVersion, developerToken } = given
  const open = () => new MicrosoftClient({ baseUrl, apiVersion, developerToken, timeoutMs, policy }, tokens, redact)
  let reached: ReadonlyMap<string, MicrosoftAccount> = new Map()

  async function discover(context: ConnectorContext, onUnavailable?: OnUnavailable): Promise<readonly AdAccount[]> {
    reached = await reachAccounts(open(), context)
    return chosenAccounts(given.accounts, reached, context, onUnavailable)
  }

  /** The customer that the account belongs to; every call about an account must name it. */
  async function customerOf(accountId: string, context: ConnectorContext): Promise<string> {
    if (!reached.has(accountId)) reached = await reachAccounts(open(), context)
    return reached.get(accountId)?.customerId ?? ''
  }

  return {
    spec: specOf(apiVersion),
    discover,
    check: (context) =>
      checkLines({
        platform: 'microsoft_ads',
        language: context.language,
        signIn: () => tokens.token(context),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: async (account) => {
          const question = {
            client: open(),
            account,
            customerId: await customerOf(account.accountId, context),
            context,
          }
          return listCampaigns(question)
        },
      }),
    async extract(slice, account, context, sink) {
      assert.equal(slice.level, 'campaign', 'only slices of a level that the spec names are asked for')
      const client = open()
      try {
        const question = { client, account, customerId: await customerOf(account.accountId, context), context }
        return await readSlice(question, slice, sink, given)
      } catch (error) {
        if (!isMillraceError(error, 'CONNECTORS_PERMISSION')) throw error
        throw await explained(client, error, account, context)
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** An account that is not active is refused as if a right were missing; its status says which of the two it is. */
async function explained(
  client: MicrosoftClient,
  refused: MillraceError,
  { accountId }: AdAccount,
  context: ConnectorContext,
): Promise<MillraceError> {
  try {
    const known = (await reachAccounts(client, context)).get(accountId)
    if (!known || known.status === 'Active') return refused
    const detail = `${String(refused.facts['detail'])}; its status is ${known.status}`
    const facts = { platform: 'microsoft_ads', account: accountId, detail }
    return new MillraceError('CONNECTORS_ACCOUNT_UNAVAILABLE', facts, { cause: refused })
  } catch (error) {
    // Not even the list of accounts may be read: then the first refusal is the whole story.
    if (!isMillraceError(error)) throw error
    return refused
  }
}
