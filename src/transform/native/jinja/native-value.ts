import type { Expression } from './ast.ts'
import { unreachable } from './failure.ts'
import { str } from './text.ts'
import type { Value } from './value.ts'
import { PyFloat, PythonError } from './value.ts'

/** What Jinja cannot know beforehand although its arguments are known: these filters ask the context. */
const ASKING: ReadonlySet<string> = new Set(['map', 'select', 'reject', 'selectattr', 'rejectattr', 'random'])
const READINGS: ReadonlySet<string> = new Set(['as_text', 'as_bool', 'as_native', 'as_number'])

/**
 * Whether Jinja's compiler computes an expression beforehand. What it computes it writes down as text, so that in dbt's configuration
 * `{{ 1 == 1 }}` is the text `True` and no truth, where `{{ var('x') }}` has the type of the variable.
 */
export function isFolded(expression: Expression | null): boolean {
  if (expression === null) return true
  switch (expression.kind) {
    case 'constant':
    case 'float':
      return true
    case 'tuple':
    case 'list':
    case 'concat':
      return expression.items.every(isFolded)
    case 'dict':
      return expression.items.flat().every(isFolded)
    case 'and':
    case 'or':
    case 'binary':
      return isFolded(expression.left) && isFolded(expression.right)
    case 'not':
    case 'sign':
      return isFolded(expression.operand)
    case 'compare':
      return isFolded(expression.first) && expression.rest.every(([, operand]) => isFolded(operand))
    case 'condition':
      return [expression.test, expression.chosen, expression.otherwise].every(isFolded)
    case 'filter':
      return (
        !ASKING.has(expression.name) &&
        !READINGS.has(expression.name) &&
        [expression.input, ...expression.positional, ...expression.keyword.map(([, value]) => value)].every(isFolded)
      )
    case 'name':
    case 'attribute':
    case 'item':
    case 'slice':
    case 'call':
    case 'test':
      return false
    default:
      return unreachable(expression)
  }
}

/** Whether an expression is one of Python's literals, which is what `as_native` and its kin read. */
export function isLiteral(expression: Expression): boolean {
  if (expression.kind === 'dict') return expression.items.flat().every(isLiteral)
  if (expression.kind === 'list' || expression.kind === 'tuple') return expression.items.every(isLiteral)
  if (expression.kind === 'sign') return isLiteral(expression.operand)
  return expression.kind === 'constant' || expression.kind === 'float'
}

/** Python writes `True`, `False` and `None`; in lower case these are names to it. */
export function hasLowerCaseNames(text: string): boolean {
  return /\b(?:true|false|none)\b/.test(text.replaceAll(/'[^']*'|"[^"]*"/g, ''))
}

/**
 * What dbt's configuration makes of a text behind `as_text`, `as_bool`, `as_number` and `as_native`; undefined for another filter.
 * `literal` reads the text as one of Python's literals.
 */
export function readingOf(
  filter: string,
  value: Value,
  literal: (text: string) => Value | undefined,
): { readonly value: Value } | undefined {
  if (!READINGS.has(filter)) return undefined
  const text = str(value)
  if (filter === 'as_text') return { value: text }
  const read = literal(text.trim())
  const isNumber = typeof read === 'number' || typeof read === 'bigint' || read instanceof PyFloat
  const fail = (type: string): never => {
    throw new PythonError('ValueError', `Could not convert value '${text}' into type '${type}'`)
  }
  if (filter === 'as_bool' && typeof read !== 'boolean') fail('bool')
  if (filter === 'as_number' && !isNumber) fail('number')
  return { value: read === undefined ? text : read }
}
