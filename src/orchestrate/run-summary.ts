import { accountKey } from '../domain/account.ts'
import { catalogue, MillraceError } from '../domain/errors.ts'
import type { ErrorCode, Facts } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { LoadedOutput, ModelsOutput } from './ad-bodies.ts'
import type { TaskView } from './engine.ts'
import type { Json } from './graph.ts'
import type { AccountPlan } from './plan.ts'
import type { Tally } from './tally.ts'
import { addDetail, addFailure, addLevelFailure, addLoad, emptyTally } from './tally.ts'

/** What a summary needs to know of a task that has ended. */
export type EndedTask = Pick<TaskView, 'kind' | 'account' | 'state' | 'output' | 'error'> & { readonly input: Json }

/** Pure: what the ended tasks of a run come to, in the order in which they are given; whoever carried them out. */
export function tallyOf(tasks: readonly EndedTask[], accounts: readonly AccountPlan[]): Tally {
  const tally = emptyTally()
  const byKey = new Map(accounts.map((one) => [accountKey(one.account), one]))
  for (const task of tasks) {
    const plan = task.account === null ? undefined : byKey.get(task.account)
    const { loads, details, failures } = loadsOf(task.output)
    for (const loaded of loads) if (plan) addLoad(tally, plan.account, loaded)
    if (plan) for (const loaded of details) addDetail(tally, plan.account, loaded)
    if (plan) for (const failure of failures) addLevelFailure(tally, plan, failure)
    if (task.kind === 'dbt' && task.output !== null) takeModels(tally, task.output as unknown as ModelsOutput)
    const isTold = failures.length > 0 || [...loads, ...details].some((one) => one.refusals.length > 0)
    if (task.state === 'failed' && !isTold) addFailure(tally, whose(task, plan), plan?.days ?? [], errorOf(task.error))
  }
  return tally
}

/** Only a load's output has loads: what an extract failed at is told by the load that follows it. */
function loadsOf(output: Json): LoadedOutput {
  const { loads, details = [], failures = [] } = (output ?? {}) as unknown as Partial<LoadedOutput>
  return loads ? { loads, details, failures } : { loads: [], details: [], failures: [] }
}

function takeModels(tally: Tally, output: ModelsOutput): void {
  tally.models = output.models
  tally.dbtTests = output.dbtTests
}

/** Null for a failure of the whole run. What was not reached is named though nothing was planned for it. */
function whose(
  task: EndedTask,
  plan: AccountPlan | undefined,
): { readonly platform: Platform | null; readonly accountId: string | null } | null {
  if (plan) return plan.account
  if (task.kind !== 'unreachable') return null
  return task.input as unknown as { readonly platform: Platform | null; readonly accountId: string | null }
}

/** An error as the queue wrote it down, again as an error. */
export function errorOf(written: Json): MillraceError {
  const { code, facts } = (written ?? {}) as { readonly code?: unknown; readonly facts?: Facts }
  return typeof code === 'string' && Object.hasOwn(catalogue, code)
    ? new MillraceError(code as ErrorCode, facts ?? {})
    : new MillraceError('ORCHESTRATE_UNEXPECTED', { detail: JSON.stringify(written) })
}
