import type { EventLog } from './log.ts'
import { partitionOf } from './partition.ts'

/** One event as it goes into the log: a line of JSON without a line feed, and the campaign that decides its partition. */
export interface Sendable {
  readonly campaignId: string
  readonly line: string
}

const encoder = new TextEncoder()

/** Appends events, each to its campaign's partition and in their order there. Resolves when all are durable. Throws STREAM_LOG_UNAVAILABLE. */
export async function send(log: EventLog, partitions: number, events: readonly Sendable[]): Promise<void> {
  const byPartition = Map.groupBy(events, ({ campaignId }) => partitionOf(campaignId, partitions))
  await Promise.all(
    [...byPartition].map(([partition, own]) =>
      log.append({
        partition,
        count: own.length,
        lines: encoder.encode(own.map(({ line }) => `${line}\n`).join('')),
        keys: own.map(({ campaignId }) => campaignId),
      }),
    ),
  )
}
