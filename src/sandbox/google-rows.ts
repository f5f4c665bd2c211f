import type { Share, WorldAd, WorldAdGroup } from './ads.ts'
import { adGroupsOf, takeShare } from './ads.ts'
import type { CheckedQuery } from './gaql-check.ts'
import { fieldOf } from './gaql-check.ts'
import { compareValues, isNumeric, meets } from './gaql-meets.ts'
import type { Condition } from './gaql-parse.ts'
import type { DayNumber } from './day-number.ts'
import type { Figures } from './figures.ts'
import { addFigures, clearFigures, isNothing, noFigures } from './figures.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { ConversionAction, FieldContext, GoogleClient, GoogleResource } from './google-fields.ts'
import { conversionActions } from './google-fields.ts'
import type { QuerySource, RowWriter } from './google-row-text.ts'

/** What rows of one query are about: a campaign, the whole account, a client of a manager, a conversion action. */
interface Unit {
  readonly campaign: WorldCampaign | undefined
  readonly group: WorldAdGroup | undefined
  readonly ad: WorldAd | undefined
  readonly members: readonly WorldCampaign[]
  readonly client: GoogleClient | undefined
  readonly action: ConversionAction | undefined
}

const bareUnit: Unit = {
  campaign: undefined,
  group: undefined,
  ad: undefined,
  members: [],
  client: undefined,
  action: undefined,
}

const unitMakers = {
  customer: (_, source) => [{ ...bareUnit, members: source.report?.account.campaigns ?? [] }],
  customer_client: (_, source) => source.clients.map((client) => ({ ...bareUnit, client })),
  conversion_action: (_, source) => (source.report ? conversionActions.map((action) => ({ ...bareUnit, action })) : []),
  campaign: campaignUnits,
  campaign_budget: campaignUnits,
  ad_group: groupUnits,
  ad_group_ad: (checked, source) =>
    groupUnits(checked, source).flatMap((unit) => (unit.group?.ads ?? []).map((ad) => ({ ...unit, ad }))),
  asset_group: (checked, source) => partUnits(checked, source, true),
} as const satisfies Record<GoogleResource, (checked: CheckedQuery, source: QuerySource) => readonly Unit[]>

/** Reports with metrics speak of every campaign that ever delivered; plain lists leave out those gone for long. */
function campaignUnits(checked: CheckedQuery, { report, today }: QuerySource): readonly Unit[] {
  const campaigns = report?.account.campaigns ?? []
  return campaigns
    .filter((campaign) => checked.hasMetrics || campaignState(campaign, today).listed)
    .map((campaign) => ({ ...bareUnit, campaign, members: [campaign] }))
}

function groupUnits(checked: CheckedQuery, source: QuerySource): readonly Unit[] {
  return partUnits(checked, source, false)
}

/** Performance Max has asset groups where other campaigns have ad groups, and no ads that could be reported. */
function partUnits(checked: CheckedQuery, source: QuerySource, isMax: boolean): readonly Unit[] {
  return campaignUnits(checked, source)
    .filter(({ campaign }) => (campaign?.theme.googleChannel === 'PERFORMANCE_MAX') === isMax)
    .flatMap((unit) => (unit.campaign ? adGroupsOf(unit.campaign) : []).map((group) => ({ ...unit, group })))
}

/** Groups the days of the range by the selected time segments; without any, the whole range is one group. */
function periodsOf(checked: CheckedQuery, context: FieldContext, version: number): readonly (readonly DayNumber[])[] {
  const { first, last } = checked.range
  const days = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
  if (checked.segments.includes('segments.date')) return days.map((day) => [day])
  const timeFields = checked.segments
    .filter((name) => !name.includes('conversion_action'))
    .map((name) => fieldOf(name, version))
  if (timeFields.length === 0) return [days]
  const groups = new Map<string, DayNumber[]>()
  for (const day of days) {
    context.day = day
    const key = timeFields.map((field) => field.value(context)).join('|')
    const group = groups.get(key)
    if (group) group.push(day)
    else groups.set(key, [day])
  }
  return [...groups.values()]
}

function splitByAction(figures: Figures, action: ConversionAction): void {
  const last = conversionActions.at(-1) === action
  const part = (whole: number) => {
    let before = 0
    for (const one of conversionActions.slice(0, -1)) before += Math.floor(whole * one.share)
    return last ? whole - before : Math.floor(whole * action.share)
  }
  figures.conversionMicros = part(figures.conversionMicros)
  figures.valueCoins = part(figures.valueCoins)
}

const isMoving = ({ field }: Condition) => field.startsWith('metrics.') || field.startsWith('segments.')

function passes(conditions: readonly Condition[], context: FieldContext, version: number): boolean {
  return conditions.every((condition) => {
    const field = fieldOf(condition.field, version)
    return meets(field.value(context), condition, field)
  })
}

interface Prepared {
  readonly unit: Unit
  readonly context: FieldContext
  readonly text: string
}

/**
 * Walks unit by unit and within it period by period, or the other way round when the query orders by date first.
 * Nothing is kept: a row is computed when it is its turn, so that a million rows cost no memory and any page can be begun.
 */
export class RowScan {
  readonly #checked: CheckedQuery
  readonly #source: QuerySource
  readonly #writer: RowWriter
  readonly #daysFirst: boolean
  readonly #prepared: readonly Prepared[]
  readonly #periods: readonly (readonly DayNumber[])[]
  readonly #actions: readonly (ConversionAction | undefined)[]
  readonly #rowConditions: readonly Condition[]
  readonly #figures = noFigures()
  readonly #part = noFigures()
  readonly #totals = noFigures()
  #last: FieldContext | undefined
  /** Where the next row is looked for. Assigning it goes there without walking. */
  position = 0

  constructor(checked: CheckedQuery, source: QuerySource, writer: RowWriter, daysFirst: boolean) {
    this.#checked = checked
    this.#source = source
    this.#writer = writer
    this.#daysFirst = daysFirst
    this.#actions = checked.byAction ? conversionActions : [undefined]
    this.#rowConditions = checked.conditions.filter(isMoving)
    const ofUnit = checked.conditions.filter((condition) => !isMoving(condition))
    const segmented = checked.hasMetrics || checked.segments.length > 0
    this.#periods = segmented ? periodsOf(checked, this.#context(bareUnit), source.version) : [[]]
    this.#prepared = unitMakers[checked.resource](checked, source)
      .map((unit) => ({ unit, context: this.#context(unit) }))
      .filter(({ context }) => passes(ofUnit, context, source.version))
      .map((entry) => ({ ...entry, text: writer.unit(entry.context) }))
  }

  #context(unit: Unit, figures: Figures = this.#figures): FieldContext {
    const { world, customer, today } = this.#source
    const { client, campaign, group, ad, action } = unit
    return { world, customer, today, client, campaign, group, ad, action, day: 0, figures }
  }

  /** Sums the figures of one row into the scratch; false when there is nothing to report. */
  #sum({ unit, context }: Prepared, period: readonly DayNumber[], action: ConversionAction | undefined): boolean {
    const figures = this.#figures
    clearFigures(figures)
    const share = unit.ad ?? unit.group
    for (const member of unit.members)
      for (const day of period)
        if (share) this.#addShare(member, day, share)
        else this.#source.report?.add(figures, member, day)
    context.day = period[0] ?? 0
    if (action) {
      context.action = action
      splitByAction(figures, action)
    }
    // A segmented query leaves out rows without a single figure; an unsegmented one shows its zeros.
    if (this.#checked.segments.length === 0) return true
    return action ? figures.conversionMicros !== 0 : !isNothing(figures)
  }

  /** Each day is split by itself, so that whatever is summed, parts sum to the whole. */
  #addShare(member: WorldCampaign, day: DayNumber, share: Share): void {
    clearFigures(this.#part)
    this.#source.report?.add(this.#part, member, day)
    takeShare(this.#part, share, false)
    addFigures(this.#figures, this.#part)
  }

  /** The next row as JSON; undefined at the end. */
  next(): string | undefined {
    const [units, periods, actions] = [this.#prepared.length, this.#periods.length, this.#actions.length]
    const count = units * periods * actions
    while (this.position < count) {
      const at = this.position++
      const step = Math.floor(at / actions)
      const prepared = this.#prepared[this.#daysFirst ? step % units : Math.floor(step / periods)]!
      const period = this.#periods[this.#daysFirst ? Math.floor(step / units) : step % periods]!
      if (!this.#sum(prepared, period, this.#actions[at % actions])) continue
      const { context, text } = prepared
      if (this.#rowConditions.length > 0 && !passes(this.#rowConditions, context, this.#source.version)) continue
      addFigures(this.#totals, this.#figures)
      this.#last = context
      return this.#writer.row(text, context)
    }
    return undefined
  }

  /** What the row that `next` just gave is sorted by. */
  sortValues(): readonly (string | undefined)[] {
    const { version } = this.#source
    return this.#checked.query.orderBy.map(({ field }) => this.#last && fieldOf(field, version).value(this.#last))
  }

  /** The summary of every row that `next` has given. */
  summary(): string {
    return this.#writer.summary(this.#context(bareUnit, this.#totals))
  }
}

export interface SortableRow {
  readonly text: string
  readonly values: readonly (string | undefined)[]
}

/** Rows in the order the query asks for. Stable, so that equal keys keep the world's order. */
export function sortRows(rows: SortableRow[], checked: CheckedQuery, version: number): SortableRow[] {
  const keys = checked.query.orderBy.map(({ field, descending }) => ({
    numeric: isNumeric(fieldOf(field, version)),
    sign: descending ? -1 : 1,
  }))
  return rows.sort((a, b) => {
    for (const [index, { numeric, sign }] of keys.entries()) {
      const order = compareValues(a.values[index] ?? '', b.values[index] ?? '', numeric)
      if (order !== 0) return order * sign
    }
    return 0
  })
}
