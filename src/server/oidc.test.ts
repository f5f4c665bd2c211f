import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../access/audit.ts'
import { startIssuer } from '../access/oidc.fixture.ts'
import type { Crooked, Issuer } from '../access/oidc.fixture.ts'
import { systemClock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { startServer } from './server.ts'
import type { Server } from './server.ts'

let warehouse: Warehouse
let issuer: Issuer
let server: Server

beforeAll(async () => {
  issuer = await startIssuer()
  warehouse = await openTestWarehouse()
  const { url, clientId, clientSecret } = issuer
  const roles = { admin: ['ads-admins'], operator: ['ads-ops'], viewer: ['everyone'] }
  const scopes = ['openid', 'profile', 'groups']
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    access: {
      login: true,
      oidc: { name: 'Acme', issuer: url, clientId, clientSecret, scopes, claim: 'groups', roles },
    },
    clock: systemClock,
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'probe', zone: timeZone('UTC'), isDemo: false } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const go = (url: string, cookie = '') => fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } })
const cookieOf = (reply: Response) => reply.headers.getSetCookie().map((one) => one.split(';')[0] ?? '')
const placeOf = (reply: Response) => reply.headers.get('location') ?? ''

interface Trip {
  readonly cookie: string
  /** Where the issuer sends the browser. */
  readonly callback: string
}

async function begin(): Promise<Trip> {
  const out = await go(`${server.url}/api/v1/login/oidc`)
  const there = await go(placeOf(out))
  return { cookie: cookieOf(out)[0] ?? '', callback: placeOf(there) }
}

async function signIn(claims: object, crooked?: Crooked) {
  issuer.next = { claims: claims as Issuer['next']['claims'], crooked }
  const { cookie, callback } = await begin()
  const back = await go(callback, cookie)
  const session = cookieOf(back).find((one) => /millrace_session=./.test(one)) ?? ''
  const me = session === '' ? null : await (await go(`${server.url}/api/v1/me`, session)).json()
  return { place: placeOf(back), session, me: me as { readonly who: object } | null }
}

const ada = { sub: 'a-1', preferred_username: 'ada', groups: ['everyone', 'ads-admins'] }

describe('signing in at an OpenID provider', () => {
  test('goes there with PKCE, state and nonce, and comes back as a user with the role of the claim', async () => {
    const out = await go(`${server.url}/api/v1/login/oidc`)
    const asked = new URL(placeOf(out)).searchParams
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: 'millrace',
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid profile groups',
      redirect_uri: `${server.url}/api/v1/login/oidc/callback`,
    })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)).toMatch(/^[\w-]{43}$/)
    expect(out.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax; Path=\/api\/v1\/login\/oidc/)
    const { place, me } = await signIn(ada)
    expect(place).toBe('/')
    expect(me).toMatchObject({ who: { kind: 'user', name: 'ada', role: 'admin' }, ways: { oidc: 'Acme' } })
    const [line] = await listAudit(warehouse, { limit: 1 })
    expect(line).toMatchObject({ who: 'ada', action: 'session open', outcome: 'done' })
  })

  test('is the same user the next time, with what the issuer says then; another of that name is somebody else', async () => {
    const again = await signIn({ ...ada, groups: ['ads-ops'], preferred_username: 'ada lovelace' })
    expect(again.me).toMatchObject({ who: { name: 'ada', role: 'operator' } })
    const other = await signIn({ sub: 'b-2', preferred_username: 'Ada', groups: ['everyone'] })
    expect(other.me).toMatchObject({ who: { name: expect.stringMatching(/^ada-[0-9a-f]{8}$/), role: 'viewer' } })
    expect(await warehouse.query('select count(*)::int as n from access_user')).toEqual([{ n: 2 }])
  })

  test('whom no value gives a role, and who is disabled, is let in nowhere', async () => {
    const nobody = await signIn({ sub: 'c-3', preferred_username: 'carl', groups: ['other'] })
    expect(nobody).toMatchObject({ place: '/#refused=ACCESS_OIDC_NOBODY', session: '' })
    await warehouse.query(`update access_user set disabled_at = now() where name = 'ada'`)
    expect(await signIn(ada)).toMatchObject({ place: '/#refused=ACCESS_OIDC_NOBODY', session: '' })
    await warehouse.query(`update access_user set disabled_at = null where name = 'ada'`)
    const [line] = await listAudit(warehouse, { who: 'carl', limit: 1 })
    expect(line).toMatchObject({ action: 'session open', outcome: 'refused' })
  })

  test.for(['signature', 'algorithm', 'audience', 'nonce', 'issuer', 'expired', 'subject', 'no token'] as const)(
    'a token that is wrong in its %s is believed by nobody',
    async (crooked) => {
      expect(await signIn(ada, crooked)).toMatchObject({ place: '/#refused=ACCESS_OIDC_FAILED', session: '' })
    },
  )

  test('the way back is for the browser that went, once, with the state that it left with', async () => {
    issuer.next = { claims: ada }
    const refused = '/#refused=ACCESS_OIDC_FAILED'
    const [mine, theirs] = [await begin(), await begin()]
    // Somebody else's way back in my browser would sign me in as them.
    expect(placeOf(await go(theirs.callback, mine.cookie))).toBe(refused)
    expect(placeOf(await go(theirs.callback))).toBe(refused)
    expect(placeOf(await go(mine.callback, mine.cookie))).toBe(refused)
    const third = await begin()
    expect(placeOf(await go(third.callback.replace(/state=[^&]*/, 'state=another'), third.cookie))).toBe(refused)
    const fourth = await begin()
    expect(placeOf(await go(fourth.callback, fourth.cookie))).toBe('/')
    expect(placeOf(await go(fourth.callback, fourth.cookie))).toBe(refused)
  })
})
