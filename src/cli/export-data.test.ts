import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readColumns, readRawRows } from '../lake/parquet.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

const project = mkdtempSync(join(tmpdir(), 'millrace-export-'))
let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  writeFileSync(join(project, 'millrace.config.json'), '{ "transform": false }')
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(project, { recursive: true })
})

function millrace(...args: readonly string[]) {
  const { host, port, user, password, database } = warehouse.connection
  const url = `postgres://${user}:${password ?? ''}@${encodeURIComponent(host)}:${port}/${database}`
  const env = { PATH: process.env['PATH'], HOME: project, MILLRACE_DATABASE_URL: url }
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: project,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const query = `select n::bigint as n, case when n = 2 then null else date '2026-11-01' + n::int end as day,
  case when n = 3 then '' when n = 4 then E'a,"b"\\n광고' when n = 5 then null else 'x' end as text,
  (n::numeric / 8) + 9007199254740993 as exact, n % 2 = 0 as even, timestamptz '2026-11-01 00:00:00.5+09' as at
  from generate_series(1, 12000) n`

test('CSV holds every row as it is: exact numbers, and null apart from the empty text', () => {
  const { status, stdout, stderr } = millrace('export', 'csv', '--query', query)
  expect([status, stderr]).toEqual([0, ''])
  const lines = stdout.split('\n')
  expect(lines.slice(0, 4)).toEqual([
    'n,day,text,exact,even,at',
    '1,2026-11-02,x,9007199254740993.12500000000000000000,false,2026-10-31T15:00:00.500Z',
    '2,,x,9007199254740993.25000000000000000000,true,2026-10-31T15:00:00.500Z',
    '3,2026-11-04,"",9007199254740993.37500000000000000000,false,2026-10-31T15:00:00.500Z',
  ])
  expect(stdout).toContain('4,2026-11-05,"a,""b""\n광고",')
  expect(stdout).toContain('\n5,2026-11-06,,')
  expect(lines.filter((line) => /^\d+,/.test(line))).toHaveLength(12_000)
})

test('a text that a spreadsheet would compute is text in CSV, and as it is with --raw', () => {
  const formula = `select '=1+1' as name, -1.5 as amount, '-2' as text`
  expect(millrace('export', 'csv', '--query', formula).stdout).toBe(`name,amount,text\n'=1+1,-1.5,-2\n`)
  expect(millrace('export', 'csv', '--raw', '--query', formula).stdout).toBe('name,amount,text\n=1+1,-1.5,-2\n')
})

test('Parquet has the types, the digits and the same rows, and is there whole or not at all', async () => {
  const out = join(project, 'out/rows.parquet')
  const { status, stderr } = millrace('export', 'parquet', '--query', query, '--out', out)
  expect([status, stderr]).toEqual([0, expect.stringContaining('12000 rows')])
  expect(readdirSync(join(project, 'out'))).toEqual(['rows.parquet'])
  const columns = await readColumns(out)
  expect(columns.map(({ name, type }) => `${name} ${type}`).slice(0, 4)).toEqual([
    'n bigint',
    'day day',
    'text text',
    'exact decimal',
  ])
  const rows = (await Array.fromAsync(readRawRows(out, columns))).flat()
  expect(rows).toHaveLength(12_000)
  expect(rows.slice(1, 5).map(({ n, day, text, exact }) => [n, day, text, exact])).toEqual([
    ['2', null, 'x', '9007199254740993.25'],
    ['3', '2026-11-04', '', '9007199254740993.375'],
    ['4', '2026-11-05', 'a,"b"\n광고', '9007199254740993.5'],
    ['5', '2026-11-06', null, '9007199254740993.625'],
  ])
})

test('a query that writes, fails or has two columns of one name leaves nothing behind', () => {
  const out = join(project, 'none.csv')
  const tried = (sql: string) => millrace('export', 'csv', '--query', sql, '--out', out).stderr
  expect(tried(`with gone as (delete from outbox returning 1) select * from gone`)).toContain('CLI_SQL_REFUSED')
  expect(tried('select 1/0 as x')).toContain('CLI_SQL_REFUSED')
  expect(tried('select 1 as x, 2 as x')).toContain('specified more than once')
  expect([existsSync(out), readdirSync(project).filter((name) => name.includes('tmp'))]).toEqual([false, []])
})

test('without a query it is the facts of campaigns, and days narrow them', () => {
  const { stdout, status } = millrace('export', 'csv', '--since', '2026-11-01', '--until', '2026-11-02')
  expect([status, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^date,.*campaign_id.*cost/)])
  expect(readFileSync(join(project, 'millrace.config.json'), 'utf8')).toContain('transform')
})
