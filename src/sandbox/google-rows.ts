import type { CheckedQuery } from './gaql-check.ts'
import { fieldOf } from './gaql-check.ts'
import type { Condition } from './gaql-parse.ts'
import type { DayNumber } from './day-number.ts'
import type { Figures } from './figures.ts'
import { addFigures, clearFigures, isNothing, noFigures } from './figures.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type {
  ConversionAction,
  FieldContext,
  GoogleClient,
  GoogleCustomer,
  GoogleField,
  GoogleResource,
} from './google-fields.ts'
import { conversionActions, jsonPath } from './google-fields.ts'
import type { AccountReport } from './report.ts'
import type { World } from './world.ts'

/** What rows of one query are about: a campaign, the whole account, a client of a manager, a conversion action. */
interface Unit {
  readonly campaign: WorldCampaign | undefined
  readonly members: readonly WorldCampaign[]
  readonly client: GoogleClient | undefined
  readonly action: ConversionAction | undefined
}

/** What the wire does to rows that the world did not: scenarios of schema drift. */
export interface RowDrift {
  readonly removed: ReadonlySet<string>
  /** Asking for a removed field is an error; otherwise rows merely lack it. */
  readonly removedIsError: boolean
  readonly retyped: ReadonlyMap<string, string>
  /** JSON members to add to every row, e.g. `"brandNew":{"x":"1"}`. */
  readonly added: string
}

export const noDrift: RowDrift = { removed: new Set(), removedIsError: false, retyped: new Map(), added: '' }

export interface QuerySource {
  readonly world: World
  readonly customer: GoogleCustomer
  readonly clients: readonly GoogleClient[]
  readonly report: AccountReport | undefined
  readonly today: DayNumber
  readonly version: number
  readonly drift: RowDrift
}

const bareUnit: Unit = { campaign: undefined, members: [], client: undefined, action: undefined }

const unitMakers = {
  customer: (_, source) => [{ ...bareUnit, members: source.report?.account.campaigns ?? [] }],
  customer_client: (_, source) => source.clients.map((client) => ({ ...bareUnit, client })),
  conversion_action: (_, source) => (source.report ? conversionActions.map((action) => ({ ...bareUnit, action })) : []),
  campaign: campaignUnits,
  campaign_budget: campaignUnits,
} as const satisfies Record<GoogleResource, (checked: CheckedQuery, source: QuerySource) => readonly Unit[]>

/** Reports with metrics speak of every campaign that ever delivered; plain lists leave out those gone for long. */
function campaignUnits(checked: CheckedQuery, { report, today }: QuerySource): readonly Unit[] {
  const campaigns = report?.account.campaigns ?? []
  return campaigns
    .filter((campaign) => checked.hasMetrics || campaignState(campaign, today).listed)
    .map((campaign) => ({ ...bareUnit, campaign, members: [campaign] }))
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

function compare(value: string, other: string, numeric: boolean): number {
  if (!numeric) return value < other ? -1 : value > other ? 1 : 0
  if (/^-?\d+$/.test(value) && /^-?\d+$/.test(other)) {
    const difference = BigInt(value) - BigInt(other)
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
  return Number(value) - Number(other)
}

const likePattern = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.*+?^${}()|\\]/g, String.raw`\$&`)
      .replaceAll('%', '.*')
      .replaceAll('_', '.')}$`,
    'is',
  )

/** Whether one value meets one condition. A missing value meets only IS NULL. */
export function meets(value: string | undefined, { operator, values }: Condition, field: GoogleField): boolean {
  if (operator === 'IS NULL') return value === undefined
  if (value === undefined) return false
  const numeric = field.type === 'INT64' || field.type === 'DOUBLE'
  const [a = '', b = ''] = values
  const holds = {
    '=': () => compare(value, a, numeric) === 0,
    '!=': () => compare(value, a, numeric) !== 0,
    '>': () => compare(value, a, numeric) > 0,
    '>=': () => compare(value, a, numeric) >= 0,
    '<': () => compare(value, a, numeric) < 0,
    '<=': () => compare(value, a, numeric) <= 0,
    IN: () => values.includes(value),
    'NOT IN': () => !values.includes(value),
    LIKE: () => likePattern(a).test(value),
    'NOT LIKE': () => !likePattern(a).test(value),
    'CONTAINS ANY': () => values.includes(value),
    'CONTAINS ALL': () => values.every((one) => one === value),
    'CONTAINS NONE': () => !values.includes(value),
    'IS NULL': () => false,
    'IS NOT NULL': () => true,
    DURING: () => true,
    BETWEEN: () => compare(value, a, numeric) >= 0 && compare(value, b, numeric) <= 0,
    REGEXP_MATCH: () => new RegExp(`^(?:${a})$`, 's').test(value),
    'NOT REGEXP_MATCH': () => !new RegExp(`^(?:${a})$`, 's').test(value),
  } as const satisfies Record<Condition['operator'], () => boolean>
  return holds[operator]()
}

function jsonValue(text: string, field: GoogleField): string {
  return field.type === 'DOUBLE' || field.type === 'BOOLEAN' ? text : JSON.stringify(text)
}

type Writer = (context: FieldContext) => string

/** One message of a row (`"campaign":{…}`) as a function; a field without a value is left out, as proto3 JSON does. */
function groupWriter(group: string, names: readonly string[], source: QuerySource): Writer {
  const parts = names
    .filter((name) => !source.drift.removed.has(name))
    .map((name) => {
      const field = fieldOf(name, source.version)
      const label = `"${jsonPath(name)[1]}":`
      const retyped = source.drift.retyped.get(name)
      if (retyped !== undefined) return () => label + retyped
      return (context: FieldContext) => {
        const text = field.value(context)
        return text === undefined ? '' : label + jsonValue(text, field)
      }
    })
  return (context) => {
    let inner = ''
    for (const part of parts) {
      const text = part(context)
      if (text) inner += inner ? `,${text}` : text
    }
    return `"${group}":{${inner}}`
  }
}

/** Fields by message, with the resource names that the API adds of its own accord unless told not to. */
function fieldGroups(checked: CheckedQuery): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  const { select, omitUnselectedResourceNames } = checked.query
  for (const name of omitUnselectedResourceNames ? select : [`${checked.resource}.resource_name`, ...select]) {
    const group = name.slice(0, name.indexOf('.'))
    const implied =
      group === 'metrics' || group === 'segments' || omitUnselectedResourceNames ? [] : [`${group}.resource_name`]
    const names = groups.get(group) ?? implied
    if (!names.includes(name)) names.push(name)
    groups.set(group, names)
  }
  return groups
}

export interface RowWriter {
  /** The parts that stay the same for one unit; call when the unit changes. */
  readonly unit: Writer
  /** Metrics and segments of one row. */
  readonly row: Writer
  readonly summary: Writer
  readonly fieldMask: string
}

export function rowWriter(checked: CheckedQuery, source: QuerySource): RowWriter {
  const groups = [...fieldGroups(checked)]
  const writers = (dynamic: boolean) =>
    groups
      .filter(([group]) => (group === 'metrics' || group === 'segments') === dynamic)
      .map(([group, names]) => groupWriter(jsonPath(`${group}.x`)[0], names, source))
  const [still, moving] = [writers(false), writers(true)]
  const joined = (list: readonly Writer[]) => (context: FieldContext) => {
    let text = ''
    for (const write of list) text += text ? `,${write(context)}` : write(context)
    return text
  }
  const metricNames = checked.query.select.filter((name) => name.startsWith('metrics.'))
  const summary = groupWriter('metrics', metricNames, { ...source, drift: noDrift })
  return {
    unit: joined(still),
    row: joined(moving),
    summary: (context) => `{${summary(context)}}`,
    fieldMask: checked.query.select.map((name) => jsonPath(name).join('.')).join(','),
  }
}

export interface GoogleRow {
  /** JSON text of the GoogleAdsRow. */
  readonly text: string
  readonly values: readonly (string | undefined)[]
}

export interface RowScan {
  /** Next row, or undefined at the end. Walks the world; nothing is kept. */
  next(): GoogleRow | undefined
  /** Where the next row would be looked for; `seek` goes there without walking. */
  position(): number
  seek(position: number): void
  /** Sums over every row that `next` has returned. */
  readonly totals: Readonly<Figures>
  readonly context: FieldContext
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

interface Conditions {
  readonly ofUnit: readonly Condition[]
  readonly ofRow: readonly Condition[]
}

function splitConditions(checked: CheckedQuery): Conditions {
  const isMoving = ({ field }: Condition) => field.startsWith('metrics.') || field.startsWith('segments.')
  return {
    ofUnit: checked.conditions.filter((condition) => !isMoving(condition)),
    ofRow: checked.conditions.filter(isMoving),
  }
}

/**
 * Walks unit by unit and within it period by period, or the other way round when the query orders by date first.
 * Rows without a single figure are left out as soon as the query is segmented (the API's own rule).
 */
export function scanRows(checked: CheckedQuery, source: QuerySource, writer: RowWriter, daysFirst: boolean): RowScan {
  const figures = noFigures()
  const totals = noFigures()
  const units = unitMakers[checked.resource](checked, source)
  const actions = checked.byAction ? conversionActions : [undefined]
  const conditions = splitConditions(checked)
  const contextOf = (unit: Unit | undefined): FieldContext => ({
    ...source,
    client: unit?.client,
    campaign: unit?.campaign,
    action: unit?.action,
    day: 0,
    figures,
  })
  const periods =
    checked.hasMetrics || checked.segments.length > 0 ? periodsOf(checked, contextOf(undefined), source.version) : [[]]
  const passes = (list: readonly Condition[], context: FieldContext) =>
    list.every((condition) => {
      const field = fieldOf(condition.field, source.version)
      return meets(field.value(context), condition, field)
    })
  const prepared = units
    .map((unit) => ({ unit, context: contextOf(unit) }))
    .filter(({ context }) => passes(conditions.ofUnit, context))
    .map((entry) => ({ ...entry, still: writer.unit(entry.context) }))
  const inner = actions.length
  const count = prepared.length * periods.length * inner
  let at = 0
  const rowAt = (index: number): GoogleRow | undefined => {
    const step = Math.floor(index / inner)
    const [u, p] = daysFirst
      ? [step % prepared.length, Math.floor(step / prepared.length)]
      : [Math.floor(step / periods.length), step % periods.length]
    const { unit, context, still } = prepared[u]!
    const period = periods[p]!
    clearFigures(figures)
    for (const member of unit.members) for (const day of period) source.report?.add(figures, member, day)
    context.day = period[0] ?? 0
    const action = actions[index % inner]
    if (action) {
      context.action = action
      splitByAction(figures, action)
    }
    if (checked.segments.length > 0 && (action ? figures.conversionMicros === 0 : isNothing(figures))) return undefined
    if (conditions.ofRow.length > 0 && !passes(conditions.ofRow, context)) return undefined
    addFigures(totals, figures)
    const moving = writer.row(context)
    const text = `{${still}${still && moving ? ',' : ''}${moving}${source.drift.added}}`
    return { text, values: sortValues(checked, context, source.version) }
  }
  return {
    totals,
    position: () => at,
    seek(position) {
      at = position
    },
    context: { ...contextOf(undefined), figures: totals },
    next() {
      while (at < count) {
        const row = rowAt(at++)
        if (row) return row
      }
      return undefined
    },
  }
}

const noValues: readonly undefined[] = []

function sortValues(checked: CheckedQuery, context: FieldContext, version: number): readonly (string | undefined)[] {
  const { orderBy } = checked.query
  return orderBy.length === 0 ? noValues : orderBy.map(({ field }) => fieldOf(field, version).value(context))
}

/** Rows in the order the query asks for. Stable, so that equal keys keep the world's order. */
export function sortRows(rows: GoogleRow[], checked: CheckedQuery, version: number): GoogleRow[] {
  const keys = checked.query.orderBy.map(({ field, descending }) => ({
    type: fieldOf(field, version).type,
    sign: descending ? -1 : 1,
  }))
  return rows.sort((a, b) => {
    for (const [index, { type, sign }] of keys.entries()) {
      const order = compare(a.values[index] ?? '', b.values[index] ?? '', type === 'INT64' || type === 'DOUBLE')
      if (order !== 0) return order * sign
    }
    return 0
  })
}
