/** One thing to run and what must end before it. */
export interface Plan<Item> {
  readonly items: ReadonlyMap<string, Item>
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>
}

export interface Scheduling<Item, Result> {
  readonly threads: number
  run(item: Item): Promise<Result>
  /** The result of an item that is not run, because `because` ended badly or the invocation is ending. */
  skip(item: Item, because: string | null): Result
  /** Whether what waits for this one must be skipped. */
  blocks(result: Result): boolean
  /** Whether nothing new may begin after this one. */
  stops(result: Result): boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Runs a plan with so many items at once. An item begins when everything it needs has ended well; what needs a failed one is skipped, and so
 * is what needs that. Items that may begin do so in the order of their names, so that two runs print alike.
 */
export async function runPlan<Item, Result>(
  plan: Plan<Item>,
  scheduling: Scheduling<Item, Result>,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>()
  const waiting = new Set([...plan.items.keys()].sort())
  const running = new Map<string, Promise<void>>()
  let stopped = false
  const settle = (id: string, result: Result): void => {
    results.set(id, result)
    stopped ||= scheduling.stops(result)
  }
  const begin = (id: string, item: Item): void => {
    running.set(
      id,
      scheduling.run(item).then((result) => {
        settle(id, result)
        running.delete(id)
      }),
    )
  }
  while (waiting.size > 0 || running.size > 0) {
    const ended = stopped || scheduling.signal?.aborted === true
    for (const [id, item, blocker] of ready(plan, waiting, results, scheduling)) {
      if (!ended && blocker === null && running.size >= scheduling.threads) continue
      waiting.delete(id)
      if (ended || blocker !== null) settle(id, scheduling.skip(item, blocker))
      else begin(id, item)
    }
    if (running.size > 0) await Promise.race(running.values())
  }
  return results
}

type Ready<Item> = readonly [id: string, item: Item, blocker: string | null]

function ready<Item, Result>(
  plan: Plan<Item>,
  waiting: ReadonlySet<string>,
  results: ReadonlyMap<string, Result>,
  scheduling: Scheduling<Item, Result>,
): Ready<Item>[] {
  const list: Ready<Item>[] = []
  for (const id of waiting) {
    const item = plan.items.get(id)
    if (item === undefined) continue
    const needs = [...(plan.needs.get(id) ?? [])]
    const blocker = needs.find((need) => {
      const result = results.get(need)
      return result !== undefined && scheduling.blocks(result)
    })
    if (blocker !== undefined) list.push([id, item, blocker])
    else if (needs.every((need) => results.has(need))) list.push([id, item, null])
  }
  return list
}
