import { bind } from './arguments.ts'
import { indexOf } from './number.ts'
import { arithmetic, items, truth } from './operators.ts'
import { guardSize } from './text.ts'
import type { Awaitable, CallArguments, Value } from './value.ts'
import { HostDict, HostFunction, PyGenerator, PyObject, PyTuple, PythonError, Undefined } from './value.ts'

/** What `iter()` would make of the value; only the endless ones stay lazy, the rest is counted here so that its size can be bounded. */
function iterator(value: Value): Iterator<Value> {
  if (value instanceof PyGenerator) return value.iterate()[Symbol.iterator]()
  return items(value)[Symbol.iterator]()
}

const lazy = (produce: () => Iterator<Value>): Value => new PyGenerator(produce)

function whole(value: Value | undefined, fallback: number): number {
  return value === undefined || value === null ? fallback : indexOf(value)
}

function* counted(start: Value, step: Value): Generator<Value> {
  for (let value = start, given = 0; ; value = arithmetic('+', value, step)) {
    // An endless count that nobody bounds would hold the process; Python would too, but a server must not.
    guardSize(given++ * 100)
    yield value
  }
}

function* cycled(value: Value): Generator<Value> {
  const list = items(value)
  for (let given = 0; list.length > 0; given++) {
    guardSize(given * 50)
    yield list[given % list.length] ?? null
  }
}

function repeated(call: CallArguments): Value {
  const { object = null, times } = bind(call, ['object', 'times'], 'repeat')
  return lazy(function* repeat() {
    for (let given = 0, most = whole(times, Infinity); given < most; given++) {
      guardSize(given * 50)
      yield object
    }
  })
}

function accumulated(call: CallArguments): Value {
  const { iterable = null, func = null, initial = null } = bind(call, ['iterable', 'func', 'initial'], 'accumulate')
  const list = initial === null ? items(iterable) : [initial, ...items(iterable)]
  return lazy(function* accumulate() {
    let total: Value | undefined
    for (const item of list) {
      total = total === undefined ? item : func === null ? arithmetic('+', total, item) : called(func, [total, item])
      yield total
    }
  })
}

function called(callee: Value, positional: readonly Value[]): Value {
  if (!(callee instanceof PyObject) || callee.call === undefined)
    throw new PythonError('TypeError', 'the object is not callable')
  const result: Awaitable<Value> = callee.call({ positional, keyword: new Map() })
  if (result instanceof Promise)
    throw new PythonError('RuntimeError', 'itertools cannot call what has to wait for the database')
  return result
}

function sliced(call: CallArguments): Value {
  const [iterable = null, ...bounds] = call.positional
  const [start, stop, step] = bounds.length === 1 ? [null, bounds[0], null] : bounds
  const [first, end, stride] = [whole(start, 0), whole(stop, Infinity), whole(step, 1)]
  if (first < 0 || end < 0 || stride < 1)
    throw new PythonError('ValueError', 'islice() takes None or a whole number that is not negative')
  const source = iterator(iterable)
  return lazy(function* islice() {
    for (let index = 0; index < end; index++) {
      const next = source.next()
      if (next.done === true) return
      if (index >= first && (index - first) % stride === 0) yield next.value
    }
  })
}

function zipLongest(call: CallArguments): Value {
  const filler = call.keyword.get('fillvalue') ?? null
  const lists = call.positional.map((argument) => items(argument))
  const length = Math.max(0, ...lists.map((list) => list.length))
  return lazy(function* longest() {
    for (let index = 0; index < length; index++)
      yield new PyTuple(lists.map((list) => (index < list.length ? (list[index] ?? null) : filler)))
  })
}

function* products(pools: readonly (readonly Value[])[], chosen: readonly Value[] = []): Generator<Value[]> {
  const [pool, ...rest] = pools
  if (pool === undefined) yield [...chosen]
  else for (const item of pool) yield* products(rest, [...chosen, item])
}

/** Picks of `size` places out of `pool`, in Python's order. `allowed` says whether a place may follow those already picked. */
function* picks(
  pool: readonly Value[],
  size: number,
  allowed: (picked: readonly number[], next: number) => boolean,
  picked: readonly number[] = [],
): Generator<Value[]> {
  if (picked.length === size) yield picked.map((place) => pool[place] ?? null)
  else
    for (const place of pool.keys()) if (allowed(picked, place)) yield* picks(pool, size, allowed, [...picked, place])
}

function picking(
  name: string,
  allowed: (picked: readonly number[], next: number) => boolean,
): readonly [string, Value] {
  return [
    name,
    new HostFunction(name, (call) => {
      const { iterable = null, r = null } = bind(call, ['iterable', 'r'], name)
      const pool = [...items(iterable)]
      if (r === null && name !== 'permutations')
        throw new PythonError('TypeError', `${name}() missing required argument 'r' (pos 2)`)
      const size = whole(r, pool.length)
      if (size < 0) throw new PythonError('ValueError', 'r must be non-negative')
      return tuples(picks(pool, size, allowed))
    }),
  ]
}

function tuples(lists: Iterable<Value[]>): Value {
  return lazy(function* each() {
    let given = 0
    for (const list of lists) {
      guardSize(given++ * 100)
      yield new PyTuple(list)
    }
  })
}

function product(call: CallArguments): Value {
  const times = whole(call.keyword.get('repeat'), 1)
  const pools = call.positional.map((argument) => [...items(argument)])
  return tuples(products(Array.from({ length: times }, () => pools).flat()))
}

function chain(call: CallArguments): Value {
  return lazy(function* chained() {
    for (const argument of call.positional) yield* items(argument)
  })
}

class Chain extends HostFunction {
  override attribute(name: string): Value | undefined {
    if (name !== 'from_iterable') return undefined
    return new HostFunction(name, (call) => chain({ ...call, positional: items(call.positional[0] ?? null) }))
  }
}

function compress(call: CallArguments): Value {
  const { data = null, selectors = null } = bind(call, ['data', 'selectors'], 'compress')
  const [list, keep] = [items(data), items(selectors)]
  return lazy(() => list.filter((_item, index) => truth(keep[index] ?? new Undefined('none'))).values())
}

function starmap(call: CallArguments): Value {
  const [callee = null, iterable = null] = call.positional
  const list = items(iterable)
  return lazy(function* mapped() {
    for (const arguments_ of list) yield called(callee, items(arguments_))
  })
}

function tee(call: CallArguments): Value {
  const { iterable = null, n = 2 } = bind(call, ['iterable', 'n'], 'tee')
  const list = [...items(iterable)]
  return new PyTuple(Array.from({ length: indexOf(n) }, () => lazy(() => list.values())))
}

/** `modules.itertools`: the names that dbt lets through. */
export const itertoolsModule = new HostDict([
  [
    'count',
    new HostFunction('count', (call) => {
      const { start = 0, step = 1 } = bind(call, ['start', 'step'], 'count')
      return lazy(() => counted(start, step))
    }),
  ],
  ['cycle', new HostFunction('cycle', (call) => lazy(() => cycled(call.positional[0] ?? null)))],
  ['repeat', new HostFunction('repeat', repeated)],
  ['accumulate', new HostFunction('accumulate', accumulated)],
  ['chain', new Chain('chain', chain)],
  ['compress', new HostFunction('compress', compress)],
  ['islice', new HostFunction('islice', sliced)],
  ['starmap', new HostFunction('starmap', starmap)],
  ['tee', new HostFunction('tee', tee)],
  ['zip_longest', new HostFunction('zip_longest', zipLongest)],
  ['product', new HostFunction('product', product)],
  picking('permutations', (picked, next) => !picked.includes(next)),
  picking('combinations', (picked, next) => next > (picked.at(-1) ?? -1)),
  picking('combinations_with_replacement', (picked, next) => next >= (picked.at(-1) ?? 0)),
])
