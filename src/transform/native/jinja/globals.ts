import { range } from './access.ts'
import { items } from './operators.ts'
import { str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { HostFunction, Namespace, PyDict, PyObject, PythonError } from './value.ts'

function entriesOf(call: CallArguments): [Value, Value][] {
  const [source] = call.positional
  const given = source === undefined ? [] : source instanceof PyDict ? source.entries() : items(source).map(pair)
  return [...given, ...[...call.keyword].map(([key, value]): [Value, Value] => [key, value])]
}

function pair(value: Value): [Value, Value] {
  const [key, item, ...rest] = items(value)
  if (key === undefined || item === undefined || rest.length > 0)
    throw new PythonError('ValueError', 'dict() needs pairs')
  return [key, item]
}

function namespace(call: CallArguments): Value {
  const created = new Namespace()
  for (const [key, value] of entriesOf(call)) created.members.set(str(key), value)
  return created
}

/** Hands out its items in turn; `current` is the one that `next` gives. */
class Cycler extends PyObject {
  readonly typeName = 'Cycler'
  readonly #list: readonly Value[]
  #position = 0
  constructor(list: readonly Value[]) {
    super()
    if (list.length === 0) throw new PythonError('RuntimeError', 'at least one item has to be provided')
    this.#list = list
  }
  override attribute(name: string): Value | undefined {
    if (name === 'current') return this.#list[this.#position] ?? null
    if (name === 'next') return new HostFunction('next', () => this.#next())
    return name === 'reset' ? new HostFunction('reset', () => this.#reset()) : undefined
  }
  #next(): Value {
    const value = this.#list[this.#position] ?? null
    this.#position = (this.#position + 1) % this.#list.length
    return value
  }
  #reset(): Value {
    this.#position = 0
    return null
  }
}

function joiner(call: CallArguments): Value {
  const separator = call.positional[0] ?? call.keyword.get('sep') ?? ', '
  let used = false
  return new HostFunction('joiner', () => {
    const text = used ? separator : ''
    used = true
    return text
  })
}

/** Jinja's own globals, without lipsum. */
export const jinjaGlobals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', new HostFunction('range', (call) => range(call.positional))],
  ['dict', new HostFunction('dict', (call) => new PyDict(entriesOf(call)))],
  ['namespace', new HostFunction('namespace', namespace)],
  ['cycler', new HostFunction('cycler', (call) => new Cycler(call.positional))],
  ['joiner', new HostFunction('joiner', joiner)],
])
