import type { Settings } from '../config-check.ts'
import { openConnections } from '../config.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { asKnownError } from './error-box.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { connectorContextOf, warehouseOf } from './connectors-project.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

/** An account that a connection reaches, below the manager or business that it was found at. */
type ReachedAccount = {
  readonly connection: string
  readonly manager: string
  readonly account: string
  readonly name: string
  readonly currency: string
  readonly zone: string
  /** `reached`, or the code of the platform's refusal. */
  readonly state: string
}

/** Asks every connection of the settings for its accounts; one that answers nothing is a row with its error. */
export async function reachedAccounts(
  invocation: Invocation,
  settings: Settings,
  warehouse: Warehouse,
): Promise<readonly ReachedAccount[]> {
  await using opening = new AsyncDisposableStack()
  const quiet = { ...openContext(invocation), onOpening: () => {} }
  const { connections } = await openConnections(settings, quiet, opening, warehouse)
  const none = { manager: '', name: '', currency: '', zone: '' }
  const asked = connections.map(async ({ name: connection, connector }) => {
    const lost: ReachedAccount[] = []
    try {
      const found = await connector.discover(connectorContextOf(invocation), (account, error) => {
        lost.push({ ...none, connection, account, state: error.code })
      })
      const rows = found.map(({ accountId: account, managerId: manager = '', name, currency, zone }) => ({
        connection,
        manager,
        account,
        name,
        currency,
        zone,
        state: 'reached',
      }))
      return [...rows, ...lost].toSorted((a, b) => (`${a.manager}|${a.account}` < `${b.manager}|${b.account}` ? -1 : 1))
    } catch (error) {
      return [{ ...none, connection, account: '', state: asKnownError(error).code }]
    }
  })
  return (await Promise.all(asked)).flat()
}

const columns = ['connection', 'manager', 'account', 'name', 'currency', 'zone', 'state'] as const
const shortColumns = ['manager', 'account', 'name', 'currency', 'state'] as const

/** The accounts of all connections, or of the one that is named, as the platforms tell them now. */
export async function listAccounts(invocation: Invocation, given: Given, name: string | undefined): Promise<number> {
  const settings = await projectSettings(invocation)
  await using warehouse = await warehouseOf(invocation, settings)
  const wanted = Object.entries(settings.connections).filter(([one]) => name === undefined || one === name)
  const rows = await reachedAccounts(invocation, { ...settings, connections: Object.fromEntries(wanted) }, warehouse)
  printRows(invocation.output, formatOf(given['format'], invocation.output), columns, rows)
  return rows.some(({ account }) => account === '') ? exitCodes.dependency : exitCodes.ok
}

/** Shows what a new sign-in reaches, below the lines of its test. */
export async function showAccounts(invocation: Invocation, settings: Settings, warehouse: Warehouse): Promise<void> {
  const { output } = invocation
  const rows = await reachedAccounts(invocation, settings, warehouse)
  if (output.json || !output.isTerminal) for (const row of rows) output.record({ event: 'account', ...row })
  else printRows(output, 'table', shortColumns, rows)
}
