import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBench } from './bench.fixture.ts'
import type { Bench } from './bench.fixture.ts'
import { adapter as native } from './native.ts'

const model = `{{ config(materialized=var('kind', 'materialized_view'), indexes=var('indexes', [{'columns': ['id'], 'unique': true}]), on_configuration_change=var('change', 'apply')) }}
select 1 as id, 'x'::text as name`
const profiles = `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: "{{ env_var('MILLRACE_DBT_SCHEMA') }}", threads: 1}
`
let bench: Bench
let folder: string

beforeAll(async () => {
  bench = await openBench()
  folder = await mkdtemp(join(tmpdir(), 'millrace-views-'))
  await mkdir(join(folder, 'models'))
  await writeFile(join(folder, 'dbt_project.yml'), 'name: views\nprofile: p\n')
  await writeFile(join(folder, 'profiles.yml'), profiles)
  await writeFile(join(folder, 'models/m.sql'), model)
}, 120_000)
afterAll(async () => {
  await bench[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const HASH = [{ columns: ['name'], type: 'hash' }]

/** Status and message as dbt-postgres 1.11 gives them, then what stands: the kind of the relation and its indexes. */
test.for<[string, object, string, string]>([
  ['is created with its indexes', {}, 'success CREATE INDEX', 'm unique btree id'],
  ['is refreshed when nothing has changed', {}, 'success REFRESH MATERIALIZED VIEW', 'm unique btree id'],
  ['changes its indexes when that is wanted', { indexes: HASH }, 'success CREATE INDEX', 'm hash name'],
  ['is left alone by continue', { change: 'continue' }, 'success skip', 'm hash name'],
  ['fails by fail', { change: 'fail' }, 'error', 'm hash name'],
  ['gives way to a table', { kind: 'table' }, 'success SELECT 1', 'r unique btree id'],
  ['takes its place again', {}, 'success DROP TABLE', 'm unique btree id'],
  ['gives way to a view', { kind: 'view' }, 'success CREATE VIEW', 'v'],
])('a materialized view %s', { timeout: 60_000 }, async ([, vars, said, stands]) => {
  const runner = await native.open({})
  const changes = {
    command: 'run',
    schema: 'views',
    projectDir: folder,
    profilesDir: folder,
    vars: vars as Record<string, unknown>,
  } as const
  const { result } = await bench.invoke(runner, changes)
  const [node] = result.nodes
  expect(`${node?.status} ${node?.message}`).toContain(said)
  const rows =
    await bench.rows(`select c.relkind::text || coalesce(' ' || string_agg(case when x.indisunique then 'unique ' else '' end || m.amname || ' ' || a.attname, ' '), '')
    from pg_class c left join pg_index x on x.indrelid = c.oid left join pg_class i on i.oid = x.indexrelid left join pg_am m on m.oid = i.relam
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
    where c.relnamespace = 'views'::regnamespace and c.relkind in ('r', 'v', 'm') group by c.oid, c.relkind`)
  expect(rows).toEqual([[stands]])
})
