import type { ReadOnly } from '../warehouse/read-only.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import { judged, notCarriedOut } from './judged.ts'
import type { CheckResult } from './result.ts'
import type { SqlFound } from './sql-check.ts'
import { runSqlCheck, stagedRows } from './sql-check.ts'
import type { Suite } from './suite.ts'
import { inForce } from './suite.ts'

/** What a query check said of one day. */
export interface Asked {
  readonly result: CheckResult
  readonly samples: SqlFound['samples']
}

/** Runs every query over every staged day, where it can only read; one that cannot be carried out is an error. */
export async function askQueries(
  session: Session,
  stage: Stage,
  suite: Suite,
  facts: { readonly nowMs: number; readonly reader?: ReadOnly | undefined },
): Promise<readonly Asked[]> {
  if (suite.sqlChecks.length === 0) return []
  const days = await stagedRows(session, stage)
  const asked: Asked[] = []
  for (const given of suite.sqlChecks) {
    const check = inForce(given, suite, stage.account, facts.nowMs)
    for (const day of days) {
      try {
        if (!facts.reader) throw new Error('queries have nowhere to run')
        const { judgement, samples } = await runSqlCheck(facts.reader, check.config, day)
        const { description: rule, fix } = check.config
        asked.push({ result: judged(check, day.date, judgement, { rule, fix }), samples })
      } catch (error) {
        asked.push({ result: notCarriedOut(check, day.date, error), samples: [] })
      }
    }
  }
  return asked
}
