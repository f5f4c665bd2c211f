import { attribute, call, item, slice } from './access.ts'
import { ReturnSignal, TemplateFailure, trace } from './failure.ts'
import { scalarFilters } from './filters-scalar.ts'
import type { FilterFunction } from './filters-scalar.ts'
import { sequenceFilters } from './filters-sequence.ts'
import { Loop } from './loop.ts'
import type { Recurse } from './loop.ts'
import { Macro } from './macro.ts'
import type { BoundArguments, CompiledMacro, TemplateContext } from './macro.ts'
import { arithmetic, compare, items, sign, truth, unpack } from './operators.ts'
import { str, typeName } from './text.ts'
import { testFunctions } from './test-functions.ts'
import type { TestFunction } from './test-functions.ts'
import type { Awaitable, CallArguments, Keywords, Value } from './value.ts'
import type { PyObject } from './value.ts'
import { Namespace, PyDict, PyFloat, PyTuple, PythonError, Undefined, presentOr } from './value.ts'

/** What a scope of a template is: names behind `$`, the outer scope as prototype, nothing at the root. */
export interface Scope {
  [name: `$${string}`]: Value | undefined
}

const none: Keywords = new Map()

function filter(name: string, input: Value, positional: readonly Value[], keyword: Keywords): Value {
  return applyFilter(name, input, { positional, keyword })
}

function test(name: string, input: Value, positional: readonly Value[], keyword: Keywords): boolean {
  return applyTest(name, input, { positional, keyword })
}

function applyFilter(name: string, input: Value, call: CallArguments): Value {
  const apply = Object.hasOwn(filters, name) ? filters[name] : undefined
  if (apply === undefined) throw new PythonError('RuntimeError', `No filter named '${name}'.`)
  return apply(input, call)
}

function applyTest(name: string, input: Value, call: CallArguments): boolean {
  const apply = Object.hasOwn(tests, name) ? tests[name] : undefined
  if (apply === undefined) throw new PythonError('RuntimeError', `No test named '${name}'.`)
  if (plainTests.has(name) && (call.positional.length > 0 || call.keyword.size > 0))
    throw new PythonError('TypeError', `the test '${name}' takes no argument`)
  return apply(input, call)
}

const filters: Readonly<Record<string, FilterFunction>> = {
  ...scalarFilters,
  ...sequenceFilters({ filter: applyFilter, test: applyTest }),
}

const tests: Readonly<Record<string, TestFunction>> = {
  ...testFunctions,
  filter: (value) => typeof value === 'string' && Object.hasOwn(filters, value),
  test: (value) => typeof value === 'string' && Object.hasOwn(tests, value),
}

/** Tests of the value alone. */
const plainTests = new Set(
  'defined undefined none true false boolean string number integer float mapping iterable sequence callable escaped odd even lower upper filter test'.split(
    ' ',
  ),
)

export const knownNames = { filters: new Set(Object.keys(filters)), tests: new Set(Object.keys(tests)) } as const

function name(scope: Scope, context: TemplateContext, key: string): Value {
  const local = scope[`$${key}`]
  if (local !== undefined) return local
  return presentOr(context.lookup(key), () => new Undefined(`'${key}' is undefined`, context.permissive))
}

/** The result of a call in the sync twin. A promise there means that parsing would have asked the database. */
function settled(value: Awaitable<Value>): Value {
  if (!(value instanceof Promise)) return value
  // The promise is nobody's now; its failure must not end the process.
  value.catch(() => undefined)
  throw new PythonError(
    'RuntimeError',
    'this call needs the database, which is not there while the project is parsed; guard it with `if execute`',
  )
}

function keywords(pairs: readonly (readonly [string, Value])[], spread: Value): Keywords {
  const all = new Map(pairs)
  if (spread === null) return all
  if (!(spread instanceof PyDict)) throw new PythonError('TypeError', 'argument after ** must be a mapping')
  for (const [key, value] of spread.entries()) {
    const text = str(key)
    if (all.has(text)) throw new PythonError('TypeError', `got multiple values for keyword argument '${text}'`)
    all.set(text, value)
  }
  return all
}

function assignAttribute(target: Value, key: string, value: Value): void {
  if (!(target instanceof Namespace))
    throw new PythonError('TypeError', 'cannot assign attribute on non-namespace object')
  target.members.set(key, value)
}

/** The last stop of an error in a macro: dbt's return ends here, everything else gets its frame. */
function caught(error: unknown, label: string, file: string, position: number): Value {
  const reason = error instanceof TemplateFailure ? error.reason : error
  if (reason instanceof ReturnSignal) return reason.value
  throw trace(error, label, file, position)
}

function macro(
  macroName: string,
  parameters: readonly string[],
  reads: readonly string[],
  body: (context: TemplateContext, bound: BoundArguments) => Awaitable<Value>,
): CompiledMacro {
  return { name: macroName, parameters, reads, invoke: body }
}

const memories = new WeakMap<readonly Value[], { changed: Value[] | undefined }>()

function loop(list: readonly Value[], index: number, depth: number, recurse: Recurse | null): Loop {
  const memory = memories.get(list) ?? { changed: undefined }
  if (index === 0) memory.changed = undefined
  memories.set(list, memory)
  return new Loop(list, index, depth, recurse, memory)
}

/** What a filter or call block writes: Jinja puts it out as it is, so anything but text is an error there. */
function written(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Undefined) return value.permissive ? '' : value.fail()
  throw new PythonError('TypeError', `sequence item 0: expected str instance, ${typeName(value)} found`)
}

/** The functions that compiled templates call, as `R`. Nothing else of the program is in their reach. */
export const runtime = {
  none,
  name,
  settled,
  keywords,
  assignAttribute,
  caught,
  trace: (error: unknown, label: string, file: string, position: number): unknown =>
    error instanceof ReturnSignal ? error : trace(error, label, file, position),
  returnSignal: (value: Value): ReturnSignal => new ReturnSignal(value),
  macro,
  bound: (definition: CompiledMacro, context: TemplateContext): PyObject => new Macro(definition, context),
  loop,
  filter,
  test,
  truth,
  str,
  written,
  concat: (values: readonly Value[]): string => values.map((value) => str(value)).join(''),
  compare,
  arithmetic,
  sign,
  items,
  unpack,
  attribute,
  item,
  slice,
  call,
  float: (value: number): Value => new PyFloat(value),
  tuple: (values: readonly Value[]): Value => new PyTuple(values),
  dict: (entries: readonly (readonly [Value, Value])[]): Value => new PyDict(entries),
  missing: (message: string): Value => new Undefined(message),
  sliceObject: (): never => {
    throw new PythonError('TypeError', 'a slice can be used between brackets only')
  },
} as const
