import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { modelsContent, qualifiersOf, rememberModels, unchangedModels } from './models-content.ts'
import type { DbtProject, Ports } from './ports.ts'

test.each([
  ['select 1 from {{ source("raw", "clicks") }} c where a.b is distinct from c.b', ['c']],
  ['select * from crm.orders join "Shop"."Items" i on true', ['crm', 'shop']],
  ['-- from crm.orders\n{# from crm.orders #}\nselect /* from a.b */ 1 from {{ ref("x") }}', []],
])('%s reads of %j', (code, qualifiers) => {
  expect(qualifiersOf(code)).toEqual(qualifiers)
})

test('models are unchanged until something that they are made from, or they themselves, have changed', async () => {
  await using warehouse = await openTestWarehouse()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-models-'))
  const project: DbtProject = { projectDir: folder, profilesDir: folder, vars: {}, threads: 1 }
  const clock = standingClock(Date.UTC(2026, 10, 22, 17))
  const ports = { warehouse, runner: { name: 'native' }, clock } as unknown as Ports
  const task = { pipeline: 'ads', task: 'dbt' }
  const manifest = (code: string) => {
    mkdirSync(join(folder, 'target'), { recursive: true })
    const sources = { one: { schema: 'crm', identifier: 'orders' }, two: { schema: 'millrace', identifier: 'fx_rate' } }
    const nodes = { m: { resource_type: 'model', raw_code: code } }
    writeFileSync(join(folder, 'target', 'manifest.json'), JSON.stringify({ nodes, sources }))
  }
  const hash = async (at: Ports = ports) => (await modelsContent(at, project)).hash
  expect(await hash()).toBeNull()
  manifest('select 1')
  // A source that is not there cannot be looked at.
  expect(await hash()).toBeNull()
  await warehouse.query('create schema crm')
  await warehouse.query('create table crm.orders (id int)')
  await warehouse.query('create table mart as select 1 as a')

  const built = async () => rememberModels(ports, task, await hash(), { models: 1 })
  const unchanged = async () => (await unchangedModels(ports, task, await hash()))?.kind ?? 'built'
  const steps: Readonly<Record<string, () => unknown>> = {
    'a row of a source': () => warehouse.query('insert into crm.orders values (1)'),
    'the name of an account': () =>
      warehouse.query(
        `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
         values ('google_ads', '1', 'one', 'KRW', 'Asia/Seoul', now(), now())`,
      ),
    'a rate': () =>
      warehouse.query(
        `insert into fx_rate (base, quote, date, rate, source, is_filled, rate_date, loaded_at)
         values ('EUR', 'KRW', '2026-11-20', 1600, 'x', false, '2026-11-20', now())`,
      ),
    'a file of the project': () => writeFileSync(join(folder, 'model.sql'), 'select 2'),
    'a relation that somebody dropped': () =>
      warehouse.query('drop table crm.orders; create table crm.orders (id int)'),
    'the date': () => clock.sleep(24 * 3_600_000),
  }
  for (const [what, step] of Object.entries(steps)) {
    await built()
    expect([what, await unchanged()]).toEqual([what, 'unchanged'])
    await step()
    expect([what, await unchanged()]).toEqual([what, 'built'])
  }
  await built()
  await warehouse.query('update dim_account set last_seen = now()')
  expect(await unchanged()).toBe('unchanged')
  manifest('select * from crm.orders')
  expect(await hash()).toBeNull()
})
