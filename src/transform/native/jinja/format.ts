import { Civil } from './civil-time.ts'
import { exponentDigits, fixedDigits, generalDigits } from './number-format.ts'
import { indexOf, isInteger, isNumber, numberOf, toInteger } from './number.ts'
import { characters, floatText, guardSize, repr, str, textLength, typeName } from './text.ts'
import type { Value } from './value.ts'
import { PyDecimal, PyDict, PyFloat, PyObject, PyTuple, PythonError, Undefined } from './value.ts'

const PERCENT = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([\s\S])?/g

/** What Python takes for a mapping at the right of `%`: whatever can be indexed and is neither a tuple nor text. */
function isMappingLike(values: Value): boolean {
  if (Array.isArray(values) || values instanceof PyDict || values instanceof Undefined) return true
  return values instanceof PyObject && !(values instanceof PyTuple) && values.item !== undefined
}

/** Python's `text % values`. Throws TypeError and ValueError as Python does. */
export function formatPercent(text: string, values: Value): string {
  const list = values instanceof PyTuple ? values.items : [values]
  let used = 0
  const next = (): Value => {
    const value = list[used++]
    if (value === undefined) throw new PythonError('TypeError', 'not enough arguments for format string')
    return value
  }
  let isKeyed = false
  const result = text.replaceAll(PERCENT, (_whole, ...groups: (string | undefined)[]) => {
    const [key, flags = '', width, precision, type] = groups
    if (type === undefined) throw new PythonError('ValueError', 'incomplete format')
    if (type === '%') return '%'
    if (key !== undefined) isKeyed = true
    const size = width === '*' ? indexOf(next()) : Number(width ?? 0)
    const limit = precision === undefined ? undefined : precision === '*' ? indexOf(next()) : Number(precision)
    const body = percentBody(key === undefined ? next() : mapped(values, key), type, limit, flags)
    return padded(body, size, flags, 'srca'.includes(type))
  })
  if (used < list.length && !isKeyed && !isMappingLike(values))
    throw new PythonError('TypeError', 'not all arguments converted during string formatting')
  return result
}

function mapped(values: Value, key: string): Value {
  if (!isMappingLike(values)) throw new PythonError('TypeError', 'format requires a mapping')
  const value = values instanceof PyDict ? values.get(key) : undefined
  if (value === undefined) throw new PythonError(values instanceof PyDict ? 'KeyError' : 'TypeError', repr(key))
  return value
}

function cut(text: string, limit: number | undefined): string {
  return limit === undefined ? text : characters(text).slice(0, limit).join('')
}

function percentBody(value: Value, type: string, limit: number | undefined, flags: string): string {
  if (type === 's') return cut(str(value), limit)
  if (type === 'r' || type === 'a') return cut(repr(value), limit)
  if (type === 'c') return oneCharacter(value)
  if (value instanceof Undefined && !'diuoxXeEfFgG'.includes(type)) value.fail()
  const body = percentNumber(value, type, limit, flags)
  const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return body.startsWith('-') ? body : plus + body
}

function percentNumber(value: Value, type: string, limit: number | undefined, flags: string): string {
  if ('diu'.includes(type)) {
    if (!isNumber(value)) throw notReal(type, value)
    return withDigits(String(toInteger(value)), limit)
  }
  if ('oxX'.includes(type)) {
    if (!isInteger(value) && typeof value !== 'boolean')
      throw new PythonError('TypeError', `%${type} format: an integer is required, not ${typeName(value)}`)
    return withDigits(radixText(toInteger(value), type, flags.includes('#')), limit)
  }
  if (!'eEfFgG'.includes(type)) throw new PythonError('ValueError', `unsupported format character '${type}'`)
  if (value instanceof Undefined) value.fail()
  if (!isNumber(value)) throw new PythonError('TypeError', `must be real number, not ${typeName(value)}`)
  return floatBody(Number(numberOf(value)), type, limit ?? 6, flags.includes('#'))
}

function notReal(type: string, value: Value): PythonError {
  return new PythonError('TypeError', `%${type} format: a real number is required, not ${typeName(value)}`)
}

function oneCharacter(value: Value): string {
  if (typeof value === 'string' && textLength(value) === 1) return value
  if (typeof value === 'number' && value >= 0 && value < 0x11_0000) return String.fromCodePoint(value)
  throw new PythonError('TypeError', '%c requires int or char')
}

function withDigits(digits: string, count: number | undefined): string {
  return count === undefined ? digits : digits.replace(/\d+$/, (all) => all.padStart(count, '0'))
}

const RADIX: Readonly<Record<string, readonly [number, string]>> = {
  x: [16, '0x'],
  X: [16, '0X'],
  o: [8, '0o'],
  b: [2, '0b'],
}

function radixText(value: number | bigint, type: string, withPrefix: boolean): string {
  const [radix, prefix] = RADIX[type] ?? [10, '']
  const digits = (value < 0 ? -value : value).toString(radix)
  return `${value < 0 ? '-' : ''}${withPrefix ? prefix : ''}${type === 'X' ? digits.toUpperCase() : digits}`
}

function floatBody(value: number, type: string, precision: number, keepZeros: boolean): string {
  guardSize(precision)
  const kind = type.toLowerCase()
  const text =
    kind === 'f'
      ? fixedDigits(value, precision)
      : kind === 'e'
        ? exponentDigits(value, precision)
        : generalDigits(value, precision, keepZeros)
  return type === kind ? text : text.toUpperCase()
}

function padded(text: string, width: number, flags: string, isText: boolean): string {
  const missing = Math.abs(width) - textLength(text)
  if (missing <= 0) return text
  guardSize(missing)
  if (flags.includes('-') || width < 0) return text + ' '.repeat(missing)
  if (!flags.includes('0') || isText) return ' '.repeat(missing) + text
  const [, signText = '', rest = ''] = /^([+ -]?(?:0[xXo])?)([\s\S]*)$/.exec(text) ?? []
  return signText + '0'.repeat(missing) + rest
}

const SPECIFICATION = /^(?:([\s\S])?([<>^=]))?([+ -])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([\s\S])?$/u

interface Specification {
  readonly fill: string | undefined
  readonly align: string | undefined
  readonly sign: string | undefined
  readonly alternate: boolean
  readonly zero: boolean
  readonly width: number
  readonly grouping: string | undefined
  readonly precision: number | undefined
  readonly type: string | undefined
}

function specificationOf(text: string, value: Value): Specification {
  const match = SPECIFICATION.exec(text)
  if (match === null)
    throw new PythonError('ValueError', `Invalid format specifier '${text}' for object of type '${typeName(value)}'`)
  const [, fill, align, sign, , alternate, zero, width, grouping, precision, type] = match
  guardSize(Number(width ?? 0))
  return {
    fill,
    align,
    sign,
    alternate: alternate !== undefined,
    zero: zero !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  }
}

/** Python's format(value, specification). */
export function formatValue(value: Value, text: string): string {
  if (text === '') return str(value)
  if (value instanceof Civil) return value.strftime(text)
  if (typeof value === 'string') return formattedText(value, specificationOf(text, value))
  if (!isNumber(value))
    throw new PythonError('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`)
  return formattedNumber(value, specificationOf(text, value))
}

function unknownCode(type: string, value: Value): PythonError {
  return new PythonError('ValueError', `Unknown format code '${type}' for object of type '${typeName(value)}'`)
}

function formattedText(value: string, style: Specification): string {
  if (style.type !== undefined && style.type !== 's') throw unknownCode(style.type, value)
  if (style.sign !== undefined) throw new PythonError('ValueError', 'Sign not allowed in string format specifier')
  if (style.alternate) throw new PythonError('ValueError', 'Alternate form (#) not allowed in string format specifier')
  if (style.grouping !== undefined) throw new PythonError('ValueError', `Cannot specify '${style.grouping}' with 's'.`)
  if (style.align === '=') throw new PythonError('ValueError', "'=' alignment not allowed in string format specifier")
  return aligned(cut(value, style.precision), { ...style, align: style.align ?? '<' })
}

function formattedNumber(value: Value, style: Specification): string {
  const body = numberBody(value, style)
  const signText = body.startsWith('-') ? '-' : style.sign === undefined || style.sign === '-' ? '' : style.sign
  const digits = body.replace(/^-/, '')
  const align = style.align ?? (style.zero ? '=' : '>')
  const fill = style.fill ?? (style.zero ? '0' : ' ')
  const room = fill === '0' && align === '=' ? style.width - signText.length : 0
  return aligned(signText + grouped(digits, style, room), { ...style, align, fill })
}

function numberBody(value: Value, style: Specification): string {
  const { type, precision, alternate } = style
  if (type !== undefined && 'eEfFgG%'.includes(type)) return realBody(value, type, precision ?? 6, alternate)
  if (value instanceof PyFloat) {
    if (type !== undefined && type !== 'n') throw unknownCode(type, value)
    if (type === 'n') return generalDigits(value.value, precision ?? 6)
    if (precision === undefined) return floatText(value.value)
    const text = generalDigits(value.value, precision)
    return /^-?\d+$/.test(text) ? `${text}.0` : text
  }
  if (value instanceof PyDecimal) {
    if (type !== undefined && type !== 'n') throw unknownCode(type, value)
    return precision === undefined ? value.digits : generalDigits(Number(value.digits), precision)
  }
  if (type !== undefined && !'bcdnoxX'.includes(type)) throw unknownCode(type, value)
  if (precision !== undefined) throw new PythonError('ValueError', 'Precision not allowed in integer format specifier')
  if (type === 'c') return oneCharacter(value)
  return radixText(toInteger(value), type ?? 'd', alternate)
}

function realBody(value: Value, type: string, precision: number, alternate: boolean): string {
  if (value instanceof PyDecimal && type.toLowerCase() === 'f') return decimalFixed(value, precision)
  const number = Number(numberOf(value))
  return type === '%' ? `${fixedDigits(number * 100, precision)}%` : floatBody(number, type, precision, alternate)
}

/** A decimal has its digits already; only those beyond the precision are rounded, ties to even. */
export function decimalFixed(value: PyDecimal, precision: number): string {
  const [, signText = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value.digits) ?? []
  if (whole === '0' && fraction === '' && !/^-?0$/.test(value.digits))
    return fixedDigits(Number(value.digits), precision)
  const kept = BigInt(whole + fraction.slice(0, precision).padEnd(precision, '0'))
  const rest = fraction.slice(precision)
  const up = /^[6-9]|^5.*[1-9]/.test(rest) || (/^50*$/.test(rest) && kept % 2n === 1n)
  const digits = (up ? kept + 1n : kept).toString().padStart(precision + 1, '0')
  return signText + (precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`)
}

/** With separators; zeros that pad to `room` are part of the number and are separated with it. */
function grouped(digits: string, style: Specification, room: number): string {
  const { grouping, type } = style
  if (grouping === undefined) return digits
  const every = type !== undefined && 'boxX'.includes(type) ? 4 : 3
  const [, prefix = '', whole = '', rest = ''] = /^(0[xXob])?([\da-fA-F]+)(.*)$/.exec(digits) ?? []
  const separate = (text: string): string => {
    const parts: string[] = []
    for (let end = text.length; end > 0; end -= every) parts.unshift(text.slice(Math.max(0, end - every), end))
    return parts.join(grouping)
  }
  let padded_ = whole
  while (prefix.length + separate(padded_).length + rest.length < room) padded_ = `0${padded_}`
  return prefix + separate(padded_) + rest
}

function aligned(text: string, style: Specification): string {
  const missing = style.width - textLength(text)
  if (missing <= 0) return text
  const fill = style.fill ?? (style.zero ? '0' : ' ')
  if (style.align === '<') return text + fill.repeat(missing)
  if (style.align === '^') return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2))
  const [, signText = '', rest = ''] = style.align === '=' ? (/^([+ -]?(?:0[xXob])?)([\s\S]*)$/.exec(text) ?? []) : []
  return style.align === '=' ? signText + fill.repeat(missing) + rest : fill.repeat(missing) + text
}
