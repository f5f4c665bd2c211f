import { dayEndMs } from '../domain/day.ts'
import { unitsText } from './amount.ts'
import type { CampaignStatus, WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import { isNothing, noFigures } from './figures.ts'
import { MicrosoftRefusal, nullRequest } from './microsoft-error.ts'
import { zipOf } from './microsoft-zip.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'

interface Line {
  readonly campaign: WorldCampaign
  readonly day: DayNumber
  readonly figures: Figures
}

/** Two decimals, whatever the currency. */
function moneyText(coins: number, digits: number): string {
  const [whole = '0', fraction = ''] = unitsText(coins, digits).split('.')
  return `${whole}.${fraction.padEnd(2, '0')}`
}

export const statusWord: Readonly<Record<CampaignStatus, string>> = {
  enabled: 'Active',
  paused: 'Paused',
  removed: 'Deleted',
}

const columns: Readonly<Record<string, (line: Line, report: AccountReport) => string>> = {
  TimePeriod: ({ day }) => dayText(day),
  AccountId: (_, { account }) => account.accountId,
  AccountName: (_, { account }) => account.name,
  CampaignId: ({ campaign }) => campaign.campaignId,
  CampaignName: ({ campaign }, report) => campaignState(campaign, report.today).name,
  CampaignStatus: ({ campaign }, report) => statusWord[campaignState(campaign, report.today).status],
  CurrencyCode: (_, { account }) => account.currency,
  Impressions: ({ figures }) => String(figures.impressions),
  Clicks: ({ figures }) => String(figures.clicks),
  Spend: ({ figures }, { account }) => moneyText(figures.costCoins, account.digits),
  Conversions: ({ figures }) => String(Math.floor(figures.conversionMicros / 1_000_000)),
  ConversionsQualified: ({ figures }) => unitsText(figures.conversionMicros, 6),
  Revenue: ({ figures }, { account }) => moneyText(figures.valueCoins, account.digits),
  Ctr: ({ figures }) =>
    figures.impressions === 0 ? '' : `${((figures.clicks * 100) / figures.impressions).toFixed(2)}%`,
}

export interface MicrosoftReportRequest {
  readonly columns: readonly string[]
  readonly first: DayNumber
  readonly last: DayNumber
  readonly name: string
}

const wrong = (errorCode: string, message: string, code = 2000) => new MicrosoftRefusal(code, errorCode, message)

const isNode = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function civilDay(value: unknown): DayNumber {
  if (!isNode(value)) throw wrong('ReportingServiceInvalidCustomDateRange', 'The custom date range is missing.')
  const [year, month, date] = [Number(value['Year']), Number(value['Month']), Number(value['Day'])]
  const text = `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? dayNumber(text) : Number.NaN
  if (Number.isNaN(day) || dayText(day) !== text)
    throw wrong('ReportingServiceInvalidCustomDateRange', `The date ${text} is not valid.`)
  return day
}

const retentionDays = 1_125

/** Reads and checks `{"ReportRequest":{…}}`. */
export function reportRequest(body: unknown, today: DayNumber, fired: FiredFaults): MicrosoftReportRequest {
  const request = isNode(body) ? body['ReportRequest'] : undefined
  if (!isNode(request)) throw nullRequest()
  if (request['Type'] !== 'CampaignPerformanceReportRequest' || request['Aggregation'] !== 'Daily') throw nullRequest()
  if (request['Format'] !== 'Csv') throw nullRequest()
  const removed = fired.get('schema_drift_removed')
  const gone = removed?.mode === 'error' ? (removed.field ?? 'Clicks') : undefined
  const asked = Array.isArray(request['Columns']) ? request['Columns'].map(String) : []
  const unknown = asked.find((name) => !Object.hasOwn(columns, name) || name === gone)
  if (unknown !== undefined)
    throw wrong('ReportingServiceInvalidReportColumn', `The column ${unknown} is not valid.`, 2017)
  if (!asked.includes('TimePeriod'))
    throw wrong('ReportingServiceMissingColumn', 'The column TimePeriod is required.', 2018)
  const time = isNode(request['Time']) ? request['Time'] : {}
  const [first, last] = [civilDay(time['CustomDateRangeStart']), civilDay(time['CustomDateRangeEnd'])]
  if (first > last)
    throw wrong('ReportingServiceInvalidCustomDateRange', 'The start date is later than the end date.', 2011)
  if (first < today - retentionDays)
    throw wrong('ReportingServiceTimePeriodTooOld', 'The data is not kept that long.', 2012)
  const { ReportName: name } = request
  return { columns: asked, first, last, name: typeof name === 'string' ? name : 'Report' }
}

function linesOf({ first, last }: MicrosoftReportRequest, report: AccountReport): readonly Line[] {
  const lines: Line[] = []
  for (let day = first; day <= last; day++) {
    for (const campaign of report.account.campaigns) {
      const figures = noFigures()
      report.add(figures, campaign, day)
      if (!isNothing(figures)) lines.push({ campaign, day, figures })
    }
  }
  return lines
}

const american = (day: DayNumber) => {
  const [year, month, date] = dayText(day).split('-').map(Number)
  return `${month}/${date}/${year}`
}

/** The last three hours are never complete. */
const processingMs = 3 * 3_600_000

function headerLines(request: MicrosoftReportRequest, report: AccountReport, rows: number): readonly string[] {
  const { zone } = report.account
  const completeMs = report.asOfMs - processingMs
  const isIncomplete = dayEndMs(dayText(request.last), zone) > completeMs
  const completeDay = Math.floor(completeMs / 86_400_000) - 1
  return [
    `Report Name: ${request.name}`,
    `Report Time: ${american(request.first)},${american(request.last)}`,
    `Time Zone: ${zone}`,
    `Last Completed Available Day: ${american(completeDay)} 11:15:00 PM (GMT)`,
    `Last Completed Available Hour: ${american(completeDay)} 11:15:00 PM (GMT)`,
    'Report Aggregation: Daily',
    'Report Filter: ',
    `Potential Incomplete Data: ${isIncomplete}`,
    `Rows: ${rows}`,
  ]
}

const quoted = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')

/** The report as it lies on the download server: a zip with one CSV. Undefined when it has no rows: then there is no file. */
export function reportZip(
  request: MicrosoftReportRequest,
  report: AccountReport,
  fired: FiredFaults,
): Uint8Array | undefined {
  const lines = linesOf(request, report)
  if (lines.length === 0) return undefined
  const lost = fired.get('missing_rows')
  const removed = fired.get('schema_drift_removed')?.field
  const added = fired.get('schema_drift_added')
  const retyped = fired.get('schema_drift_type')
  const names = request.columns.filter((name) => name !== removed)
  const cells = (line: Line) =>
    names.map((name) => (name === retyped?.field ? (retyped.value ?? 'n/a') : columns[name]!(line, report)))
  const kept = lost ? lines.slice(0, Math.max(0, lines.length - (lost.rows ?? 1))) : lines
  const text = [
    ...headerLines(request, report, lines.length).map((line) => quoted([line])),
    '',
    quoted([...names, ...(added ? [added.field ?? 'Experimental'] : [])]),
    ...kept.map((line) => quoted([...cells(line), ...(added ? ['1'] : [])])),
    '',
    quoted(['©2026 Microsoft Corporation. All rights reserved. ']),
    '',
  ].join('\r\n')
  return zipOf('CampaignPerformanceReport.csv', Buffer.from(`\uFEFF${text}`))
}
