import { isoInstant } from '../domain/clock.ts'
import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import { checkDefinition, definitionDefaults, sameDefinition } from '../domain/conversion-definition.ts'
import type { Day } from '../domain/day.ts'
import type { Platform } from '../domain/platform.ts'
import type { Recounted } from './recount.ts'
import { recountPartitions } from './recount.ts'
import { statement } from './statements.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** A definition in force, with its version; version 0 is the platform's default, which nobody wrote down. */
export interface ForcedDefinition {
  readonly version: number
  readonly definition: ConversionDefinition | null
}

/** Whom a definition is for: a platform, or one of its accounts; '' is every account without its own. */
export interface DefinitionScope {
  readonly platform: Platform
  readonly accountId: string
}

interface StoredRow extends Readonly<Record<string, unknown>> {
  readonly accountId: string
  readonly version: number
  readonly goal: string
  readonly pick: ConversionDefinition['pick']
  readonly actionTypes: readonly string[]
  readonly windows: readonly string[]
  readonly createdAt: Date
}

/** A version as it was written down. */
export interface StoredDefinition extends DefinitionScope {
  readonly version: number
  readonly definition: ConversionDefinition
  readonly createdAt: Date
}

/** Every version of a platform's definitions, oldest first. */
export async function readDefinitions(session: Session, platform: Platform): Promise<readonly StoredDefinition[]> {
  const rows = await session.query<StoredRow>(
    `select account_id as "accountId", version, goal, pick, action_types as "actionTypes", attribution_windows as windows, created_at as "createdAt"
     from conversion_definition where platform = $1 order by account_id, version`,
    [platform],
  )
  return rows.map(({ accountId, version, goal, pick, actionTypes, windows, createdAt }) => ({
    platform,
    accountId,
    version,
    definition: { goal, pick, actionTypes, windows },
    createdAt,
  }))
}

/** What counts as a conversion for an account: its own newest version, else the platform's, else the default of the program. */
export async function definitionInForce(session: Session, scope: DefinitionScope): Promise<ForcedDefinition> {
  const stored = await readDefinitions(session, scope.platform)
  return forcedOf(stored, scope)
}

/** The same from versions that were read before. */
function forcedOf(stored: readonly StoredDefinition[], { platform, accountId }: DefinitionScope): ForcedDefinition {
  const newest = (id: string) => stored.filter((one) => one.accountId === id).at(-1)
  const found = newest(accountId) ?? newest('')
  return found ?? { version: 0, definition: definitionDefaults[platform] ?? null }
}

/**
 * Puts a definition in force: loads count by it from now on. The one in force again changes nothing. Throws what `checkDefinition`
 * throws. Versions of a platform are numbered through all its accounts, so that a number says which definition counted a partition.
 */
export function putDefinition(
  warehouse: Pick<Warehouse, 'transaction'>,
  scope: DefinitionScope,
  definition: ConversionDefinition,
  atMs: number,
): Promise<ForcedDefinition> {
  checkDefinition(definition)
  return warehouse.transaction(async (session) => {
    await session.query(`select pg_advisory_xact_lock(hashtextextended('conversion_definition', 0))`)
    const stored = await readDefinitions(session, scope.platform)
    const forced = forcedOf(stored, scope)
    if (sameDefinition(forced.definition, definition)) return forced
    const version = Math.max(0, ...stored.map((one) => one.version)) + 1
    await session.query(
      `insert into conversion_definition (platform, account_id, version, goal, pick, action_types, attribution_windows, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        scope.platform,
        scope.accountId,
        version,
        definition.goal,
        definition.pick,
        definition.actionTypes,
        definition.windows,
        isoInstant(atMs),
      ],
    )
    return { version, definition }
  })
}

/** Partitions of an account's month that another version counted than the one in force. */
export interface PendingRecount extends Readonly<Record<string, unknown>> {
  readonly accountId: string
  readonly month: Day
  readonly partitions: number
  readonly rows: number
  /** Their actions were never stored: `millrace unify --from-lake` reads them from the lake, without the platform. */
  readonly withoutActions: number
  readonly ids: readonly number[] | null
}

/** What a recount of the platform would count; reads nothing but the partitions' states. */
export function pendingRecounts(session: Session, platform: Platform): Promise<readonly PendingRecount[]> {
  return session.query<PendingRecount>(statement('conversions-pending'), [platform])
}

/** Accounts' months that are counted at the same time: the machine's smallest number of cores. */
const parallel = 2

/**
 * Counts everything that is pending, an account's month at a time, each in a transaction of its own: killed in the middle, it goes
 * on where it stopped. Asks no platform and reads no file. Tells of each month as it is done.
 */
export async function recount(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  platform: Platform,
  atMs: number,
  onDone: (done: PendingRecount & Recounted) => void,
): Promise<void> {
  const stored = await readDefinitions(warehouse, platform)
  const waiting = [...(await pendingRecounts(warehouse, platform))]
  const work = async (): Promise<void> => {
    for (let pending = waiting.shift(); pending; pending = waiting.shift()) {
      const { version, definition } = forcedOf(stored, { platform, accountId: pending.accountId })
      const { ids } = pending
      if (ids === null || definition === null) continue
      onDone({
        ...pending,
        ...(await warehouse.transaction((session) => recountPartitions(session, ids, definition, { version, atMs }))),
      })
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
}
