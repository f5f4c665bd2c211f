import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import { errorOf, testContext } from './connector.contract.ts'
import { callForJson, callForRows } from './http.ts'
import type { Wire } from './http.ts'
import { redactor } from './redact.ts'
import { retryAfterMs, retryDelayMs, withRetry } from './retry.ts'

const token = 'EAABsbCS1iHgBO/secret'

function wireOf(timeoutMs = 5_000): Wire {
  return { platform: 'meta_ads', timeoutMs, redact: redactor([token]), classify: () => undefined }
}

/** Asks a server that behaves as told; gives the answer's JSON or the error. */
async function ask(listener: RequestListener, timeoutMs?: number, overrides: Partial<ConnectorContext> = {}) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
  const request = { method: 'GET', url, headers: { authorization: `Bearer ${token}` }, account: null } as const
  try {
    return await callForJson(request, wireOf(timeoutMs), testContext(0, overrides)).then(
      ({ body }) => body,
      (error: unknown) => error,
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const json = { 'content-type': 'application/json' }
const code = (answer: unknown) => (answer instanceof MillraceError ? answer.code : answer)

describe('an answer that is none', () => {
  test('HTML with 502 is unreadable and says so', async () => {
    const answer = await ask((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end('<html>Bad Gateway</html>')
    })
    expect(answer).toMatchObject({ code: 'CONNECTORS_ANSWER_UNREADABLE', facts: { status: 502 }, retryable: true })
  })

  test('HTML with 200, a login page of a proxy, is unreadable', async () => {
    const answer = await ask((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<html>Sign in</html>')
    })
    expect(answer).toMatchObject({ code: 'CONNECTORS_ANSWER_UNREADABLE', facts: { status: 200 } })
  })

  test('a redirect is not followed: the token would go to a host that nobody configured', async () => {
    let followed = false
    const answer = await ask((request, response) => {
      followed ||= request.url === '/elsewhere'
      response.writeHead(302, { location: '/elsewhere' })
      response.end()
    })
    expect([code(answer), followed]).toEqual(['CONNECTORS_ANSWER_UNREADABLE', false])
  })

  test('a body that stops in the middle is cut, by length and by a dropped connection alike', async () => {
    const short = await ask((_request, response) => {
      response.writeHead(200, { ...json, 'content-length': '1000' })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 10)
    })
    const whole = await ask((_request, response) => {
      response.writeHead(200, json)
      response.end('{"a":')
    })
    expect([code(short), code(whole)]).toEqual(['CONNECTORS_ANSWER_CUT', 'CONNECTORS_ANSWER_CUT'])
  })

  test('a compressed body that stops in the middle is cut', async () => {
    const packed = gzipSync(JSON.stringify({ data: Array.from({ length: 5_000 }, (_, index) => index * 7919) }))
    const answer = await ask((_request, response) => {
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' })
      response.end(packed.subarray(0, packed.length - 40))
    })
    expect(code(answer)).toBe('CONNECTORS_ANSWER_CUT')
  })

  test('nobody there is unreachable, and names the reason and the host', async () => {
    const request = { method: 'GET', url: 'http://127.0.0.1:1/x', headers: {}, account: null } as const
    const error = await errorOf(callForJson(request, wireOf(), testContext(0)))
    expect([error.code, error.facts['host']]).toEqual(['CONNECTORS_UNREACHABLE', '127.0.0.1:1'])
    expect(String(error.facts['detail'])).not.toBe('fetch failed')
  })
})

describe('silence', () => {
  test('before the first byte ends in a timeout', async () => {
    const answer = await ask(() => undefined, 60)
    expect(answer).toMatchObject({ code: 'CONNECTORS_TIMEOUT', facts: { seconds: 0.06 } })
  })

  test('in the middle ends in a timeout', async () => {
    const answer = await ask((_request, response) => {
      response.writeHead(200, json)
      response.write('{"a":')
    }, 60)
    expect(code(answer)).toBe('CONNECTORS_TIMEOUT')
  })

  test('a slow trickle is no silence', async () => {
    const answer = await ask((_request, response) => {
      response.writeHead(200, json)
      const pieces = '{"a":[1,2,3,4]}'.split('')
      const timer = setInterval(() => {
        const piece = pieces.shift()
        if (piece === undefined) {
          clearInterval(timer)
          response.end()
        } else response.write(piece)
      }, 40)
    }, 400)
    expect(answer).toEqual({ a: [1, 2, 3, 4] })
  })

  test('a slow reader is no silence', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => `{"n":"${'x'.repeat(400)}${index}"}`)
    const server = createServer((_request, response) =>
      response.writeHead(200, json).end(`{"data":[${rows.join(',')}]}`),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    let seen = 0
    for await (const piece of callForRows(
      { method: 'GET', url, headers: {}, account: null },
      wireOf(400),
      testContext(0),
      'data',
    )) {
      if (piece.kind === 'rows') seen += piece.rows.length
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    server.close()
    expect(seen).toBe(1_500)
  })

  test('cancelling ends a call at once, with its own reason', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('enough')), 20)
    expect(await ask(() => undefined, 60_000, { signal: stop.signal })).toEqual(new Error('enough'))
  })
})

describe('secrets', () => {
  test('a platform that repeats the token is not repeated', async () => {
    const wire: Wire = {
      ...wireOf(),
      classify: ({ body }) =>
        new MillraceError('CONNECTORS_BAD_REQUEST', {
          platform: 'meta_ads',
          account: null,
          detail: (body as { error: { message: string } }).error.message,
        }),
    }
    const failing: typeof fetch = async () => {
      await Promise.resolve()
      // A slash may be escaped in JSON, as PHP does.
      const text = JSON.stringify({ error: { message: `Malformed access token ${token}` } }).replaceAll('/', '\\/')
      return new Response(text, { status: 400, headers: json })
    }
    const request = { method: 'GET', url: 'http://meta.invalid/x', headers: {}, account: null } as const
    const error = await errorOf(callForJson(request, wire, testContext(0, { fetch: failing })))
    expect(error.facts['detail']).toBe('Malformed access token ***')
  })

  test('nor in the errors beneath', async () => {
    const failing: typeof fetch = () =>
      Promise.reject(new TypeError('fetch failed', { cause: new TypeError(`Headers: "Bearer ${token}" is invalid`) }))
    const request = { method: 'GET', url: 'http://meta.invalid/x', headers: {}, account: null } as const
    const error = await errorOf(callForJson(request, wireOf(), testContext(0, { fetch: failing })))
    const cause = error.cause as Error
    for (const text of [
      error.message,
      JSON.stringify(error),
      cause.message,
      String(cause.stack),
      String((cause.cause as Error).stack),
    ]) {
      expect(text).not.toContain(token)
    }
  })

  test('in any position and form they are taken out, and nothing else is', () => {
    const clean = redactor([token])
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        fc.pre(!/bearer|access_token|\*\*\*/i.test(before + after))
        expect(clean.text(`${before}${token}${after}`)).toBe(`${before}***${after}`)
        expect(clean.text(`${before}${encodeURIComponent(token)}${after}`)).toBe(`${before}***${after}`)
        expect(clean.text(before)).toBe(before)
      }),
      { seed: 3 },
    )
    expect(clean.text('https://x/?access_token=unknown-one&a=1')).toBe('https://x/?access_token=***&a=1')
    expect(clean.deep({ a: [token, 1, null], [token]: { b: token } })).toEqual({
      a: ['***', 1, null],
      '***': { b: '***' },
    })
  })
})

describe('asking again', () => {
  const policy = { attemptsMax: 6, quotaWaitMsMax: 120_000 }
  const transient = new MillraceError('CONNECTORS_TRANSIENT', {})
  const quota = (waitMs: number) => new MillraceError('CONNECTORS_QUOTA', {}, { retryAfterMs: waitMs })

  test('waits between nothing and a bound that doubles to 32 seconds, and at most five times', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, chance) => {
          const delayMs = retryDelayMs(transient, attempt, policy, () => chance)
          expect(delayMs === null).toBe(attempt >= 6)
          expect(delayMs ?? 0).toBeGreaterThanOrEqual(0)
          expect(delayMs ?? 0).toBeLessThanOrEqual(Math.min(32_000, 1000 * 2 ** (attempt - 1)))
        },
      ),
      { seed: 11 },
    )
  })

  test('a named wait is kept to when it is short, and left to the caller when it is long', () => {
    expect(retryDelayMs(quota(120_000), 1, policy, () => 0)).toBe(120_000)
    expect(retryDelayMs(quota(120_001), 1, policy, () => 0)).toBeNull()
  })

  test('what waiting cannot cure is not asked again', () => {
    const final = new MillraceError('CONNECTORS_PERMISSION', {})
    expect(retryDelayMs(final, 1, policy, () => 0)).toBeNull()
  })

  test('a cancelled wait ends at once', async () => {
    const stop = new AbortController()
    const context = testContext(0, { signal: stop.signal })
    const work = withRetry(
      () => {
        stop.abort(new Error('enough'))
        return Promise.reject(transient)
      },
      policy,
      context,
    )
    await expect(work).rejects.toThrow('enough')
  })

  test('Retry-After is seconds or a date', () => {
    const of = (text: string) => retryAfterMs(new Headers({ 'retry-after': text }), Date.parse('2026-11-22T12:00:00Z'))
    expect([of('7'), of('Sun, 22 Nov 2026 12:00:30 GMT'), of('Sun, 22 Nov 2026 11:00:00 GMT'), of('soon')]).toEqual([
      7_000,
      30_000,
      0,
      undefined,
    ])
  })
})
