import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectKeyName, createKey } from '../access/keys.ts'
import { standingClock, systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { clickToken } from './click-token.ts'
import { EventReader } from './collect-events.ts'
import { Senders } from './collect-keys.ts'
import { isAnonymous, ivtReason, truncatedIp } from './collect-privacy.ts'
import { startCollector } from './collect-server.ts'
import { Spool } from './collect-spool.ts'
import { defaultDedupe } from './dedupe.ts'
import { moduleUrl, startChild } from './fixture.ts'
import { PartitionFold } from './fold.ts'
import type { EventLog } from './log.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { recordsOf } from './records.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-collect-'))
const keys = {
  web: { key: 'key-of-web', clickSecret: 'a secret of sixteen or more', ratePerSecond: 1_000_000 },
  slow: { key: 'key-of-slow', ratePerSecond: 10 },
}
let warehouse: Warehouse
let log: EventLog
let server: Awaited<ReturnType<typeof startCollector>>

const openLog = (topic: string): Promise<EventLog> =>
  postgresLog.open(postgresLog.options.parse({ warehouse, topic, partitions: 2 }))

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  log = await openLog('collected')
  server = await startCollector({
    log,
    keys,
    clock: systemClock,
    findKey: (key) => collectKeyName(warehouse, key, systemClock.nowMs()),
    host: '127.0.0.1',
    port: 0,
    spoolDir: join(folder, 'spool'),
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

type Kept = Readonly<Record<string, unknown>>

async function keptIn(from: EventLog): Promise<readonly Kept[]> {
  const kept: Kept[] = []
  for (let partition = 0; partition < (await from.partitions()); partition += 1) {
    const { first, next } = await from.bounds(partition)
    for (let at = first; at < next;) {
      const batches = await from.read(partition, at, { bytesMax: 1_000_000, waitMs: 0 })
      for (const batch of batches)
        for (const { bytes } of recordsOf(batch)) kept.push(JSON.parse(Buffer.from(bytes).toString('utf8')) as Kept)
      at = batches.at(-1)?.nextOffset ?? next
    }
  }
  return kept
}

const keptOf = async (campaign: string, from = log): Promise<readonly Kept[]> =>
  (await keptIn(from)).filter((event) => event['campaign_id'] === campaign)

const eventOf = (campaign: string, more: object = {}): string =>
  JSON.stringify({ event_type: 'click', campaign_id: campaign, timestamp: systemClock.nowMs(), ...more })

async function post(path: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers,
  })
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    json: (await answer.json()) as Readonly<Record<string, unknown>>,
  }
}

const ndjson = { 'content-type': 'application/x-ndjson', 'x-write-key': 'key-of-web' }
const json = { 'content-type': 'application/json', 'x-write-key': 'key-of-web' }

describe('batches', () => {
  test('are in the log when they are answered, each refused event told by its place', async () => {
    const lines = [
      eventOf('a', { event_id: '1' }),
      'not json',
      eventOf('a', { event_id: '2' }),
      '{"event_type":"click"}',
    ]
    const { status, json: answer } = await post('/v1/batch', lines.join('\n'), ndjson)
    expect([status, answer]).toEqual([
      200,
      {
        success: true,
        accepted: 2,
        ignored: 0,
        rejected: [
          { index: 1, code: 'not_json' },
          { index: 3, code: expect.stringContaining('campaign_id') as string },
        ],
      },
    ])
    expect((await keptOf('a')).map((event) => event['event_id'])).toEqual(['1', '2'])
  })

  test('carry what the collector knows, whatever the sender says of the same', async () => {
    const forged = eventOf('forged', { received_at: 1_000_000_000_000, write_key_id: 'somebody' })
    await post(
      '/v1/batch',
      `${forged.slice(0, -1)},"write_key\u005fid":"else"}
${forged}
`,
      ndjson,
    )
    await post('/v1/batch', forged, ndjson)
    const kept = await keptOf('forged')
    expect(kept.map((event) => event['write_key_id'])).toEqual(['web', 'web', 'web'])
    for (const event of kept) expect(event['received_at']).toBeGreaterThan(1_700_000_000_000)
  })

  test('keep networks instead of addresses, families instead of browsers, and nobody who did not consent', async () => {
    const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36'
    const person = { ip: '203.0.113.77', ua: browser, user_id: 'u1' }
    await post(
      '/v1/batch',
      `${eventOf('private', person)}\n${eventOf('private', { ...person, consent: { gpc: true } })}`,
      ndjson,
    )
    await post('/v1/batch', eventOf('private', { user_id: 'u2' }), { ...ndjson, 'sec-gpc': '1' })
    const kept = await keptOf('private')
    expect(kept.map(({ ip, ua, user_id: user }) => [ip, ua, user])).toEqual([
      ['203.0.113.0', 'Chrome', 'u1'],
      [undefined, undefined, undefined],
      [undefined, undefined, undefined],
    ])
  })

  test('of Segment’s libraries are understood: Basic key, track, messageId, properties in camel case', async () => {
    const timestamp = new Date(systemClock.nowMs()).toISOString()
    const message = (event: string, properties: object) => ({
      type: 'track',
      event,
      messageId: randomUUID(),
      userId: 'u',
      timestamp,
      properties: { campaignId: 'segment', ...properties },
      context: { page: { url: 'https://shop.example/?utm_source=x' } },
    })
    const batch = [
      message('Ad Clicked', {}),
      message('Order Completed', { revenue: 19.99, currency: 'EUR' }),
      { type: 'identify', userId: 'u' },
      message('Product Viewed', {}),
    ]
    const authorization = `Basic ${Buffer.from('key-of-web:').toString('base64')}`
    const sent = await post('/v1/batch', JSON.stringify({ batch, sentAt: timestamp }), {
      'content-type': 'application/json',
      authorization,
    })
    expect(sent.json).toMatchObject({ accepted: 2, ignored: 1, rejected: [{ index: 3 }] })
    const one = { ...message('Impression', {}), writeKey: 'key-of-web' }
    expect((await post('/v1/track', JSON.stringify(one))).json).toMatchObject({ accepted: 1 })
    expect(await keptOf('segment')).toMatchObject([
      { event_type: 'click', user_id: 'u', landing_url: 'https://shop.example/?utm_source=x' },
      { event_type: 'conversion', value: 19.99, currency: 'EUR' },
      { event_type: 'impression', event_id: one.messageId },
    ])
  })

  test.for([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('packed with %s are unpacked', async ([encoding, pack]) => {
    const body = pack(Buffer.from(eventOf(`packed-${encoding}`)))
    expect((await post('/v1/batch', body, { ...ndjson, 'content-encoding': encoding })).json).toMatchObject({
      accepted: 1,
    })
  })
})

/** A hundred megabytes of one letter in some kilobytes. */
const bombs = (
  [
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['deflate', deflateSync],
  ] as const
).map(([packing, pack]) => [packing, pack(Buffer.alloc(20_000_000, 'a'))] as const)

describe('what is bad is refused with a code, and nothing of it is kept', () => {
  const bad = (more: string): string =>
    `{"event_type":"conversion","campaign_id":"bad","timestamp":1767225600000${more}}`

  test.for([
    ['nothing is known of the key', eventOf('bad'), { ...ndjson, 'x-write-key': 'guess' }, 401, 'STREAM_KEY_REFUSED'],
    ['there is no key', eventOf('bad'), { 'content-type': 'application/x-ndjson' }, 401, 'STREAM_KEY_REFUSED'],
    ['10 MB in one line', 'x'.repeat(10_000_000), ndjson, 413, 'STREAM_BODY_TOO_LARGE'],
    [
      'a zip bomb',
      gzipSync(Buffer.alloc(100_000_000, 'a')),
      { ...ndjson, 'content-encoding': 'gzip' },
      413,
      'STREAM_BODY_TOO_LARGE',
    ],
    ...bombs.map(
      ([packing, body]) =>
        [`a ${packing} bomb`, body, { ...ndjson, 'content-encoding': packing }, 413, 'STREAM_BODY_TOO_LARGE'] as const,
    ),
    [
      'JSON nested a hundred thousand deep',
      `{"batch":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      json,
      200,
      undefined,
    ],
    ['gzip that is none', 'plain', { ...ndjson, 'content-encoding': 'gzip' }, 400, 'STREAM_BODY_REFUSED'],
    ['a packing that nobody knows', 'x', { ...ndjson, 'content-encoding': 'lzma' }, 400, 'STREAM_BODY_REFUSED'],
    ['more events than a batch may have', `${eventOf('bad')}\n`.repeat(2_501), ndjson, 413, 'STREAM_BATCH_TOO_LARGE'],
    ['JSON that is torn', '{"batch":[', json, 400, 'STREAM_BODY_REFUSED'],
    ['JSON that is no object', '[1]', json, 400, 'STREAM_BODY_REFUSED'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), json, 400, 'STREAM_BODY_REFUSED'],
  ] as const)('%s', async ([, body, headers, status, code]) => {
    const answer = await post('/v1/batch', body, headers)
    expect([answer.status, answer.json['code']]).toEqual([status, code])
    expect(await keptOf('bad')).toEqual([])
  })

  test.for([
    [
      'bytes that are no UTF-8',
      Buffer.from([...Buffer.from('{"event_type":"click","campaign_id":"'), 0xff, 0x22, 0x7d]),
    ],
    ['nested a thousand deep', bad(`,"x":${'['.repeat(1_000)}${']'.repeat(1_000)}`)],
    ['larger than an event may be', bad(`,"x":"${'y'.repeat(33_000)}"`)],
    ['a number as text', bad('').replace('1767225600000', '"1767225600000"')],
    ['a negative value', bad(',"value":-1')],
    ['not a number', bad(',"value":NaN')],
    ['a value as words', bad(',"value":"12 EUR"')],
    ['a field twice, the last one wrong', bad(',"value":1,"value":-1')],
    ['a NUL in a name', bad('').replace('"bad"', String.raw`"ba\u0000d"`)],
    ['no object', '[]'],
  ] as const)('one event: %s', async ([, line]) => {
    for (const headers of [ndjson, { ...ndjson, 'sec-gpc': '1' }])
      expect((await post('/v1/batch', line, headers)).json).toMatchObject({ accepted: 0, rejected: [{ index: 0 }] })
    expect(await keptOf('bad')).toEqual([])
  })

  test('scanned or parsed, the same lines are taken', () => {
    const part = fc.constantFrom(
      '{"event_type":"click"',
      ',"campaign_id":"c"',
      ',"timestamp":1767225600',
      '}',
      ',"x":1',
      ' ',
      '\r',
      'null',
    )
    const line = fc.oneof(
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
      fc.constant(eventOf('c')),
    )
    const reader = new EventReader(4, true)
    const stamp = { receivedMs: 1_767_225_600_000, writeKeyId: 'k', globalPrivacyControl: false }
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const body = Buffer.from(lines.join('\n'))
        const fast = reader.readLines(body, stamp)
        const slow = reader.readLines(body, { ...stamp, globalPrivacyControl: true })
        expect([fast.accepted, fast.rejected]).toEqual([slow.accepted, slow.rejected])
        for (const { lines: kept } of fast.parts.values())
          for (const one of kept.toString().split('\n').slice(0, -1))
            expect(JSON.parse(one)).toHaveProperty('write_key_id', 'k')
      }),
      { seed: 5, numRuns: 2_000 },
    )
  })

  test('a sender that drips its headers, or its body, is cut off', async () => {
    await using hasty = await startCollector({
      log,
      keys,
      clock: systemClock,
      host: '127.0.0.1',
      port: 0,
      spoolDir: join(folder, 'hasty'),
      timeouts: { requestMs: 600, headersMs: 300 },
    })
    const { port } = new URL(hasty.url)
    const dripping = async (begin: string, drop: string): Promise<boolean> => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(begin)
      const drip = setInterval(() => socket.write(drop), 50)
      await new Promise((resolve) => socket.once('close', resolve))
      clearInterval(drip)
      return socket.destroyed
    }
    const head = 'POST /v1/batch HTTP/1.1\r\nHost: a\r\n'
    const long = `${head}X-Write-Key: key-of-web\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n`
    expect(await Promise.all([dripping(head, 'X-A: b\r\n'), dripping(long, 'x')])).toEqual([true, true])
  }, 40_000)
})

describe('limits', () => {
  test('a sender above its rate is told when to come again', async () => {
    const headers = { ...ndjson, 'x-write-key': 'key-of-slow' }
    expect((await post('/v1/batch', `${eventOf('slow')}\n`.repeat(20), headers)).status).toBe(200)
    const refused = await post('/v1/batch', `${eventOf('slow')}\n`.repeat(20), headers)
    expect([refused.status, refused.json['code'], Number(refused.retryAfter)]).toEqual([429, 'STREAM_RATE_LIMITED', 2])
  })

  test('an allowance grows with the time and a batch larger than it can pass', () => {
    const clock = standingClock(0)
    const sender = new Senders({ a: { key: 'k', ratePerSecond: 10 } }, clock).ofKey('k')
    sender.spend(500)
    expect(() => sender.spend(1)).toThrow(expect.objectContaining({ code: 'STREAM_RATE_LIMITED' }))
    void clock.sleep(60_000)
    sender.spend(20)
  })

  test('more than may wait for the log is not taken', async () => {
    await using small = await startCollector({
      log,
      keys,
      clock: systemClock,
      host: '127.0.0.1',
      port: 0,
      spoolDir: join(folder, 'small'),
      queueBytesMax: 100,
    })
    const answer = await fetch(`${small.url}/v1/batch`, { method: 'POST', body: eventOf('full'), headers: ndjson })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await keptOf('full')).toEqual([])
  })
})

describe('pixels and clicks', () => {
  const browser = { 'user-agent': 'Mozilla/5.0 Chrome/130.0' }

  test('a pixel is an impression of now; what is no person is flagged, not dropped', async () => {
    const url = `${server.url}/i?k=key-of-web&campaign_id=pixel`
    const answer = await fetch(url, { headers: browser })
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'image/gif',
      'no-store',
    ])
    expect((await answer.arrayBuffer()).byteLength).toBe(42)
    await fetch(url, { method: 'HEAD', headers: browser })
    await fetch(url, { headers: { 'user-agent': 'Googlebot/2.1' } })
    await fetch(url, { headers: { ...browser, 'sec-purpose': 'prefetch' } })
    const kept = await keptOf('pixel')
    expect(
      kept
        .map((event) => [event['ivt'], event['ivt_reason'], event['ip']].join(' '))
        .sort((a, b) => a.localeCompare(b)),
    ).toEqual(['givt head 127.0.0.0', 'givt prefetch 127.0.0.0', 'givt robot_user_agent 127.0.0.0', 'none  127.0.0.0'])
    expect((await fetch(`${server.url}/i?k=key-of-web`, { headers: browser })).status).toBe(400)
    expect((await fetch(`${server.url}/i?k=guess&campaign_id=pixel`)).status).toBe(401)
  })

  test('a click goes byte for byte where its link was signed for, and is counted', async () => {
    const url = 'https://shop.example/a%20b?q=%E2%82%AC&r=a+b%2Fc'
    const token = clickToken('web', keys.web.clickSecret, { url, campaignId: 'clicked' })
    const answer = await fetch(`${server.url}/c/${token}`, { redirect: 'manual', headers: browser })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, url])
    expect(await keptOf('clicked')).toMatchObject([{ event_type: 'click', landing_url: url, ivt: 'none' }])
  })

  test('forged, changed and foreign links lead nowhere', async () => {
    const { clickSecret } = keys.web
    const click = { url: 'https://shop.example/', campaignId: 'forged-click' }
    const token = clickToken('web', clickSecret, click)
    const [name, , signature] = token.split('.')
    const elsewhere = Buffer.from(JSON.stringify({ ...click, url: 'https://evil.example/' })).toString('base64url')
    const tokens = [
      `${name}.${elsewhere}.${signature}`,
      `slow.${token.split('.').slice(1).join('.')}`,
      clickToken('slow', clickSecret, click),
      clickToken('web', 'another secret of sixteen', click),
      `${token}.x`,
      'x',
      token.slice(0, -2),
    ]
    for (const one of tokens) {
      const answer = await fetch(`${server.url}/c/${one}`, { redirect: 'manual' })
      expect([one, answer.status, answer.headers.get('location')]).toEqual([one, 404, null])
    }
    expect(await keptOf('forged-click')).toEqual([])
  })

  test.for([
    'https://a.example/\r\nset-cookie: a=b',
    'https://a.example/\nx: y',
    'javascript:alert(1)',
    '//evil.example',
    null,
  ])('a link to %j leads nowhere, though it is signed', async (url) => {
    const payload = Buffer.from(url === null ? 'null' : JSON.stringify({ url, campaignId: 'signed' })).toString(
      'base64url',
    )
    const signature = createHmac('sha256', keys.web.clickSecret).update(`web.${payload}`).digest('base64url')
    const answer = await fetch(`${server.url}/c/web.${payload}.${signature}`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location'), answer.headers.get('set-cookie')]).toEqual([404, null, null])
    expect(await keptOf('signed')).toEqual([])
  })

  test.for([
    'https://a.example/\r\nset-cookie: a=b',
    'javascript:alert(1)',
    '//evil.example',
    'https://a.example/é',
    'https://',
  ])('no link can be made to %j', (url) => {
    expect(() => clickToken('web', keys.web.clickSecret, { url, campaignId: 'c' })).toThrow(MillraceError)
  })
})

describe('privacy', () => {
  test.for([
    ['203.0.113.77', '203.0.113.0'],
    ['::ffff:203.0.113.77', '203.0.113.0'],
    ['2001:db8:abcd:12::1', '2001:db8:abcd::'],
    ['::1', '0:0:0::'],
    ['fe80::1%eth0', 'fe80:0:0::'],
    ['not an address', undefined],
  ] as const)('%s is kept as %s', ([ip, kept]) => expect(truncatedIp(ip)).toBe(kept))

  test('consent to purpose 1 is bit 152 of the core string', () => {
    const core = Buffer.alloc(40)
    expect(isAnonymous({ tcf: core.toString('base64url') }, false)).toBe(true)
    core[19] = 0x80
    expect(isAnonymous({ tcf: core.toString('base64url') }, false)).toBe(false)
    expect(isAnonymous(undefined, false)).toBe(false)
    expect(isAnonymous({ tcf: core.toString('base64url') }, true)).toBe(true)
  })

  test('a person’s browser is no invalid traffic', () => {
    const userAgent =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1'
    expect(ivtReason({ method: 'GET', userAgent, purpose: undefined })).toBeUndefined()
    expect(ivtReason({ method: 'GET', userAgent: '', purpose: undefined })).toBe('no_user_agent')
  })
})

describe('when something dies', () => {
  test('pixels are kept on the disk while the log is away, and sent when it is back, after a restart too', async () => {
    await using back = await openLog('spooled')
    const spoolDir = join(folder, 'away')
    const away = new Error('the log is away')
    const broken: EventLog = {
      place: 'nowhere',
      topic: 'spooled',
      partitions: async () => 2,
      append: () => Promise.reject(away),
      read: () => Promise.reject(away),
      bounds: () => Promise.reject(away),
      trim: () => Promise.reject(away),
      [Symbol.asyncDispose]: async () => undefined,
    }
    const options = { keys, clock: systemClock, host: '127.0.0.1', port: 0, spoolDir }
    {
      await using lame = await startCollector({ ...options, log: broken })
      for (let n = 0; n < 5; n += 1)
        expect((await fetch(`${lame.url}/i?k=key-of-web&campaign_id=spooled`)).status).toBe(200)
      const answer = await fetch(`${lame.url}/v1/batch`, { method: 'POST', body: eventOf('spooled'), headers: ndjson })
      expect(answer.status).toBe(503)
    }
    expect(await keptOf('spooled', back)).toEqual([])
    await using spool = new Spool(spoolDir, 1_000_000)
    expect(await spool.drain(back)).toBe(5)
    expect(new Set((await keptOf('spooled', back)).map((event) => event['event_id'])).size).toBe(5)
    expect(await spool.drain(back)).toBe(0)
  })

  test('an answer that is lost: the same batch again is a copy, and counts once', async () => {
    await using once = await openLog('lost-answer')
    const options = { keys, clock: systemClock, host: '127.0.0.1', port: 0, spoolDir: join(folder, 'lost') }
    await using own = await startCollector({ ...options, log: once })
    // A door that lets every request in and breaks the line when the first answer comes out.
    let broken = 0
    const door = createServer((outside) => {
      const inside = connect(Number(new URL(own.url).port), '127.0.0.1')
      outside.on('error', () => undefined).pipe(inside)
      inside
        .on('error', () => undefined)
        .on('data', (answer) => {
          if ((broken += 1) === 1) outside.destroy()
          else outside.write(answer)
        })
    })
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    const { port } = door.address() as AddressInfo
    const body = Array.from({ length: 30 }, (_, n) => eventOf(`l${n % 3}`, { event_id: `lost-${n}` })).join('\n')
    const send = () =>
      fetch(`http://127.0.0.1:${port}/v1/batch`, { method: 'POST', body, headers: { ...ndjson, connection: 'close' } })
    await expect(send()).rejects.toThrow('fetch failed')
    expect((await send()).status).toBe(200)
    door.close()
    const tallies = await Promise.all(
      [0, 1].map(async (partition) => {
        const fold = new PartitionFold({
          topic: 'lost-answer',
          partition,
          next: 0,
          watermarkMs: null,
          dedupe: defaultDedupe,
        })
        for (const batch of await once.read(partition, 0, { bytesMax: 1_000_000, waitMs: 0 })) fold.take(batch)
        const { records, duplicates } = fold.tallies
        return [records, duplicates]
      }),
    )
    expect(tallies.map(([records = 0]) => records).reduce((sum, one) => sum + one)).toBe(60)
    expect(tallies.map(([, duplicates = 0]) => duplicates).reduce((sum, one) => sum + one)).toBe(30)
  })

  test('kill -9 of the collector loses nothing that it answered for', async () => {
    await using killed = await openLog('killed-collector')
    const answered = new Set<string>()
    for (let cycle = 0; cycle < 3; cycle += 1) {
      const child = startChild(`
        const { attach } = await import(${moduleUrl('worker-thread.ts')})
        const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
        const { startCollector } = await import(${moduleUrl('collect-server.ts')})
        const { adapter } = await import(${moduleUrl('postgres-log.ts')})
        const warehouse = await attach(${JSON.stringify(warehouse.connection)})
        const log = await adapter.open(adapter.options.parse({ warehouse, topic: 'killed-collector', partitions: 2 }))
        const server = await startCollector({ log, keys: ${JSON.stringify(keys)}, clock: systemClock, host: '127.0.0.1', port: 0,
          spoolDir: ${JSON.stringify(join(folder, 'killed'))} })
        console.log(server.url)`)
      await child.printed(1)
      const url = child.lines[0] ?? ''
      const ids: string[][] = []
      const senders = Array.from({ length: 8 }, async () => {
        for (;;) {
          const own = Array.from({ length: 20 }, () => randomUUID())
          ids.push(own)
          const body = own.map((id, n) => eventOf(`k${n % 5}`, { event_id: id })).join('\n')
          const ok = await fetch(`${url}/v1/batch`, { method: 'POST', body, headers: ndjson }).then(
            (answer) => answer.ok,
            () => undefined,
          )
          if (ok === undefined) return
          if (ok) for (const id of own) answered.add(id)
        }
      })
      while (ids.length < 100) await systemClock.sleep(10)
      await child.kill()
      await Promise.all(senders)
    }
    const kept = new Set((await keptIn(killed)).map((event) => String(event['event_id'])))
    expect(answered.size).toBeGreaterThan(1_000)
    expect([...answered].filter((id) => !kept.has(id))).toEqual([])
  }, 120_000)
})

describe('a key that the project made', () => {
  const made = async (name: string, scope: 'collect' | 'admin') => {
    const wanted = { name, scope, clients: null, expiresAtMs: null, by: 'test', nowMs: systemClock.nowMs() }
    return (await warehouse.transaction((session) => createKey(session, wanted))).key
  }
  const send = async (key: string) => {
    const body = JSON.stringify({ event: 'click', userId: 'u', properties: { campaign_id: 'c', platform: 'meta_ads' } })
    const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
    const headers = { authorization, 'content-type': 'application/json' }
    return (await fetch(`${server.url}/v1/track`, { method: 'POST', headers, body })).status
  }

  test('sends events when it is for the collector, and none when it is for anything else', async () => {
    expect(await send(await made('shop', 'collect'))).toBe(200)
    expect(await send(await made('boss', 'admin'))).toBe(401)
    expect(await send('mr_0000000000000000_0000000000000000000000000000000000000000000')).toBe(401)
  })

  test('is looked up once in thirty seconds, and then no more when it was revoked', async () => {
    const asked: string[] = []
    const names = new Map([['mr_one', 'shop']])
    const later = { ms: 0 }
    const clock = { ...systemClock, nowMs: () => 1_000 + later.ms }
    const senders = new Senders({}, clock, async (key) => {
      asked.push(key)
      return names.get(key)
    })
    for (let times = 0; times < 3; times++) {
      expect((await senders.find('mr_one')).name).toBe('shop')
      await expect(senders.find('mr_two')).rejects.toMatchObject({ code: 'STREAM_KEY_REFUSED' })
      await expect(senders.find('other')).rejects.toMatchObject({ code: 'STREAM_KEY_REFUSED' })
    }
    expect(asked).toEqual(['mr_one', 'mr_two'])
    names.clear()
    later.ms = 30_001
    await expect(senders.find('mr_one')).rejects.toMatchObject({ code: 'STREAM_KEY_REFUSED' })
  })
})
