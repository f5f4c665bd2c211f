/** What a worker should do about the partitions. */
export interface Share {
  /** Partitions to take as soon as they are free. */
  readonly take: readonly number[]
  /** Partitions to give back, because they are somebody else's share. */
  readonly give: readonly number[]
}

/**
 * A fair share without anybody to lead: whoever sees the same workers comes to the same answer, because partition p belongs to worker
 * p mod n in the order of their names. While two workers see different lists both may want a partition; its lease decides. Pure.
 */
export function shareOf(owner: string, workers: readonly string[], held: readonly number[], partitions: number): Share {
  const sorted = [...new Set([...workers, owner])].sort()
  const rank = sorted.indexOf(owner)
  const isMine = (partition: number): boolean => partition % sorted.length === rank
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  return {
    take: all.filter((partition) => isMine(partition) && !held.includes(partition)),
    give: held.filter((partition) => !isMine(partition)),
  }
}
