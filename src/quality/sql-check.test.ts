import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { openReadOnly } from '../warehouse/read-only.ts'
import type { ReadOnly } from '../warehouse/read-only.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { checkQuality } from './config-check.ts'
import type { SqlCheckConfig } from './config-schema.ts'
import type { Staging } from './fixture.ts'
import { audited, cleanMonth, loaded } from './fixture.ts'
import type { CheckResult } from './result.ts'
import { compileSuite } from './suite.ts'

/* Queries that people wrote: what they find, and that they can do nothing but read. */

let warehouse: Warehouse
let reader: ReadOnly
let seed = 2_500

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  reader = openReadOnly(warehouse)
})

afterAll(async () => {
  await reader[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

function staged(query: string, more: Partial<SqlCheckConfig> = {}, tags = {}): Staging {
  seed += 1
  const staging = cleanMonth(seed, undefined, 2)
  staging.controlTotals = null
  const { parsed, problems } = checkQuality({
    dataset: 'daily_campaign_metrics',
    checks: { own: { type: 'sql', query, mustBe: 0, ...more } },
    tags,
  })
  expect(problems).toEqual([])
  staging.facts = { ...staging.facts, suite: compileSuite([parsed]), reader }
  return staging
}

async function ran(staging: Staging): Promise<readonly CheckResult[]> {
  return (await audited(warehouse, staging)).results.filter((one) => one.checkId === 'own')
}

describe('a query', () => {
  const free = 'select * from {dataset} where {partition} and clicks > 0 and cost = 0;'

  test('sees the rows that are about to be published, and refuses the day that they are wrong on', async () => {
    const staging = staged(free)
    expect((await ran(staging)).map((one) => one.outcome)).toEqual(['pass', 'pass'])
    Object.assign(staging.rows[0]!, { clicks: '3', impressions: '900', cost: '0' })
    const { results, verdicts } = await audited(warehouse, staging)
    expect(verdicts.map((one) => one.refusedBy)).toEqual([['own'], []])
    expect(results.find((one) => one.checkId === 'own')).toMatchObject({
      outcome: 'fail',
      failed: 1,
      tested: 8,
      value: '1',
    })
  })

  test('shows some of what it found, tagged columns left out', async () => {
    const staging = staged(
      'select campaign_id, cost, clicks from {dataset} where {partition}',
      {},
      { campaign_id: ['pii'] },
    )
    const { extract } = await audited(warehouse, staging)
    const samples = await warehouse.query<{ readonly row: object }>(
      `select s.row from dq_sample s join dq_run r using (run_id) where r.load_version = $1 and r.date = $2`,
      [extract.extractId, staging.since],
    )
    expect(samples).toHaveLength(8)
    expect(Object.keys(samples[0]!.row).sort()).toEqual(['clicks', 'cost'])
  })

  test('may give one number, exact beyond what a double adds up', async () => {
    const staging = staged('select sum(impressions) - sum(impressions) + 7 from {dataset} where {partition}', {
      returns: 'value',
      mustBe: 7,
    })
    expect((await ran(staging))[0]).toMatchObject({ outcome: 'pass', value: '7', tested: 1 })
  })

  test('sees published tables beside the staged rows', async () => {
    const staging = staged(
      'select * from {dataset} d join partition_state p on p.date = d.date and p.account_id = $2::text',
      {},
    )
    expect((await ran(staging))[0]!.outcome).toBe('pass')
  })

  test.each([
    ['no number where one is asked for', 'select null::int from {dataset} where {partition} limit 1', 'value'],
    ['several rows where one number is asked for', 'select cost from {dataset} where {partition}', 'value'],
    ['a column that there is not', 'select nope from {dataset}', 'rows'],
    ['a division by zero', 'select 1 / 0 from {dataset}', 'rows'],
    ['no SQL', 'selekt {dataset}', 'rows'],
  ] as const)('that gives %s is an error and refuses', async (_, query, returns) => {
    const { refusedBy, results } = await audited(warehouse, staged(query, { returns }))
    expect(refusedBy).toEqual(['own'])
    expect(results.find((one) => one.checkId === 'own')!.outcome).toBe('error')
  })

  test('without a place to run in is an error and refuses', async () => {
    const staging = staged(free)
    staging.facts = { ...staging.facts, reader: undefined }
    expect((await audited(warehouse, staging)).refusedBy).toEqual(['own'])
  })
})

describe('a query can do nothing but read', () => {
  test.each([
    ['delete', 'select 1 from {dataset}) , gone as (delete from fact_ad_daily returning *'],
    [
      'update what it may read',
      'select 1 from {dataset}), changed as (update partition_state set rows = 0 returning *',
    ],
    ['drop', 'select 1 from {dataset}); drop table fact_ad_daily; --'],
    ['run a program', `select 1 from {dataset}); copy (select 1) to program 'true'; --`],
    ['become somebody else', `select set_config('role', 'postgres', false), count(*) from {dataset}, extract`],
    ['become the session’s owner', `select set_config('session_authorization', 'postgres', false) from {dataset}`],
    [
      'write after lifting the read-only mode',
      `select set_config('transaction_read_only', 'off', false) from {dataset}`,
    ],
    ['read a file', `select pg_read_file('/etc/passwd') from {dataset} limit 1`],
    ['list a folder', `select pg_ls_dir('/') from {dataset}`],
    ['import a large object', `select lo_import('/etc/passwd') from {dataset} limit 1`],
    ['read messages', 'select * from {dataset}, outbox'],
    ['read passwords', 'select * from {dataset}, pg_authid'],
    ['make a table', 'select 1 from {dataset}); create temp table t (a int); --'],
    ['move a sequence', `select nextval('outbox_outbox_id_seq') from {dataset}`],
    [
      'end others',
      `select 1 / (pg_terminate_backend(pid)::int - 1) from pg_stat_activity, {dataset} where usename <> current_user`,
    ],
  ])('not %s', async (_, query) => {
    const before = await warehouse.query('select count(*)::int as rows from fact_ad_daily')
    const [result] = await ran(staged(query))
    expect(result).toMatchObject({ outcome: 'error' })
    expect(await warehouse.query('select count(*)::int as rows from fact_ad_daily')).toEqual(before)
  })

  test('not sleep beyond its time, and the next query runs', async () => {
    const staging = staged('select pg_sleep(20) from {dataset} limit 1', { timeoutSeconds: 0.2 })
    const [result] = await ran(staging)
    expect(result).toMatchObject({ outcome: 'error', error: expect.stringContaining('statement timeout') })
    expect((await ran(staged('select 1 from {dataset} where false')))[0]!.outcome).toBe('pass')
  })

  test('not raise the time of the queries after it', async () => {
    await ran(staged(`select set_config('statement_timeout', '0', false) from {dataset} limit 1`))
    const [result] = await ran(staged('select pg_sleep(20) from {dataset} limit 1', { timeoutSeconds: 0.2 }))
    expect(result).toMatchObject({ outcome: 'error' })
  })

  test('not keep a lock that a load waits for', async () => {
    await loaded(
      warehouse,
      staged(`select pg_advisory_lock(k) from {dataset}, generate_series(1, 5) k`, { onFail: 'record' }),
    )
    const held = await warehouse.query(
      `select 1 from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and a.usename = 'millrace_check'`,
    )
    expect(held).toEqual([])
  })
})
