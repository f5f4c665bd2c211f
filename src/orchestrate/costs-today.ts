import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import { addDays, dayAt, dayEndMs, dayStartMs } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { addDecimals } from '../domain/decimal.ts'
import type { Connector, ConnectorContext } from '../connectors/connector.ts'
import { planSlices } from '../connectors/connector.ts'
import { unifyRows } from '../unify/unify.ts'
import { connectorContext } from './connector-context.ts'
import type { OpenConnection, Ports } from './ports.ts'

/** A campaign's cost of one day as its platform says it now; provisional: the day runs, or has not settled. */
export interface CostToday {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly day: Day
  readonly currency: string
  readonly cost: Decimal
  readonly asOfMs: number
  /** The day's ends in the account's zone. */
  readonly startsMs: number
  readonly endsMs: number
}

/**
 * What every connected account says of its running day and of the one before. One slice an account, read into memory: a row a campaign
 * and day. Nothing goes into the lake or the facts, so a load never meets these numbers. What one account or platform refuses is told and left out.
 */
export async function costsToday(
  ports: Pick<Ports, 'clock' | 'random' | 'fetch' | 'warehouse' | 'connections'>,
  tell: (place: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<readonly CostToday[]> {
  const context = connectorContext(ports, signal, () => undefined)
  const costs: CostToday[] = []
  for (const connection of ports.connections) {
    if (connection.connector.spec.platform === 'file') continue
    for (const account of await accountsOf(connection, context, tell))
      try {
        costs.push(...(await accountCosts(connection.connector, account, context)))
      } catch (error) {
        signal.throwIfAborted()
        tell(accountKey(account), error)
      }
  }
  return costs
}

async function accountsOf(
  { name, connector, accountIds }: OpenConnection,
  context: ConnectorContext,
  tell: (place: string, error: unknown) => void,
): Promise<readonly AdAccount[]> {
  try {
    const found = await connector.discover(context, (accountId, error) => tell(`${name} ${accountId}`, error))
    return found.filter(({ accountId }) => accountIds.length === 0 || accountIds.includes(accountId))
  } catch (error) {
    context.signal.throwIfAborted()
    tell(name, error)
    return []
  }
}

async function accountCosts(
  connector: Connector,
  account: AdAccount,
  context: ConnectorContext,
): Promise<readonly CostToday[]> {
  const asOfMs = context.clock.nowMs()
  const today = dayAt(asOfMs, account.zone)
  const sums = new Map<string, CostToday>()
  const request = { account, level: 'campaign', days: [addDays(today, -1), today], kind: 'refresh' } as const
  for (const slice of planSlices(connector.spec, request, (one) => addDays(one, 1)))
    await connector.extract(slice, account, context, {
      rows: (batch) => {
        for (const { entityId, date, currency, cost } of unifyRows(batch, connector.spec.mapping, account)) {
          const key = `${entityId} ${date}`
          const before = sums.get(key)
          sums.set(key, {
            platform: account.platform,
            accountId: account.accountId,
            campaignId: entityId,
            day: date,
            currency,
            cost: before ? addDecimals(before.cost, cost) : cost,
            asOfMs,
            startsMs: dayStartMs(date, account.zone),
            endsMs: dayEndMs(date, account.zone),
          })
        }
        return Promise.resolve()
      },
      entities: () => Promise.resolve(),
    })
  return [...sums.values()]
}
