import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { adapter as folderLake } from '../src/lake/folder.ts'
import type { Counters } from '../src/stream/counters.ts'
import { landAll } from '../src/stream/land.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { fillFromLake } from '../src/stream/replay.ts'
import { SeriesRegistry } from '../src/stream/series.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench } from './figures.ts'

/** The log that was counted, into the lake, and counted again from there: CPU seconds of this process, DuckDB's threads included. */
export async function benchLake(
  { warehouse, counters }: { readonly warehouse: Warehouse; readonly counters: Counters },
  count: number,
  say: (line: string) => void,
): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
  const cpuSeconds = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  try {
    await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic: 'bench', partitions: 1 }))
    await using lake = await folderLake.open({ root: join(dir, 'lake') })
    const registry = new SeriesRegistry(warehouse, 'UTC' as TimeZone)
    const ports = { log, lake, warehouse, counters, registry, clock: systemClock, scratchDir: join(dir, 'scratch') }
    say('log → Parquet in the lake …')
    const landing = count / (await cpuSeconds(() => landAll(ports)))
    say('lake → counters …')
    const replay =
      count /
      (await cpuSeconds(async () => {
        for await (const _ of fillFromLake(ports, 'bench-lake'));
      }))
    return {
      figures: { landing_events_per_cpu_s: landing, replay_events_per_cpu_s: replay },
      lines: [
        { what: 'landing to Parquet', ours: landing, unit: 'ev/cpu-s', bar: { atLeast: 600_000 } },
        { what: 'replay from the lake', ours: replay, unit: 'ev/cpu-s', bar: { atLeast: 10_000_000 } },
      ],
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
