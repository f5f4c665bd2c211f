import type { Value } from './value.ts'
import { PyDict, PyFloat, PyObject, PyTuple, PythonError } from './value.ts'
import { floatText, str, typeName } from './text.ts'
import { normalInteger } from './number.ts'
import { order } from './operators.ts'

export interface JsonStyle {
  readonly sortKeys?: boolean
  readonly indent?: number | undefined
}

/** Python's json.dumps: ASCII only, a space after comma and colon, integers of any size exact. */
export function toJson(value: Value, style: JsonStyle = {}, depth = 0): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return asciiString(value)
  if (value instanceof PyFloat)
    return Number.isFinite(value.value)
      ? floatText(value.value)
      : value.value > 0
        ? 'Infinity'
        : Number.isNaN(value.value)
          ? 'NaN'
          : '-Infinity'
  if (Array.isArray(value) || value instanceof PyTuple) {
    const list = Array.isArray(value) ? value : value.items
    return enclosed(
      '[',
      list.map((item) => toJson(item, style, depth + 1)),
      ']',
      style,
      depth,
    )
  }
  if (value instanceof PyDict) {
    const entries =
      style.sortKeys === true ? value.entries().sort(([left], [right]) => order(left, right)) : value.entries()
    const members = entries.map(([key, item]) => `${asciiString(keyText(key))}: ${toJson(item, style, depth + 1)}`)
    return enclosed('{', members, '}', style, depth)
  }
  throw new PythonError('TypeError', `Object of type ${typeName(value)} is not JSON serializable`)
}

function enclosed(open: string, members: readonly string[], close: string, style: JsonStyle, depth: number): string {
  if (style.indent === undefined || members.length === 0) return open + members.join(', ') + close
  const pad = ' '.repeat(style.indent * (depth + 1))
  return `${open}\n${pad}${members.join(`,\n${pad}`)}\n${' '.repeat(style.indent * depth)}${close}`
}

function keyText(key: Value): string {
  if (key === null) return 'null'
  if (typeof key === 'boolean') return String(key)
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' || key instanceof PyFloat)
    return str(key)
  throw new PythonError('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`)
}

function asciiString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A host value (from JSON, YAML or a driver) as a template sees it: objects become dicts, fractional numbers floats. */
export function fromHost(value: unknown): Value {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return normalInteger(value)
  if (typeof value === 'number')
    return Number.isInteger(value) ? (Number.isSafeInteger(value) ? value : BigInt(value)) : new PyFloat(value)
  if (value instanceof PyObject) return value
  if (Array.isArray(value)) return value.map((item) => fromHost(item))
  if (value instanceof Map)
    return new PyDict([...value].map(([key, item]): [Value, Value] => [fromHost(key), fromHost(item)]))
  if (typeof value === 'object')
    return new PyDict(Object.entries(value).map(([key, item]): [Value, Value] => [key, fromHost(item)]))
  return null
}

/** A template value as plain JavaScript data, for artifacts and drivers: dicts become objects, decimals their text. */
export function toHost(value: Value): unknown {
  if (Array.isArray(value)) return value.map((item) => toHost(item))
  if (value instanceof PyTuple) return value.items.map((item) => toHost(item))
  if (value instanceof PyDict) return Object.fromEntries(value.entries().map(([key, item]) => [str(key), toHost(item)]))
  if (value instanceof PyFloat) return value.value
  if (value === null || typeof value !== 'object') return value
  return str(value)
}
