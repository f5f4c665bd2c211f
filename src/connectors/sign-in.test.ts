import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { errorOf, testContext } from './connector.contract.ts'
import { adapter, openGoogleAds } from './google-ads.ts'
import { revokeGoogle, signInGoogle } from './google-sign-in.ts'
import { readGoogleClient, readGoogleYaml } from './google-yaml.ts'
import { adapter as meta, openMetaAds } from './meta-ads.ts'
import { describeMetaToken, extendMetaToken } from './meta-token.ts'

/*
 * Signing in against the sandbox's own authorize and token endpoints, over a real redirect to a real door on 127.0.0.1. The browser
 * is fetch, which follows the redirect as one does.
 */
const nowMs = Date.parse('2026-11-22T12:00:00Z')
const dayMs = 86_400_000
const words = { done: 'Signed in', refused: 'Not signed in', back: 'Go back to the terminal.' }

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 5, nowMs, googleApp: 'testing' })
})
afterAll(() => sandbox.stop())
beforeEach(() => {
  sandbox.setClock(nowMs)
  sandbox.scenario({ faults: [] })
})

const appOf = () => ({
  clientId: sandbox.credentials.clientId,
  clientSecret: sandbox.credentials.clientSecret,
  authorizeUrl: sandbox.connections.google_ads['authorizeUrl'] ?? '',
  oauthUrl: sandbox.googleOauthUrl,
})

const googleWith = (more: object) =>
  openGoogleAds(adapter.options.parse({ ...sandbox.connections.google_ads, ...more }))

/** Opens the address as a browser does; tells the page at which it ends. */
const browser = () => {
  const pages: Promise<string>[] = []
  const open = (url: string) => void pages.push(fetch(url).then((answer) => answer.text()))
  return { open, pages }
}

describe('signing in to Google through a browser', () => {
  test('brings a refresh token that the platform accepts, with its end while the app is in Testing', async () => {
    const { open, pages } = browser()
    const context = testContext(nowMs)
    const { value, expiresAtMs } = await signInGoogle(appOf(), { words, open }, context)
    expect(await pages[0]).toContain('Signed in')
    expect(((expiresAtMs ?? 0) - nowMs) / dayMs).toBeCloseTo(7, 3)
    const lines = await googleWith({ refreshToken: value }).check(context)
    expect(lines.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['ok']))
    sandbox.setClock(nowMs + 7 * dayMs)
    const later = await googleWith({ refreshToken: value }).check(testContext(nowMs + 7 * dayMs))
    expect(later[0]).toMatchObject({
      outcome: 'fail',
      detail: expect.stringContaining('CONNECTORS_AUTH_REVOKED') as string,
    })
  })

  test('a code is worth nothing without the proof that only the program holds', async () => {
    let thief: Promise<Response> | undefined
    const open = (url: string) => {
      thief = fetch(url, { redirect: 'manual' }).then(async (answer) => {
        const back = new URL(answer.headers.get('location') ?? '')
        const { clientId, clientSecret } = appOf()
        const stolen = fetch(sandbox.googleOauthUrl, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            code: back.searchParams.get('code') ?? '',
            client_id: clientId,
            client_secret: clientSecret,
            redirect_uri: back.origin + back.pathname,
            code_verifier: 'guessed',
          }),
        })
        const answered = await stolen
        await fetch(back)
        return answered
      })
    }
    // The code is used up by the theft that failed, so that the sign-in fails as well and is begun anew.
    const error = await errorOf(signInGoogle(appOf(), { words, open }, testContext(nowMs)))
    expect(error.code).toBe('CONNECTORS_AUTH_REVOKED')
    expect(await (await thief)?.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('an answer without the state is turned away, whoever brings it', async () => {
    let planted: Promise<number> | undefined
    const open = (url: string) => {
      const door = new URL(url).searchParams.get('redirect_uri') ?? ''
      planted = fetch(`${door}?code=planted&state=guessed`).then(async ({ status }) => {
        await fetch(url)
        return status
      })
    }
    const { value } = await signInGoogle(appOf(), { words, open }, testContext(nowMs))
    expect(value).toContain('signed-in')
    expect(await planted).toBe(404)
  })

  test('a person who declines is told what to do, and waiting ends with the command', async () => {
    sandbox.scenario({ faults: [{ kind: 'permission_lost', route: 'google.authorize' }] })
    const { open, pages } = browser()
    const error = await errorOf(signInGoogle(appOf(), { words, open }, testContext(nowMs)))
    expect([error.code, error.message]).toEqual([
      'CONNECTORS_SIGN_IN',
      expect.stringMatching(/access_denied.*Test users/),
    ])
    expect(await pages[0]).toContain('Not signed in')
    const stopping = new AbortController()
    const waiting = signInGoogle(
      appOf(),
      { words, open: () => stopping.abort(new Error('stopped')) },
      {
        ...testContext(nowMs),
        signal: stopping.signal,
      },
    )
    await expect(waiting).rejects.toThrow('stopped')
  })

  test('a token that was replaced is taken back', async () => {
    const { value } = await signInGoogle(appOf(), { words, open: browser().open }, testContext(nowMs))
    await revokeGoogle(appOf(), value, testContext(nowMs))
    const [line] = await googleWith({ refreshToken: value }).check(testContext(nowMs))
    expect(line?.detail).toContain('CONNECTORS_AUTH_REVOKED')
  })
})

describe('a service account', () => {
  const without = { clientId: undefined, clientSecret: undefined, refreshToken: undefined }

  test('signs for its access tokens', async () => {
    const key = JSON.stringify(sandbox.serviceAccount())
    const lines = await googleWith({ ...without, serviceAccountKey: key }).check(testContext(nowMs))
    expect(lines.every(({ outcome }) => outcome === 'ok')).toBe(true)
  })

  test('whose key is another’s, or no key, is refused without a word of the key', async () => {
    const key = sandbox.serviceAccount()
    const other = await startSandbox({ seed: 6, nowMs })
    const stranger = { ...key, private_key: other.serviceAccount().private_key }
    await other.stop()
    for (const text of [
      JSON.stringify(stranger),
      JSON.stringify({ ...key, private_key: 'planted-key' }),
      '{"planted-key',
    ])
      expect(await googleWith({ ...without, serviceAccountKey: text }).check(testContext(nowMs))).toEqual([
        expect.objectContaining({
          outcome: 'fail',
          detail: expect.not.stringContaining('planted-key') as string,
        }),
      ])
  })

  test('or a person: a connection with neither is told what is missing', () => {
    const read = adapter.options.safeParse({ clientId: 'x' })
    expect(read.error?.issues.map(({ path }) => path[0])).toEqual(['clientSecret', 'refreshToken'])
  })
})

describe('files of Google', () => {
  test('google-ads.yaml gives a person or a service account; the developer token is left out', () => {
    const person =
      'developer_token: INSERT\nclient_id: id.apps\nclient_secret: s3cret\nrefresh_token: 1//r\nlogin_customer_id: 123-456-7890\n'
    expect(readGoogleYaml('google-ads.yaml', person)).toEqual({
      clientId: 'id.apps',
      clientSecret: 's3cret',
      refreshToken: '1//r',
      loginCustomerId: '1234567890',
      serviceAccountFile: undefined,
      impersonate: undefined,
    })
    const service = 'json_key_file_path: /keys/a.json\nimpersonated_email: a@b.co\nlogin_customer_id: 1234567890\n'
    expect(readGoogleYaml('google-ads.yaml', service)).toMatchObject({
      serviceAccountFile: '/keys/a.json',
      impersonate: 'a@b.co',
      loginCustomerId: '1234567890',
    })
  })

  test.for([
    ['developer_token: x\n', 'neither client_id'],
    ['a: [1\n', 'no YAML'],
  ])('%j is refused: %s', ([text = '', reason = '']) => {
    expect(() => readGoogleYaml('g.yaml', text)).toThrow(reason)
  })

  test('a client of the type Web application is refused with the type that works', () => {
    expect(readGoogleClient('c.json', '{"installed":{"client_id":"i","client_secret":"s"}}')).toEqual({
      clientId: 'i',
      clientSecret: 's',
    })
    expect(() => readGoogleClient('c.json', '{"web":{"client_id":"i"}}')).toThrow('Desktop app')
    expect(() => readGoogleClient('c.json', 'nonsense')).toThrow('no JSON')
  })
})

describe('Meta’s tokens', () => {
  const door = () => ({ baseUrl: sandbox.metaUrl, apiVersion: 'v26.0' })
  const app = () => ({ appId: sandbox.credentials.metaAppId, appSecret: sandbox.credentials.metaAppSecret })

  test('a system user’s does not end, a person’s does, and an unknown one is said to be none', async () => {
    const { metaAccessToken, metaUserToken } = sandbox.credentials
    expect(await describeMetaToken(door(), metaAccessToken, testContext(nowMs))).toMatchObject({
      type: 'SYSTEM_USER',
      isValid: true,
      expiresAtMs: null,
      scopes: expect.arrayContaining(['ads_read']) as string[],
    })
    const person = await describeMetaToken(door(), metaUserToken, testContext(nowMs))
    expect(person).toMatchObject({ type: 'USER', expiresAtMs: nowMs + 2 * 3_600_000 })
    const error = await errorOf(describeMetaToken(door(), 'EAAplanted-token', testContext(nowMs)))
    expect([error.code, String(error)]).toEqual(['CONNECTORS_AUTH_REVOKED', expect.not.stringContaining('planted')])
  })

  test('a person’s is exchanged for one of sixty days, which works until then', async () => {
    const context = testContext(nowMs)
    const { value, expiresAtMs } = await extendMetaToken(door(), app(), sandbox.credentials.metaUserToken, context)
    expect(((expiresAtMs ?? 0) - nowMs) / dayMs).toBeCloseTo(60, 2)
    const connector = openMetaAds(meta.options.parse({ baseUrl: sandbox.metaUrl, accessToken: value }))
    expect((await connector.discover(context)).length).toBeGreaterThan(0)
    sandbox.setClock(expiresAtMs ?? 0)
    expect((await errorOf(connector.discover(testContext(expiresAtMs ?? 0)))).code).toBe('CONNECTORS_AUTH_EXPIRED')
  })

  test('the app’s secret is in no address and no error', async () => {
    const wrong = { ...app(), appSecret: 'planted-app-secret' }
    const error = await errorOf(extendMetaToken(door(), wrong, sandbox.credentials.metaUserToken, testContext(nowMs)))
    expect(String(error)).not.toContain('planted')
    const asked = sandbox.log().filter(({ route }) => route === 'meta.exchange' || route === 'meta.debug_token')
    expect(JSON.stringify(asked)).not.toMatch(/planted|EAASandbox|app-secret/)
    expect(asked.length).toBeGreaterThan(0)
  })
})
