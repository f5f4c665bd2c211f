import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector, mappingsOf } from './connector.ts'
import { fallingForward } from './fall-forward.ts'
import { mappingWithActions } from './google-ads-actions.ts'
import { chosenAccounts, reachCustomers, usableAccounts } from './google-ads-accounts.ts'
import { GoogleClient } from './google-ads-client.ts'
import type { OauthOptions } from './oauth-tokens.ts'
import { refreshingTokens } from './oauth-tokens.ts'
import { googleLevels } from './google-ads-levels.ts'
import { googleMapping, probeQuery } from './google-ads-rows.ts'
import { readGoogleSlice } from './google-ads-slice.ts'
import type { ServiceAccount } from './google-service-account.ts'
import { assertionForm, serviceAccount } from './google-service-account.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'

/** A customer id as people write it (123-456-7890) or as the API takes it: digits. */
const customerId = z
  .string()
  .transform((text) => text.replaceAll('-', '').trim())
  .pipe(z.string().regex(/^\d{1,19}$/, 'must be a customer id such as 123-456-7890'))

const plain = z.object({
  baseUrl: z.url().default('https://googleads.googleapis.com').describe('Address of the Google Ads API.'),
  oauthUrl: z.url().default('https://oauth2.googleapis.com/token').describe('The token endpoint itself.'),
  apiVersion: z
    .string()
    .regex(/^v\d+$/)
    .default('v24')
    .describe('Version of the Google Ads API.'),
  authorizeUrl: z
    .url()
    .default('https://accounts.google.com/o/oauth2/v2/auth')
    .describe('Where people sign in: millrace connectors auth.'),
  clientId: secret.optional().describe('OAuth client id.'),
  clientSecret: secret.optional().describe('OAuth client secret.'),
  refreshToken: secret
    .optional()
    .describe('OAuth refresh token with the scope https://www.googleapis.com/auth/adwords.'),
  serviceAccountKey: z
    .string()
    .optional()
    .describe('Instead of the three: the text of a service account’s key file, best as file:PATH.'),
  impersonate: z.email().optional().describe('The person that the service account stands for, where it must.'),
  loginCustomerId: customerId.optional().describe('Manager through which the accounts are reached.'),
  developerToken: secret.optional().describe('Ignored by Google since 9 September 2026; leave it out.'),
  accounts: z.array(customerId).default([]).describe('Customer ids; left out: all that the credentials reach.'),
  conversionsByAction: z
    .boolean()
    .default(false)
    .describe('Reads conversions by action, too: one query more an account and range, for hub.conversions.'),
  ...limits,
})

const ofPerson = ['clientId', 'clientSecret', 'refreshToken'] as const

/** A person's three, or a service account: one of them whole. */
const options = plain.superRefine((given, context) => {
  if (given.serviceAccountKey !== undefined) return
  for (const name of ofPerson.filter((one) => given[one] === undefined))
    context.addIssue({ code: 'custom', path: [name], message: 'is needed where there is no serviceAccountKey' })
})

export type GoogleAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf({ apiVersion, conversionsByAction }: GoogleAdsOptions): ConnectorSpec<typeof options> {
  const mapping = conversionsByAction ? mappingWithActions(googleMapping) : googleMapping
  return {
    platform: 'google_ads',
    summary: 'Metrics of Google Ads, one searchStream query an account, level and range.',
    options,
    levels: ['campaign', 'ad_group', 'ad', 'asset_group'],
    apiVersion,
    // One operation whatever the range; longer ones only make a broken answer dearer to begin anew.
    rangeDaysMax: 100,
    // A developer token of basic access; standard access has no such limit, and a plan that counts against it is then too careful.
    operationsPerDayMax: 15_000,
    // 37 months, less the days that a month may be short.
    retentionDays: 1_110,
    // The longest click-through window that a conversion action has by default.
    lookbackDays: 30,
    // Google's own figure is three hours until all clicks are in; a nightly run at two must not wait a day for the last of them.
    settleMs: hourMs,
    mapping,
    mappings: { ...mappingsOf(googleLevels), campaign: mapping },
  }
}

export const adapter = defineConnector({
  name: 'google_ads',
  summary: 'Reads campaign metrics from Google Ads over its REST API.',
  options,
  open: (given) => Promise.resolve(fallingForward('google_ads', given, openGoogleAds)),
})

/** A person's refresh token, or the signed word of a service account. */
function grantOf(given: GoogleAdsOptions): OauthOptions['grant'] {
  const { serviceAccountKey, impersonate: subject, oauthUrl: tokenUrl } = given
  if (serviceAccountKey === undefined) {
    const { clientId = '', clientSecret = '', refreshToken = '' } = given
    const form = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }
    return () => ({ grant_type: 'refresh_token', ...form })
  }
  let account: ServiceAccount | undefined
  return (nowMs) => {
    // Read at the first exchange: a key that is none is that connection's failure, told by check and run.
    account ??= serviceAccount(serviceAccountKey)
    return assertionForm(account, { tokenUrl, subject, nowMs })
  }
}

/** A connection to Google Ads. Nothing is called before it is asked something. */
export function openGoogleAds(given: GoogleAdsOptions): Connector {
  const redact = redactor([given.clientSecret, given.refreshToken, given.developerToken, given.serviceAccountKey])
  const timeoutMs = given.timeoutSeconds * 1000
  // Quotas belong to the project of the OAuth client, whoever signed in.
  const policy = policyOf(given, given.clientId ?? given.serviceAccountKey)
  const oauth = { platform: 'google_ads', grant: grantOf(given), url: given.oauthUrl, timeoutMs } as const
  const tokens = refreshingTokens(oauth, redact, policy)
  const client = new GoogleClient({ ...given, developerToken: given.developerToken, timeoutMs, policy }, tokens, redact)
  /** Which customer an account was found below. */
  const roots = new Map<string, string>()
  const loginOf = (accountId: string) => given.loginCustomerId ?? roots.get(accountId)

  async function discover(context: ConnectorContext, onUnavailable?: OnUnavailable): Promise<readonly AdAccount[]> {
    const reached = await reachCustomers(client, given, context)
    for (const { account, root } of reached.customers) roots.set(account.accountId, root)
    return given.accounts.length > 0
      ? chosenAccounts(given.accounts, reached, onUnavailable)
      : usableAccounts(reached, context)
  }

  return {
    spec: specOf(given),
    discover,
    check: (context) =>
      checkLines({
        platform: 'google_ads',
        language: context.language,
        signIn: () => tokens.token(context),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: ({ accountId }) =>
          client.rows({ customerId: accountId, loginCustomerId: loginOf(accountId), gaql: probeQuery }, context),
      }),
    async extract(slice, account, context, sink) {
      const { conversionsByAction, apiVersion } = given
      const loginCustomerId = loginOf(account.accountId)
      const asked = { client, slice, account, loginCustomerId, policy, conversionsByAction }
      return { ...(await readGoogleSlice(asked, context, sink)), apiVersion }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
