import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import type { ConnectionSecrets } from '../domain/secret.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { newKeyText, secretKey } from '../warehouse/secret-cipher.ts'
import { secretsOf } from '../warehouse/secrets.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { errorOf, testContext } from './connector.contract.ts'
import { adapter, openMicrosoftAds } from './microsoft-ads.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')

let warehouse: Warehouse
let connections = 0

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse[Symbol.asyncDispose]())

/** A Microsoft whose first refresh token nobody has used, and what a process of the project has: its own client, the shared store. */
async function openMicrosoft() {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['microsoft_ads'] } })
  connections += 1
  const secrets = secretsOf(warehouse, secretKey(newKeyText()), systemClock, `microsoft ${connections}`)
  const told = sandbox.connections.microsoft_ads
  const process = (given: { readonly secrets?: ConnectionSecrets | undefined } = { secrets }) =>
    openMicrosoftAds(adapter.options.parse({ ...told, ...given }))
  const exchanges = () => sandbox.quota().requests['microsoft.token'] ?? 0
  return { sandbox, secrets, told, process, exchanges }
}

describe('refresh tokens that are replaced at every use', () => {
  test('are kept: each process goes on where the one before ended; one without the store is shut out', async () => {
    const { sandbox, process, exchanges } = await openMicrosoft()
    await using _ = sandbox
    for (let count = 1; count <= 4; count += 1) {
      expect((await process().discover(testContext(nowMs))).length).toBe(3)
      expect(exchanges()).toBe(count)
    }
    const error = await errorOf(process({ secrets: undefined }).discover(testContext(nowMs)))
    expect(error.code).toBe('CONNECTORS_AUTH_REVOKED')
  })

  test('are kept closed: neither the token nor what it was made from can be read in the table', async () => {
    const { sandbox, told, process } = await openMicrosoft()
    await using _ = sandbox
    const context = testContext(nowMs)
    await process().discover(context)
    const rows = await warehouse.query<{ name: string; sealed: Buffer }>(
      'select name, sealed from connection_secret where connection = $1',
      [`microsoft ${connections}`],
    )
    expect(rows.length).toBe(1)
    const said =
      JSON.stringify(context.logged) + rows.map(({ name, sealed }) => name + sealed.toString('latin1')).join('')
    for (const part of ['.refresh.', told['refreshToken']!, told['clientSecret']!]) expect(said).not.toContain(part)
  })

  test('are replaced by one process at a time: four that begin together all come in', async () => {
    const { sandbox, process, exchanges } = await openMicrosoft()
    await using _ = sandbox
    const found = await Promise.all([1, 2, 3, 4].map(() => process().discover(testContext(nowMs))))
    expect(found.map((accounts) => accounts.length)).toEqual([3, 3, 3, 3])
    expect(exchanges()).toBe(4)
  })

  test('of a process that dies between the answer and the writing are not lost', async () => {
    const { sandbox, secrets, process } = await openMicrosoft()
    await using _ = sandbox
    await process().discover(testContext(nowMs))
    const dying: ConnectionSecrets = {
      read: (name) => secrets.read(name),
      rotate: (name, renew) =>
        secrets.rotate(name, async (current) => {
          await renew(current)
          throw new Error('killed')
        }),
    }
    await expect(process({ secrets: dying }).discover(testContext(nowMs))).rejects.toThrow('killed')
    expect((await process().discover(testContext(nowMs))).length).toBe(3)
  })

  test('one process that lives on uses the youngest, with a store and without', async () => {
    for (const isKept of [true, false]) {
      const { sandbox, secrets, process, exchanges } = await openMicrosoft()
      await using running = sandbox
      const connector = process({ secrets: isKept ? secrets : undefined })
      for (let hour = 0; hour < 3; hour += 1) {
        expect((await connector.discover(testContext(running.nowMs()))).length).toBe(3)
        running.setClock(running.nowMs() + 3_600_000)
      }
      expect(exchanges()).toBe(3)
    }
  })

  test('that were kept and died give way to the configured one; another configured one begins anew', async () => {
    const { sandbox, process, exchanges } = await openMicrosoft()
    await using _ = sandbox
    const dead: ConnectionSecrets = {
      read: () => Promise.resolve(undefined),
      rotate: (__, renew) => renew({ value: 'a dead token', expiresAtMs: null }),
    }
    const context = testContext(nowMs)
    expect((await process({ secrets: dead }).discover(context)).length).toBe(3)
    expect(exchanges()).toBe(2)
    expect(JSON.stringify(context.logged)).toContain('the configured one is tried')
    expect(JSON.stringify(context.logged)).not.toContain('a dead token')
    const names = new Set<string>()
    const noting: ConnectionSecrets = {
      read: () => Promise.resolve(undefined),
      rotate: (name) => Promise.reject(new Error(String(names.add(name).size))),
    }
    for (const refreshToken of ['one-token', 'another-token', 'one-token']) {
      const given = { ...sandbox.connections.microsoft_ads, refreshToken, secrets: noting }
      await openMicrosoftAds(adapter.options.parse(given))
        .discover(testContext(nowMs))
        .catch(() => undefined)
    }
    expect(names.size).toBe(2)
  })
})
