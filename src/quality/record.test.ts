import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Staging } from './fixture.ts'
import { audited, cleanMonth } from './fixture.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

const week = (seed: number): Staging => cleanMonth(seed, undefined, 7)

/** Everything that is kept of an account's runs but their random ids and places in the ledger, oldest first. */
async function ledger(accountId: string): Promise<readonly string[]> {
  const rows = await warehouse.query<{ readonly line: string }>(
    `select jsonb_build_array(r.partition, r.stage, r.started_at, r.status, r.contract_hash, to_jsonb(q) - 'run_id', 
            (select jsonb_agg(to_jsonb(s) - 'run_id' order by s.axis) from dq_score s where s.run_id = r.run_id),
            (select jsonb_agg(to_jsonb(s) - 'run_id' - 'kept_at' order by s.place) from dq_sample s where s.run_id = r.run_id and s.check_id = q.check_id))::text as line
     from dq_run r join dq_result q on q.run_id = r.run_id where r.account_id = $1 order by r.run_seq, q.check_id, q.series_key`,
    [accountId],
  )
  return rows.map((one) => one.line)
}

describe('the ledger of results', () => {
  test('a replay gives results that are equal to the byte, and a second set of them', async () => {
    const staging = week(901)
    Object.assign(staging.rows[3]!, { clicks: '-1' })
    await audited(warehouse, staging)
    const first = await ledger('acc-901')
    await audited(warehouse, staging)
    const both = await ledger('acc-901')
    expect(first.length).toBeGreaterThan(70)
    expect(both.slice(0, first.length)).toEqual(first)
    expect(both.slice(first.length)).toEqual(first)
  })

  test('a restatement adds its own results and leaves what was known of the earlier load', async () => {
    const staging = week(902)
    Object.assign(staging.rows[3]!, { clicks: '-1' })
    const { extract: refused } = await audited(warehouse, staging)
    const before = await ledger('acc-902')
    const { extract: restated } = await audited(warehouse, week(902))
    expect((await ledger('acc-902')).slice(0, before.length)).toEqual(before)
    const outcomes = await warehouse.query(
      `select r.load_version as version, q.outcome from dq_run r join dq_result q using (run_id)
       where r.account_id = 'acc-902' and r.date = $1 and q.check_id = 'ads.nonneg' order by r.run_seq`,
      [staging.since],
    )
    expect(outcomes).toEqual([
      { version: refused.extractId, outcome: 'fail' },
      { version: restated.extractId, outcome: 'pass' },
    ])
  })

  test.each(['dq_run', 'dq_result', 'dq_score'])(
    '%s can be added to and neither changed nor emptied',
    async (table) => {
      await audited(warehouse, week(903))
      const column = table === 'dq_run' ? 'status' : table === 'dq_result' ? 'error' : 'capped_by'
      await expect(warehouse.query(`update ${table} set ${column} = 'pass'`)).rejects.toThrow(/are only added/)
      await expect(warehouse.query(`delete from ${table}`)).rejects.toThrow(/are only added/)
    },
  )

  test('old runs may be removed by whoever says so in the transaction', async () => {
    await audited(warehouse, week(904))
    await warehouse.transaction(async (session) => {
      await session.query(`set local millrace.retention = 'on'`)
      await session.query(`delete from dq_run where account_id = 'acc-904'`)
    })
    expect(await ledger('acc-904')).toEqual([])
  })
})

describe('the scores of a partition', () => {
  const scoresOf = (accountId: string, date: string) =>
    warehouse.query<{ readonly axis: string; readonly score: number | null; readonly capped_by: string | null }>(
      'select axis, score, capped_by from dq_newest_score where account_id = $1 and date = $2 order by axis',
      [accountId, date],
    )

  test('are kept with its run: a clean day has 100 where something was measured', async () => {
    const staging = week(905)
    await audited(warehouse, staging)
    expect(await scoresOf('acc-905', staging.until)).toEqual(
      ['accuracy', 'completeness', 'consistency', 'overall', 'timeliness', 'uniqueness', 'validity'].map((axis) => ({
        axis,
        score: 100,
        capped_by: null,
      })),
    )
  })

  test('have a gap where nothing was measured, and are capped by what failed', async () => {
    const staging = week(906)
    Object.assign(
      staging.rows.find((one) => one.date === staging.until)!,
      { clicks: '-1' },
    )
    staging.controlTotals = null
    await audited(warehouse, staging)
    const scores = new Map((await scoresOf('acc-906', staging.until)).map((one) => [one.axis, one]))
    expect(scores.get('accuracy')!.score).toBeNull()
    expect(scores.get('overall')).toMatchObject({ score: 79, capped_by: 'error' })
    const before = await scoresOf('acc-906', addDays(staging.until, -1))
    expect(before.find((one) => one.axis === 'overall')!.score).toBe(100)
  })
})
