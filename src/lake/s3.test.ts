import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lakeContract } from './lake.contract.ts'
import { partBytes } from './s3-multipart.ts'
import { adapter } from './s3.ts'

const env = process.env
const required = (env['MILLRACE_REQUIRE'] ?? '').split(',').includes('s3')
const endpoint = env['MILLRACE_TEST_S3_URL'] ?? ''
const absence = endpoint === '' ? 'no S3 server: set MILLRACE_TEST_S3_URL (scripts/services.sh start s3)' : undefined
const unavailable = required ? undefined : absence
/** Runs share a bucket; each has a folder of its own. */
const run = randomUUID()

const given = (prefix: string) => ({
  endpoint,
  bucket: env['MILLRACE_TEST_S3_BUCKET'] ?? 'millrace-test',
  accessKeyId: env['MILLRACE_TEST_S3_ACCESS_KEY'] ?? 'millrace',
  secretAccessKey: env['MILLRACE_TEST_S3_SECRET_KEY'] ?? 'millrace-secret',
  prefix: `${run}/${prefix}`,
})
const open = (options: object) => adapter.open(adapter.options.parse(options))
const bytes = (text: string) => new TextEncoder().encode(text)
const absent = { ifAbsent: true } as const

lakeContract('s3', {
  module: new URL('s3.ts', import.meta.url).href,
  options: (place) => adapter.options.parse(given(place)),
  open: (place) => open(given(place)),
  unavailable,
})

type Fault = (request: IncomingMessage, response: ServerResponse) => boolean

/** The request as it came, to the real server. A side that breaks off is what these tests are about: it ends the other, and no test. */
function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answered: (answer: IncomingMessage) => void,
): ClientRequest {
  const { hostname: host, port } = new URL(endpoint)
  const { url: path, method, headers } = incoming
  const passed = request({ host, port, path, method, headers }, (answer) => {
    answer.on('error', () => outgoing.destroy())
    answered(answer)
  })
  passed.on('error', () => outgoing.destroy())
  incoming.on('error', () => passed.destroy())
  outgoing.on('error', () => passed.destroy())
  return passed
}

/** A server before the real one that answers some requests itself and passes the others on, byte for byte. */
async function before(fault: Fault): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const server: Server = createServer((incoming, outgoing) => {
    if (fault(incoming, outgoing)) return
    const passed = passOn(incoming, outgoing, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The proxy passes the host header on, because the client's signature covers it. */
async function openThrough(proxy: { readonly endpoint: string }, prefix: string) {
  return open({ ...given(prefix), endpoint: proxy.endpoint, timeoutMs: 2_000 })
}

const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>planted</Message></Error>`

describe('the bucket', () => {
  test.for([
    ['a wrong secret', { secretAccessKey: 'wrong' }, 'LAKE_ACCESS_DENIED'],
    ['an unknown access key', { accessKeyId: 'nobody' }, 'LAKE_ACCESS_DENIED'],
    ['a bucket that is not there', { bucket: 'no-such-bucket' }, 'LAKE_BUCKET_MISSING'],
    ['a port where nobody listens', { endpoint: 'http://127.0.0.1:9' }, 'LAKE_UNREACHABLE'],
  ] as const)('%s is told when the lake is opened', async ([, wrong, code], { skip }) => {
    skip(unavailable !== undefined, unavailable)
    await expect(open({ ...given('x'), ...wrong })).rejects.toMatchObject({ code })
  })

  test('no secret is in the place or in an error', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    const secretAccessKey = 'canary-4711'
    const error: unknown = await open({ ...given('x'), secretAccessKey }).catch((one: unknown) => one)
    expect(JSON.stringify(error)).not.toContain(secretAccessKey)
  })

  test('a server that is slow for a moment is asked again, one that stays so is told', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    let slow = 0
    await using proxy = await before((incoming, outgoing) => {
      if (incoming.method !== 'PUT' || slow <= 0) return false
      slow -= 1
      incoming.resume().on('end', () => outgoing.writeHead(503).end(xml('SlowDown')))
      return true
    })
    await using lake = await openThrough(proxy, 'slow')
    slow = 2
    await lake.put('a', bytes('a'), absent)
    slow = 100
    await expect(lake.put('b', bytes('b'), absent)).rejects.toMatchObject({ code: 'LAKE_BUSY', retryable: true })
  })

  test('a put whose answer is lost finds itself and is no conflict', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    let lose = false
    await using proxy = await before((incoming, outgoing) => {
      if (incoming.method !== 'PUT' || !lose) return false
      lose = false
      incoming.pipe(passOn(incoming, outgoing, (answer) => answer.resume().on('end', () => outgoing.destroy())))
      return true
    })
    await using lake = await openThrough(proxy, 'lost')
    lose = true
    const put = await lake.put('a', bytes('mine'), absent)
    expect((await lake.get('a'))?.etag).toBe(put.etag)
    await expect(lake.put('a', bytes('other'), absent)).rejects.toMatchObject({ code: 'LAKE_CONFLICT' })
  })

  test('an upload cut in the middle stores nothing', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    let cut = true
    await using proxy = await before((incoming) => {
      if (incoming.method !== 'PUT' || !cut) return false
      incoming.once('data', () => incoming.destroy())
      return true
    })
    await using lake = await openThrough(proxy, 'cut')
    await expect(lake.put('a', Buffer.alloc(2_000_000, 1), absent)).rejects.toMatchObject({ retryable: true })
    expect(await lake.get('a')).toBeUndefined()
    cut = false
    await lake.put('a', Buffer.alloc(2_000_000, 1), absent)
  })

  test('a body changed on its way up is refused by its checksum', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    await using proxy = await before((incoming, outgoing) => {
      if (incoming.method !== 'PUT') return false
      const passed = passOn(incoming, outgoing, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      })
      incoming.on('data', (chunk: Buffer) =>
        passed.write(Buffer.from(chunk.toString('latin1').replace('right', 'wrong'), 'latin1')),
      )
      incoming.on('end', () => passed.end())
      return true
    })
    await using lake = await openThrough(proxy, 'changed')
    const error = await lake.put('a', bytes('right'), absent).catch((one: unknown) => one)
    expect(error).toMatchObject({ name: 'MillraceError' })
    await using direct = await open(given('changed'))
    expect(await direct.get('a')).toBeUndefined()
  })

  test('a large file goes in parts, a part that was cut is sent again, and nothing is there before the last', async ({
    skip,
  }) => {
    skip(unavailable !== undefined, unavailable)
    const folder = await mkdtemp(join(tmpdir(), 'millrace-parts-'))
    const path = join(folder, 'large')
    const content = Buffer.alloc(2 * partBytes + 4_321, 'Millrace')
    await writeFile(path, content)
    const parts: string[] = []
    await using direct = await open(given('parts'))
    let early: ReturnType<typeof direct.get> | undefined
    await using proxy = await before((incoming, outgoing) => {
      const part = new URL(incoming.url ?? '', 'http://s3').searchParams.get('partNumber')
      if (part === null) return false
      parts.push(part)
      if (part === '3') early ??= direct.get('large')
      if (part !== '2' || parts.filter((one) => one === '2').length > 1) return false
      incoming.resume()
      incoming.once('data', () => outgoing.destroy())
      return true
    })
    await using lake = await openThrough(proxy, 'parts')
    const stored = await lake.put('large', { path }, absent)
    expect(parts).toEqual(['1', '2', '2', '3'])
    expect(await early).toBeUndefined()
    expect(stored.sizeBytes).toBe(content.length)
    const found = await direct.get('large')
    expect([found?.etag, Buffer.from(found?.bytes ?? []).equals(content)]).toEqual([stored.etag, true])
    await expect(lake.put('large', { path }, absent)).rejects.toMatchObject({ code: 'LAKE_CONFLICT' })
    await writeFile(path, Buffer.alloc(partBytes + 1, 'other'))
    await lake.put('large', { path }, { ifMatch: stored.etag })
    await expect(lake.put('large', { path }, { ifMatch: stored.etag })).rejects.toMatchObject({ code: 'LAKE_CONFLICT' })
    expect((await direct.get('large'))?.bytes.length).toBe(partBytes + 1)
    await rm(folder, { recursive: true })
  })

  test('a download changed or cut on its way is no object', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    let fault: 'change' | 'cut' = 'change'
    let cutAfterMs = 20
    await using proxy = await before((incoming, outgoing) => {
      if (incoming.method !== 'GET' || !incoming.url?.includes('/a?')) return false
      passOn(incoming, outgoing, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.once('data', (chunk: Buffer) => {
          if (fault === 'change') return outgoing.end(Buffer.from(chunk.map((byte) => byte ^ 1)))
          outgoing.write(chunk.subarray(0, 3))
          // At once, in this turn or the next ones: whoever reads must be listening when the answer has begun.
          return setTimeout(() => outgoing.destroy(), cutAfterMs)
        })
      }).end()
      return true
    })
    await using direct = await open(given('down'))
    await direct.put('a', bytes('right'), absent)
    await using lake = await openThrough(proxy, 'down')
    for (fault of ['change', 'cut'] as const) {
      await expect(lake.get('a')).rejects.toMatchObject({ code: 'LAKE_DOWNLOAD_TORN', retryable: true })
      await expect(lake.open('a')).rejects.toMatchObject({ code: 'LAKE_DOWNLOAD_TORN' })
    }
    for (cutAfterMs = 0; cutAfterMs < 10; cutAfterMs += 1)
      await expect(lake.open('a')).rejects.toMatchObject({ code: 'LAKE_DOWNLOAD_TORN' })
  })

  test('the temporary copy goes when it is disposed', async ({ skip }) => {
    skip(unavailable !== undefined, unavailable)
    await using lake = await open(given('copy'))
    await lake.put('a/x.parquet', bytes('x'), absent)
    const file = await lake.open('a/x.parquet')
    expect(existsSync(file.path)).toBe(true)
    await file[Symbol.asyncDispose]()
    expect(existsSync(file.path)).toBe(false)
  })
})
