import { strict as assert } from 'node:assert'
import { z } from 'zod'
import { isMillraceError } from '../domain/errors.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector } from './connector.ts'
import { fieldsMax } from './linkedin-ads-analytics.ts'
import { LinkedinClient } from './linkedin-ads-client.ts'
import { describeAccounts, explained, listAccounts, readSlice } from './linkedin-ads-reading.ts'
import { linkedinMapping } from './linkedin-ads-rows.ts'
import { linkedinTokens } from './linkedin-ads-tokens.ts'
import { redactor } from './redact.ts'
import { fallingForward } from './fall-forward.ts'
import { limits, policyOf, secret } from './settings.ts'

/** An account id as people copy it (from the address bar) or as rows carry it. */
const accountId = z
  .string()
  .transform((text) => text.trim().replace(/^urn:li:sponsoredAccount:/, ''))
  .pipe(z.string().regex(/^\d{1,19}$/, 'must be an ad account id: digits'))

const options = z.object({
  baseUrl: z.url().default('https://api.linkedin.com').describe('Address of the Marketing API.'),
  oauthUrl: z.url().default('https://www.linkedin.com/oauth/v2/accessToken').describe('The token endpoint itself.'),
  apiVersion: z
    .string()
    .regex(/^\d{6}$/)
    .default('202607')
    .describe('Version of the Marketing API: the year and month of its release.'),
  accessToken: secret.optional().describe('An access token with r_ads and r_ads_reporting; it lives for 60 days.'),
  clientId: secret.optional().describe('Client id of your app, to renew access tokens.'),
  clientSecret: secret.optional().describe('Client secret of your app.'),
  refreshToken: secret.optional().describe('Refresh token; it lives for a year.'),
  accounts: z.array(accountId).default([]).describe('Ad account ids; left out: all that the token reaches.'),
  fieldsPerCall: z.int().min(3).max(fieldsMax).default(fieldsMax).describe('Metrics asked for at once.'),
  ...limits,
})

export type LinkedinAdsOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(apiVersion: string): ConnectorSpec<typeof options> {
  return {
    platform: 'linkedin_ads',
    summary: 'Metrics of LinkedIn campaign groups, one analytics call an account and range, and one for its totals.',
    options,
    levels: ['campaign'],
    apiVersion,
    // An answer is cut off at 15,000 elements; a range that reaches them is asked for in parts.
    rangeDaysMax: 92,
    // Ten years by campaign and day, says LinkedIn; two by most other pivots.
    retentionDays: 730,
    lookbackDays: 30,
    settleMs: hourMs,
    mapping: linkedinMapping,
  }
}

export const adapter = defineConnector({
  name: 'linkedin_ads',
  summary: 'Reads analytics of campaign groups from LinkedIn over the Marketing API.',
  options,
  open: (given) => Promise.resolve(fallingForward('linkedin_ads', given, openLinkedinAds)),
})

/** A connection to LinkedIn. Nothing is called before it is asked something. */
export function openLinkedinAds(given: LinkedinAdsOptions): Connector {
  const redact = redactor([given.accessToken, given.clientSecret, given.refreshToken])
  const timeoutMs = given.timeoutSeconds * 1000
  const policy = policyOf(given, given.clientId ?? given.accessToken)
  const tokens = linkedinTokens({ ...given, timeoutMs }, redact, policy)
  const open = () => new LinkedinClient({ ...given, timeoutMs, policy }, tokens, redact)
  const discover = (context: ConnectorContext, onUnavailable?: OnUnavailable) =>
    given.accounts.length > 0
      ? describeAccounts(open(), given.accounts, context, onUnavailable)
      : listAccounts(open(), context)
  return {
    spec: specOf(given.apiVersion),
    discover,
    check: (context) =>
      checkLines({
        platform: 'linkedin_ads',
        language: context.language,
        signIn: () => open().pages('adAccounts', 'q=search&pageSize=1', null, context).next(),
        discover: (onUnavailable) => discover(context, onUnavailable),
        account: ({ accountId: id }) =>
          open().pages(`adAccounts/${id}/adCampaignGroups`, 'q=search&pageSize=1', id, context).next(),
      }),
    async extract(slice, account, context, sink) {
      assert.equal(slice.level, 'campaign', 'only slices of a level that the spec names are asked for')
      const { apiVersion, fieldsPerCall } = given
      const of = { client: open(), account, context, apiVersion, fieldsPerCall }
      try {
        return await readSlice(of, slice, sink)
      } catch (error) {
        throw isMillraceError(error, 'CONNECTORS_PERMISSION') ? await explained(error, of) : error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
