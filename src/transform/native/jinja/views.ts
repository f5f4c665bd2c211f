import { indexOf, isInteger } from './number.ts'
import { equal } from './operators.ts'
import { repr, shownOnce } from './text.ts'
import type { ArithmeticOperator, PyDict, Value } from './value.ts'
import { PyFloat, PyObject, PySet, PyTuple } from './value.ts'

type Part = 'items' | 'keys' | 'values'

/** What `dict.items()` and its kin give in Python: a window on the dict that prints as `dict_items([…])` and has no places. */
export class DictView extends PyObject {
  readonly typeName: string
  readonly #dict: PyDict
  readonly #part: Part
  constructor(dict: PyDict, part: Part) {
    super()
    this.typeName = `dict_${part}`
    this.#dict = dict
    this.#part = part
  }
  list(): Value[] {
    if (this.#part === 'items') return this.#dict.entries().map((entry) => new PyTuple(entry))
    return this.#part === 'keys' ? this.#dict.keys() : this.#dict.values()
  }
  override iterate(): Iterable<Value> {
    return this.list()
  }
  override size(): number {
    return this.#dict.size()
  }
  override contains(value: Value): boolean {
    return this.#part === 'keys' ? this.#dict.has(value) : this.list().some((item) => equal(item, value))
  }
  override text(): string {
    return shownOnce(this, () => `${this.typeName}([${this.list().map(repr).join(', ')}])`)
  }
  override equals(other: Value): boolean {
    if (this === other) return true
    if (this.#part === 'values') return false
    const others = other instanceof DictView && other.#part !== 'values' ? other.list() : setItems(other)
    return others !== undefined && others.length === this.size() && others.every((item) => this.contains(item))
  }
  override arithmetic(operator: ArithmeticOperator, other: Value): Value | undefined {
    if (operator !== '-' || this.#part === 'values') return undefined
    const iterable = Array.isArray(other) ? other : other instanceof PyObject ? other.iterate?.() : undefined
    if (iterable === undefined) return undefined
    const others = new PySet(iterable)
    return new PySet(this.list().filter((item) => !others.has(item)))
  }
}

function setItems(value: Value): Value[] | undefined {
  return value instanceof PySet ? [...value.iterate()] : undefined
}

/** Python's range: a sequence that prints as `range(0, 3)` and counts only when asked. */
export class PyRange extends PyObject {
  readonly typeName = 'range'
  readonly start: number
  readonly stop: number
  readonly step: number
  constructor(start: number, stop: number, step: number) {
    super()
    this.start = start
    this.stop = stop
    this.step = step
  }
  override size(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step))
  }
  at(index: number): Value | undefined {
    const size = this.size()
    const place = index < 0 ? index + size : index
    return place >= 0 && place < size ? this.start + place * this.step : undefined
  }
  override item(key: Value): Value | undefined {
    return isInteger(key) || typeof key === 'boolean' ? this.at(indexOf(key)) : undefined
  }
  override iterate(): Iterable<Value> {
    return Array.from({ length: this.size() }, (_unused, index) => this.start + index * this.step)
  }
  override contains(value: Value): boolean {
    const number = value instanceof PyFloat ? value.value : typeof value === 'boolean' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number)) return false
    const steps = (number - this.start) / this.step
    return Number.isInteger(steps) && steps >= 0 && steps < this.size()
  }
  override text(): string {
    return this.step === 1 ? `range(${this.start}, ${this.stop})` : `range(${this.start}, ${this.stop}, ${this.step})`
  }
  override equals(other: Value): boolean {
    return other instanceof PyRange && equal([...this.iterate()], [...other.iterate()])
  }
  /** The part of it that a slice takes, which is a range again. */
  part(indexes: { readonly from: number; readonly to: number; readonly step: number }): PyRange {
    const { from, to, step } = indexes
    return new PyRange(this.start + from * this.step, this.start + to * this.step, this.step * step)
  }
}
