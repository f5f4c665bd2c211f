import type { WorldAd, WorldAdGroup } from './ads.ts'
import { adGroupsOf, takeShare } from './ads.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumbers } from './gaql-check.ts'
import { addFigures, clearFigures, isNothing, noFigures } from './figures.ts'
import { ActionSums } from './meta-actions.ts'
import type { InsightContext } from './meta-fields.ts'
import { insightWriters } from './meta-fields.ts'
import type { InsightsParams, MetaFilter } from './meta-params.ts'
import { effectiveStatus } from './meta-status.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'

/** A row's subject: one campaign, a part of one, or the account with all of its campaigns. */
interface Subject {
  readonly campaign: WorldCampaign | undefined
  readonly group: WorldAdGroup | undefined
  readonly ad: WorldAd | undefined
  readonly members: readonly WorldCampaign[]
}

export interface InsightsPage {
  /** JSON texts of the rows. */
  readonly rows: readonly string[]
  /** Where the next page begins; undefined at the end. */
  readonly next: number | undefined
}

function meetsValue(actual: string, { operator, value }: MetaFilter): boolean {
  const values = (Array.isArray(value) ? value : [value]).map((one) => String(one).toUpperCase())
  return values.includes(actual.toUpperCase()) === (operator !== 'NOT_IN')
}

function subjectsOf(params: InsightsParams, report: AccountReport): readonly Subject[] {
  const members = report.account.campaigns.filter((campaign) =>
    params.filters.every((filter) => {
      if (filter.field === 'campaign.id') return meetsValue(campaign.campaignId, filter)
      if (!filter.field.startsWith('campaign.')) return true
      return meetsValue(effectiveStatus(campaignState(campaign, report.today).status), filter)
    }),
  )
  const bare = { campaign: undefined, group: undefined, ad: undefined }
  if (params.level === 'account') return [{ ...bare, members }]
  const campaigns = members.map((campaign) => ({ ...bare, campaign, members: [campaign] }))
  if (params.level === 'campaign') return campaigns
  const groups = campaigns.flatMap((one) => adGroupsOf(one.campaign).map((group) => ({ ...one, group })))
  return params.level === 'adset' ? groups : groups.flatMap((one) => one.group.ads.map((ad) => ({ ...one, ad })))
}

/** Rows of one call on one state of the world, from any position; periods outermost. */
export class InsightsScan {
  readonly #params: InsightsParams
  readonly #report: AccountReport
  readonly #subjects: readonly Subject[]
  readonly #figures = noFigures()
  readonly #scratch = noFigures()
  readonly #actions: ActionSums

  constructor(params: InsightsParams, report: AccountReport) {
    this.#params = params
    this.#report = report
    this.#subjects = subjectsOf(params, report)
    this.#actions = new ActionSums(params.windows)
  }

  get count(): number {
    return this.#subjects.length * this.#params.periods.length
  }

  /** How many rows a report has in the end; walks them all. */
  rowsWithData(): number {
    let rows = 0
    for (let position = 0; position < this.count; position += 1) if (this.rowAt(position)) rows += 1
    return rows
  }

  #sum(subject: Subject, period: DayNumbers): void {
    clearFigures(this.#figures)
    this.#actions.clear()
    const share = subject.ad ?? subject.group
    for (const campaign of subject.members) {
      for (let day = period.first; day <= period.last; day++) {
        clearFigures(this.#scratch)
        this.#report.add(this.#scratch, campaign, day)
        if (share) takeShare(this.#scratch, share, true)
        addFigures(this.#figures, this.#scratch)
        this.#actions.addDay(campaign, this.#scratch)
      }
    }
  }

  #passes(): boolean {
    const { impressions, clicks, costCoins } = this.#figures
    const unit = 10 ** this.#report.account.digits
    return this.#params.filters.every(({ field, operator, value }) => {
      if (field.startsWith('campaign.')) return true
      const actual = field === 'spend' ? costCoins / unit : field === 'clicks' ? clicks : impressions
      const bound = Number(value)
      return operator === 'GREATER_THAN' ? actual > bound : operator === 'LESS_THAN' ? actual < bound : actual === bound
    })
  }

  /** The row at a position, or undefined where nothing was delivered. What it returns is good until the next call. */
  rowAt(position: number): InsightContext | undefined {
    const subject = this.#subjects[position % this.#subjects.length]!
    const period = this.#params.periods[Math.floor(position / this.#subjects.length)]!
    this.#sum(subject, period)
    if (isNothing(this.#figures) || !this.#passes()) return undefined
    const { account, today } = this.#report
    const { campaign, group, ad } = subject
    return { account, today, campaign, group, ad, ...period, figures: this.#figures, actions: this.#actions }
  }
}

function insightText(context: InsightContext, fields: readonly string[], fired: FiredFaults): string {
  const removed = fired.get('schema_drift_removed')
  const retyped = fired.get('schema_drift_type')
  const added = fired.get('schema_drift_added')
  const drifted = (fault: { readonly field?: string } | undefined, name: string) =>
    fault && (fault.field ?? 'clicks') === name
  const parts: string[] = []
  for (const name of new Set([...fields, 'date_start', 'date_stop'])) {
    if (drifted(removed, name)) continue
    const text = drifted(retyped, name) ? (retyped?.value ?? '{"value":"1"}') : insightWriters[name]?.(context)
    if (text !== undefined) parts.push(`"${name}":${text}`)
  }
  if (added) parts.push(`"${added.field ?? 'experimental_insights'}":"1"`)
  return `{${parts.join(',')}}`
}

/** Up to a page of rows from a position on. */
export function insightsPage(
  scan: InsightsScan,
  params: InsightsParams,
  from: number,
  fired: FiredFaults,
): InsightsPage {
  const rows: string[] = []
  let skip = fired.has('missing_rows') ? (fired.get('missing_rows')!.rows ?? 1) : 0
  let taken = 0
  let at = from
  for (; at < scan.count; at++) {
    const row = scan.rowAt(at)
    if (!row) continue
    if (taken === params.limit) break
    taken++
    if (skip > 0) skip--
    else rows.push(insightText(row, params.fields, fired))
  }
  return { rows, next: at < scan.count ? at : undefined }
}

/** The sums over all rows of the call, whatever the page. */
export function summaryText(
  scan: InsightsScan,
  params: InsightsParams,
  report: AccountReport,
  fired: FiredFaults,
): string {
  const figures = noFigures()
  const actions = new ActionSums(params.windows)
  for (let at = 0; at < scan.count; at++) {
    const row = scan.rowAt(at)
    if (!row) continue
    addFigures(figures, row.figures)
    actions.addAll(row.actions)
  }
  if (fired.has('wrong_control_total')) {
    figures.impressions += 1
    figures.costCoins += 1
  }
  const first = params.periods[0]?.first ?? report.today
  const last = params.periods.at(-1)?.last ?? report.today
  const context: InsightContext = {
    account: report.account,
    campaign: undefined,
    group: undefined,
    ad: undefined,
    today: report.today,
    first,
    last,
    figures,
    actions,
  }
  return insightText(context, ['account_id', ...(params.summary ?? [])], new Map())
}
