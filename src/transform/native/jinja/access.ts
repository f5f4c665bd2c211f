import { dictMethods, listMethods, setMethods, tupleMethods } from './collection-methods.ts'
import { formatText } from './format-fields.ts'
import { indexOf, isInteger } from './number.ts'
import { characters, floatText, objectName, repr, str, typeName } from './text.ts'
import { textMethods } from './text-methods.ts'
import type { Awaitable, CallArguments, Value } from './value.ts'
import { PyRange } from './views.ts'
import {
  HostDict,
  HostFunction,
  PyDecimal,
  PyDict,
  PyFloat,
  PyObject,
  PySet,
  PyTuple,
  PythonError,
  Undefined,
  presentOr,
} from './value.ts'

/** Names that every Python object has: the sandbox hides them, so that they are undefined instead of an error. */
const SPECIAL_NAMES = new Set(
  'class doc module init new dict eq ne hash str repr len iter bool call add sub mul getitem getattr'
    .split(' ')
    .map((name) => `__${name}__`),
)

/**
 * Everything that `.`, `[]` and `()` can reach. It is a whitelist: methods come from own tables by own keys, objects answer through
 * `attribute()`, and nothing falls back to JavaScript's properties.
 */
export function attribute(object: Value, name: string): Value {
  if (object instanceof Undefined)
    return object.permissive ? object : SPECIAL_NAMES.has(name) ? missingAttribute(object, name) : object.fail()
  const method = methodOf(object, name)
  if (method !== undefined) return method
  if (object instanceof PyDict) return presentOr(object.get(name), () => missingAttribute(object, name))
  const found = object instanceof PyObject && !name.startsWith('__') ? object.attribute(name) : undefined
  return presentOr(found, () => missingAttribute(object, name))
}

function missingAttribute(object: Value, name: string): Undefined {
  return new Undefined(`'${objectName(object)}' has no attribute '${name}'`)
}

function methodOf(object: Value, name: string): HostFunction | undefined {
  const body = methodBody(object, name)
  return body === undefined ? undefined : new HostFunction(name, body)
}

function own<Method>(table: Readonly<Record<string, Method>>, name: string): Method | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function applied<Self>(
  table: Readonly<Record<string, (self: Self, call: CallArguments) => Value>>,
  self: Self,
  name: string,
) {
  const method = own(table, name)
  return method === undefined ? undefined : (call: CallArguments) => method(self, call)
}

function methodBody(object: Value, name: string): ((call: CallArguments) => Value) | undefined {
  if (typeof object === 'string') {
    if (name === 'format') return (call) => formatText(object, call, fieldAccess)
    return applied(textMethods, object, name)
  }
  if (Array.isArray(object)) return applied(listMethods, object, name)
  if (object instanceof PyDict) return applied(dictMethods, object, name)
  if (object instanceof HostDict) return applied(dictMethods, object.copy(), name)
  if (object instanceof PyTuple) return applied(tupleMethods, object, name)
  if (object instanceof PySet) return applied(setMethods, object, name)
  if (object instanceof PyFloat && name === 'is_integer') return () => Number.isInteger(object.value)
  if (object instanceof PyFloat && name === 'hex') return () => floatText(object.value)
  if (object instanceof PyDecimal && name === 'is_zero') return () => Number(object.digits) === 0
  return undefined
}

function fieldAccess(object: Value, key: string, kind: 'attribute' | 'item'): Value {
  return kind === 'attribute' ? attribute(object, key) : item(object, /^\d+$/.test(key) ? Number(key) : key)
}

/** `object[key]`; a missing key is undefined, as in Jinja, not Python's KeyError. */
export function item(object: Value, key: Value): Value {
  if (object instanceof Undefined) return object.permissive ? object : object.fail()
  const found = held(object, key)
  if (found !== undefined) return found
  if (typeof key === 'string') return attribute(object, key)
  return new Undefined(`${objectName(object)} has no element ${repr(key)}`)
}

function held(object: Value, key: Value): Value | undefined {
  if (isInteger(key) || typeof key === 'boolean') {
    const list = sequenceOf(object)
    const at = indexOf(key)
    if (list !== undefined) return list[at < 0 ? list.length + at : at]
  }
  if (object instanceof PyDict) return object.get(key)
  return object instanceof PyObject ? object.item?.(key) : undefined
}

function sequenceOf(object: Value): readonly Value[] | undefined {
  if (Array.isArray(object)) return object
  if (object instanceof PyTuple) return object.items
  if (typeof object === 'string') return characters(object)
  return undefined
}

/** `object[start:stop:step]` of text, lists and tuples. */
export function slice(object: Value, start: Value, stop: Value, step: Value): Value {
  if (object instanceof Undefined) return object.permissive ? object : object.fail()
  const list =
    sequenceOf(object) ??
    (object instanceof PyObject && object.item !== undefined && object.iterate !== undefined
      ? [...object.iterate()]
      : undefined)
  if (list === undefined) throw new PythonError('TypeError', `'${typeName(object)}' object is not subscriptable`)
  const stride = step === null ? 1 : indexOf(step)
  if (stride === 0) throw new PythonError('ValueError', 'slice step cannot be zero')
  const bounds = sliceBounds(list.length, start, stop, stride)
  if (object instanceof PyRange) return object.part({ ...bounds, step: stride })
  const chosen = sliceIndexes(bounds, stride).map((index) => list[index] ?? null)
  if (typeof object === 'string') return chosen.map((character) => str(character)).join('')
  return Array.isArray(object) ? chosen : new PyTuple(chosen)
}

function sliceBounds(length: number, start: Value, stop: Value, step: number): { from: number; to: number } {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const clamp = (value: Value, fallback: number): number => {
    if (value === null) return fallback
    const index = indexOf(value)
    return Math.min(Math.max(index < 0 ? index + length : index, low), high)
  }
  return { from: clamp(start, step > 0 ? low : high), to: clamp(stop, step > 0 ? high : low) }
}

function sliceIndexes({ from, to }: { from: number; to: number }, step: number): number[] {
  const indexes: number[] = []
  for (let index = from; step > 0 ? index < to : index > to; index += step) indexes.push(index)
  return indexes
}

/** `callee(...)`. Throws UndefinedError for an undefined callee and TypeError for what cannot be called. */
export function call(
  callee: Value,
  positional: readonly Value[],
  keyword: ReadonlyMap<string, Value>,
  caller: PyObject | undefined,
): Awaitable<Value> {
  if (callee instanceof Undefined) return callee.permissive ? callee : callee.fail()
  if (!(callee instanceof PyObject) || callee.call === undefined)
    throw new PythonError('TypeError', `'${typeName(callee)}' object is not callable`)
  return callee.call({ positional, keyword, caller })
}

/** `range(...)` with the sandbox's limit of 100,000 items. */
export function range(arguments_: readonly Value[]): PyRange {
  const [first, second, third = 1] = arguments_
  if (first === undefined || arguments_.length > 3)
    throw new PythonError('TypeError', `range expected 1 to 3 arguments, got ${arguments_.length}`)
  const [start, stop] = second === undefined ? [0, indexOf(first)] : [indexOf(first), indexOf(second)]
  const step = indexOf(third)
  if (step === 0) throw new PythonError('ValueError', 'range() arg 3 must not be zero')
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (count > 100_000)
    throw new PythonError('OverflowError', 'Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).')
  return new PyRange(start, stop, step)
}
