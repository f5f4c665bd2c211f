import type { Document } from 'yaml'
import { LineCounter, isMap, isScalar, parseDocument } from 'yaml'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { MetricSource, RawColumn, RawMapping, RawType } from '../domain/mapping.ts'
import { dateFormat } from './file-values.ts'

/** What a column of a file can mean, and the type that it has at rest. */
export const fileFields = {
  date: 'day',
  campaign_id: 'text',
  campaign_name: 'text',
  status: 'text',
  currency: 'text',
  cost: 'decimal',
  cost_micros: 'bigint',
  impressions: 'bigint',
  clicks: 'bigint',
  link_clicks: 'bigint',
  video_views: 'bigint',
  conversions: 'decimal',
  conversion_value: 'decimal',
} as const satisfies Record<string, RawType>

export type FileField = keyof typeof fileFields

const fieldNames = Object.keys(fileFields) as readonly FileField[]

/** Headers that a column may have, the first that is there wins; `(*)` in one stands for anything in brackets, such as a currency. */
const headersShape = z.union([
  z
    .string()
    .min(1)
    .transform((header) => [header]),
  z.array(z.string().min(1)).min(1),
])

/** A column by its header; `nth` where several have the same one. */
const columnShape = z.union([
  headersShape.transform((headers) => ({ headers, nth: null })),
  z
    .strictObject({ header: headersShape, nth: z.int().min(1).nullable().default(null) })
    .transform(({ header, nth }) => ({ headers: header, nth })),
])

/** Ratios that a file may carry: numerator and denominator by their fields. They are compared with their sums and thrown away. */
export const fileRatios = {
  ctr: ['clicks', 'impressions'],
  cpc: ['cost', 'clicks'],
  cvr: ['conversions', 'clicks'],
  cpa: ['cost', 'conversions'],
  roas: ['conversion_value', 'cost'],
} as const satisfies Record<string, readonly [FileField, FileField]>

export type FileRatio = keyof typeof fileRatios

const ratioNames = Object.keys(fileRatios) as readonly FileRatio[]

const ratioShape = z.union([
  headersShape.transform((headers) => ({ headers, percent: false })),
  z
    .strictObject({ header: headersShape, percent: z.boolean().default(false) })
    .transform(({ header, percent }) => ({ headers: header, percent })),
])

const constantShape = z.union([z.string(), z.number().transform(String)])

const totalsWords = ['Total', 'Grand total', 'Gesamt', 'Summe', '합계', '총계', '총 ']

const absentWords = ['', '-', '--', '—', 'null', 'NULL', 'N/A']

const separator = z.string().length(1)

const fileShape = z.strictObject({
  encoding: z.string().default('utf-8').describe('As the WHATWG names them; a byte order mark wins over it.'),
  delimiter: separator.nullable().default(null).describe('Left out: the one that yields the mapped columns.'),
  headerLine: z.int().min(1).nullable().default(null).describe('Left out: the first line with the mapped columns.'),
  totals: z
    .array(z.string().min(1))
    .default(totalsWords)
    .describe('First words of lines to leave out when they have no day or campaign.'),
  absent: z.array(z.string()).default(absentWords).describe('Texts that stand for no value.'),
})

const numbersShape = z
  .strictObject({ decimal: separator.default('.'), group: z.string().max(1).default(',') })
  .refine(({ decimal, group }) => decimal !== group, 'the decimal sign and the group sign must differ')

const dateShape = z
  .string()
  .refine((format) => dateFormat(format) !== undefined, 'must name YYYY, MM (M, MMM) and DD (D) once each')

const mappingShape = z
  .strictObject({
    version: z.int().min(1).default(1).describe('Raise it when the meaning of a column changes.'),
    file: fileShape.prefault({}),
    columns: z.partialRecord(z.enum(fieldNames), columnShape),
    optional: z.array(z.enum(fieldNames)).default([]).describe('Columns that a file may lack.'),
    sameDay: headersShape
      .optional()
      .describe('A column whose day must be that of date: a row that spans several days is refused.'),
    ratios: z
      .partialRecord(z.enum(ratioNames), ratioShape)
      .default({})
      .describe('Columns of ratios: checked against the sums, not kept; percent for one without a percent sign.'),
    constants: z.partialRecord(z.enum(fieldNames), constantShape).default({}),
    numbers: numbersShape.prefault({}),
    dates: z.union([dateShape.transform((one) => [one]), z.array(dateShape).min(1)]).default(['YYYY-MM-DD']),
    statuses: z.record(z.string(), z.enum(['active', 'paused', 'removed', 'archived', 'unknown'])).default({}),
  })
  .superRefine((mapping, context) => {
    const has = (field: FileField) => field in mapping.columns || field in mapping.constants
    const complain = (message: string) => context.addIssue({ code: 'custom', path: ['columns'], message })
    for (const field of ['date', 'campaign_id'] as const) if (!has(field)) complain(`columns must name ${field}`)
    if (has('cost') && has('cost_micros')) complain('columns must name cost or cost_micros, not both')
    const needed = mapping.optional.find((field) => field === 'date' || field === 'campaign_id')
    if (needed) complain(`${needed} cannot be optional`)
    const twice = fieldNames.find((field) => field in mapping.columns && field in mapping.constants)
    if (twice) complain(`${twice} is both a column and a constant`)
  })

/** From the columns of somebody's CSV export to canonical fields, with constants, number and date formats. */
export type FileMapping = z.output<typeof mappingShape>

/** Reads a mapping's YAML. Throws FILES_MAPPING_INVALID with the line and column of the first thing not understood. */
export function parseFileMapping(text: string, file: string): FileMapping {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  const at = (offset: number) => ({ file, line: counter.linePos(offset).line, column: counter.linePos(offset).col })
  const [broken] = document.errors
  if (broken) {
    throw new MillraceError('FILES_MAPPING_INVALID', {
      ...at(broken.pos[0]),
      reason: broken.message.split('\n')[0] ?? '',
    })
  }
  const parsed = mappingShape.safeParse(document.toJS() ?? {})
  if (parsed.success) return parsed.data
  const { path, reason } = firstIssue(parsed.error)
  throw new MillraceError('FILES_MAPPING_INVALID', { ...at(offsetOf(document, path)), reason })
}

const sectionNames = [
  'version',
  'file',
  'columns',
  'optional',
  'sameDay',
  'ratios',
  'constants',
  'numbers',
  'dates',
  'statuses',
]

/** The first thing wrong; a name that the mapping does not know is blamed itself, with the names that it could have been. */
function firstIssue(error: z.ZodError): { readonly path: readonly PropertyKey[]; readonly reason: string } {
  // A misspelt section is told as such, not as the absence of the section that was meant.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...(issue?.path ?? []), ...keys]
  const where = path.length === 0 ? '' : `${path.join('.')}: `
  const names = path.length === 1 ? sectionNames : path[0] === 'columns' || path[0] === 'constants' ? fieldNames : []
  const known = names.length > 0 ? `; there are ${names.join(', ')}` : ''
  const what = keys.length > 0 ? `there is no such name${known}` : (issue?.message ?? '')
  return { path, reason: where + what }
}

/** Where the name at a path, or the nearest one around it, stands in the text. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
      : undefined
    const range = isScalar(pair?.key) ? pair.key.range : undefined
    if (range) return range[0]
  }
  return 0
}

/** A mapping given in a configuration file instead of a file of its own. Throws FILES_MAPPING_INVALID. */
export function fileMapping(value: unknown): FileMapping {
  const parsed = mappingShape.safeParse(value)
  if (parsed.success) return parsed.data
  const { reason } = firstIssue(parsed.error)
  throw new MillraceError(
    'FILES_MAPPING_INVALID',
    { file: 'mapping', line: 1, column: 1, reason },
    { cause: parsed.error },
  )
}

/** The fields that rows of this mapping have, in the order of their columns at rest. */
export function mappedFields(mapping: FileMapping): readonly FileField[] {
  return fieldNames.filter((field) => field in mapping.columns || field in mapping.constants)
}

const nullable: readonly FileField[] = ['link_clicks', 'video_views', 'conversion_value']

/** A cell without a value is none; a column that a file may lack is no metric there, where a fact may have none. */
function absentOf({ optional }: FileMapping, field: FileField): 'zero' | 'null' {
  return optional.includes(field) && nullable.includes(field) ? 'null' : 'zero'
}

/** How the rows become facts: values are parsed on the way in, so every number is a plain column. Files may be finer than a campaign's day. */
export function rawMappingOf(mapping: FileMapping): RawMapping {
  const fields = mappedFields(mapping)
  const metric = (field: FileField): MetricSource =>
    fields.includes(field) ? { from: 'column', column: field, absent: absentOf(mapping, field) } : { from: 'none' }
  return {
    grain: 'finer',
    version: mapping.version,
    columns: fields.map((name): RawColumn => ({
      name,
      type: fileFields[name],
      required: name === 'date' || name === 'campaign_id',
    })),
    date: 'date',
    entityId: 'campaign_id',
    currency: fields.includes('currency') ? 'currency' : null,
    cost: fields.includes('cost_micros') ? { from: 'micros', column: 'cost_micros', absent: 'zero' } : metric('cost'),
    impressions: metric('impressions'),
    clicks: metric('clicks'),
    linkClicks: metric('link_clicks'),
    videoViews: metric('video_views'),
    conversions: metric('conversions'),
    conversionValue: metric('conversion_value'),
  }
}
