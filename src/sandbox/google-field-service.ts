import { meets } from './gaql-meets.ts'
import { parseQuery } from './gaql-parse.ts'
import type { Query } from './gaql-parse.ts'
import { GoogleRefusal, queryRefusal } from './google-error.ts'
import type { GoogleField } from './google-fields.ts'
import { conversionMetrics, googleFields, googleResources } from './google-fields.ts'

/** What the field service tells of one field or resource; members without a value are left out, as proto3 JSON does. */
type Artifact = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

const groupOf = (name: string) => name.slice(0, name.indexOf('.'))
const isServed = ({ since = 0, until = Infinity }: GoogleField, version: number) => since <= version && version < until

const categories: Readonly<Record<string, string>> = { metrics: 'METRIC', segments: 'SEGMENT' }

/** Resources whose queries may select the group of fields. */
function resourcesWith(group: string): readonly string[] {
  return Object.entries(googleResources)
    .filter(([, { attributes, metrics }]) =>
      group in categories ? metrics : (attributes as readonly string[]).includes(group),
    )
    .map(([name]) => name)
}

/** Which metrics and segments go with a metric or segment: conversions alone are split by their action. */
function selectableWith(name: string, served: readonly string[]): readonly string[] {
  const group = groupOf(name)
  const isAction = name.startsWith('segments.conversion_action')
  const beside = served.filter((other) => {
    if (other === name || !(groupOf(other) in categories)) return false
    if (isAction) return groupOf(other) === 'segments' || conversionMetrics.has(other)
    return conversionMetrics.has(name) || group === 'segments' || !other.startsWith('segments.conversion_action')
  })
  return [...resourcesWith(group), ...beside]
}

function fieldArtifact(name: string, field: GoogleField, served: readonly string[]): Artifact {
  const category = categories[groupOf(name)] ?? 'ATTRIBUTE'
  const enumValues = typeof field.type === 'object' ? field.type : undefined
  return {
    resourceName: `googleAdsFields/${name}`,
    category,
    selectableWith: category === 'ATTRIBUTE' ? undefined : selectableWith(name, served),
    enumValues,
    dataType: typeof field.type === 'object' ? 'ENUM' : field.type,
    name,
    selectable: true,
    filterable: field.filterable ?? true,
    sortable: true,
    isRepeated: false,
  }
}

function resourceArtifact(name: keyof typeof googleResources, served: readonly string[]): Artifact {
  const { attributes, metrics } = googleResources[name]
  const of = (group: string) => (metrics ? served.filter((field) => groupOf(field) === group) : undefined)
  return {
    resourceName: `googleAdsFields/${name}`,
    category: 'RESOURCE',
    attributeResources: attributes.filter((one) => one !== name),
    metrics: of('metrics'),
    segments: of('segments'),
    dataType: 'MESSAGE',
    name,
    selectable: false,
    filterable: false,
    sortable: false,
    isRepeated: false,
  }
}

function artifacts(version: number): readonly Artifact[] {
  const served = Object.entries(googleFields).filter(([, field]) => isServed(field, version))
  const names = served.map(([name]) => name)
  const resources = Object.keys(googleResources) as (keyof typeof googleResources)[]
  return [
    ...resources.map((name) => resourceArtifact(name, names)),
    ...served.map(([name, field]) => fieldArtifact(name, field, names)),
  ]
}

const memberOf = (column: string) => column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Columns of the field service's own queries. */
const columns: readonly string[] = [
  'resource_name',
  'category',
  'selectable_with',
  'attribute_resources',
  'metrics',
  'segments',
  'enum_values',
  'data_type',
  'name',
  'selectable',
  'filterable',
  'sortable',
  'is_repeated',
]

const text: GoogleField = { type: 'STRING', value: () => undefined }
const flag: GoogleField = { type: 'BOOLEAN', value: () => undefined }

/** The language of the field service is GAQL without FROM: there is one thing to ask about. */
function parsed(query: string): Query {
  if (/\bFROM\b/i.test(query)) throw queryRefusal('UNEXPECTED_FROM_CLAUSE', 'FROM clause is not allowed in this query.')
  const read = parseQuery(query.replace(/\s+(?:WHERE|ORDER\s+BY|LIMIT)\b|$/i, ' FROM google_ads_field$&'))
  const unknown = [...read.select, ...read.where.map(({ field }) => field)].find((name) => !columns.includes(name))
  if (unknown !== undefined) throw queryRefusal('UNRECOGNIZED_FIELD', `Unrecognized field in the query: '${unknown}'.`)
  return read
}

function passes(artifact: Artifact, { where }: Query): boolean {
  return where.every((condition) => {
    const value = artifact[memberOf(condition.field)]
    if (Array.isArray(value)) return value.some((one) => meets(one as string, condition, text))
    const field = typeof value === 'boolean' ? flag : text
    return meets(value === undefined ? undefined : String(value), condition, field)
  })
}

function shown(artifact: Artifact, names: readonly string[]): Artifact {
  const members = new Set(['resourceName', ...names.map(memberOf)])
  return Object.fromEntries(Object.entries(artifact).filter(([member]) => members.has(member)))
}

/** `POST /v26/googleAdsFields:search` `{"query","pageToken","pageSize"}`: what may be asked for, and with what. */
export function searchFields(body: string, version: number): object {
  let given: { readonly query?: unknown; readonly pageSize?: unknown; readonly pageToken?: unknown }
  try {
    given = JSON.parse(body) as typeof given
  } catch {
    throw new GoogleRefusal(400, 'requestError', 'UNKNOWN', 'Invalid JSON payload received.')
  }
  if (typeof given.query !== 'string' || given.query.trim() === '')
    throw new GoogleRefusal(400, 'requestError', 'REQUIRED_FIELD_MISSING', 'Required field is missing: query.')
  const query = parsed(given.query)
  const found = artifacts(version).filter((one) => passes(one, query))
  const size = typeof given.pageSize === 'number' && given.pageSize > 0 ? Math.min(given.pageSize, 10_000) : 10_000
  const from = Number(given.pageToken ?? 0)
  if (!Number.isInteger(from) || from < 0 || from > found.length)
    throw new GoogleRefusal(400, 'requestError', 'INVALID_PAGE_TOKEN', 'The page token is not valid.')
  const last = Math.min(found.length, query.limit ?? Infinity)
  const results = found.slice(from, Math.min(last, from + size)).map((one) => shown(one, query.select))
  return {
    ...(results.length > 0 && { results }),
    ...(from + size < last && { nextPageToken: String(from + size) }),
    totalResultsCount: String(found.length),
  }
}

/** `GET /v26/googleAdsFields/campaign.id`: one of them, whole. */
export function oneField(name: string, version: number): object {
  const found = artifacts(version).find((one) => one['name'] === name)
  if (found) return found
  throw new GoogleRefusal(404, 'requestError', 'RESOURCE_NAME_MISSING', `Field '${name}' is not known.`)
}
