import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { ExtractedOutput, LoadedOutput } from './ad-bodies.ts'
import type { LogLevel } from './body.ts'
import type { Json } from './graph.ts'
import type { TaskResult } from './queue.ts'

/** Pure: what a task did in a few numbers, for another scheduler's screen; the whole of it stays in our rows. */
export function resultFacts(result: TaskResult): { readonly [name: string]: Json } {
  const output = 'output' in result ? (result.output ?? null) : null
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return {}
  if ('records' in output) {
    const { days, records } = output as unknown as ExtractedOutput
    return {
      days: [...days],
      rows: records.reduce((sum, one) => sum + one.rows, 0),
      extracts: records.map((one) => one.extractId),
    }
  }
  if ('loads' in output) {
    const partitions = (output as unknown as LoadedOutput).loads.flatMap((one) => one.partitions)
    return {
      partitions: partitions.length,
      rows: partitions.reduce((sum, one) => sum + one.rows, 0),
      rows_changed: partitions.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0),
    }
  }
  return output as { readonly [name: string]: Json }
}

/** How an attempt ended, as the last of its lines. Pure. */
export function endLine(result: TaskResult): { readonly level: LogLevel; readonly message: string } {
  if (result.kind === 'failed') {
    const { code, what, why } = result.error as {
      readonly code?: string
      readonly what?: string
      readonly why?: string
    }
    return { level: 'error', message: ['fails:', code, what, why].filter(Boolean).join(' ') }
  }
  const numbers = Object.entries(resultFacts(result)).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name}=${value}`] : [],
  )
  return { level: 'info', message: `ends: ${[result.kind, ...numbers].join(' ')}` }
}

/** Tasks that failed, newest first. */
export function failedTasks(warehouse: Pick<Warehouse, 'query'>, limit: number): Promise<readonly SqlRow[]> {
  return warehouse.query(
    `select t.run_id as run, r.partition_key as day, t.task, t.attempt as tries, t.error ->> 'code' as code, t.ended_at as ended
     from engine_task t join engine_run r on r.run_id = t.run_id
     where t.state = 'failed' order by t.ended_at desc, t.task limit $1`,
    [limit],
  )
}
