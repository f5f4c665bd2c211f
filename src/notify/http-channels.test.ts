import { createHmac } from 'node:crypto'
import { createServer as createTlsPeer } from 'node:net'
import { expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { HttpSink } from './http-sink.ts'
import type { SinkFault } from './http-sink.ts'
import type { Arrived, Fault, NotifierBench } from './notifier.contract.ts'
import { notifierContract, sample } from './notifier.contract.ts'
import type { IncidentFacts, Message, Notifier } from './notifier.ts'
import { adapter as pagerduty } from './pagerduty.ts'
import { isPublic } from './public-address.ts'
import { adapter as slack, slackBody } from './slack.ts'
import { adapter as webhook, signatures } from './webhook.ts'

/* Over real HTTP on this machine: replies, resets, hangs and TLS errors are the network's own; only the mailbox is an array. */

const secret = 'whsec_' + Buffer.from('a secret of 24 characters').toString('base64')
const routingKey = 'R0123456789ABCDEF0123456789ABCDE'
const timeoutMs = 400
const allowHosts = ['127.0.0.1']

const faults: Readonly<Record<Fault, SinkFault>> = {
  unavailable: { status: 503, text: `overloaded ${routingKey}` },
  refused: { status: 410, text: 'gone' },
  auth: { status: 403, text: `invalid_token ${routingKey}` },
  hang: 'hang',
  cut: 'reset',
}

async function benchOf(
  open: (url: string) => Promise<Notifier>,
  read: (body: unknown) => Arrived,
): Promise<NotifierBench & { readonly sink: HttpSink }> {
  const sink = await HttpSink.open()
  const notifier = await open(sink.url)
  return {
    notifier,
    sink,
    arrived: async () => sink.posted.map(({ body }) => read(JSON.parse(body))),
    fail: async (how) => {
      sink.fault = how === null ? null : faults[how]
    },
    async [Symbol.asyncDispose]() {
      await notifier[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
    },
  }
}

const openWebhook = (more: { secrets?: string[] } = {}) =>
  benchOf(
    (url) =>
      webhook.open(
        webhook.options.parse({
          url: `${url}/hook?key=${routingKey}`,
          secrets: more.secrets ?? [secret],
          timeoutMs,
          allowHosts,
        }),
      ),
    (body) => (body as { data: Arrived }).data,
  )

interface SlackBody {
  readonly text: string
  readonly blocks: readonly {
    readonly text?: { readonly text: string }
    readonly elements?: readonly { readonly text: string }[]
  }[]
}

const openSlack = () =>
  benchOf(
    (url) => slack.open(slack.options.parse({ url: `${url}/services/T000/B000/${routingKey}`, timeoutMs, allowHosts })),
    (body) => {
      const { blocks } = body as SlackBody
      const texts = blocks.flatMap(({ text }) => (text ? [text.text] : []))
      const plain = texts.slice(1).map((one) => one.replaceAll('```', ''))
      const unescaped = plain.join('\n').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
      return {
        subject: texts[0] ?? '',
        text: unescaped,
        html: null,
        idempotencyKey: blocks.at(-1)?.elements?.[0]?.text ?? null,
      }
    },
  )

const openPagerDuty = () =>
  benchOf(
    (url) => pagerduty.open(pagerduty.options.parse({ url, routingKey, timeoutMs, allowHosts })),
    (body) => {
      const { payload } = body as {
        payload: { summary: string; custom_details: { text: string; idempotency_key: string } }
      }
      return {
        subject: payload.summary,
        text: payload.custom_details.text,
        html: null,
        idempotencyKey: payload.custom_details.idempotency_key,
      }
    },
  )

notifierContract('webhook', { open: () => openWebhook(), secrets: [secret, routingKey] })
notifierContract('slack', { open: openSlack, secrets: [routingKey], waivers: { html: 'Slack shows no HTML' } })
notifierContract('pagerduty', {
  open: openPagerDuty,
  secrets: [routingKey],
  waivers: { html: 'PagerDuty shows no HTML' },
})

const live = () => new AbortController().signal
const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (isMillraceError(error) ? error : undefined),
  )

const incident: IncidentFacts = {
  incidentId: '0192f3c4-7a1b-7def-8abc-1234567890ab',
  fingerprint: 'f'.repeat(32),
  action: 'trigger',
  severity: 'warn',
  summary: 'S',
  source: 'google_ads 1',
  checkId: 'anomaly.cost',
  platform: 'google_ads',
  accountId: '1',
  firstDay: '2026-11-20',
  lastDay: '2026-11-20',
}
const told: Message = { ...sample, incident }

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

test('an incident pages once under its own name and closes itself; other messages are changes and page nobody', async () => {
  await using bench = await openPagerDuty()
  await bench.notifier.send(told, live())
  await bench.notifier.send({ ...told, incident: { ...incident, action: 'resolve' } }, live())
  await bench.notifier.send(sample, live())
  const bodies = bench.sink.posted.map(({ path, body }) => ({ path, ...(JSON.parse(body) as object) }))
  const key = { dedup_key: incident.incidentId, routing_key: routingKey }
  expect(bodies).toMatchObject([
    { path: '/v2/enqueue', event_action: 'trigger', payload: { severity: 'warning', source: 'google_ads 1' }, ...key },
    { path: '/v2/enqueue', event_action: 'resolve', ...key },
    { path: '/v2/change/enqueue' },
  ])
})

test.for([
  ['long', 'x'.repeat(60_000)],
  ['Hangul', '비용 '.repeat(9_000)],
  ['markup', '<!channel> & "quoted"\n'.repeat(2_000)],
  ['one line', '\\"'.repeat(20_000)],
])('Slack: %s text stays under 12,000 characters of JSON and 3,000 a block', ([, text = '']) => {
  const body = slackBody({ ...sample, text, subject: '<!everyone> '.repeat(60) })
  expect(body.length).toBeLessThanOrEqual(12_000)
  const { blocks, text: fallback } = JSON.parse(body) as SlackBody
  expect(fallback).not.toContain('<!')
  expect(blocks.length).toBeLessThanOrEqual(50)
  expect(Math.max(...blocks.map((one) => one.text?.text.length ?? 0))).toBeLessThanOrEqual(3_000)
  expect(
    blocks
      .slice(1)
      .map((one) => one.text?.text ?? '')
      .join(''),
  ).not.toMatch(/<!|&[a-z]+…/)
})

test('a peer that speaks no TLS is unavailable, not a fault of the message', async () => {
  const peer = createTlsPeer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\n\r\n'))
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve))
  const at = peer.address()
  const port = typeof at === 'object' && at ? at.port : 0
  await using notifier = await webhook.open(
    webhook.options.parse({ url: `https://127.0.0.1:${port}/`, secrets: [secret], timeoutMs, allowHosts }),
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
