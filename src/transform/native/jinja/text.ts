import { PyDict, PyFloat, PyObject, PySet, PyTuple, PythonError } from './value.ts'
import type { Value } from './value.ts'

/** Python's whitespace, as str.strip() and the whitespace control of Jinja see it; U+FEFF is not in it, unlike JavaScript's `\s`. */
export const SPACE_CLASS = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const LEADING_SPACE = new RegExp(`^[${SPACE_CLASS}]+`, 'u')
const TRAILING_SPACE = new RegExp(`[${SPACE_CLASS}]+$`, 'u')

export function trimStart(text: string): string {
  return text.replace(LEADING_SPACE, '')
}

export function trimEnd(text: string): string {
  return text.replace(TRAILING_SPACE, '')
}

/** Python's repr of a double: the shortest digits that read back, exponent form below 1e-4 and from 1e16. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
    const sign = exponent.startsWith('-') ? '-' : '+'
    return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
  }
  if (Number.isInteger(value)) return `${value.toFixed(0)}.0`
  const plain = String(value)
  return plain.includes('e') ? value.toFixed(20).replace(/0+$/, '') : plain
}

/** str(value): what `{{ value }}` prints. */
export function str(value: Value): string {
  if (typeof value === 'string') return value
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof PyFloat) return floatText(value.value)
  if (Array.isArray(value) || value instanceof PyTuple || value instanceof PyDict || value instanceof PySet)
    return shownOnce(value, () => containerText(value))
  return value.text()
}

type Container = Value[] | PyTuple | PyDict | PySet

const shown = new Set<Container | PyObject>()

/** A container that holds itself prints as `...` inside itself, as Python prints it. */
export function shownOnce(value: Container | PyObject, print: () => string): string {
  if (shown.has(value)) return ellipsis(value)
  shown.add(value)
  try {
    return print()
  } finally {
    shown.delete(value)
  }
}

function ellipsis(value: Container | PyObject): string {
  if (Array.isArray(value)) return '[...]'
  if (value instanceof PyTuple) return '(...)'
  return value instanceof PyDict ? '{...}' : value instanceof PySet ? 'set(...)' : '...'
}

function containerText(value: Container): string {
  if (Array.isArray(value)) return `[${value.map((item) => repr(item)).join(', ')}]`
  if (value instanceof PyTuple) return value.text === PyTuple.prototype.text ? tupleText(value) : value.text()
  if (value instanceof PyDict)
    return `{${value
      .entries()
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`
  return value.size() === 0 ? 'set()' : `{${[...value.iterate()].map((item) => repr(item)).join(', ')}}`
}

function tupleText(tuple: PyTuple): string {
  const [only] = tuple.items
  if (tuple.items.length === 1 && only !== undefined) return `(${repr(only)},)`
  return `(${tuple.items.map((item) => repr(item)).join(', ')})`
}

/** repr(value): strings quoted as Python quotes them, the rest like str. */
export function repr(value: Value): string {
  if (typeof value === 'string') return quoted(value)
  if (
    value instanceof PyObject &&
    !(value instanceof PyFloat || value instanceof PyTuple || value instanceof PyDict || value instanceof PySet)
  ) {
    return value.repr()
  }
  return str(value)
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  // eslint-disable-next-line no-control-regex -- control characters are what Python escapes
  const body = text.replaceAll(/[\\\n\r\t\u0000-\u001f\u007f-\u00a0\u00ad]/gu, (character) => {
    const known = ESCAPES[character]
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote
}

/** Python's name of the type of a value. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (value instanceof PyObject) return value.typeName
  const names = { string: 'str', boolean: 'bool', number: 'int', bigint: 'int' } as const
  return names[typeof value as keyof typeof names]
}

/** How messages about a missing attribute name the object: `'dict object' has no attribute 'x'`. */
export function objectName(value: Value): string {
  return value === null ? 'None' : `${typeName(value)} object`
}

/** Characters as Python counts them: by code point. */
export function characters(text: string): string[] {
  return Array.from(text)
}

export function textLength(text: string): number {
  // Counting code points is only needed where a surrogate is; the usual SQL text has none.
  return /[\ud800-\udfff]/.test(text) ? characters(text).length : text.length
}

/** Refuses results so large that they can only be an attack or a mistake; Python would exhaust the memory instead. */
export function guardSize(units: number): void {
  if (units > 50_000_000)
    throw new PythonError('OverflowError', 'the result is larger than 50 million characters or items')
}
