import type { AdAccount } from '../domain/account.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { CampaignReading } from './campaign-reading.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { MicrosoftClient, Node } from './microsoft-ads-client.ts'
import type { ReportFile } from './microsoft-ads-report.ts'
import {
  entityOfRow,
  microsoftEntity,
  microsoftMapping,
  microsoftRawRow,
  reportColumns,
  textOf,
} from './microsoft-ads-rows.ts'
import { wordOfZone } from './microsoft-ads-zones.ts'
import type { Look } from './report-jobs.ts'
import { awaitedReport } from './report-jobs.ts'

const hourMs = 3_600_000

/** What every call about an account needs. */
export interface MicrosoftQuestion {
  readonly client: MicrosoftClient
  readonly account: AdAccount
  readonly customerId: string
  readonly context: ConnectorContext
}

/** Who names no type is shown search campaigns only. */
const campaignTypes = 'Search Shopping DynamicSearchAds Audience Hotel PerformanceMax App'

export async function listCampaigns({
  client,
  account,
  customerId,
  context,
}: MicrosoftQuestion): Promise<readonly Node[]> {
  const { Campaigns: list } = await client.ask(
    {
      service: 'CampaignManagement',
      path: 'Campaigns/QueryByAccountId',
      body: { AccountId: account.accountId, CampaignType: campaignTypes },
      account: account.accountId,
      customerId,
    },
    context,
  )
  return Array.isArray(list) ? (list as readonly Node[]) : []
}

export async function readSlice(
  question: MicrosoftQuestion,
  range: DayRange,
  sink: Sink,
  { apiVersion, reportWaitSecondsMax }: { readonly apiVersion: string; readonly reportWaitSecondsMax: number },
): Promise<ExtractResult> {
  const { client, account, context } = question
  const reading = new CampaignReading({ account, sink, context, mapping: microsoftMapping, nameColumn: 'CampaignName' })
  const campaigns = await listCampaigns(question)
  await reading.campaigns(campaigns.map((node) => microsoftEntity(node, account)))
  const request = reportRequest(account, range)
  const job = {
    platform: 'microsoft_ads',
    account: account.accountId,
    question: request,
    submit: () => submitted(question, request),
    look: (jobId: string) => looked(question, jobId),
    waitMsMax: reportWaitSecondsMax * 1000,
    // Reports are as of when they were asked for.
    resumableMs: hourMs,
  } as const
  const file = await awaitedReport(job, context, async (address) =>
    address === null ? undefined : client.download(address, account.accountId, context),
  )
  if (file) {
    tellFreshness(file, account, context)
    const rows = file.records.map(microsoftRawRow)
    await reading.campaigns(rows.map((row) => entityOfRow(row, account)))
    await reading.rows(rows)
  }
  return reading.result(apiVersion, client.calls, null)
}

function civil(day: Day): Node {
  const [year, month, date] = day.split('-').map(Number)
  return { Day: date, Month: month, Year: year }
}

function reportRequest(account: AdAccount, { since, until }: DayRange): Node {
  const zone = wordOfZone(account.zone)
  return {
    Type: 'CampaignPerformanceReportRequest',
    ReportName: 'Campaign performance by day',
    Format: 'Csv',
    FormatVersion: '2.0',
    ReturnOnlyCompleteData: false,
    Aggregation: 'Daily',
    Columns: reportColumns,
    Scope: { AccountIds: [account.accountId] },
    Time: {
      CustomDateRangeStart: civil(since),
      CustomDateRangeEnd: civil(until),
      // Says when the last day ends; days themselves are the account's.
      ...(zone !== undefined && { ReportTimeZone: zone }),
    },
  }
}

async function submitted({ client, account, customerId, context }: MicrosoftQuestion, request: Node): Promise<string> {
  const body = { ReportRequest: request }
  const operation = {
    service: 'Reporting',
    path: 'GenerateReport/Submit',
    body,
    account: account.accountId,
    customerId,
  } as const
  const id = textOf((await client.ask(operation, context))['ReportRequestId'])
  if (id !== null && id !== '') return id
  const detail = 'a report was accepted without ReportRequestId'
  throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform: 'microsoft_ads', account: account.accountId, detail })
}

/** Where the report is. Success without an address is a report without rows. */
async function looked(
  { client, account, customerId, context }: MicrosoftQuestion,
  id: string,
): Promise<Look<string | null>> {
  const operation = {
    service: 'Reporting',
    path: 'GenerateReport/Poll',
    body: { ReportRequestId: id },
    account: account.accountId,
    customerId,
  } as const
  const { ReportRequestStatus: said } = await client.ask(operation, context)
  const { Status: status, ReportDownloadUrl: address } = (said ?? {}) as Node
  if (status === 'Success') return { state: 'ready', ready: textOf(address) }
  if (status === 'Error') return { state: 'failed', detail: `the report ${id} ended as "Error"` }
  return { state: 'pending' }
}

/** Microsoft says itself how far its processing has come. */
function tellFreshness({ header }: ReportFile, { accountId }: AdAccount, context: ConnectorContext): void {
  if (header['Potential Incomplete Data'] !== 'true') return
  const until = header['Last Completed Available Day'] ?? 'unknown'
  const message = `microsoft_ads/${accountId}: the last days may be incomplete; complete until ${until}`
  context.log({ level: 'info', message })
}
