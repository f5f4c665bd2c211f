import { isoInstant } from '../domain/clock.ts'
import type { Slice } from '../domain/metric.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { OpenConnection } from './ports.ts'
import type { RunPlan } from './plan.ts'
import { sql } from './sql.ts'

/** What a plan's questions will cost at one platform, against what it answers on one day. */
export interface PlatformCalls {
  readonly platform: string
  readonly slices: number
  readonly calls: number
  /** Whether each of its questions has been asked here before; where not, one call is assumed. */
  readonly measured: boolean
  /** Of the present UTC day. */
  readonly used: number
  /** Null where the platform names no number of calls a day. */
  readonly perDay: number | null
}

export interface PlanOperations {
  readonly platforms: readonly PlatformCalls[]
  /** Calls that these slices will take, as such ones have cost here lately. */
  callsOf(slices: readonly Slice[]): number
}

/** What the plan asks of each platform. Asks the warehouse and no platform. */
export async function operationsOfPlan(
  {
    warehouse,
    clock,
    connections,
  }: { readonly warehouse: Pick<Warehouse, 'query'>; readonly clock: { nowMs(): number } } & {
    readonly connections: readonly Pick<OpenConnection, 'connector'>[]
  },
  plan: Pick<RunPlan, 'accounts'>,
): Promise<PlanOperations> {
  const rows = await warehouse.query<{ platform: string; level: string; calls: number; used: number }>(
    sql('calls-of-slice'),
    [isoInstant(clock.nowMs())],
  )
  const measured = new Map(rows.map((row) => [`${row.platform} ${row.level}`, row.calls]))
  const keyOf = ({ platform, level }: Slice) => `${platform} ${level}`
  const callsOf = (slices: readonly Slice[]) =>
    Math.ceil(slices.reduce((sum, slice) => sum + (measured.get(keyOf(slice)) ?? 1), 0))
  const byPlatform = Map.groupBy(
    plan.accounts.flatMap(({ slices }) => slices),
    ({ platform }) => platform,
  )
  const platforms = [...byPlatform].map(([platform, slices]): PlatformCalls => ({
    platform,
    slices: slices.length,
    calls: callsOf(slices),
    measured: slices.every((slice) => measured.has(keyOf(slice))),
    used: rows.find((row) => row.platform === platform)?.used ?? 0,
    perDay:
      connections.find(({ connector }) => connector.spec.platform === platform)?.connector.spec.operationsPerDayMax ??
      null,
  }))
  return { platforms, callsOf }
}
