import { bind } from './arguments.ts'
import { attribute } from './access.ts'
import { formatPercent } from './format.ts'
import { toJson } from './json.ts'
import { isInteger, isNumber, numberOf, roundFloat, toFloat, toInteger } from './number.ts'
import { items, sign, size, truth } from './operators.ts'
import { characters, guardSize, repr, str, textLength } from './text.ts'
import { capitalize, replaceText, strip } from './text-methods.ts'
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
  const pad = typeof width === 'string' ? width : ' '.repeat(Number(width))
  // Jinja appends a newline before splitting, so that a last empty line is kept.
  const [head = '', ...rest] = str(input).split('\n')
  const lines = rest.map((line) => (line === '' && !truth(blank) ? line : pad + line))
  return [truth(first) ? pad + head : head, ...lines].join('\n')
}

function integer(input: Value, call: CallArguments): Value {
  const { default: other = 0, base = 10 } = bind(call, ['default', 'base'], 'int')
  try {
    if (typeof input === 'string' && base !== 10) return baseInteger(input, Number(base), other)
    return toInteger(input)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    return throughFloat(input, other)
  }
}

function baseInteger(text: string, base: number, other: Value): Value {
  const value = Number.parseInt(text.trim().replace(/^0[xXoObB]/, ''), base)
  return Number.isNaN(value) ? other : value
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
  try {
    return new PyFloat(toFloat(input))
  } catch (error) {
    if (error instanceof PythonError) return other
    throw error
  }
}

function round(input: Value, call: CallArguments): Value {
  const { precision = 0, method = 'common' } = bind(call, ['precision', 'method'], 'round')
  const digits = Number(numberOf(precision))
  if (method !== 'common' && method !== 'ceil' && method !== 'floor')
    throw new PythonError('ValueError', 'method must be common, ceil or floor')
  if (method !== 'common') return new PyFloat(Math[method](Number(numberOf(input)) * 10 ** digits) / 10 ** digits)
  if (isInteger(input)) return digits >= 0 ? input : toInteger(new PyFloat(roundFloat(Number(input), digits)))
  if (input instanceof PyDecimal)
    return new PyDecimal(roundFloat(Number(input.digits), digits).toFixed(Math.max(0, digits)))
  return new PyFloat(roundFloat(toFloat(input), digits))
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

function truncate(input: Value, call: CallArguments): string {
  const {
    length = 255,
    killwords = false,
    end = '...',
    leeway = 5,
  } = bind(call, ['length', 'killwords', 'end', 'leeway'], 'truncate')
  const text = str(input)
  const limit = Number(length)
  if (textLength(text) <= limit + Number(leeway)) return text
  const ending = str(end)
  const cut = characters(text)
    .slice(0, limit - textLength(ending))
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
const escape: FilterFunction = (input) =>
  str(input).replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? character)

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
  return formatPercent(str(input), new PyTuple([...call.positional]))
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
  const { width = 79, wrapstring = '\n' } = bind(
    call,
    ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'],
    'wordwrap',
  )
  const wrapped = (line: string): string => {
    const lines: string[] = []
    let current = ''
    for (const word of line.split(' ')) {
      if (current !== '' && textLength(current) + 1 + textLength(word) > Number(width)) {
        lines.push(current)
        current = word
      } else current = current === '' ? word : `${current} ${word}`
    }
    return [...lines, current].join(str(wrapstring))
  }
  return str(input).split('\n').map(wrapped).join(str(wrapstring))
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
  wordcount: (input) => (str(input).match(/[\p{L}\p{N}_]+/gu) ?? []).length,
  wordwrap: wordWrap,
  as_text: same,
  as_bool: same,
  as_native: same,
  as_number: same,
}
