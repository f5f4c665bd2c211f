import { z } from 'zod'
import { dimensions, onFails, severities } from './check.ts'
import { columnNames } from './columns.ts'

/** The ids under which results are kept; stable for ever. */
export const idShape = /^[a-z][a-z0-9_.]{0,62}$/

const bound = z.number()
const pair = z.tuple([z.number(), z.number()])

/** The comparisons by their names in the Open Data Contract Standard. */
export const operators = {
  mustBe: bound.optional().describe('The value is equal to this number.'),
  mustNotBe: bound.optional().describe('The value is another number than this.'),
  mustBeGreaterThan: bound.optional(),
  mustBeGreaterOrEqualTo: bound.optional(),
  mustBeLessThan: bound.optional(),
  mustBeLessOrEqualTo: bound.optional(),
  mustBeBetween: pair.optional().describe('Lowest and highest value, both allowed.'),
  mustNotBeBetween: pair.optional().describe('Lowest and highest value, neither allowed nor anything between.'),
} as const

export type OperatorName = keyof typeof operators

export const operatorNames = Object.keys(operators) as readonly OperatorName[]

const threshold = z.strictObject(operators)

/** What a check says of a value; exactly one of its operators is given, which `config-check.ts` holds. */
export type Threshold = z.infer<typeof threshold>

const columnName = z.enum(columnNames as [string, ...string[]])
const text = z.string().min(1)

const common = {
  description: text.max(300).optional().describe('The rule in a sentence, for screens and messages.'),
  fix: text.max(500).optional().describe('What to do when it fails.'),
  dimension: z.enum(dimensions).optional().describe('By its name in the Open Data Contract Standard.'),
  severity: z.enum(severities).optional(),
  onFail: z.enum(onFails).optional().describe('block refuses the day; quarantine keeps failing rows aside.'),
  warn: threshold.optional().describe('A stricter comparison whose breach only warns.'),
} as const

const libraryMetrics = ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount'] as const

export const libraryCheck = z.strictObject({
  ...common,
  ...operators,
  column: columnName.optional(),
  columns: z.array(columnName).min(1).max(8).optional().describe('For duplicateValues over several columns.'),
  metric: z.enum(libraryMetrics),
  unit: z.enum(['rows', 'percent']).optional(),
  arguments: z
    .strictObject({
      min: z.number().optional(),
      max: z.number().optional(),
      minColumn: columnName.optional().describe('The value is not below that column of the same row.'),
      maxColumn: columnName.optional().describe('The value is not above that column of the same row.'),
      validValues: z
        .array(z.union([z.string(), z.number()]))
        .min(1)
        .max(1000)
        .optional(),
      pattern: text.max(200).optional().describe('A regular expression of Postgres that the whole text matches.'),
      minLength: z.number().int().nonnegative().optional(),
      maxLength: z.number().int().nonnegative().optional(),
      missingValues: z.array(z.string()).min(1).max(100).optional().describe('Texts that mean no value.'),
    })
    .optional(),
})

export type LibraryCheck = z.infer<typeof libraryCheck>

export const sqlCheck = z.strictObject({
  ...common,
  ...operators,
  type: z.literal('sql'),
  query: text.max(20_000).describe('One select over {dataset}; {partition} is true for the rows of the day.'),
  returns: z
    .enum(['rows', 'value'])
    .optional()
    .describe('rows: how many rows it gives is compared; value: its only cell.'),
  timeoutSeconds: z.number().positive().max(60).optional(),
  samples: z.number().int().nonnegative().max(20).optional(),
})

export type SqlCheckConfig = z.infer<typeof sqlCheck>

export const builtinUse = z.strictObject({
  ...common,
  ...operators,
  use: text.describe('The id of a built-in check.'),
  unit: z.enum(['rows', 'percent']).optional(),
})

export type BuiltinUse = z.infer<typeof builtinUse>

const match = z.strictObject({ platform: text.optional(), account: text.optional() })

const override = z.strictObject({
  match,
  checks: z.record(
    z.string(),
    z.strictObject({ severity: z.enum(severities).optional(), onFail: z.enum(onFails).optional() }),
  ),
  reason: text,
  until: z.iso.date().describe('The last day, in UTC, on which it is in force.'),
})

export type OverrideConfig = z.infer<typeof override>

const mute = z.strictObject({
  check: text,
  where: match.optional(),
  until: z.iso.date().describe('The last day, in UTC, on which it is in force.'),
  reason: text,
  by: text,
})

export type MuteConfig = z.infer<typeof mute>

const datasets = ['daily_campaign_metrics'] as const

const tolerance = z.number().min(0).max(1)

const sla = z.strictObject({
  freshness: z.strictObject({
    by: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .describe('Local time of the account on the day after, by which a day is published.'),
  }),
})

const reconcileTolerance = z.strictObject({
  cost: tolerance.optional(),
  impressions: tolerance.optional(),
  clicks: tolerance.optional(),
  conversions: tolerance.optional(),
  conversionValue: tolerance.optional(),
})

const rest = {
  $schema: z.string().optional(),
  dataset: z.enum(datasets),
  extends: z
    .array(z.enum(['ads.core']))
    .optional()
    .describe('The built-in checks; they run in any case.'),
  overrides: z.array(override).optional(),
  mute: z.array(mute).optional(),
  sla: sla.optional(),
  reconcile: z
    .record(z.string(), reconcileTolerance)
    .optional()
    .describe(
      'Shares by which published sums may differ from the platform’s totals, by platform; * is every platform.',
    ),
  tags: z
    .partialRecord(columnName, z.array(z.enum(['pii', 'secret'])).min(1))
    .optional()
    .describe('Columns that never appear in samples of failing rows.'),
} as const

/** A file without its checks looked at: each is then read by the schema of its own kind, so that a mistake has its own place. */
export const qualityFrame = z.strictObject({ ...rest, checks: z.record(z.string(), z.unknown()).optional() })

/** A file of checks, in YAML or TypeScript: the one description that editors, types and the program share. */
export const qualityConfig = z.strictObject({
  ...rest,
  checks: z.record(z.string().regex(idShape), z.union([builtinUse, sqlCheck, libraryCheck])).optional(),
})

export type QualityConfig = z.input<typeof qualityConfig>

/** Gives a file of checks its type, so that an editor completes it and marks what is wrong. Changes nothing. */
export function defineQuality(config: QualityConfig): QualityConfig {
  return config
}

/** The JSON Schema of a file of checks, for editors: `# yaml-language-server: $schema=…` in a YAML file's first line. */
export function qualityJsonSchema(): object {
  return { title: 'Millrace quality checks', ...z.toJSONSchema(qualityConfig, { io: 'input' }) }
}
