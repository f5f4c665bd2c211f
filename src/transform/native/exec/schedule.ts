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
 * Runs a plan with so many items at once. An item comes into line when everything it needs has ended: it is run when that ended well,
 * else it is skipped, and so is what needs that. Those that come into line together stand by their depth in the plan, then by their
 * names, as in dbt's own queue, so that two runs print alike.
 */
export async function runPlan<Item, Result>(
  plan: Plan<Item>,
  scheduling: Scheduling<Item, Result>,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>()
  const queue = new Queue(plan)
  const running = new Map<string, Promise<void>>()
  let stopped = false
  const settle = (id: string, result: Result): void => {
    results.set(id, result)
    queue.ended(id)
    stopped ||= scheduling.stops(result)
  }
  const blockerOf = (id: string): string | null =>
    [...(plan.needs.get(id) ?? [])].find((need) => {
      const result = results.get(need)
      return result !== undefined && scheduling.blocks(result)
    }) ?? null
  const begin = (id: string, item: Item): void => {
    running.set(
      id,
      scheduling.run(item).then((result) => {
        settle(id, result)
        running.delete(id)
      }),
    )
  }
  while (queue.size > 0 || running.size > 0) {
    const isEnding = stopped || scheduling.signal?.aborted === true
    const id = isEnding ? queue.drop() : running.size < scheduling.threads ? queue.next() : undefined
    const item = id === undefined ? undefined : plan.items.get(id)
    if (id === undefined || item === undefined) {
      await Promise.race(running.values())
      continue
    }
    const blocker = blockerOf(id)
    if (isEnding || blocker !== null) settle(id, scheduling.skip(item, blocker))
    else begin(id, item)
  }
  return results
}

/** Who is next: items in the order in which they became free to begin. */
class Queue<Item> {
  readonly #open = new Map<string, number>()
  readonly #waitingFor = new Map<string, string[]>()
  readonly #depths: ReadonlyMap<string, number>
  #line: string[] = []

  constructor({ items, needs }: Plan<Item>) {
    this.#depths = depths(items, needs)
    for (const id of items.keys()) {
      const own = [...(needs.get(id) ?? [])].filter((need) => items.has(need))
      this.#open.set(id, own.length)
      for (const need of own) {
        const waiting = this.#waitingFor.get(need)
        if (waiting === undefined) this.#waitingFor.set(need, [id])
        else waiting.push(id)
      }
    }
    this.#join(this.#open.keys())
  }

  /** How many have not begun. */
  get size(): number {
    return this.#open.size
  }

  next(): string | undefined {
    const id = this.#line.shift()
    if (id !== undefined) this.#open.delete(id)
    return id
  }

  /** One of those that have not begun, whether it is free to or not. */
  drop(): string | undefined {
    const [id] = this.#open.keys()
    if (id !== undefined) this.#open.delete(id)
    return id
  }

  ended(id: string): void {
    const waiting = (this.#waitingFor.get(id) ?? []).filter((one) => this.#open.has(one))
    for (const one of waiting) this.#open.set(one, (this.#open.get(one) ?? 0) - 1)
    this.#join(waiting)
  }

  #join(ids: Iterable<string>): void {
    const depth = (id: string): number => this.#depths.get(id) ?? 0
    const free = [...ids].filter((id) => this.#open.get(id) === 0)
    this.#line.push(...free.sort((left, right) => depth(left) - depth(right) || (left < right ? -1 : 1)))
  }
}

/** How many items stand above each one, by the longest way. */
function depths<Item>(
  items: ReadonlyMap<string, Item>,
  needs: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  // What an item needs holds all that those need, so that the shorter list is always done first.
  const ids = [...items.keys()].sort((left, right) => (needs.get(left)?.size ?? 0) - (needs.get(right)?.size ?? 0))
  for (const id of ids) {
    const above = [...(needs.get(id) ?? [])].map((need) => found.get(need) ?? 0)
    found.set(
      id,
      above.reduce((most, one) => Math.max(most, one + 1), 0),
    )
  }
  return found
}
