import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import { CampaignReading } from './campaign-reading.ts'
import type { ConnectorContext, ExtractResult, OnUnavailable, Sink } from './connector.ts'
import { analytics } from './linkedin-ads-analytics.ts'
import type { LinkedinClient } from './linkedin-ads-client.ts'
import { restliList } from './linkedin-ads-client.ts'
import {
  analyticsFields,
  groupStatuses,
  linkedinAccount,
  linkedinEntity,
  linkedinMapping,
  linkedinRawRow,
  linkedinTotals,
  statusWord,
  totalFields,
} from './linkedin-ads-rows.ts'

export interface SliceOf {
  readonly client: LinkedinClient
  readonly account: AdAccount
  readonly context: ConnectorContext
  readonly apiVersion: string
  readonly fieldsPerCall: number
}

/** Removed groups are listed only for those who name their status; what they spent is real. */
const everyGroup = `q=search&search=(status:(values:${restliList(groupStatuses)}))&pageSize=1000`

export async function readSlice(of: SliceOf, range: DayRange, sink: Sink): Promise<ExtractResult> {
  const { client, account, context, apiVersion, fieldsPerCall } = of
  const id = account.accountId
  const reading = new CampaignReading({ account, sink, context, mapping: linkedinMapping, nameColumn: null })
  for await (const page of client.pages(`adAccounts/${id}/adCampaignGroups`, everyGroup, id, context))
    await reading.campaigns(page.map((node) => linkedinEntity(node, account)))
  const question = {
    ...range,
    account: id,
    pivot: 'CAMPAIGN_GROUP',
    granularity: 'DAILY',
    fields: analyticsFields,
  } as const
  const elements = await analytics(client, question, context, fieldsPerCall)
  const controlTotals = await totalsOf(client, range, id, context)
  await reading.rows(elements.map(linkedinRawRow))
  return reading.result(apiVersion, client.calls, controlTotals)
}

/** The account's own sums over the range: the only way to see that an answer was cut off. An account without any has no element. */
async function totalsOf(
  client: LinkedinClient,
  range: DayRange,
  account: string,
  context: ConnectorContext,
): Promise<ControlTotals> {
  const question = { ...range, account, pivot: 'ACCOUNT', granularity: 'ALL', fields: totalFields } as const
  const [total = {}] = await analytics(client, question, context)
  return linkedinTotals(total)
}

export async function listAccounts(client: LinkedinClient, context: ConnectorContext): Promise<readonly AdAccount[]> {
  const accounts = new Map<string, AdAccount>()
  for await (const page of client.pages('adAccounts', 'q=search&pageSize=1000', null, context)) {
    for (const node of page) {
      const account = linkedinAccount(node)
      accounts.set(account.accountId, account)
      if (statusWord(node) === 'ACTIVE') continue
      context.log({ level: 'warn', message: `linkedin_ads/${account.accountId} is in status ${statusWord(node)}` })
    }
  }
  return [...accounts.values()]
}

export async function describeAccounts(
  client: LinkedinClient,
  ids: readonly string[],
  context: ConnectorContext,
  onUnavailable: OnUnavailable | undefined,
): Promise<readonly AdAccount[]> {
  const accounts: AdAccount[] = []
  for (const id of ids) {
    try {
      accounts.push(linkedinAccount(await client.get(`adAccounts/${id}`, '', id, context)))
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_PERMISSION') || !onUnavailable) throw error
      onUnavailable(id, error)
    }
  }
  return accounts
}

/** LinkedIn refuses a closed account's reports with the words of a missing right; the account itself says which of the two it is. */
export async function explained(
  refused: MillraceError,
  { client, account: { accountId: id }, context }: SliceOf,
): Promise<MillraceError> {
  try {
    const status = statusWord(await client.get(`adAccounts/${id}`, '', id, context))
    if (status === 'ACTIVE') return refused
    const detail = `${String(refused.facts['detail'])}; its status is ${status}`
    const facts = { platform: 'linkedin_ads', account: id, detail }
    return new MillraceError('CONNECTORS_ACCOUNT_UNAVAILABLE', facts, { cause: refused })
  } catch (error) {
    // Not even its status may be read: then the first refusal is the whole story.
    if (!isMillraceError(error)) throw error
    return refused
  }
}
