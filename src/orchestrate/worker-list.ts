import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { sql } from './sql.ts'

/** A process that takes tasks, or that took them until it went without a word. Times are the server's. */
export interface WorkerRow {
  readonly worker: string
  readonly host: string
  readonly pid: number
  /** Tasks at the same time. */
  readonly slots: number
  readonly startedAt: Date
  /** When it was last heard of. */
  readonly heartbeatAt: Date
  /** `silent`: not heard of for as long as a lease lasts; others take over what it held. */
  readonly state: 'working' | 'silent'
  /** What it holds now. */
  readonly tasks: number
  /** What others had to take over from it within a day. */
  readonly lost: number
}

/** Who works on the queue, first of all; behind them those who went without a word within a day. One that drained is not among them. */
export function listWorkers(warehouse: Pick<Warehouse, 'query'>, leaseMs: number): Promise<readonly WorkerRow[]> {
  return warehouse.query<WorkerRow & SqlRow>(sql('workers'), [leaseMs])
}
