import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import type { ConnectorContext, OnUnavailable } from './connector.ts'
import type { GoogleClient } from './google-ads-client.ts'

/** A customer as its manager, or it itself, describes it. */
interface GoogleCustomer {
  readonly account: AdAccount
  readonly manager: boolean
  readonly status: string
  /** The customer that described it: the one to name in login-customer-id. */
  readonly root: string
}

export interface ReachedCustomers {
  readonly customers: readonly GoogleCustomer[]
  /** Roots that would not answer, each with its own error. */
  readonly refused: ReadonlyMap<string, MillraceError>
}

/** `customer_client` gives a customer itself and all below it, suspended ones too, in one operation. */
const clientsQuery =
  'SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, customer_client.time_zone, customer_client.manager, customer_client.status FROM customer_client'

async function customersBelow(
  client: GoogleClient,
  root: string,
  context: ConnectorContext,
): Promise<readonly GoogleCustomer[]> {
  const rows = await client.rows({ customerId: root, loginCustomerId: root, gaql: clientsQuery }, context)
  return rows.map(({ customerClient: one = {} }) => {
    const text = (key: string) => (typeof one[key] === 'string' ? one[key] : '')
    return {
      account: {
        platform: 'google_ads',
        accountId: text('id'),
        name: text('descriptiveName') || text('id'),
        currency: currency(text('currencyCode')),
        zone: timeZone(text('timeZone')),
        ...(text('id') !== root && { managerId: root }),
      },
      manager: one['manager'] === true,
      status: text('status'),
      root,
    }
  })
}

/** Errors that are one account's own; all others concern the whole connection. */
const ofOneAccount: ReadonlySet<string> = new Set([
  'CONNECTORS_ACCOUNT_UNAVAILABLE',
  'CONNECTORS_PERMISSION',
  'CONNECTORS_BAD_REQUEST',
])

/**
 * Every customer at and below the manager, or else at and below each configured or directly reached customer.
 * Throws errors of the whole connection, and the domain's for an unknown currency or zone.
 */
export async function reachCustomers(
  client: GoogleClient,
  wanted: { readonly loginCustomerId?: string | undefined; readonly accounts: readonly string[] },
  context: ConnectorContext,
): Promise<ReachedCustomers> {
  const { loginCustomerId, accounts } = wanted
  if (loginCustomerId !== undefined) {
    return { customers: await customersBelow(client, loginCustomerId, context), refused: new Map() }
  }
  const customers: GoogleCustomer[] = []
  const refused = new Map<string, MillraceError>()
  for (const root of accounts.length > 0 ? accounts : await client.accessible(context)) {
    try {
      customers.push(...(await customersBelow(client, root, context)))
    } catch (error) {
      if (!isMillraceError(error) || !ofOneAccount.has(error.code)) throw error
      refused.set(root, error)
    }
  }
  return { customers, refused }
}

/** The configured accounts; a manager among them, or one that is not there, is that account's error. */
export function chosenAccounts(
  wanted: readonly string[],
  { customers, refused }: ReachedCustomers,
  onUnavailable: OnUnavailable | undefined,
): readonly AdAccount[] {
  const byId = new Map(customers.map((one) => [one.account.accountId, one]))
  return wanted.flatMap((accountId) => {
    const found = byId.get(accountId)
    if (found && !found.manager) return [found.account]
    const facts = { platform: 'google_ads', account: accountId }
    const error = found
      ? new MillraceError('CONNECTORS_MANAGER_ACCOUNT', {
          ...facts,
          detail: 'metrics cannot be requested for a manager',
        })
      : (refused.get(accountId) ??
        new MillraceError('CONNECTORS_PERMISSION', {
          ...facts,
          detail: 'it is not among the accounts below the manager',
        }))
    if (!onUnavailable) throw error
    onUnavailable(accountId, error)
    return []
  })
}

/** Without a configured list: all but managers and those closed for good. A suspended one stays, so that its failure is seen. */
export function usableAccounts(
  { customers, refused }: ReachedCustomers,
  context: ConnectorContext,
): readonly AdAccount[] {
  for (const error of refused.values()) context.log({ level: 'warn', message: error.message, code: error.code })
  const accounts = new Map<string, AdAccount>()
  for (const { account, manager, status } of customers) {
    if (manager || status === 'CANCELED' || status === 'CLOSED') {
      const why = manager ? 'a manager has no metrics' : `it is ${status.toLowerCase()}`
      context.log({ level: 'debug', message: `google_ads/${account.accountId} is left out: ${why}` })
    } else accounts.set(account.accountId, account)
  }
  return [...accounts.values()]
}
