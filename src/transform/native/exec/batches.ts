import type { BatchSize } from '../parse/microbatch.ts'

/** From its start on, up to and without its end: milliseconds since 1970 in UTC. */
export interface Batch {
  readonly startMs: number
  readonly endMs: number
}

/** What came of the batches of a model. */
export interface BatchResults {
  readonly successful: readonly Batch[]
  readonly failed: readonly Batch[]
}

/** What decides over the batches of one run of a model. */
export interface BatchWindow {
  readonly size: BatchSize
  /** The model's `begin`. */
  readonly beginMs: number
  /** How many batches before the last one are done again. */
  readonly lookback: number
  /** Whether the model's table stands and is added to. */
  readonly isIncremental: boolean
  /** `--event-time-start` and `--event-time-end`; always both or none. */
  readonly startMs: number | undefined
  readonly endMs: number | undefined
  /** Up to when there is data, unless the command line says otherwise: the start of the invocation. */
  readonly nowMs: number
}

const HOUR_MS = 3_600_000

/** The instant of a calendar's fields; Date.UTC would read the years below 100 as those of the last century. */
function utcMs(year: number, month: number, day: number, hour: number): number {
  return new Date(0).setUTCFullYear(year, month, day) + hour * HOUR_MS
}

/** The start of the hour, day, month or year that an instant is in, so many of them later. */
function steppedMs(instantMs: number, size: BatchSize, steps: number): number {
  const date = new Date(instantMs)
  const [year, month, day, hour] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()]
  if (size === 'hour') return utcMs(year, month, day, hour + steps)
  if (size === 'day') return utcMs(year, month, day + steps, 0)
  return size === 'month' ? utcMs(year, month + steps, 1, 0) : utcMs(year + steps, 0, 1, 0)
}

function ceilingMs(instantMs: number, size: BatchSize): number {
  const floorMs = steppedMs(instantMs, size, 0)
  return floorMs === instantMs ? instantMs : steppedMs(instantMs, size, 1)
}

/**
 * The batches of a run, oldest first, by dbt's rules: a first run begins at `begin`, a later one `lookback` batches before the one that
 * is running; the command line's window stands over both. The end is always that of a whole batch. There is at least one batch.
 */
export function batchesOf(window: BatchWindow): readonly Batch[] {
  const { size } = window
  const endMs = ceilingMs(window.endMs ?? window.nowMs, size)
  const batches: Batch[] = []
  let startMs = startOf(window, endMs)
  do {
    const nextMs = steppedMs(startMs, size, 1)
    batches.push({ startMs, endMs: nextMs < endMs ? nextMs : endMs })
    startMs = nextMs
  } while (startMs < endMs)
  return batches
}

function startOf({ size, startMs, beginMs, isIncremental, lookback }: BatchWindow, endMs: number): number {
  if (startMs !== undefined) return steppedMs(startMs, size, 0)
  // The end is the end of the running batch, so that one batch more lies before it.
  return isIncremental ? steppedMs(endMs, size, -(lookback + 1)) : steppedMs(beginMs, size, 0)
}

const LABEL_LENGTHS: Readonly<Record<BatchSize, number>> = { year: 4, month: 7, day: 10, hour: 13 }

/** `2024-01-02`, or `2024-01-02T05` of a batch of an hour: how lines and file names call a batch. */
export function batchLabel({ startMs }: Batch, size: BatchSize): string {
  return new Date(startMs).toISOString().slice(0, LABEL_LENGTHS[size])
}

/** `20240102`: how templates and temporary tables call it. */
export function batchId(batch: Batch, size: BatchSize): string {
  return batchLabel(batch, size).replaceAll('-', '')
}

/** A batch as run_results.json has it. */
function batchContent({ startMs, endMs }: Batch): readonly [string, string] {
  return [artifactText(startMs), artifactText(endMs)]
}

function artifactText(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}+00:00`
}

export function resultsContent(results: BatchResults): object {
  return { successful: results.successful.map(batchContent), failed: results.failed.map(batchContent) }
}

/** In the order of time, as dbt writes them. */
export function sortedBatches(batches: readonly Batch[]): readonly Batch[] {
  return [...batches].sort((left, right) => left.startMs - right.startMs)
}
