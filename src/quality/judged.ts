import type { Day } from '../domain/day.ts'
import type { Check, Judgement } from './check.ts'
import { onFailOf } from './check.ts'
import type { PostCheck } from './post-checks.ts'
import type { CheckResult } from './result.ts'
import type { SqlCheck } from './suite.ts'

function named(check: Check | SqlCheck | PostCheck, date: Day) {
  const { id: checkId, dimension, severity, blocking } = check
  return { checkId, dimension, severity, blocking, onFail: onFailOf(check), date }
}

/** Recorded and, when blocking, refused; never a pass. */
export function notCarriedOut(check: Check | SqlCheck | PostCheck, date: Day, problem: unknown): CheckResult {
  const error = problem instanceof Error ? problem.message : String(problem)
  return { ...named(check, date), outcome: 'error', error, tested: 0, failed: 0, facts: {} }
}

/** What a check found, as it is stored. */
export function judged(
  check: Check | SqlCheck | PostCheck,
  date: Day,
  judgement: Judgement,
  words: Check['words'],
): CheckResult {
  const { tested, failed } = judgement
  const facts = {
    tested,
    failed,
    ...judgement.facts,
    ...(words?.rule !== undefined && { rule: words.rule }),
    ...(words?.fix !== undefined && { fix: words.fix }),
  }
  return { ...named(check, date), ...judgement, facts, error: null }
}
