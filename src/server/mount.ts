import type { FastifyPluginAsync } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/**
 * What routes are given of the program. The server listens before the database is there: `warehouse()` throws SERVER_STARTING,
 * which is answered as 503 with Retry-After, until it is.
 */
export interface Door {
  readonly clock: Clock
  warehouse(): Warehouse
}

/**
 * The seam for other rooms: routes that are registered on the one server before it listens. `guard` says who looks at a request
 * first: `server` is the key, the Host and the Origin like the rest of the API; `own` is nobody but the routes themselves (a
 * collector of events from foreign pages). A room that offers routes needs nothing of this room: the type is structural, and the
 * command that starts the server puts the two together:
 *
 *     startServer({ …, mounts: [(door) => ({ name: 'collect', guard: 'own', plugin: collector(door) })] })
 */
export interface Mount {
  readonly name: string
  readonly guard: 'server' | 'own'
  readonly plugin: FastifyPluginAsync
}

/** The newest events of a log that another room has open; throws SERVER_STARTING until it is. */
export type EventSample = (limit: number) => Promise<{
  readonly end: number
  readonly events: readonly {
    readonly atMs: number
    readonly type: string
    readonly platform: string
    readonly campaignId: string
    readonly device: string
    readonly geo: string
  }[]
}>

export type MountOf = (door: Door) => Mount

interface Counted {
  readonly impressions: bigint
  readonly clicks: bigint
  readonly conversions: bigint
}

/** Live counters of a store that SQL cannot ask, read through the program that has it open; throws SERVER_STARTING until it has. */
export type LiveCounts = (query: {
  readonly nowMs: number
  readonly minutes: number
  readonly campaignId: string | null
  readonly campaignsMax: number
  /** Whoever asks may see the rows of this account. */
  readonly isOwn: (row: { readonly platform: string; readonly accountId: string }) => boolean
}) => Promise<{
  /** What is said where a query would be: where the counters are. */
  readonly place: string
  readonly topic: string
  readonly minutes: readonly ({ readonly atMs: number } & Counted)[]
  readonly campaigns: readonly {
    readonly day: string
    readonly zone: string
    readonly platform: string
    readonly accountId: string
    readonly campaignId: string
    readonly currency: string
    readonly values: Counted & { readonly revenue_micros: bigint }
    readonly costMicros: bigint
    readonly costSource: 'events' | 'provisional' | null
    readonly costAsOfMs: number | null
    readonly roasWhy: 'part_watched' | null
  }[]
  readonly partitions: readonly {
    readonly partition: number
    readonly records: number
    readonly watermarkMs: number | null
    readonly committedMs: number | null
    readonly owner: string | null
    readonly tallies: {
      readonly records: number
      readonly duplicates: number
      readonly invalid: number
      readonly lateDropped: number
    }
  }[]
}>

/** What the program that runs the live events shows of them. */
export interface LiveLook {
  readonly sample?: EventSample | undefined
  /** Left out where the warehouse's own tables have the counters. */
  readonly counts?: LiveCounts | undefined
}
