import { Client } from 'pg'
import { expect, test } from 'vitest'
import { durableLines } from '../src/cli/doctor-durable.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Durability } from '../src/stream/durability.ts'
import { durabilityOf, tailRisk } from '../src/stream/durability.ts'

test('row 11: a standby that lags can lose the log’s tail, one that holds commits back cannot', () => {
  const of = (found: Partial<Durability>): ReturnType<typeof tailRisk> =>
    tailRisk({ commits: 'on', lagging: [], hasSynchronous: false, ...found })
  expect(of({})).toBeNull()
  expect(of({ lagging: ['b'] })).toBe('standby')
  expect(of({ lagging: ['b'], hasSynchronous: true })).toBeNull()
  expect(of({ lagging: ['b'], hasSynchronous: true, commits: 'local' })).toBe('standby')
  expect(of({ commits: 'off' })).toBe('commits')
})

test('row 11: doctor warns of a real standby that streams without holding commits back', async () => {
  await using warehouse = await openTestWarehouse()
  const lines = async () =>
    (await durableLines(warehouse, 'postgres', 'en')).map(({ outcome, detail }) => [outcome, detail])
  expect(await lines()).toEqual([['ok', expect.stringContaining('no standby')]])
  const { host, port, user, password } = warehouse.connection
  const settings = { host, port, user, password, application_name: 'seoul-2', replication: 'true' }
  const standby = new Client(settings as ConstructorParameters<typeof Client>[0])
  standby.on('error', () => undefined)
  await standby.connect()
  try {
    const { rows } = await standby.query<{ xlogpos: string }>('IDENTIFY_SYSTEM')
    const streaming = standby.query(`START_REPLICATION PHYSICAL ${rows[0]?.xlogpos}`)
    streaming.catch(() => undefined)
    await expect.poll(async () => (await durabilityOf(warehouse)).lagging, { timeout: 20_000 }).toContain('seoul-2')
    expect(await lines()).toEqual([['warn', expect.stringContaining('seoul-2')]])
    // The log elsewhere: what a promoted standby lacks is counted again from it.
    expect(await durableLines(warehouse, 'kafka', 'en')).toEqual([])
  } finally {
    // The server would wait for a good-bye that a standby never says.
    ;(
      standby as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
    ).connection.stream.destroy()
  }
})
