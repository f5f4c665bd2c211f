import { accountKey } from '../domain/account.ts'
import type { AdAccount, CostBasis } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import type { Platform } from '../domain/platform.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import type { SqlRow } from '../warehouse/warehouse.ts'
import { levelsOf } from './ports.ts'
import type { OpenConnection, Ports } from './ports.ts'
import type { PlannedAccount } from './plan.ts'

export interface AccountChoice {
  readonly platforms?: readonly Platform[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

/** Something configured that cannot be reached now and of which nothing is known from earlier, so that no day can be planned for it. */
export interface Lost {
  readonly platform: Platform | null
  /** Null: the whole connection. */
  readonly accountId: string | null
  readonly error: unknown
}

export interface ReachedAccounts {
  readonly accounts: readonly PlannedAccount[]
  readonly lost: readonly Lost[]
}

/**
 * The accounts a run is about. When a platform refuses to describe an account, or any at all (a revoked token, a suspension, an
 * outage), those seen by earlier runs stand in, so that each fails by name, with its own days, instead of silently not being part
 * of the run.
 */
export async function reachAccounts(
  ports: Ports,
  choice: AccountChoice,
  context: ConnectorContext,
): Promise<ReachedAccounts> {
  const wanted = ({ platform, accountId }: Pick<AdAccount, 'accountId'> & { readonly platform: Platform | null }) =>
    (!choice.platforms || platform === null || choice.platforms.includes(platform)) &&
    (!choice.accountIds || choice.accountIds.includes(accountId))
  const accounts: PlannedAccount[] = []
  const lost: Lost[] = []
  try {
    await ports.followConnections?.()
  } catch (error) {
    // A file that is being written, or was written wrong, costs the connections that are open nothing.
    context.log({ level: 'warn', message: `connections: ${isMillraceError(error) ? error.message : String(error)}` })
  }
  // The list as it is now: another run may take new connections in while platforms are asked.
  const connections = [...ports.connections]
  for (const connection of connections) {
    const { spec } = connection.connector
    if (choice.platforms && spec.platform !== 'file' && !choice.platforms.includes(spec.platform)) continue
    const reached = await reachConnection(ports, connection, context)
    for (const account of reached.accounts.filter(wanted))
      accounts.push({ account, connection: connection.name, spec, levels: levelsOf(connection, account.accountId) })
    lost.push(
      ...reached.lost.filter(
        (one) => one.accountId === null || wanted({ platform: one.platform, accountId: one.accountId }),
      ),
    )
  }
  return { accounts, lost }
}

async function reachConnection(
  ports: Ports,
  { connector, accountIds }: OpenConnection,
  context: ConnectorContext,
): Promise<{ readonly accounts: readonly AdAccount[]; readonly lost: readonly Lost[] }> {
  const platform = connector.spec.platform === 'file' ? null : connector.spec.platform
  const configured = (account: AdAccount) => accountIds.length === 0 || accountIds.includes(account.accountId)
  const unavailable = new Map<string, unknown>()
  try {
    const found = await connector.discover(context, (accountId, error) => unavailable.set(accountId, error))
    const known = unavailable.size > 0 && platform ? await knownAccounts(ports, platform) : []
    const standing = known.filter((account) => unavailable.has(account.accountId))
    const lost = [...unavailable].filter(([accountId]) => !standing.some((account) => account.accountId === accountId))
    return {
      accounts: [...found.filter(configured), ...standIn(standing, context)],
      lost: lost.map(([accountId, error]) => ({ platform, accountId, error })),
    }
  } catch (error) {
    context.signal.throwIfAborted()
    const known = platform ? (await knownAccounts(ports, platform)).filter(configured) : []
    return known.length > 0
      ? { accounts: standIn(known, context), lost: [] }
      : { accounts: [], lost: [{ platform, accountId: null, error }] }
  }
}

function standIn(known: readonly AdAccount[], context: ConnectorContext): readonly AdAccount[] {
  for (const account of known)
    context.log({ level: 'warn', message: `${accountKey(account)} is taken as it was last seen` })
  return known
}

/** Accounts of a platform as earlier runs saw them. */
export async function knownAccounts(
  ports: Pick<Ports, 'warehouse'>,
  platform: Platform,
): Promise<readonly AdAccount[]> {
  const rows = await ports.warehouse.query<SqlRow>(
    'select account_id, name, currency, timezone, cost_basis, manager_id from dim_account where platform = $1 and is_current order by account_id',
    [platform],
  )
  return rows.map((row) => ({
    platform,
    accountId: String(row['account_id']),
    name: String(row['name']),
    currency: currency(String(row['currency'])),
    zone: timeZone(String(row['timezone'])),
    costBasis: (row['cost_basis'] as CostBasis | null) ?? undefined,
    managerId: (row['manager_id'] as string | null) ?? undefined,
  }))
}
