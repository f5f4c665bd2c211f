import { expect, test } from 'vitest'
import { addDecimals, decimal, zero } from '../domain/decimal.ts'
import { day } from '../domain/day.ts'
import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { Route } from '../sandbox/shapes.ts'
import { withDefinition } from '../unify/definition.ts'
import { unifyRows } from '../unify/unify.ts'
import { errorOf, receive, sliceOf, testContext } from './connector.contract.ts'
import { adapter as googleAdapter, openGoogleAds } from './google-ads.ts'
import { adapter as metaAdapter, openMetaAds } from './meta-ads.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openBoth(given: { readonly conversionsByAction?: boolean } = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs })
  const { googleAdsUrl: baseUrl, googleOauthUrl: oauthUrl, metaUrl, credentials } = sandbox
  const google = openGoogleAds(googleAdapter.options.parse({ baseUrl, oauthUrl, ...credentials, ...given }))
  const meta = openMetaAds(metaAdapter.options.parse({ baseUrl: metaUrl, accessToken: credentials.metaAccessToken }))
  return { sandbox, google, meta, [Symbol.asyncDispose]: () => sandbox.stop() }
}

const gone = (route: Route, field: string): Fault => ({
  kind: 'schema_drift_removed',
  route,
  from: 1,
  field,
  mode: 'error',
})

test.each([
  ['google' as const, gone('google.stream', 'campaign.tracking_url_template'), 'campaign_tracking_url_template', 2],
  ['google' as const, gone('google.stream', 'campaign.name'), 'campaign_name', 2],
  ['meta' as const, gone('meta.insights', 'campaign_name'), 'campaign_name', 3],
])(
  '%s without %o: every number comes, %s is told as gone, and nobody is renamed',
  async (platform, fault, column, calls) => {
    await using both = await openBoth()
    const connector = both[platform]
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const clean = await receive(connector, account!, range, context)
    both.sandbox.scenario({ faults: [fault] })
    const { received, result } = await receive(connector, account!, range, context)
    expect(result.vanished).toEqual([column])
    expect(result.operations).toBe(calls)
    expect(received.rows).toEqual(clean.received.rows.map((row) => ({ ...row, [column]: null })))
    expect(received.entities.filter(({ name }) => name === '')).toEqual([])
    expect(clean.result.vanished).toBeUndefined()
  },
)

test.each([
  ['google' as const, gone('google.stream', 'metrics.conversions')],
  ['meta' as const, gone('meta.insights', 'actions')],
])('%s without a field that numbers are made of reads nothing', async (platform, fault) => {
  await using both = await openBoth()
  const context = testContext(nowMs)
  const [account] = await both[platform].discover(context)
  both.sandbox.scenario({ faults: [fault] })
  const rows: unknown[] = []
  const sink = {
    rows: (batch: readonly unknown[]) => Promise.resolve(void rows.push(...batch)),
    entities: () => Promise.resolve(),
  }
  const error = await errorOf(both[platform].extract(sliceOf(account!, range), account!, context, sink))
  expect([error.code, rows.length]).toEqual(['CONNECTORS_SCHEMA_DRIFT', 0])
})

test('conversions of Google by action are a second query, add up to the first, and a definition counts them', async () => {
  await using both = await openBoth({ conversionsByAction: true })
  const context = testContext(nowMs)
  const [account] = await both.google.discover(context)
  const { received, result } = await receive(both.google, account!, range, context)
  expect(result.operations).toBe(2)
  const { mapping } = both.google.spec
  const plain = unifyRows(received.rows, mapping, account!)
  const definition: ConversionDefinition = { goal: 'app', pick: 'sum', actionTypes: ['7002'], windows: ['default'] }
  const app = unifyRows(received.rows, withDefinition(mapping, definition), account!)
  let converted = 0
  for (const [at, row] of plain.entries()) {
    const actions = row.actions ?? []
    const summed = (of: 'conversions' | 'value') =>
      actions.reduce((sum, one) => addDecimals(sum, one[of] ?? zero), zero)
    expect([summed('conversions'), summed('value')]).toEqual([row.conversions, row.conversionValue])
    expect(app[at]?.conversions).toBe(actions.find(({ actionKey }) => actionKey === '7002')?.conversions ?? zero)
    if (actions.length > 0) converted += 1
  }
  expect(converted).toBeGreaterThan(10)
  expect(plain.some(({ conversions }) => conversions !== decimal(String(Math.trunc(Number(conversions)))))).toBe(true)
})
