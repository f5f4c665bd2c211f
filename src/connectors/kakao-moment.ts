import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { checkLines } from './check.ts'
import type { Connector, ConnectorContext, ConnectorSpec, OnUnavailable } from './connector.ts'
import { defineConnector } from './connector.ts'
import { fallingForward } from './fall-forward.ts'
import { KakaoClient } from './kakao-moment-client.ts'
import { readKakaoSlice } from './kakao-moment-reading.ts'
import type { Node } from './kakao-moment-rows.ts'
import { kakaoMapping } from './kakao-moment-rows.ts'
import { paceOf } from './pace.ts'
import { redactor } from './redact.ts'
import { limits, policyOf, secret } from './settings.ts'

const adAccountId = z
  .string()
  .trim()
  .regex(/^\d{1,15}$/, 'must be an ad account number: digits')

const options = z.object({
  baseUrl: z.url().default('https://apis.moment.kakao.com').describe('Address of the Kakao Moment API.'),
  apiVersion: z
    .string()
    .regex(/^v\d+$/)
    .default('v4')
    .describe('Version of the Kakao Moment API.'),
  accessToken: secret.describe('Business token (비즈니스 토큰) with the consent item moment_management.'),
  accounts: z.array(adAccountId).default([]).describe('Ad account numbers; left out: all that the token reaches.'),
  conversionWindow: z.enum(['1d', '7d']).default('7d').describe('How long after a click a purchase counts for it.'),
  reportSpacingSeconds: z
    .number()
    .min(0)
    .max(60)
    .default(5)
    .describe('Pause between reports; Kakao allows one every five seconds.'),
  ...limits,
})

export type KakaoMomentOptions = z.output<typeof options>

const hourMs = 3_600_000

/** Kakao counts its five seconds where the call arrives: one that was slow on the way must not be followed too closely. */
const slackMs = 200

function specOf({ apiVersion, conversionWindow }: KakaoMomentOptions): ConnectorSpec<typeof options> {
  return {
    platform: 'kakao_moment',
    summary: 'Campaign metrics of Kakao Moment, a report for five campaigns and up to 31 days.',
    options,
    levels: ['campaign'],
    apiVersion,
    rangeDaysMax: 31,
    retentionDays: 730,
    // Purchases come in for as long as they count for a click, and a day more.
    lookbackDays: conversionWindow === '7d' ? 8 : 2,
    // A day's numbers may change until eight in the morning of the next, in Korea.
    settleMs: 8 * hourMs,
    mapping: kakaoMapping(conversionWindow),
  }
}

export const adapter = defineConnector({
  name: 'kakao_moment',
  summary: 'Reads campaign reports of Kakao Moment (카카오모먼트).',
  options,
  open: (given) => Promise.resolve(fallingForward('kakao_moment', given, openKakaoMoment)),
})

/** A connection to Kakao Moment. Nothing is called before it is asked something. */
export function openKakaoMoment(given: KakaoMomentOptions): Connector {
  const redact = redactor([given.accessToken])
  const policy = policyOf(given, given.accessToken)
  const pace = paceOf(given.reportSpacingSeconds * 1000 + slackMs, { platform: 'kakao_moment', policy })
  const open = () => new KakaoClient({ ...given, timeoutMs: given.timeoutSeconds * 1000, policy, pace }, redact)
  return {
    spec: specOf(given),
    discover: (context, onUnavailable) => discover(open(), given.accounts, context, onUnavailable),
    check: (context) =>
      checkLines({
        platform: 'kakao_moment',
        language: context.language,
        signIn: () => open().content({ ...accountPages, query: { page: '0', size: '1' } }, context),
        discover: (onUnavailable) => discover(open(), given.accounts, context, onUnavailable),
        account: ({ accountId }) =>
          open().content({ path: 'campaigns', query: { config: 'ON' }, account: accountId }, context),
      }),
    async extract({ level, since, until }, account, context, sink) {
      assert.equal(level, 'campaign', 'only slices of a level that the spec names are asked for')
      const reading = {
        client: open(),
        account,
        range: { since, until },
        context,
        sink,
        window: given.conversionWindow,
      }
      return { ...(await readKakaoSlice(reading)), apiVersion: given.apiVersion }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const accountPages = { path: 'adAccounts/pages', account: null } as const

/** Kakao bills won and reports days of Seoul, whoever asks; its costs are supply prices, without VAT. */
function accountOf(node: Node): AdAccount {
  const accountId = String(node['id'])
  const name = typeof node['name'] === 'string' ? node['name'] : accountId
  const zone = timeZone('Asia/Seoul')
  return { platform: 'kakao_moment', accountId, name, currency: currency('KRW'), zone, costBasis: 'net' }
}

async function discover(
  client: KakaoClient,
  ids: readonly string[],
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): Promise<readonly AdAccount[]> {
  if (ids.length === 0) return listed(client, context)
  const found: AdAccount[] = []
  for (const id of ids) {
    try {
      found.push(accountOf(await client.node({ path: `adAccounts/${id}`, account: id }, context)))
    } catch (error) {
      const isItsOwn =
        isMillraceError(error, 'CONNECTORS_PERMISSION') || isMillraceError(error, 'CONNECTORS_ACCOUNT_UNAVAILABLE')
      if (!isItsOwn || !onUnavailable) throw error
      onUnavailable(id, error)
    }
  }
  return found
}

const accountsAPage = 50

async function listed(client: KakaoClient, context: ConnectorContext): Promise<readonly AdAccount[]> {
  const found = new Map<string, AdAccount>()
  for (let page = 0; ; page += 1) {
    const query = { page: String(page), size: String(accountsAPage) }
    const { rows, around } = await client.content({ ...accountPages, query }, context)
    const before = found.size
    for (const account of rows.map(accountOf)) found.set(account.accountId, account)
    if (found.size >= Number(around['totalElements'] ?? 0)) return [...found.values()]
    if (found.size === before) {
      const facts = {
        platform: 'kakao_moment',
        account: null,
        detail: `page ${page} of the accounts brings none that is new`,
      }
      throw new MillraceError('CONNECTORS_TRANSIENT', facts)
    }
  }
}
