import type { AdAccount } from '../domain/account.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext, OnUnavailable } from './connector.ts'
import type { MicrosoftClient } from './microsoft-ads-client.ts'
import type { MicrosoftAccount } from './microsoft-ads-rows.ts'
import { microsoftAccount, textOf } from './microsoft-ads-rows.ts'

const pageSize = 100

const isNode = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Every account that the signed-in user reaches, by id. */
export async function reachAccounts(
  client: MicrosoftClient,
  context: ConnectorContext,
): Promise<ReadonlyMap<string, MicrosoftAccount>> {
  const service = { service: 'CustomerManagement', account: null, customerId: null } as const
  const { User: user } = await client.ask({ ...service, path: 'User/Query', body: { UserId: null } }, context)
  const userId = isNode(user) ? textOf(user['Id']) : null
  const predicate = { Field: 'UserId', Operator: 'Equals', Value: userId }
  const found = new Map<string, MicrosoftAccount>()
  for (let index = 0; ; index += 1) {
    const body = { Predicates: [predicate], PageInfo: { Index: index, Size: pageSize } }
    const { Accounts: list } = await client.ask({ ...service, path: 'Accounts/Search', body }, context)
    const page = Array.isArray(list) ? list.filter(isNode) : []
    for (const node of page) {
      const one = microsoftAccount(node)
      found.set(one.account.accountId, one)
    }
    if (page.length < pageSize) return found
  }
}

/** The wanted ones among those that are reached, or all of them. */
export function chosenAccounts(
  wanted: readonly string[],
  reached: ReadonlyMap<string, MicrosoftAccount>,
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): readonly AdAccount[] {
  const accounts: AdAccount[] = []
  for (const id of wanted.length > 0 ? wanted : reached.keys()) {
    const known = reached.get(id)
    if (known) {
      accounts.push(known.account)
      if (known.status !== 'Active')
        context.log({ level: 'warn', message: `microsoft_ads/${id} is in status ${known.status}` })
      continue
    }
    const facts = {
      platform: 'microsoft_ads',
      account: id,
      detail: 'the account is not among those that the user reaches',
    }
    const error = new MillraceError('CONNECTORS_PERMISSION', facts)
    if (!onUnavailable) throw error
    onUnavailable(id, error)
  }
  return accounts
}
