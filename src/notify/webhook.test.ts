import { createHmac } from 'node:crypto'
import { createServer as createTlsPeer } from 'node:net'
import { expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { benchOf, local, routingKey, told } from './http-channel.fixture.ts'
import type { Arrived } from './notifier.contract.ts'
import { notifierContract, sample } from './notifier.contract.ts'
import { isPublic } from './public-address.ts'
import { adapter as webhook, signatures } from './webhook.ts'

const secret = `whsec_${Buffer.from('a secret of 24 characters').toString('base64')}`

const openWebhook = (more: { secrets?: string[] } = {}) =>
  benchOf(
    (url) =>
      webhook.open(
        webhook.options.parse({
          url: `${url}/hook?key=${routingKey}`,
          secrets: more.secrets ?? [secret],
          ...local,
        }),
      ),
    (body) => (body as { data: Arrived }).data,
  )

notifierContract('webhook', { open: () => openWebhook(), secrets: [secret, routingKey] })

const live = () => new AbortController().signal
const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (isMillraceError(error) ? error : undefined),
  )

test.for([
  ['120', 120_000],
  ['0.5', 500],
  ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
  ['99999999', 86_400_000],
  ['soon', undefined],
] as const)('429 with Retry-After %s waits %d ms at least', async ([header, retryAfterMs]) => {
  await using bench = await openWebhook()
  bench.sink.script = [{ status: 429, headers: { 'retry-after': header } }]
  const error = await caught(bench.notifier.send(sample, live()))
  expect([error?.code, error?.retryAfterMs]).toEqual(['NOTIFY_UNAVAILABLE', retryAfterMs])
})

test.for([
  [500, 'NOTIFY_UNAVAILABLE'],
  [408, 'NOTIFY_UNAVAILABLE'],
  [400, 'NOTIFY_REFUSED'],
  [404, 'NOTIFY_REFUSED'],
  [401, 'NOTIFY_AUTH'],
  [302, 'NOTIFY_REFUSED'],
] as const)('a reply of %d is %s, and a redirect is not followed', async ([status, code]) => {
  await using bench = await openWebhook()
  bench.sink.script = [{ status, headers: { location: `${bench.sink.url}/elsewhere` } }]
  expect((await caught(bench.notifier.send(sample, live())))?.code).toBe(code)
  expect(bench.sink.attempts).toHaveLength(1)
})

test('a signature is of id, time and body, one a secret; the same message has the same id', async () => {
  const second = 'another secret without a prefix'
  await using bench = await openWebhook({ secrets: [secret, second] })
  await bench.notifier.send(told, live())
  await bench.notifier.send(told, live())
  const [one, two] = bench.sink.posted
  const header = (name: string) => String(one?.headers[name])
  const content = `${header('webhook-id')}.${header('webhook-timestamp')}.${one?.body}`
  const keys = [Buffer.from(secret.slice(6), 'base64'), Buffer.from(second)]
  const wanted = keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`)
  expect(header('webhook-signature')).toBe(wanted.join(' '))
  expect(two?.headers['webhook-id']).toBe(header('webhook-id'))
  expect(JSON.parse(one?.body ?? '')).toMatchObject({
    type: 'incident.triggered',
    data: { incident: { severity: 'warn' } },
  })
})

test('the signature of the specification’s own example', () => {
  const given = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' }
  expect(signatures(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], given)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('a peer that speaks no TLS is unavailable, not a fault of the message', async () => {
  const peer = createTlsPeer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\n\r\n'))
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve))
  const at = peer.address()
  const port = typeof at === 'object' && at ? at.port : 0
  await using notifier = await webhook.open(
    webhook.options.parse({ url: `https://127.0.0.1:${port}/`, secrets: [secret], ...local }),
  )
  expect((await caught(notifier.send(sample, live())))?.code).toBe('NOTIFY_UNAVAILABLE')
  peer.close()
})

test.for([
  'http://example.com/',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[fd00::1]/',
  'https://10.1.2.3/',
  'https://192.168.0.1/',
  'https://172.20.0.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0.0.0.0/',
  'https://localhost/',
])('%s is not reached', async (url) => {
  await using notifier = await webhook.open(webhook.options.parse({ url, secrets: [secret], timeoutMs: 2_000 }))
  expect((await caught(notifier.send(sample, live())))?.code).toBe('NOTIFY_REFUSED')
})

test('public addresses are those of the open network', () => {
  expect(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '100.128.0.1', '172.32.0.1'].map(isPublic)).toEqual(
    Array(5).fill(true),
  )
  expect(
    ['2002:7f00:1::', '2001:db8::1', 'fe80::1', '::', 'ff02::1', '198.18.0.1', '255.255.255.255', 'x'].some(isPublic),
  ).toBe(false)
})
