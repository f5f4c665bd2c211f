import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { errorOf, receive, testContext } from './connector.contract.ts'
import type { Connector } from './connector.ts'
import { adapter as google } from './google-ads.ts'
import { adapter as meta } from './meta-ads.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-18'), until: day('2026-11-19') }

/** Connections to platforms that do not serve the version that is asked for: v21 and v23.0 are switched off in the sandbox too. */
const old: readonly (readonly [string, string, string, (sandbox: Sandbox) => Promise<Connector>])[] = [
  [
    'google_ads',
    'v21',
    'v23',
    ({ connections }) => google.open(google.options.parse({ ...connections.google_ads, apiVersion: 'v21' })),
  ],
  [
    'meta_ads',
    'v23.0',
    'v25.0',
    ({ connections }) => meta.open(meta.options.parse({ ...connections.meta_ads, apiVersion: 'v23.0' })),
  ],
]

describe.each(old)('%s with %s', (platform, version, next, open) => {
  test(`goes on with ${next}, says so once, and stays there`, async () => {
    await using sandbox = await startSandbox({ seed: 1, nowMs })
    const connector = await open(sandbox)
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const { received, result } = await receive(connector, account!, range, context)
    expect(received.rows.length).toBeGreaterThan(0)
    expect([result.apiVersion, connector.spec.apiVersion]).toEqual([next, next])
    const moves = context.logged.filter((event) => /does not serve/.test(JSON.stringify(event)))
    expect(moves).toEqual([
      { level: 'warn', message: `${platform} does not serve ${version} any more; ${next} is used instead` },
    ])
    await receive(connector, account!, range, context)
    const refused = sandbox.log().filter(({ status, path }) => status !== 200 && path.includes(version))
    expect(refused.length).toBe(1)
  })

  test('a check is as good with it', async () => {
    await using sandbox = await startSandbox({ seed: 1, nowMs })
    const lines = await (await open(sandbox)).check(testContext(nowMs))
    expect(lines.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
  })
})

test('when every later version is refused too, the platform’s refusal is the error', async () => {
  await using sandbox = await startSandbox({ seed: 1, nowMs })
  const connector = await meta.open(meta.options.parse({ ...sandbox.connections.meta_ads, apiVersion: 'v25.0' }))
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  sandbox.scenario({ faults: [{ kind: 'version_sunset', route: 'meta', from: 1 }] })
  const error = await errorOf(receive(connector, account!, range, context))
  expect(error.code).toBe('CONNECTORS_VERSION_SUNSET')
  expect(error.facts['version']).toBe('v27.0')
})

test('a version that is refused after something was handed over is the caller’s to begin anew', async () => {
  await using sandbox = await startSandbox({ seed: 1, nowMs })
  const connector = await meta.open(meta.options.parse({ ...sandbox.connections.meta_ads, apiVersion: 'v25.0' }))
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  sandbox.scenario({ faults: [{ kind: 'version_sunset', route: 'meta.insights', nth: 1 }] })
  expect((await errorOf(receive(connector, account!, range, context))).code).toBe('CONNECTORS_VERSION_SUNSET')
  expect((await receive(connector, account!, range, context)).received.rows.length).toBeGreaterThan(0)
})
