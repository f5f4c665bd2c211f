export const scopes = ['failed', 'all', 'downstream', 'one'] as const
export type Scope = (typeof scopes)[number]

interface PlannedTask {
  readonly task: string
  readonly account: string | null
  readonly state: string
  readonly after: readonly string[]
}

/**
 * Which tasks of a run would be done again, in the order of its tasks, and the accounts whose days they may overwrite: the failed ones
 * and what follows them, all, one and what follows it, or one alone. Pure.
 */
export function rerunPlan(
  tasks: readonly PlannedTask[],
  scope: Scope,
  task: string,
): { readonly tasks: readonly string[]; readonly accounts: readonly string[] } {
  const first = {
    failed: tasks.filter(({ state }) => state === 'failed').map((one) => one.task),
    all: tasks.map((one) => one.task),
    downstream: [task],
    one: [task],
  }[scope]
  const wanted = new Set(first)
  if (scope !== 'one')
    for (let size = -1; size !== wanted.size;) {
      size = wanted.size
      for (const one of tasks) if (one.after.some((before) => wanted.has(before))) wanted.add(one.task)
    }
  const chosen = tasks.filter((one) => wanted.has(one.task))
  return {
    tasks: chosen.map((one) => one.task),
    accounts: [...new Set(chosen.flatMap(({ account }) => (account === null ? [] : [account])))],
  }
}
