import type { CheckedQuery } from './gaql-check.ts'
import { fieldOf } from './gaql-check.ts'
import type { FieldContext, GoogleClient, GoogleCustomer, GoogleField } from './google-fields.ts'
import { jsonPath } from './google-fields.ts'
import type { DayNumber } from './day-number.ts'
import type { AccountReport } from './report.ts'
import type { World } from './world.ts'

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

/** Text inside the quotes of a JSON string; only free text can hold signs that must be escaped. */
function inQuotes(text: string, field: GoogleField): string {
  return field.type === 'STRING' ? JSON.stringify(text).slice(1, -1) : text
}

const isBare = (field: GoogleField) => field.type === 'DOUBLE' || field.type === 'INT32' || field.type === 'BOOLEAN'

/** One message of a row (`"campaign":{…}`) that is written once a campaign; a field without a value is left out, as proto3 JSON does. */
function messageText(group: string, names: readonly string[], source: QuerySource, context: FieldContext): string {
  const parts: string[] = []
  /** Members of a member: `adGroupAd.ad` has an id and a name. */
  const inner = new Map<string, string[]>()
  for (const name of names) {
    if (source.drift.removed.has(name)) continue
    const field = fieldOf(name, source.version)
    const text = source.drift.retyped.get(name) ?? field.value(context)
    if (text === undefined) continue
    const isPlain = isBare(field) || source.drift.retyped.has(name)
    const written = isPlain ? text : `"${inQuotes(text, field)}"`
    const [head = '', below] = jsonPath(name)[1].split('.')
    if (below === undefined) parts.push(`"${head}":${written}`)
    else inner.set(head, [...(inner.get(head) ?? []), `"${below}":${written}`])
  }
  for (const [head, texts] of inner) parts.push(`"${head}":{${texts.join(',')}}`)
  return `"${group}":{${parts.join(',')}}`
}

/** Metrics and segments, which always have a value: constant text and values by turns, so that a row is a few additions. */
interface RowTemplate {
  readonly constants: readonly string[]
  readonly values: readonly ((context: FieldContext) => string)[]
}

function rowTemplate(groups: readonly (readonly [string, readonly string[]])[], source: QuerySource): RowTemplate {
  const constants: string[] = []
  const values: ((context: FieldContext) => string)[] = []
  let text = ''
  for (const [group, names] of groups) {
    text += `${text || constants.length > 0 ? ',' : ''}"${jsonPath(`${group}.x`)[0]}":{`
    let between = ''
    for (const name of names) {
      if (source.drift.removed.has(name)) continue
      const field = fieldOf(name, source.version)
      const retyped = source.drift.retyped.get(name)
      const quote = isBare(field) || retyped !== undefined ? '' : '"'
      constants.push(`${text}${between}"${jsonPath(name)[1]}":${quote}`)
      values.push(retyped === undefined ? (context) => inQuotes(field.value(context) ?? '', field) : () => retyped)
      text = quote
      between = ','
    }
    text += '}'
  }
  constants.push(text)
  return { constants, values }
}

/** Fields by message, with the resource names that the API adds of its own accord unless told not to. */
function fieldGroups(checked: CheckedQuery): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>()
  const { select, omitUnselectedResourceNames } = checked.query
  for (const name of omitUnselectedResourceNames ? select : [`${checked.resource}.resource_name`, ...select]) {
    const group = name.slice(0, name.indexOf('.'))
    const implied = isMoving(group) || omitUnselectedResourceNames ? [] : [`${group}.resource_name`]
    const names = groups.get(group) ?? implied
    if (!names.includes(name)) names.push(name)
    groups.set(group, names)
  }
  return [...groups]
}

const isMoving = (group: string) => group === 'metrics' || group === 'segments'

/** Writes rows of one query as JSON text. */
export interface RowWriter {
  /** The messages that stay the same for one unit: written once a unit. */
  unit(context: FieldContext): string
  /** One row: the unit's text, then metrics and segments. */
  row(unit: string, context: FieldContext): string
  /** The summary row; untouched by drift of the rows. */
  summary(context: FieldContext): string
  readonly fieldMask: string
}

export function rowWriter(checked: CheckedQuery, source: QuerySource): RowWriter {
  const groups = fieldGroups(checked)
  const still = groups.filter(([group]) => !isMoving(group))
  const { constants, values } = rowTemplate(
    groups.filter(([group]) => isMoving(group)),
    source,
  )
  const metricNames = checked.query.select.filter((name) => name.startsWith('metrics.'))
  const end = `${constants.at(-1)}${source.drift.added}}`
  return {
    unit(context) {
      const texts = still.map(([group, names]) => messageText(jsonPath(`${group}.x`)[0], names, source, context))
      return `{${texts.join(',')}${texts.length > 0 && constants.length > 1 ? ',' : ''}`
    },
    row(unit, context) {
      let text = unit
      for (let i = 0; i < values.length; i++) text += constants[i]! + values[i]!(context)
      return text + end
    },
    summary: (context) => `{${messageText('metrics', metricNames, { ...source, drift: noDrift }, context)}}`,
    fieldMask: checked.query.select.map((name) => jsonPath(name).join('.')).join(','),
  }
}
