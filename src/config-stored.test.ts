import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from './config-inspect.ts'
import { checkTree } from './config-settings.ts'
import { keyFileOf, keyOf } from './config-stored.ts'
import { openConnections } from './config.ts'
import { seededRandom, standingClock } from './domain/clock.ts'
import { newKeyText, secretKey } from './warehouse/secret-cipher.ts'
import { openTestWarehouse } from './warehouse/fixture.ts'
import { keepSecret } from './warehouse/secrets.ts'
import type { Warehouse } from './warehouse/warehouse.ts'

const clock = standingClock(Date.UTC(2026, 10, 27))
const folder = mkdtempSync(join(tmpdir(), 'millrace-stored-'))
const key = newKeyText()
const opened: string[] = []
const context = {
  clock,
  random: seededRandom(1),
  // The platform sees what was opened, and nothing else does.
  fetch: (_url: unknown, init?: RequestInit) => {
    opened.push(new Headers(init?.headers).get('authorization') ?? '')
    return Promise.resolve(Response.json({ data: [] }))
  },
  onOpening: () => {},
  secrets: { add: (value: string) => void registered.push(value) },
}
const registered: string[] = []
let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  mkdirSync(join(folder, '.millrace'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await warehouse[Symbol.asyncDispose]()
})

async function settingsWith(more: object = {}) {
  const connections = {
    kept: { connector: 'meta_ads', accessToken: 'stored:accessToken' },
    plain: { connector: 'meta_ads', accessToken: 'EAA-plain-token' },
  }
  const { settings, findings } = await checkTree({ connections, ...more }, new Set(), folder, undefined)
  expect(findings).toEqual([])
  return settings as NonNullable<typeof settings>
}

/** What each connection says of itself, when all of them are asked. */
async function said(more?: object): Promise<readonly string[]> {
  await using opening = new AsyncDisposableStack()
  const { connections } = await openConnections(await settingsWith(more), context, opening, warehouse)
  const ask = { ...context, signal: new AbortController().signal, log: () => {} }
  const lines = await Promise.all(connections.map(({ connector }) => connector.check(ask)))
  return lines.map(([first]) => `${first?.outcome} ${first?.detail.split(':')[0]}`)
}

test('without a key, or without what it should open, that connection alone fails, and says how to sign in', async () => {
  expect(await said()).toEqual(['fail WAREHOUSE_SECRET_KEY_MISSING', 'ok accepted'])
  expect(await said({ secrets: { key } })).toEqual(['fail WAREHOUSE_SECRET_ABSENT', 'ok accepted'])
})

test('a kept secret is opened by the configured key or the project’s key file, told to the platform and registered', async () => {
  const address = { connection: 'kept', name: 'accessToken' }
  await keepSecret(warehouse, secretKey(key), clock, address, { value: 'EAA-kept-token', expiresAtMs: null })
  expect(await said({ secrets: { key } })).toEqual(['ok accepted', 'ok accepted'])
  writeFileSync(keyFileOf(folder), `${key}\n`)
  expect(keyOf(await settingsWith())?.id).toBe(secretKey(key).id)
  opened.length = 0
  expect(await said()).toEqual(['ok accepted', 'ok accepted'])
  expect(opened).toContain('Bearer EAA-kept-token')
  expect(registered).toContain('EAA-kept-token')
})

test('with another key the connection is locked, whatever it is asked', async () => {
  expect(await said({ secrets: { key: newKeyText() } })).toEqual(['fail WAREHOUSE_SECRET_LOCKED', 'ok accepted'])
  await using opening = new AsyncDisposableStack()
  const settings = await settingsWith({ secrets: { key: newKeyText() } })
  const { connections } = await openConnections(settings, context, opening, warehouse)
  const [locked] = connections
  const ask = { ...context, signal: new AbortController().signal, log: () => {} }
  await expect(locked?.connector.discover(ask)).rejects.toMatchObject({
    code: 'WAREHOUSE_SECRET_LOCKED',
    message: expect.stringContaining('connectors auth kept') as string,
  })
})

test('connections that are added, changed and removed while others are open are taken in, and a broken file changes nothing', async () => {
  const project = join(folder, 'followed')
  const file = (name: string) => join(project, 'connections', `${name}.yaml`)
  const token = (value: string) => `connector: meta_ads\naccessToken: ${value}\n`
  mkdirSync(join(project, 'connections'), { recursive: true })
  writeFileSync(join(project, 'millrace.config.json'), JSON.stringify({ lake: { adapter: 'folder' } }))
  writeFileSync(file('first'), token('EAA-first'))
  const reread = () => loadConfig({ projectDir: project, env: {}, secrets: { add: () => {} }, language: 'en' })
  await using opening = new AsyncDisposableStack()
  const { connections, follow } = await openConnections(await reread(), { ...context, reread }, opening, warehouse)
  const [first] = connections
  const names = async () => {
    await follow?.()
    return connections.map((one) => one.name)
  }
  expect(await names()).toEqual(['first'])
  writeFileSync(file('second'), token('EAA-second'))
  expect(await names()).toEqual(['first', 'second'])
  expect(connections[0]).toBe(first)

  writeFileSync(file('third'), 'connector: nobody_knows\n')
  await expect(names()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(connections.map((one) => one.name)).toEqual(['first', 'second'])
  rmSync(file('third'))
  writeFileSync(file('first'), token('EAA-first-renewed'))
  rmSync(file('second'))
  expect(await names()).toEqual(['first'])
  expect(connections[0]).not.toBe(first)
})
