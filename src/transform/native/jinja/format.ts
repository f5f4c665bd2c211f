import type { CallArguments, Value } from './value.ts'
import { PyDecimal, PyDict, PyFloat, PyTuple, PythonError } from './value.ts'
import { floatText, guardSize, repr, str, textLength, typeName } from './text.ts'
import { isNumber, numberOf, toInteger } from './number.ts'

const PERCENT = /%(?:\((\w+)\))?([-+ #0]*)(\*|\d+)?(?:\.(\d+))?([a-zA-Z%])/g

/** Python's `text % values`. Throws TypeError and ValueError as Python does. */
export function formatPercent(text: string, values: Value): string {
  const list = values instanceof PyTuple ? values.items : [values]
  let used = 0
  const result = text.replaceAll(
    PERCENT,
    (
      _whole,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string,
    ) => {
      if (type === '%') return '%'
      const value = key === undefined ? list[used++] : mapped(values, key)
      if (value === undefined) throw new PythonError('TypeError', 'not enough arguments for format string')
      return padded(
        percentBody(value, type, precision, flags),
        Number(width ?? 0),
        flags.includes('-') ? '<' : '>',
        flags.includes('0') && !flags.includes('-'),
      )
    },
  )
  if (used < list.length && !(values instanceof PyDict))
    throw new PythonError('TypeError', 'not all arguments converted during string formatting')
  return result
}

function mapped(values: Value, key: string): Value {
  if (!(values instanceof PyDict)) throw new PythonError('TypeError', 'format requires a mapping')
  const value = values.get(key)
  if (value === undefined) throw new PythonError('KeyError', repr(key))
  return value
}

function percentBody(value: Value, type: string, precision: string | undefined, flags: string): string {
  const limit = precision === undefined ? undefined : Number(precision)
  if (type === 's') return str(value).slice(0, limit)
  if (type === 'r') return repr(value).slice(0, limit)
  if (!isNumber(value))
    throw new PythonError('TypeError', `%${type} format: a real number is required, not ${typeName(value)}`)
  const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const body = numberBody(value, type === 'i' || type === 'u' ? 'd' : type, limit)
  return body.startsWith('-') ? body : plus + body
}

function numberBody(value: Value, type: string, precision: number | undefined): string {
  if (type === 'd') return String(toInteger(value))
  if (type === 'x' || type === 'X' || type === 'o' || type === 'b') {
    const radix = { x: 16, X: 16, o: 8, b: 2 }[type]
    const digits = toInteger(value).toString(radix)
    return type === 'X' ? digits.toUpperCase() : digits
  }
  if (type === 'f' || type === 'F') return fixed(value, precision ?? 6)
  const number = Number(numberOf(value))
  if (type === 'e' || type === 'E') {
    const text = number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
    return type === 'E' ? text.toUpperCase() : text
  }
  if (type === '%') return `${fixed(new PyFloat(number * 100), precision ?? 6)}%`
  if (type === 'g' || type === 'G') return general(number, precision ?? 6)
  throw new PythonError('ValueError', `unsupported format character '${type}'`)
}

function fixed(value: Value, precision: number): string {
  if (value instanceof PyDecimal) {
    const [whole = '0', fraction = ''] = value.digits.split('.')
    if (fraction.length <= precision) return precision === 0 ? whole : `${whole}.${fraction.padEnd(precision, '0')}`
  }
  return Number(numberOf(value)).toFixed(Math.min(precision, 100))
}

function general(value: number, precision: number): string {
  const digits = Math.max(1, precision)
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  if (exponent < -4 || exponent >= digits) {
    return value
      .toExponential(digits - 1)
      .replace(/\.?0+e/, 'e')
      .replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const text = value.toFixed(Math.max(0, digits - 1 - exponent))
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function padded(text: string, width: number, align: string, zero: boolean): string {
  const missing = width - textLength(text)
  if (missing <= 0) return text
  guardSize(width)
  if (zero)
    return /^[+-]/.test(text) ? text.slice(0, 1) + '0'.repeat(missing) + text.slice(1) : '0'.repeat(missing) + text
  return align === '<' ? text + ' '.repeat(missing) : ' '.repeat(missing) + text
}

/** How a field `{0.name[key]}` walks into its argument; injected, so that formatting obeys the sandbox. */
export type FieldAccess = (value: Value, key: string, kind: 'attribute' | 'item') => Value

/** Python's `text.format(...)`: fields, conversions, the format mini language, nested fields in the specification. */
export function formatText(text: string, call: CallArguments, access: FieldAccess): string {
  let automatic = 0
  const field = (body: string): string => {
    const match = /^([^!:]*?)(?:!([rsa]))?(?::([\s\S]*))?$/.exec(body)
    if (match === null) throw new PythonError('ValueError', `invalid replacement field '${body}'`)
    const [, path = '', conversion, specification] = match
    const [head = '', ...steps] = path.split(/(?=[.[])/)
    const index = head === '' ? automatic++ : Number(head)
    const start = /^\d*$/.test(head) ? call.positional[index] : call.keyword.get(head)
    if (start === undefined) {
      if (/^\d*$/.test(head))
        throw new PythonError('IndexError', `Replacement index ${index} out of range for positional args tuple`)
      throw new PythonError('KeyError', repr(head))
    }
    const value = steps.reduce(
      (object, step) => access(object, step.replace(/^[.[]|\]$/g, ''), step.startsWith('.') ? 'attribute' : 'item'),
      start,
    )
    const shown = conversion === undefined ? value : conversion === 's' ? str(value) : repr(value)
    return formatValue(shown, expandFields(specification ?? '', field))
  }
  return expandFields(text, field)
}

function expandFields(text: string, field: (body: string) => string): string {
  let result = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ''
    if ((character === '{' || character === '}') && text[index + 1] === character) {
      result += character
      index += 1
    } else if (character === '{') {
      const end = closingBrace(text, index)
      result += field(text.slice(index + 1, end))
      index = end
    } else if (character === '}') throw new PythonError('ValueError', "Single '}' encountered in format string")
    else result += character
  }
  return result
}

function closingBrace(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth += 1
    if (text[index] === '}') depth -= 1
    if (depth === 0) return index
  }
  throw new PythonError('ValueError', "Single '{' encountered in format string")
}

const SPECIFICATION = /^(?:([\s\S])?([<>^=]))?([+ -])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/

/** Python's format(value, specification). */
function formatValue(value: Value, specification: string): string {
  if (specification === '') return str(value)
  const match = SPECIFICATION.exec(specification)
  if (match === null) throw new PythonError('ValueError', 'Invalid format specifier')
  const [, fill, align, signs, , zero, width, grouping, precision, type] = match
  const numeric = isNumber(value) && typeof value !== 'boolean'
  const body = numeric
    ? signed(grouped(specifiedNumber(value, type, precision), grouping), signs)
    : str(value).slice(0, precision === undefined ? undefined : Number(precision))
  const defaultAlign = zero === undefined ? (numeric ? '>' : '<') : '='
  return aligned(body, Number(width ?? 0), align ?? defaultAlign, fill ?? (zero === undefined ? ' ' : '0'))
}

function specifiedNumber(value: Value, type: string | undefined, precision: string | undefined): string {
  const limit = precision === undefined ? undefined : Number(precision)
  if (type !== undefined && type !== 'n') return numberBody(value, type, limit)
  if (limit !== undefined) return general(Number(numberOf(value)), limit)
  return value instanceof PyFloat ? floatText(value.value) : str(value)
}

function grouped(digits: string, separator: string | undefined): string {
  if (separator === undefined) return digits
  const [, signText = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(digits) ?? []
  return signText + whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, separator) + rest
}

function signed(digits: string, signs: string | undefined): string {
  return digits.startsWith('-') || signs === undefined || signs === '-' ? digits : signs + digits
}

function aligned(text: string, width: number, align: string, fill: string): string {
  const missing = width - textLength(text)
  if (missing <= 0) return text
  guardSize(width)
  if (align === '<') return text + fill.repeat(missing)
  if (align === '^') return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2))
  if (align === '=' && /^[+-]/.test(text)) return text.slice(0, 1) + fill.repeat(missing) + text.slice(1)
  return fill.repeat(missing) + text
}
