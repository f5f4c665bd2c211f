import { bind } from './arguments.ts'
import { item } from './access.ts'
import type { FilterFunction } from './filters-scalar.ts'
import { arithmetic, equal, items, order, truth } from './operators.ts'
import { characters, str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PyDict, PyGenerator, PyTuple, PythonError, Undefined, hashKey, presentOr } from './value.ts'

/** How a filter applies another filter or a test by name; given by the runtime, which knows both registries. */
export interface Registry {
  filter(name: string, input: Value, call: CallArguments): Value
  test(name: string, input: Value, call: CallArguments): boolean
}

const lazy = (produce: () => Iterator<Value>): PyGenerator => new PyGenerator(produce)

/** `a.b.0` walked from an item, as Jinja's attribute arguments are. */
function walk(subject: Value, path: Value): Value {
  if (typeof path === 'number') return item(subject, path)
  return str(path)
    .split('.')
    .reduce((object, step) => item(object, /^\d+$/.test(step) ? Number(step) : step), subject)
}

function foldCase(value: Value, caseSensitive: boolean): Value {
  return typeof value === 'string' && !caseSensitive ? value.toLowerCase() : value
}

/** A key to sort or compare by: the value or its attributes (`a,b` is a tuple of both), folded unless case matters. */
function keyOf(path: Value | undefined, caseSensitive: boolean): (value: Value) => Value {
  if (path === undefined || path === null) return (value) => foldCase(value, caseSensitive)
  if (typeof path === 'string' && path.includes(',')) {
    const paths = path.split(',')
    return (value) => paths.map((one) => foldCase(walk(value, one.trim()), caseSensitive))
  }
  return (value) => foldCase(walk(value, path), caseSensitive)
}

function sorted(input: Value, call: CallArguments): Value[] {
  const {
    reverse = false,
    case_sensitive: exact = false,
    attribute,
  } = bind(call, ['reverse', 'case_sensitive', 'attribute'], 'sort')
  const key = keyOf(attribute, truth(exact))
  const direction = truth(reverse) ? -1 : 1
  // Jinja's keys are lists, and lists with equal items are never compared by `<` of the items.
  return [...items(input)].sort((left, right) => direction * order([key(left)], [key(right)]))
}

function dictSorted(input: Value, call: CallArguments): Value[] {
  const {
    case_sensitive: exact = false,
    by = 'key',
    reverse = false,
  } = bind(call, ['case_sensitive', 'by', 'reverse'], 'dictsort')
  if (!(input instanceof PyDict)) throw new PythonError('TypeError', 'dictsort needs a dict')
  const place = by === 'value' ? 1 : 0
  const direction = truth(reverse) ? -1 : 1
  return input
    .entries()
    .sort((left, right) => direction * order(foldCase(left[place], truth(exact)), foldCase(right[place], truth(exact))))
    .map((entry) => new PyTuple(entry))
}

function extreme(direction: 1 | -1): FilterFunction {
  return (input, call) => {
    const { case_sensitive: exact = false, attribute } = bind(call, ['case_sensitive', 'attribute'], 'min')
    const key = keyOf(attribute, truth(exact))
    const [first, ...rest] = items(input)
    if (first === undefined) return new Undefined('No aggregated item, sequence was empty.')
    return rest.reduce(
      (best, candidate) => (direction * order(key(candidate), key(best)) < 0 ? candidate : best),
      first,
    )
  }
}

function unique(input: Value, call: CallArguments): PyGenerator {
  const { case_sensitive: exact = false, attribute } = bind(call, ['case_sensitive', 'attribute'], 'unique')
  const key = keyOf(attribute, truth(exact))
  return lazy(function* distinct() {
    const seen = new Set<unknown>()
    for (const candidate of items(input)) {
      const hash = hashKey(key(candidate))
      if (seen.has(hash)) continue
      seen.add(hash)
      yield candidate
    }
  })
}

function groupBy(input: Value, call: CallArguments): Value[] {
  const {
    attribute = null,
    default: other,
    case_sensitive: exact = false,
  } = bind(call, ['attribute', 'default', 'case_sensitive'], 'groupby')
  const raw = (value: Value): Value => {
    const found = walk(value, attribute)
    return found instanceof Undefined && other !== undefined && other !== null ? other : found
  }
  const key = (value: Value): Value => foldCase(raw(value), truth(exact))
  const list = [...items(input)].sort((left, right) => order(key(left), key(right)))
  const groups: { key: Value; shown: Value; members: Value[] }[] = []
  for (const member of list) {
    const last = groups.at(-1)
    if (last !== undefined && equal(last.key, key(member))) last.members.push(member)
    else groups.push({ key: key(member), shown: raw(member), members: [member] })
  }
  return groups.map((group) => new Group([group.shown, group.members]))
}

/** What groupby gives: a tuple whose members have names as well. */
class Group extends PyTuple {
  override attribute(name: string): Value | undefined {
    return name === 'grouper' ? this.items[0] : name === 'list' ? this.items[1] : undefined
  }
}

/** No template may rely on which one it is, so it is the first: a compiled file that changed with every run would tell nobody anything. */
const random: FilterFunction = (input) =>
  presentOr(items(input)[0], () => new Undefined('No random item, sequence was empty.'))

function batch(input: Value, call: CallArguments): PyGenerator {
  const { linecount = 1, fill_with: filler = null } = bind(call, ['linecount', 'fill_with'], 'batch')
  const width = Math.max(1, Number(linecount))
  return lazy(function* batches() {
    const list = items(input)
    for (let start = 0; start < list.length; start += width) {
      const part = list.slice(start, start + width)
      const gap = filler === null ? 0 : width - part.length
      for (let count = 0; count < gap; count++) part.push(filler)
      yield part
    }
  })
}

function sliced(input: Value, call: CallArguments): PyGenerator {
  const { slices = 1, fill_with: filler = null } = bind(call, ['slices', 'fill_with'], 'slice')
  return lazy(function* columns() {
    const list = items(input)
    const count = Number(slices)
    const [each, longer] = [Math.floor(list.length / count), list.length % count]
    for (let index = 0, start = 0; index < count; index++) {
      const end = start + each + (index < longer ? 1 : 0)
      const part = list.slice(start, end)
      if (filler !== null && index >= longer) part.push(filler)
      yield part
      start = end
    }
  })
}

function sum(input: Value, call: CallArguments): Value {
  const { attribute, start = 0 } = bind(call, ['attribute', 'start'], 'sum')
  return items(input).reduce(
    (total, one) => arithmetic('+', total, attribute === undefined || attribute === null ? one : walk(one, attribute)),
    start,
  )
}

function join(input: Value, call: CallArguments): string {
  const { d = '', attribute } = bind(call, ['d', 'attribute'], 'join')
  return items(input)
    .map((one) => str(attribute === undefined || attribute === null ? one : walk(one, attribute)))
    .join(str(d))
}

function mapped(registry: Registry): FilterFunction {
  return (input, call) => {
    const path = call.positional.length === 0 ? call.keyword.get('attribute') : undefined
    const other = call.keyword.get('default')
    const [name, ...rest] = call.positional
    if (path === undefined && name === undefined) throw new PythonError('TypeError', 'map requires a filter argument')
    return lazy(function* each() {
      // Jinja yields nothing for a false input, so that none|map(...) is empty instead of an error.
      for (const one of truth(input) ? items(input) : []) {
        if (path === undefined)
          yield registry.filter(str(name ?? null), one, { positional: rest, keyword: call.keyword })
        else {
          const found = walk(one, path)
          yield found instanceof Undefined && other !== undefined && other !== null ? other : found
        }
      }
    })
  }
}

function selecting(registry: Registry, keep: boolean, byAttribute: boolean): FilterFunction {
  return (input, call) => {
    const [path, ...afterPath] = call.positional
    if (byAttribute && path === undefined) throw new PythonError('TypeError', 'Missing parameter for attribute name')
    const [name, ...rest] = byAttribute ? afterPath : call.positional
    return lazy(function* chosen() {
      for (const one of truth(input) ? items(input) : []) {
        const subject = byAttribute ? walk(one, path ?? null) : one
        const passes =
          name === undefined
            ? truth(subject)
            : registry.test(str(name), subject, { positional: rest, keyword: call.keyword })
        if (passes === keep) yield one
      }
    })
  }
}

function reversed(input: Value): Value {
  if (typeof input === 'string') return characters(input).toReversed().join('')
  const list = items(input).toReversed()
  return lazy(() => list.values())
}

function ends(which: 'first' | 'last'): FilterFunction {
  return (input) =>
    presentOr(items(input).at(which === 'first' ? 0 : -1), () => new Undefined(`No ${which} item, sequence was empty.`))
}

function pairs(input: Value): Value {
  if (input instanceof Undefined) return lazy(() => [].values())
  if (!(input instanceof PyDict)) throw new PythonError('TypeError', 'Can only get item pairs from a mapping.')
  const tuples = input.entries().map((entry) => new PyTuple(entry))
  return lazy(() => tuples.values())
}

/** Filters over sequences. */
export function sequenceFilters(registry: Registry): Readonly<Record<string, FilterFunction>> {
  return {
    batch,
    dictsort: dictSorted,
    first: ends('first'),
    groupby: groupBy,
    items: pairs,
    join,
    last: ends('last'),
    list: (input) => [...items(input)],
    map: mapped(registry),
    max: extreme(-1),
    min: extreme(1),
    random,
    reject: selecting(registry, false, false),
    rejectattr: selecting(registry, false, true),
    reverse: reversed,
    select: selecting(registry, true, false),
    selectattr: selecting(registry, true, true),
    slice: sliced,
    sort: sorted,
    sum,
    unique,
  }
}
