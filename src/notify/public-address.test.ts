import { createServer } from 'node:net'
import type { LookupFunction } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { HttpSink } from './http-sink.fixture.ts'
import { post } from './post.ts'
import { isPublic, publicOnly } from './public-address.ts'

/* Addresses that a webhook may not lead to. Listeners on this machine count whoever arrives: nobody may. */

let arrived = 0
const listeners = ['127.0.0.1', '::1'].map((host) => ({ host, server: createServer(() => void (arrived += 1)) }))
let port = 0

beforeAll(async () => {
  for (const { host, server } of listeners) {
    // A machine without IPv6 has the IPv4 listener alone.
    await new Promise<void>((resolve) => {
      server.on('error', () => resolve())
      server.listen(port, host, () => resolve())
    })
    const at = server.address()
    if (typeof at === 'object' && at) port = at.port
  }
})
afterAll(() => {
  for (const { server } of listeners) server.close()
})

const inner: readonly string[] = [
  // this machine, in every way of writing it that an address bar knows
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.0x0.0x0.0x1',
  '0x7F.1',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '１２７.０.０.１',
  '0.0.0.0',
  '0',
  '0.0.0.1',
  'localhost',
  'LOCALHOST',
  'user:password@127.0.0.1',
  'example.com@127.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  // IPv4 inside IPv6
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::FFFF:0:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[2001:0:7f00:1::]',
  // this network
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.168.1.1',
  '0xc0a80001',
  '3232235521',
  '100.64.0.1',
  '100.127.255.255',
  '[fd00::1]',
  '[fc00::1]',
  '[fec0::1]',
  '[fe80::1]',
  // what clouds say of themselves
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.170.2',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  '100.100.100.200',
  // set aside
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[5f00::1]',
]

const posting = (url: string, allowHosts: readonly string[] = []) => ({
  url: new URL(url),
  headers: {},
  body: '{}',
  place: 'the webhook',
  timeoutMs: 3_000,
  allowHosts,
  signal: new AbortController().signal,
  secrets: [],
})

const codeOf = (url: string, allowHosts?: readonly string[]) =>
  post(posting(url, allowHosts)).then(
    () => 'sent',
    (error: unknown) => (isMillraceError(error) ? error.code : String(error)),
  )

describe('a webhook', () => {
  test('reaches none of the addresses of this machine, this network or nobody', async () => {
    expect(inner.length).toBeGreaterThan(60)
    const found: string[] = []
    for (const host of inner) found.push(`${host} ${await codeOf(`https://${host}:${port}/`)}`)
    expect(found).toEqual(inner.map((host) => `${host} NOTIFY_REFUSED`))
    expect(arrived).toBe(0)
  })

  test('speaks https to hosts that nobody allowed, and no other protocol to any', async () => {
    for (const url of [
      'http://example.com/',
      `http://127.0.0.1:${port}/`,
      'ftp://example.com/',
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
    ])
      expect([url, await codeOf(url)]).toEqual([url, 'NOTIFY_REFUSED'])
    expect(arrived).toBe(0)
  })

  test.for([301, 302, 303, 307, 308])('that is answered %d goes nowhere else', async (status) => {
    await using sink = await HttpSink.open()
    const places = [`https://169.254.169.254/`, `http://127.0.0.1:${port}/`, `//127.0.0.1:${port}/`]
    for (const location of places) {
      sink.script = [{ status, headers: { location } }]
      expect(await codeOf(sink.url, ['127.0.0.1'])).toBe('NOTIFY_REFUSED')
    }
    expect([sink.attempts.length, arrived]).toEqual([places.length, 0])
  })

  test('a name is looked up once, and every address behind it is judged', async () => {
    const asked: string[] = []
    const answers = (addresses: readonly (readonly string[])[]): LookupFunction =>
      publicOnly((hostname, _options, done) => {
        const now = addresses[asked.length] ?? []
        asked.push(hostname)
        done(
          null,
          now.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          0,
        )
      })
    const look = (lookup: LookupFunction, all: boolean) =>
      new Promise<string>((resolve) =>
        lookup('rebound.example', { all }, (error, found) => resolve(error ? error.name : JSON.stringify(found))),
      )
    // Public at the first look, this machine at the second: the connection is made to what was looked at.
    const rebinding = answers([['8.8.8.8'], ['127.0.0.1']])
    expect(await look(rebinding, false)).toBe('"8.8.8.8"')
    expect(await look(rebinding, false)).toBe('InnerAddress')
    expect(asked).toHaveLength(2)
    for (const mixed of [['8.8.8.8', '10.0.0.1'], ['2606:4700::1111', '::1'], ['::ffff:10.0.0.1'], []])
      for (const all of [true, false]) {
        asked.length = 0
        expect([mixed, await look(answers([mixed]), all)]).toEqual([mixed, 'InnerAddress'])
      }
    asked.length = 0
    expect(await look(answers([['8.8.8.8', '1.1.1.1']]), true)).toContain('1.1.1.1')
  })

  test('what is public is reached, at the edges of what is not', () => {
    const edges = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0']
    const more = ['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0']
    const v6 = ['2606:4700::1111', '2a00:1450::1', '2001:4860:4860::8888']
    expect([...edges, ...more, ...v6].filter((one) => !isPublic(one))).toEqual([])
  })
})
