import { bind } from './arguments.ts'
import { indexOf } from './number.ts'
import { equal, items, order, truth } from './operators.ts'
import { repr } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PyDict, PySet, PyTuple, PythonError, presentOr } from './value.ts'
import { DictView } from './views.ts'

type Method<Self> = (self: Self, call: CallArguments) => Value

const first = (call: CallArguments): Value => call.positional[0] ?? null

function position(list: readonly Value[], index: Value): number {
  const at = indexOf(index)
  return at < 0 ? list.length + at : at
}

function find(list: readonly Value[], item: Value, message: string): number {
  const at = list.findIndex((candidate) => equal(candidate, item))
  if (at < 0) throw new PythonError('ValueError', message)
  return at
}

function popItem(list: Value[], call: CallArguments): Value {
  if (list.length === 0) throw new PythonError('IndexError', 'pop from empty list')
  const at = call.positional[0] === undefined ? list.length - 1 : position(list, call.positional[0])
  const [removed] = at >= 0 ? list.splice(at, 1) : []
  if (removed === undefined) throw new PythonError('IndexError', 'pop index out of range')
  return removed
}

/** Python changes a list in place and answers None, which a template that prints the call shows. */
function inPlace(change: (list: Value[], call: CallArguments) => void): Method<Value[]> {
  return (list, call) => {
    change(list, call)
    return null
  }
}

export const listMethods: Readonly<Record<string, Method<Value[]>>> = {
  append: inPlace((list, call) => list.push(first(call))),
  extend: inPlace((list, call) => list.push(...items(first(call)))),
  insert: inPlace((list, call) => list.splice(position(list, first(call)), 0, call.positional[1] ?? null)),
  remove: inPlace((list, call) => list.splice(find(list, first(call), 'list.remove(x): x not in list'), 1)),
  reverse: inPlace((list) => list.splice(0, list.length, ...list.toReversed())),
  clear: inPlace((list) => list.splice(0)),
  sort: inPlace((list, call) => {
    list.sort((left, right) => order(left, right))
    if (truth(bind(call, ['key', 'reverse'], 'sort').reverse ?? false))
      list.splice(0, list.length, ...list.toReversed())
  }),
  pop: popItem,
  copy: (list) => [...list],
  index: (list, call) => find(list, first(call), `${repr(first(call))} is not in list`),
  count: (list, call) => list.filter((item) => equal(item, first(call))).length,
}

export const tupleMethods: Readonly<Record<string, Method<PyTuple>>> = {
  index: (tuple, call) => find(tuple.items, first(call), 'tuple.index(x): x not in tuple'),
  count: (tuple, call) => tuple.items.filter((item) => equal(item, first(call))).length,
}

function updateDict(dict: PyDict, call: CallArguments): Value {
  const other = call.positional[0]
  if (other instanceof PyDict) for (const [key, value] of other.entries()) dict.set(key, value)
  else if (other !== undefined) {
    for (const pair of items(other)) {
      const [key = null, value = null] = items(pair)
      dict.set(key, value)
    }
  }
  for (const [key, value] of call.keyword) dict.set(key, value)
  return null
}

function popEntry(dict: PyDict, call: CallArguments): Value {
  const [key = null, fallback] = call.positional
  const value = dict.get(key)
  if (value !== undefined) {
    dict.delete(key)
    return value
  }
  const other = presentOr(fallback, () => call.keyword.get('default'))
  if (other === undefined) throw new PythonError('KeyError', repr(key))
  return other
}

export const dictMethods: Readonly<Record<string, Method<PyDict>>> = {
  get: (dict, call) => {
    const { key = null, default: fallback = null } = bind(call, ['key', 'default'], 'get')
    return presentOr(dict.get(key), () => fallback)
  },
  items: (dict) => new DictView(dict, 'items'),
  keys: (dict) => new DictView(dict, 'keys'),
  values: (dict) => new DictView(dict, 'values'),
  update: updateDict,
  pop: popEntry,
  popitem: (dict) => {
    const last = dict.entries().at(-1)
    if (last === undefined) throw new PythonError('KeyError', "'popitem(): dictionary is empty'")
    dict.delete(last[0])
    return new PyTuple(last)
  },
  setdefault: (dict, call) => {
    const [key = null, fallback = null] = call.positional
    const held = dict.get(key)
    if (held === undefined) dict.set(key, fallback)
    return presentOr(held, () => fallback)
  },
  copy: (dict) => new PyDict(dict.entries()),
  clear: (dict) => {
    dict.clear()
    return null
  },
}

function combined(keep: (inLeft: boolean, inRight: boolean) => boolean): Method<PySet> {
  return (set, call) => {
    const others = call.positional.map((argument) => new PySet(items(argument)))
    return others.reduce<PySet>((left, right) => {
      const all = new PySet([...left.iterate(), ...right.iterate()])
      return new PySet([...all.iterate()].filter((item) => keep(left.has(item), right.has(item))))
    }, new PySet(set.iterate()))
  }
}

export const setMethods: Readonly<Record<string, Method<PySet>>> = {
  add: (set, call) => {
    set.add(first(call))
    return null
  },
  update: (set, call) => {
    for (const argument of call.positional) for (const item of items(argument)) set.add(item)
    return null
  },
  discard: (set, call) => {
    set.delete(first(call))
    return null
  },
  remove: (set, call) => {
    if (!set.delete(first(call))) throw new PythonError('KeyError', repr(first(call)))
    return null
  },
  clear: (set) => {
    set.clear()
    return null
  },
  copy: (set) => new PySet(set.iterate()),
  union: combined((left, right) => left || right),
  intersection: combined((left, right) => left && right),
  difference: combined((left, right) => left && !right),
  symmetric_difference: combined((left, right) => left !== right),
  issubset: (set, call) => {
    const other = new PySet(items(first(call)))
    return [...set.iterate()].every((item) => other.has(item))
  },
  issuperset: (set, call) => items(first(call)).every((item) => set.has(item)),
  isdisjoint: (set, call) => !items(first(call)).some((item) => set.has(item)),
}
