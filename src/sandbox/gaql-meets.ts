import type { Condition } from './gaql-parse.ts'
import type { GoogleField } from './google-fields.ts'

export const isNumeric = ({ type }: GoogleField) => type === 'INT64' || type === 'INT32' || type === 'DOUBLE'

/** Orders two values of a field: numbers as numbers, whole ones exactly beyond 2^53, all else as text. */
export function compareValues(value: string, other: string, numeric: boolean): number {
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
export function meets(value: string | undefined, condition: Condition, field: GoogleField): boolean {
  const { operator } = condition
  // GAQL writes TRUE and FALSE as it likes; JSON writes them small.
  const values = field.type === 'BOOLEAN' ? condition.values.map((one) => one.toLowerCase()) : condition.values
  if (operator === 'IS NULL') return value === undefined
  if (value === undefined) return false
  const numeric = isNumeric(field)
  const [a = '', b = ''] = values
  const holds = {
    '=': () => compareValues(value, a, numeric) === 0,
    '!=': () => compareValues(value, a, numeric) !== 0,
    '>': () => compareValues(value, a, numeric) > 0,
    '>=': () => compareValues(value, a, numeric) >= 0,
    '<': () => compareValues(value, a, numeric) < 0,
    '<=': () => compareValues(value, a, numeric) <= 0,
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
    BETWEEN: () => compareValues(value, a, numeric) >= 0 && compareValues(value, b, numeric) <= 0,
    REGEXP_MATCH: () => new RegExp(`^(?:${a})$`, 's').test(value),
    'NOT REGEXP_MATCH': () => !new RegExp(`^(?:${a})$`, 's').test(value),
  } as const satisfies Record<Condition['operator'], () => boolean>
  return holds[operator]()
}
