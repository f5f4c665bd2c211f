/**
 * The values that a template can hold, with Python's distinctions and none of JavaScript's surface.
 *
 * Templates are other people's code. So nothing here is reached by property name: a value is a primitive, a plain array (Python's list),
 * or a `PyObject`, and only what a `PyObject` hands out through `attribute()` exists for a template. That is what makes `constructor` unreachable.
 */

/** None is null, int is a safe integer or a bigint beyond it, list is an array; everything else is a PyObject. */
export type Value = null | boolean | number | bigint | string | Value[] | PyObject
export type Awaitable<T> = T | Promise<T>
export type Keywords = ReadonlyMap<string, Value>

/** What a call hands over: positional and keyword arguments, and the body of a call block, if there is one. */
export interface CallArguments {
  readonly positional: readonly Value[]
  readonly keyword: Keywords
  readonly caller?: PyObject | undefined
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

/** Kinds of errors that Python raises; the name is part of the message that a template author reads. */
export type PythonErrorKind =
  | 'AttributeError'
  | 'IndexError'
  | 'KeyError'
  | 'OverflowError'
  | 'RuntimeError'
  | 'SecurityError'
  | 'TypeError'
  | 'UndefinedError'
  | 'ValueError'
  | 'ZeroDivisionError'

/** An error raised by a value, before the position in the template is known; the compiled code adds that. */
export class PythonError extends Error {
  readonly kind: PythonErrorKind
  constructor(kind: PythonErrorKind, message: string) {
    super(message)
    this.name = kind
    this.kind = kind
  }
}

/** The value, unless it is absent; None is a value, so `??` must not be used on what a template may hold. */
export function presentOr<Other>(value: Value | undefined, other: () => Other): Value | Other {
  return value === undefined ? other() : value
}

/** The protocol by which templates see host objects. Absent methods mean that Python's type lacks the ability. */
export abstract class PyObject {
  /** Python's name of the type, as messages print it. */
  abstract readonly typeName: string
  /** Whether `is mapping` holds. */
  readonly isMapping: boolean = false
  /** The attribute of that name, or undefined when there is none: the only way in. */
  attribute(_name: string): Value | undefined {
    return undefined
  }
  item?(key: Value): Value | undefined
  iterate?(): Iterable<Value>
  size?(): number
  contains?(value: Value): boolean
  call?(call: CallArguments): Awaitable<Value>
  /** Negative, zero or positive; undefined when the two cannot be ordered. */
  compare?(other: Value): number | undefined
  arithmetic?(operator: ArithmeticOperator, other: Value): Value | undefined
  truth(): boolean {
    return this.size === undefined || this.size() > 0
  }
  text(): string {
    return `<${this.typeName} object>`
  }
  repr(): string {
    return this.text()
  }
  equals(other: Value): boolean {
    return this === other
  }
}

/** A name or attribute that is not there. `permissive` is dbt's parse-time kind: attributes, items and calls of it are undefined again. */
export class Undefined extends PyObject {
  readonly typeName = 'Undefined'
  readonly message: string
  readonly permissive: boolean
  constructor(message: string, permissive = false) {
    super()
    this.message = message
    this.permissive = permissive
  }
  override iterate(): Iterable<Value> {
    return []
  }
  override size(): number {
    return 0
  }
  override text(): string {
    return ''
  }
  override repr(): string {
    return 'Undefined'
  }
  override equals(other: Value): boolean {
    return other instanceof Undefined
  }
  fail(): never {
    throw new PythonError('UndefinedError', this.message)
  }
}

export class PyFloat extends PyObject {
  readonly typeName = 'float'
  readonly value: number
  constructor(value: number) {
    super()
    this.value = value
  }
  override truth(): boolean {
    return this.value !== 0
  }
}

/** An exact decimal: the text that the database sent, so that 1.50 stays 1.50 in the SQL. */
export class PyDecimal extends PyObject {
  readonly typeName = 'decimal.Decimal'
  readonly digits: string
  constructor(digits: string) {
    super()
    this.digits = digits
  }
  override truth(): boolean {
    return Number(this.digits) !== 0
  }
  override text(): string {
    return this.digits
  }
  override repr(): string {
    return `Decimal('${this.digits}')`
  }
}

export class PyTuple extends PyObject {
  readonly typeName = 'tuple'
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    super()
    this.items = items
  }
  override iterate(): Iterable<Value> {
    return this.items
  }
  override size(): number {
    return this.items.length
  }
}

/** An iterator that runs at most once and only when asked, as Jinja's map, select and their kin do. */
export class PyGenerator extends PyObject {
  readonly typeName = 'generator'
  readonly #iterator: Iterator<Value>
  constructor(produce: () => Iterator<Value>) {
    super()
    let started: Iterator<Value> | undefined
    this.#iterator = {
      next: () => {
        started ??= produce()
        return started.next()
      },
    }
  }
  override iterate(): Iterable<Value> {
    const iterator = this.#iterator
    return { [Symbol.iterator]: () => iterator }
  }
  override text(): string {
    return '<generator object>'
  }
}

type HashKey = string | number | bigint | null | PyObject

/** The key under which Python would find a value in a dict: 1, 1.0 and True are one key, 'a' and ('a',) are not. */
export function hashKey(value: Value): HashKey {
  if (typeof value === 'string') return `s${value}`
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value
  if (Array.isArray(value)) throw new PythonError('TypeError', "unhashable type: 'list'")
  if (value instanceof PyDict || value instanceof PySet)
    throw new PythonError('TypeError', `unhashable type: '${value.typeName}'`)
  if (value instanceof PyFloat) return value.value
  if (value instanceof PyDecimal) return Number(value.digits)
  if (value instanceof PyTuple) return `t${JSON.stringify(value.items.map((item) => hashText(hashKey(item))))}`
  return value
}

function hashText(key: HashKey): string {
  if (key instanceof PyObject) return `o${key.repr()}`
  return `${typeof key}:${String(key)}`
}

export class PyDict extends PyObject {
  readonly typeName = 'dict'
  override readonly isMapping = true
  readonly #entries = new Map<HashKey, [Value, Value]>()
  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    super()
    for (const [key, value] of entries) this.set(key, value)
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(hashKey(key))?.[1]
  }
  has(key: Value): boolean {
    return this.#entries.has(hashKey(key))
  }
  set(key: Value, value: Value): void {
    const hash = hashKey(key)
    const entry = this.#entries.get(hash)
    if (entry === undefined) this.#entries.set(hash, [key, value])
    else entry[1] = value
  }
  delete(key: Value): boolean {
    return this.#entries.delete(hashKey(key))
  }
  clear(): void {
    this.#entries.clear()
  }
  keys(): Value[] {
    return [...this.#entries.values()].map((entry) => entry[0])
  }
  values(): Value[] {
    return [...this.#entries.values()].map((entry) => entry[1])
  }
  entries(): [Value, Value][] {
    return [...this.#entries.values()].map(([key, value]) => [key, value])
  }
  override iterate(): Iterable<Value> {
    return this.keys()
  }
  override size(): number {
    return this.#entries.size
  }
  override contains(value: Value): boolean {
    return this.has(value)
  }
}

/** A set that keeps the order of insertion; Python's own order is arbitrary, so no template may rely on either. */
export class PySet extends PyObject {
  readonly typeName = 'set'
  readonly #members = new Map<HashKey, Value>()
  constructor(members: Iterable<Value> = []) {
    super()
    for (const member of members) this.add(member)
  }
  add(value: Value): void {
    const hash = hashKey(value)
    if (!this.#members.has(hash)) this.#members.set(hash, value)
  }
  has(value: Value): boolean {
    return this.#members.has(hashKey(value))
  }
  delete(value: Value): boolean {
    return this.#members.delete(hashKey(value))
  }
  clear(): void {
    this.#members.clear()
  }
  override iterate(): Iterable<Value> {
    return [...this.#members.values()]
  }
  override size(): number {
    return this.#members.size
  }
  override contains(value: Value): boolean {
    return this.has(value)
  }
}

/** `namespace()`: the one object whose attributes a template may assign. */
export class Namespace extends PyObject {
  readonly typeName = 'Namespace'
  readonly members = new Map<string, Value>()
  override attribute(name: string): Value | undefined {
    return this.members.get(name)
  }
  override text(): string {
    return '<Namespace>'
  }
}

/** A function of the host. It receives exactly what the template passed; `bind` gives the arguments their names. */
export class HostFunction extends PyObject {
  readonly typeName = 'function'
  readonly name: string
  readonly #body: (call: CallArguments) => Awaitable<Value>
  constructor(name: string, body: (call: CallArguments) => Awaitable<Value>) {
    super()
    this.name = name
    this.#body = body
  }
  override call(call: CallArguments): Awaitable<Value> {
    return this.#body(call)
  }
  override text(): string {
    return `<function ${this.name}>`
  }
}

/** A dict of the host's that templates read and cannot change. */
export class HostDict extends PyObject {
  readonly typeName = 'dict'
  override readonly isMapping = true
  readonly #members: PyDict
  constructor(members: Iterable<readonly [string, Value]>) {
    super()
    this.#members = new PyDict(members)
  }
  /** The same members as a dict of its own, for what reads one whole. */
  copy(): PyDict {
    return new PyDict(this.#members.entries())
  }
  override attribute(name: string): Value | undefined {
    return this.#members.get(name)
  }
  override item(key: Value): Value | undefined {
    return this.#members.get(key)
  }
  override iterate(): Iterable<Value> {
    return this.#members.keys()
  }
  override size(): number {
    return this.#members.size()
  }
  override contains(value: Value): boolean {
    return this.#members.has(value)
  }
}

/** An object with a fixed list of attributes, for the small records of a host context. */
export class HostObject extends PyObject {
  readonly typeName: string
  readonly #members: ReadonlyMap<string, Value>
  constructor(typeName: string, members: Iterable<readonly [string, Value]>) {
    super()
    this.typeName = typeName
    this.#members = new Map(members)
  }
  override attribute(name: string): Value | undefined {
    return this.#members.get(name)
  }
  override item(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#members.get(key) : undefined
  }
}
