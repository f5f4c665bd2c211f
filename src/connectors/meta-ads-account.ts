import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { currency } from '../domain/money.ts'
import type { ConnectorContext } from './connector.ts'
import type { Node } from './meta-ads-client.ts'

export const accountFields = 'account_id,name,currency,timezone_name,account_status'

/** Of `account_status`; all but the first still show their past numbers, most of them to no one else. */
const accountStatuses: Readonly<Record<string, string>> = {
  1: 'active',
  2: 'disabled',
  3: 'unsettled',
  7: 'pending risk review',
  8: 'pending settlement',
  9: 'in grace period',
  100: 'pending closure',
  101: 'closed',
}

/** How an account stands, in words. */
export const statusWord = (node: Node) => {
  const status = JSON.stringify(node['account_status'] ?? 1).replaceAll('"', '')
  return accountStatuses[status] ?? `in status ${status}`
}

/** An account as its node says it. Throws DOMAIN_* for a currency or zone that is none. */
export function accountOf(node: Node, context: ConnectorContext, managerId?: string): AdAccount {
  const text = (name: string) => (typeof node[name] === 'string' ? node[name] : '')
  const id = text('account_id') || text('id').replace(/^act_/, '')
  const status = statusWord(node)
  if (status !== 'active') context.log({ level: 'warn', message: `meta_ads/${id} is ${status}` })
  return {
    platform: 'meta_ads',
    accountId: id,
    name: text('name') || id,
    currency: currency(text('currency')),
    zone: timeZone(text('timezone_name')),
    ...(managerId !== undefined && { managerId }),
  }
}
