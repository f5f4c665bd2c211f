/**
 * Yields the results of `count` tasks in order while the next one is already at work: DuckDB computes the next part on its own
 * thread while the consumer is busy with this one. At most two results are held, so memory stays bounded whatever the count.
 */
export async function* ahead<Result>(
  count: number,
  start: (index: number) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  let next = count > 0 ? begun(start(0)) : undefined
  try {
    for (let index = 1; next !== undefined; index += 1) {
      const result: Result = await next
      next = index < count ? begun(start(index)) : undefined
      yield result
    }
  } finally {
    // A consumer that leaves early must not leave a query behind that outlives its connection.
    await Promise.allSettled([next])
  }
}

/** A task that fails before its turn must wait to be awaited instead of ending the process as an unhandled rejection. */
function begun<Result>(task: Promise<Result>): Promise<Result> {
  void Promise.allSettled([task])
  return task
}
