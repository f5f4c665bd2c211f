import { urlize } from './urlize.ts'
import { bind } from './arguments.ts'
import { attribute } from './access.ts'
import { decimalFixed, formatPercent } from './format.ts'
import { toJson } from './json.ts'
import { indexOf, isNumber, normalInteger, numberOf, toFloat, toInteger } from './number.ts'
import { roundedDouble } from './number-format.ts'
import { arithmetic, items, sign, size, truth } from './operators.ts'
import { characters, guardSize, repr, str, textLength, typeName } from './text.ts'
import { capitalize, replaceText, splitLines, strip } from './text-methods.ts'
import { wrapLine } from './text-wrap.ts'
import type { CallArguments, Value } from './value.ts'
import { PyDecimal, PyDict, PyFloat, PyTuple, PythonError, Undefined } from './value.ts'

export type FilterFunction = (input: Value, call: CallArguments) => Value

const same: FilterFunction = (input) => input

/** Jinja's default(): `boolean=true` replaces everything that is false. */
const fallback: FilterFunction = (input, call) => {
  const { default_value: other = '', boolean = false } = bind(call, ['default_value', 'boolean'], 'default')
  return input instanceof Undefined || (truth(boolean) && !truth(input)) ? other : input
}

const length: FilterFunction = (input) => size(input)

function indent(input: Value, call: CallArguments): string {
  const { width = 4, first = false, blank = false } = bind(call, ['width', 'first', 'blank'], 'indent')
  const pad = typeof width === 'string' ? width : ' '.repeat(Math.max(0, indexOf(width)))
  // Jinja appends a newline before it splits, so that a last empty line is kept.
  const [head = '', ...rest] = splitLines(`${textOf(input, 'indent')}\n`, false)
  const lines = rest.map((line) => (line === '' && !truth(blank) ? line : pad + line))
  return [truth(first) ? pad + head : head, ...lines].join('\n')
}

function integer(input: Value, call: CallArguments): Value {
  const { default: other = 0, base = 10 } = bind(call, ['default', 'base'], 'int')
  if (input instanceof Undefined) input.fail()
  try {
    if (typeof input === 'string' && base !== 10) return baseInteger(input, Number(base), other)
    return toInteger(input)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    return throughFloat(input, other)
  }
}

/** int(text, base): a prefix is allowed where the base has one, and base 0 takes the base from it. */
function baseInteger(text: string, base: number, other: Value): Value {
  const [, sign = '', prefix = '', digits = ''] = /^([+-]?)(0[xXoObB])?([\da-zA-Z_]+)$/.exec(text.trim()) ?? []
  if (base !== 0 && !(base >= 2 && base <= 36)) return throughFloat(text, other)
  const named = { x: 16, o: 8, b: 2 }[prefix.slice(1).toLowerCase()]
  const radix = base === 0 ? (named ?? 10) : base
  const body = (prefix !== '' && named !== radix ? prefix + digits : digits).toLowerCase().replaceAll('_', '')
  const values = Array.from(body, (digit) => Number.parseInt(digit, 36))
  if (body === '' || values.some((value) => !(value < radix))) return throughFloat(text, other)
  const total = values.reduce((sum, value) => sum * BigInt(radix) + BigInt(value), 0n)
  return normalInteger(sign === '-' ? -total : total)
}

function throughFloat(input: Value, other: Value): Value {
  try {
    return toInteger(new PyFloat(toFloat(input)))
  } catch (error) {
    if (error instanceof PythonError) return other
    throw error
  }
}

function float(input: Value, call: CallArguments): Value {
  const { default: other = new PyFloat(0) } = bind(call, ['default'], 'float')
  if (input instanceof Undefined) input.fail()
  try {
    return new PyFloat(toFloat(input))
  } catch (error) {
    if (error instanceof PythonError) return other
    throw error
  }
}

function round(input: Value, call: CallArguments): Value {
  const { precision = 0, method = 'common' } = bind(call, ['precision', 'method'], 'round')
  if (method !== 'common' && method !== 'ceil' && method !== 'floor')
    throw new PythonError('ValueError', 'method must be common, ceil or floor')
  if (!isNumber(input)) {
    if (input instanceof Undefined) input.fail()
    throw new PythonError('TypeError', `type ${typeName(input)} doesn't define __round__ method`)
  }
  const digits = indexOf(precision)
  if (method === 'common') return rounded(input, digits)
  // Jinja computes `ceil(value * 10 ** precision) / 10 ** precision` with Python's numbers; so does this.
  const unit = arithmetic('**', 10, digits)
  const scaled = arithmetic('*', input, unit)
  const whole = scaled instanceof PyFloat ? toInteger(new PyFloat(Math[method](scaled.value))) : toInteger(scaled)
  return arithmetic('/', whole, unit)
}

function rounded(input: Value, digits: number): Value {
  if (input instanceof PyDecimal) return new PyDecimal(decimalFixed(input, Math.max(0, digits)))
  if (input instanceof PyFloat) return new PyFloat(roundedDouble(input.value, digits))
  const value = BigInt(numberOf(input))
  if (digits >= 0) return normalInteger(value)
  const unit = 10n ** BigInt(-digits)
  const rest = ((value % unit) + unit) % unit
  const low = value - rest
  const up = rest * 2n > unit || (rest * 2n === unit && (low / unit) % 2n !== 0n)
  return normalInteger(up ? low + unit : low)
}

function absolute(input: Value): Value {
  if (!isNumber(input)) throw new PythonError('TypeError', `bad operand type for abs(): ${repr(input)}`)
  return numberOf(input) < 0 ? sign(true, input) : input instanceof PyFloat ? new PyFloat(Math.abs(input.value)) : input
}

function title(input: Value): string {
  return str(input)
    .split(/([-\s({[<]+)/)
    .map((word) => capitalize(word))
    .join('')
}

/** Jinja measures whatever has a length and gives it back when it is short enough; only text can be cut. */
function truncate(input: Value, call: CallArguments): Value {
  const given = bind(call, ['length', 'killwords', 'end', 'leeway'], 'truncate')
  const { length: limit = 255, killwords = false, end = '...', leeway = 5 } = given
  const [most, ending] = [indexOf(limit), str(end)]
  if (most < textLength(ending) || Number(leeway) < 0)
    throw new PythonError('ValueError', `expected length >= ${textLength(ending)}, got ${most}`)
  if (size(input) <= most + Number(leeway ?? 5)) return input
  const cut = characters(textOf(input, 'truncate'))
    .slice(0, most - textLength(ending))
    .join('')
  if (truth(killwords)) return cut + ending
  const space = cut.lastIndexOf(' ')
  return (space < 0 ? cut : cut.slice(0, space)) + ending
}

function center(input: Value, call: CallArguments): string {
  const width = Number(bind(call, ['width'], 'center').width ?? 80)
  const text = str(input)
  const missing = width - textLength(text)
  if (missing <= 0) return text
  guardSize(width)
  const left = Math.floor(missing / 2) + (missing & width & 1)
  return ' '.repeat(left) + text + ' '.repeat(missing - left)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
}
function escaped(input: Value): string {
  return str(input).replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? character)
}
const escape: FilterFunction = escaped

function json(input: Value, call: CallArguments): string {
  const { indent: width } = bind(call, ['indent'], 'tojson')
  const text = toJson(input, {
    sortKeys: true,
    indent: width === undefined || width === null ? undefined : Number(width),
  })
  return text
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll("'", '\\u0027')
}

function replace(input: Value, call: CallArguments): string {
  const { old, new: other, count } = bind(call, ['old', 'new', 'count'], 'replace')
  if (old === undefined || other === undefined)
    throw new PythonError('TypeError', 'replace() needs the old and the new text')
  return replaceText(str(input), str(old), str(other), count === undefined || count === null ? -1 : Number(count))
}

function formatted(input: Value, call: CallArguments): string {
  if (call.positional.length > 0 && call.keyword.size > 0)
    throw new PythonError('TypeError', "can't handle positional and keyword arguments at the same time")
  const named = call.keyword.size > 0
  return formatPercent(str(input), named ? new PyDict(call.keyword) : new PyTuple([...call.positional]))
}

function quoted(value: Value): string {
  return encodeURIComponent(str(value)).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function urlEncode(input: Value): string {
  if (typeof input === 'string' || isNumber(input)) return quoted(input).replaceAll('%2F', '/')
  const pairs = input instanceof PyDict ? input.entries() : items(input).map((pair) => items(pair))
  return pairs.map((pair) => pair.map((part) => quoted(part).replaceAll('%20', '+')).join('=')).join('&')
}

function wordWrap(input: Value, call: CallArguments): string {
  const given = bind(call, ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'], 'wordwrap')
  const style = {
    width: indexOf(given.width ?? 79),
    breakLongWords: truth(given.break_long_words ?? true),
    breakOnHyphens: truth(given.break_on_hyphens ?? true),
  }
  const ending = given.wrapstring === undefined || given.wrapstring === null ? '\n' : str(given.wrapstring)
  return splitLines(textOf(input, 'wordwrap'), false)
    .map((line) => wrapLine(line, style).join(ending))
    .join(ending)
}

/** Text, where Jinja calls a method of str on what it was given. */
function textOf(input: Value, filter: string): string {
  if (typeof input === 'string') return input
  if (input instanceof Undefined) return input.fail()
  throw new PythonError('AttributeError', `${filter}: '${typeName(input)}' object is no text`)
}

function fileSize(input: Value, call: CallArguments): string {
  const binary = truth(bind(call, ['binary'], 'filesizeformat').binary ?? false)
  const bytes = toFloat(input)
  const base = binary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`
  const prefixes = binary ? 'KiB MiB GiB TiB PiB EiB ZiB YiB' : 'kB MB GB TB PB EB ZB YB'
  const names = prefixes.split(' ')
  const place = Math.min(names.length - 1, Math.floor(Math.log(bytes) / Math.log(base)) - 1)
  return `${(bytes / base ** (place + 1)).toFixed(1)} ${names[place] ?? ''}`
}

function attributes(input: Value, call: CallArguments): string {
  const { autospace = true } = bind(call, ['autospace'], 'xmlattr')
  if (!(input instanceof PyDict)) throw new PythonError('AttributeError', 'xmlattr needs a dict')
  const shown = input.entries().filter(([, value]) => value !== null && !(value instanceof Undefined))
  const joined = shown.map(([key, value]) => `${escaped(key)}="${escaped(value)}"`).join(' ')
  return truth(autospace) && joined !== '' ? ` ${joined}` : joined
}

/** Filters of one value. dbt adds as_text, as_bool, as_native and as_number, which change nothing outside its configuration files. */
export const scalarFilters: Readonly<Record<string, FilterFunction>> = {
  abs: absolute,
  attr: (input, call) => attribute(input, str(call.positional[0] ?? null)),
  capitalize: (input) => capitalize(str(input)),
  center,
  count: length,
  d: fallback,
  default: fallback,
  e: escape,
  escape,
  filesizeformat: fileSize,
  float,
  forceescape: escape,
  format: formatted,
  indent,
  int: integer,
  length,
  lower: (input) => str(input).toLowerCase(),
  pprint: (input) => repr(input),
  replace,
  round,
  safe: same,
  string: (input) => str(input),
  striptags: (input) =>
    str(input)
      .replaceAll(/<!--[\s\S]*?-->|<[^>]*>/g, '')
      .split(/\s+/)
      .filter(Boolean)
      .join(' '),
  title,
  tojson: json,
  trim: (input, call) => strip(str(input), bind(call, ['chars'], 'trim').chars, 'both'),
  truncate,
  upper: (input) => str(input).toUpperCase(),
  urlencode: urlEncode,
  urlize: (input, call) => urlize(input, call, escaped),
  wordcount: (input) => (str(input).match(/[\p{L}\p{N}_]+/gu) ?? []).length,
  wordwrap: wordWrap,
  xmlattr: attributes,
  as_text: same,
  as_bool: same,
  as_native: same,
  as_number: same,
}
