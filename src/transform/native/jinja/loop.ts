import { equal } from './operators.ts'
import type { Awaitable, CallArguments, Value } from './value.ts'
import { HostFunction, PyObject, PythonError, Undefined, presentOr } from './value.ts'
import { items } from './operators.ts'

export type Recurse = (items: readonly Value[], depth: number) => Awaitable<string>

/** What the body of a `for` sees as `loop`. */
export class Loop extends PyObject {
  readonly typeName = 'LoopContext'
  readonly #list: readonly Value[]
  readonly #index: number
  readonly #depth: number
  readonly #recurse: Recurse | null
  readonly #memory: { changed: Value[] | undefined }

  constructor(
    list: readonly Value[],
    index: number,
    depth: number,
    recurse: Recurse | null,
    memory: { changed: Value[] | undefined },
  ) {
    super()
    this.#list = list
    this.#index = index
    this.#depth = depth
    this.#recurse = recurse
    this.#memory = memory
  }

  override attribute(name: string): Value | undefined {
    const read = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    return read === undefined ? this.#method(name) : read(this.#list, this.#index, this.#depth)
  }

  #method(name: string): Value | undefined {
    if (name === 'cycle')
      return new HostFunction('cycle', (call) => call.positional[this.#index % call.positional.length] ?? null)
    if (name !== 'changed') return undefined
    return new HostFunction('changed', (call) => {
      const before = this.#memory.changed
      const now = [...call.positional]
      this.#memory.changed = now
      return before === undefined || !equal(before, now)
    })
  }

  override call(call: CallArguments): Awaitable<Value> {
    if (this.#recurse === null) {
      throw new PythonError('TypeError', "The loop must have the 'recursive' marker to be called recursively.")
    }
    return this.#recurse(items(call.positional[0] ?? null), this.#depth + 1)
  }
}

type Reader = (list: readonly Value[], index: number, depth: number) => Value

const attributes: Readonly<Record<string, Reader>> = {
  index: (_list, index) => index + 1,
  index0: (_list, index) => index,
  first: (_list, index) => index === 0,
  last: (list, index) => index === list.length - 1,
  length: (list) => list.length,
  revindex: (list, index) => list.length - index,
  revindex0: (list, index) => list.length - index - 1,
  depth: (_list, _index, depth) => depth,
  depth0: (_list, _index, depth) => depth - 1,
  previtem: (list, index) => presentOr(list[index - 1], () => new Undefined('there is no previous item')),
  nextitem: (list, index) => presentOr(list[index + 1], () => new Undefined('there is no next item')),
}
