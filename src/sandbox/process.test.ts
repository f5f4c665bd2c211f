import { describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { BareClient } from './bare-client.ts'
import { benchSandboxRows } from './bench.ts'
import { runSandbox, startSandboxProcess } from './process.ts'
import { startSandbox } from './sandbox.ts'

const forms: readonly (readonly [json: boolean, shape: RegExp])[] = [
  [false, /MILLRACE_META_BASE_URL=http:\/\/127\.0\.0\.1:\d+[\s\S]+google_ads\/\d{10} {2}KRW {2}Asia\/Seoul/],
  [true, /^\{"event":"ready","url":"http:\/\/127\.0\.0\.1:\d+".+"metaAccessToken":"[^"]+".+\}\n$/],
]

describe('a sandbox of its own', () => {
  test('runs in a child process with the world of its seed and ends when told', async () => {
    const options = { seed: 5, nowMs: Date.parse('2026-11-22T12:00:00Z') }
    await using here = await startSandbox(options)
    const child = await startSandboxProcess(options)
    expect(child.accounts).toEqual(here.accounts)
    expect(child.credentials).toEqual(here.credentials)
    const answer = await new BareClient(child).meta('me/adaccounts')
    expect(answer.status).toBe(200)
    await child.stop()
    await expect(fetch(child.url)).rejects.toThrow('fetch failed')
  })

  test('that cannot start says why', async () => {
    await using here = await startSandbox({ seed: 1 })
    const port = Number(new URL(here.url).port)
    const failure = await startSandboxProcess({ seed: 1, port }).catch((error: unknown) => error)
    expect(isMillraceError(failure, 'SANDBOX_PROCESS_ENDED') && failure.message).toContain('SANDBOX_PORT_TAKEN')
    const taken = await startSandbox({ seed: 1, port }).catch((error: unknown) => error)
    expect(isMillraceError(taken, 'SANDBOX_PORT_TAKEN')).toBe(true)
  })

  test.for(forms)(
    'prints addresses, credentials and accounts and stays up until told; json: %s',
    async ([json, shape]) => {
      const said: string[] = []
      const stop = new AbortController()
      const ended = runSandbox({ seed: 1, asOf: '2026-11-22', json, signal: stop.signal }, (text) => said.push(text))
      await expect.poll(() => said.length).toBe(1)
      stop.abort()
      await ended
      expect(said[0]).toMatch(shape)
    },
  )
})

test('rows of a bulk world are made by the thousand; the figures are for reading, not for judging', () => {
  const figures = benchSandboxRows(200, 50)
  console.log(`sandbox rows: ${JSON.stringify(figures)}`)
  expect(figures.rows).toBe(10_000)
})
