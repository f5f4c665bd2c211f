import pg from 'pg'
import { expect, test } from 'vitest'
import { isMillraceError } from '../src/domain/errors.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import { makeRest, makeTables } from '../src/warehouse/move-schemas.ts'
import { markTarget, moveTables, planMove } from '../src/warehouse/move.ts'
import type { MovePlan } from '../src/warehouse/move.ts'
import { adapter as postgres } from '../src/warehouse/postgres.ts'
import { openPlain, openPlainUrl } from '../src/warehouse/table-sums.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { putDays, usualDays } from './alert-scene.ts'

/* A warehouse with facts, a dbt schema and a person's own table goes to another database, is stopped on the way, and goes on. */

const codeOf = (error: unknown) => (isMillraceError(error) ? error.code : error)

/** An empty database: on your Postgres when there is one, otherwise beside the source's. */
async function openEmpty(source: Warehouse): Promise<{ readonly url: string } & AsyncDisposable> {
  const real = process.env['MILLRACE_TEST_POSTGRES_URL'] ?? ''
  const { host, user } = source.connection
  const at = (database: string) =>
    real === ''
      ? `postgres://${user}@/${database}?host=${encodeURIComponent(host)}`
      : Object.assign(new URL(real), { pathname: `/${database}` }).href
  const name = `test_${process.pid}_moved`
  const admin = new pg.Client({ connectionString: real === '' ? at('postgres') : real })
  await admin.connect()
  await admin.query(`drop database if exists ${name} with (force)`)
  await admin.query(`create database ${name}`)
  return {
    url: at(name),
    async [Symbol.asyncDispose]() {
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.end()
    },
  }
}

const dbt = `
create schema analytics;
create table analytics.campaign_daily (date date not null, campaign text, cost numeric(20, 6), "odd ""name" text default 'x');
insert into analytics.campaign_daily select date, entity_id, cost from fact_ad_daily;
create index on analytics.campaign_daily (date);
create table analytics.note (id bigint generated always as identity primary key, said text not null unique);
insert into analytics.note (said) select 'note ' || g from generate_series(1, 50) g;
create view analytics.a_total as select * from analytics.b_total;
`

test('a move that is stopped goes on, ends with equal rows, keeps counting, and never mixes two warehouses', async () => {
  await using source = await openTestWarehouse()
  await source.transaction((session) => putDays(session, usualDays(['1', '2'])))
  await source.query(
    dbt.replace(
      'create view analytics.a_total',
      `create view analytics.b_total as select campaign, sum(cost) as cost from analytics.campaign_daily group by 1; create view analytics.a_total`,
    ),
  )
  await using empty = await openEmpty(source)
  await using fresh = await postgres.open(postgres.options.parse({ url: empty.url, schema: source.connection.schema }))
  const old = await openPlain(source.connection)
  const target = await openPlainUrl(empty.url)
  await using _closing = { [Symbol.asyncDispose]: async () => void (await Promise.all([old.end(), target.end()])) }
  await old.query('begin isolation level repeatable read read only')
  const sides = { old, new: target, schema: source.connection.schema, place: fresh.place }
  const go = async (plan: MovePlan, stopAt = Number.POSITIVE_INFINITY) => {
    const stop = new AbortController()
    const copied: string[] = []
    await markTarget(target, plan)
    await fresh.migrate()
    await makeTables(old, target, sides.schema)
    const moved = await moveTables(sides, plan, {
      signal: stop.signal,
      onTable({ sum, state }, index) {
        if (state === 'copy' && sum.rows !== '0') copied.push(sum.table)
        if (index >= stopAt) stop.abort()
      },
    })
    return { moved, copied, unmade: await makeRest(old, target, sides.schema) }
  }
  const first = await planMove(sides)
  const facts = first.tables.findIndex(({ sum }) => sum.table.endsWith('.fact_ad_daily'))
  expect(await go(first, facts).catch((error: Error) => error.name)).toBe('AbortError')
  const again = await planMove(sides)
  expect(again.tables.find(({ sum }) => sum.table.endsWith('.fact_ad_daily'))?.state).toBe('there')
  const { moved, copied, unmade } = await go(again)
  expect(copied).not.toContain(`${sides.schema}.fact_ad_daily`)
  expect(moved).toEqual(again.tables.map(({ sum }) => sum))
  expect(moved.find(({ table }) => table === 'analytics.note')?.rows).toBe('50')
  expect(unmade).toEqual([])
  const total = `select trim_scale(sum(cost))::text as cost from analytics.a_total`
  expect((await target.query(total)).rows).toEqual(await source.query(total))
  // Numbers go on where they were: a new row collides with none.
  await target.query(`insert into analytics.note (said) values ('new')`)
  expect((await target.query(`select max(id)::int as id from analytics.note`)).rows).toEqual([{ id: 51 }])
  // Whole, it is a warehouse of its own: whoever moves into it again is told.
  expect(codeOf(await planMove(sides).catch((error: unknown) => error))).toBe('WAREHOUSE_MOVE_TAKEN')
}, 120_000)
