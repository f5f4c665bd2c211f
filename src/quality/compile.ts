import type { Check, CheckInput, Judgement, OnFail, RowRule, Severity } from './check.ts'
import { onFailOf } from './check.ts'
import { columnOf } from './columns.ts'
import type { Column, ColumnName } from './columns.ts'
import type { BuiltinUse, LibraryCheck, Threshold } from './config-schema.ts'
import type { Fragment } from './fragment.ts'
import { joined, sql } from './fragment.ts'
import { expectedRange, givenOperators, holds, thresholdText } from './threshold.ts'

/** What the person who wrote a check may leave out. */
const defaults = { severity: 'error', onFail: 'block' } as const satisfies { severity: Severity; onFail: OnFail }

const dimensionOf = {
  nullValues: 'completeness',
  missingValues: 'completeness',
  invalidValues: 'conformity',
  duplicateValues: 'uniqueness',
  rowCount: 'completeness',
} as const

/** A library check of a file as a check of the audit. Its names have been checked against the columns there are; its values travel as parameters. */
export function compileLibrary(id: string, config: LibraryCheck): Check {
  const { metric, severity = defaults.severity, onFail = defaults.onFail } = config
  const shared = {
    id,
    dimension: config.dimension ?? dimensionOf[metric],
    severity,
    blocking: onFail === 'block',
    onFail,
  }
  if (metric === 'rowCount') return { ...shared, judge: (input) => judgeCount(config, input) }
  if (metric === 'duplicateValues') {
    const keys = joined(keysOf(config), ', ')
    return {
      ...shared,
      // As a row, so that two rows without a value are doubles of each other, as people mean it.
      measure: () => sql`count(*) - count(distinct row(${keys}))`,
      samples: (stage) =>
        sql`(date, ${keys}) in (select date, ${keys} from ${stage} group by date, ${keys} having count(*) > 1)`,
      judge: (input) => judgeFailed(config, config.unit, input, input.counts.measure ?? 0),
    }
  }
  const rows = { fails: failingOf(config) } satisfies RowRule
  return { ...shared, rows, judge: (input) => judgeFailed(config, config.unit, input, input.counts.fails) }
}

function keysOf({ column, columns }: LibraryCheck): readonly Fragment[] {
  const names = columns ?? (column === undefined ? [] : [column])
  return names.map((name) => columnOf(name as ColumnName).value)
}

function failingOf({ metric, column, arguments: given = {} }: LibraryCheck): RowRule['fails'] {
  const { value, kind, isWhole }: Column = columnOf(column as ColumnName)
  if (metric === 'nullValues') return () => sql`(${value}) is null`
  if (metric === 'missingValues')
    return () => sql`((${value}) is null or (${value})::text = any(${given.missingValues ?? []}::text[]))`
  const broken: readonly Fragment[] = [
    ...(kind === 'number' ? outsideRange(value, isWhole === true, given) : []),
    ...(given.minColumn === undefined ? [] : [sql`(${value}) < (${columnOf(given.minColumn as ColumnName).value})`]),
    ...(given.maxColumn === undefined ? [] : [sql`(${value}) > (${columnOf(given.maxColumn as ColumnName).value})`]),
    ...(given.pattern === undefined ? [] : [sql`(${value})::text !~ ${`^(?:${given.pattern})$`}`]),
    ...(given.minLength === undefined ? [] : [sql`char_length((${value})::text) < ${given.minLength}`]),
    ...(given.maxLength === undefined ? [] : [sql`char_length((${value})::text) > ${given.maxLength}`]),
    ...(given.validValues === undefined ? [] : [notAmong(value, kind, given.validValues)]),
  ]
  return () => (broken.length === 0 ? sql`false` : sql`(${joined(broken, ' or ')})`)
}

/**
 * Each value is computed as seldom as may be: a ratio is a division a row. NaN is above every number for Postgres, so that a highest
 * value finds it and only a lowest one alone would let it through.
 */
function outsideRange(
  value: Fragment,
  isWhole: boolean,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
): readonly Fragment[] {
  const [low, high] = [sql`${String(min)}::numeric`, sql`${String(max)}::numeric`]
  if (min !== undefined && max !== undefined) return [sql`(${value}) not between ${low} and ${high}`]
  if (max !== undefined) return [sql`(${value}) > ${high}`]
  const notANumber = isWhole ? [] : [sql`(${value}) = 'NaN'::numeric`]
  return min === undefined ? notANumber : [...notANumber, sql`(${value}) < ${low}`]
}

function notAmong(value: Fragment, kind: 'text' | 'number', valid: readonly (string | number)[]): Fragment {
  const texts = valid.map(String)
  return kind === 'number'
    ? sql`(${value})::numeric <> all(${texts}::numeric[])`
    : sql`(${value})::text <> all(${texts}::text[])`
}

/** A built-in check with what a file changed of it. Its id stays, because results are kept under it. */
export function compileUse(builtin: Check, config: BuiltinUse): Check {
  const onFail = config.onFail ?? onFailOf(builtin)
  const changed = {
    ...builtin,
    severity: config.severity ?? builtin.severity,
    dimension: config.dimension ?? builtin.dimension,
    blocking: onFail === 'block',
    onFail,
  }
  if (givenOperators(config).length === 0) return changed
  return { ...changed, judge: (input) => judgeFailed(config, config.unit, input, input.counts.fails) }
}

type Thresholds = Threshold & { readonly warn?: Threshold | undefined }

function judgeFailed(
  config: Thresholds,
  unit: 'rows' | 'percent' | undefined,
  { partition }: CheckInput,
  failed: number,
): Judgement {
  const tested = partition.rows
  if (tested === 0 && unit === 'percent')
    return { outcome: 'skipped', tested: 0, failed: 0, facts: { reason: 'no_rows' } }
  return judgeValue(config, { value: unit === 'percent' ? (100 * failed) / tested : failed, tested, failed })
}

function judgeCount(config: Thresholds, { partition }: CheckInput): Judgement {
  const isKept = holds(config, partition.rows)
  return judgeValue(config, { value: partition.rows, tested: 1, failed: isKept ? 0 : 1 })
}

/** What a value is worth by its thresholds: fails beyond the own one, warns beyond the stricter one. */
export function judgeValue(
  config: Thresholds,
  { value, tested, failed }: { readonly value: number; readonly tested: number; readonly failed: number },
): Judgement {
  const isKept = holds(config, value)
  const isQuiet = config.warn === undefined || holds(config.warn, value)
  const { low, high } = expectedRange(config)
  const outcome = !isKept ? 'fail' : isQuiet ? 'pass' : 'warn'
  return {
    outcome,
    tested,
    failed,
    value: Number.isFinite(value) ? String(Number(value.toPrecision(12))) : null,
    expectedLow: low,
    expectedHigh: high,
    // A broken threshold on a count that is no count of failures, as "more than 5 rows": nothing failed and the rule is still broken.
    ...(outcome === 'fail' && failed === 0 && { score: 0 }),
    facts: {
      value: Number.isFinite(value) ? Number(value.toPrecision(12)) : String(value),
      threshold: thresholdText(outcome === 'warn' ? (config.warn ?? config) : config),
    },
  }
}
