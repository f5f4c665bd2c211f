import { isInteger, isNumber } from './number.ts'
import { arithmetic, contains, equal, order } from './operators.ts'
import { str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PyDict, PyFloat, PyGenerator, PyObject, PyTuple, PythonError, Undefined } from './value.ts'

export type TestFunction = (value: Value, call: CallArguments) => boolean

const argument = (call: CallArguments): Value => {
  const [first] = call.positional
  if (first === undefined || call.positional.length > 1 || call.keyword.size > 0)
    throw new PythonError('TypeError', 'the test takes one argument')
  return first
}
const ordered =
  (accepts: (difference: number) => boolean): TestFunction =>
  (value, call) =>
    accepts(order(value, argument(call)))
const equals: TestFunction = (value, call) => equal(value, argument(call))
const differs: TestFunction = (value, call) => !equal(value, argument(call))
const less = ordered((difference) => difference < 0)
const greater = ordered((difference) => difference > 0)
const atMost = ordered((difference) => difference <= 0)
const atLeast = ordered((difference) => difference >= 0)

function isIterable(value: Value): boolean {
  return typeof value === 'string' || Array.isArray(value) || (value instanceof PyObject && value.iterate !== undefined)
}

/** Jinja asks for len() and item access. */
function isSequence(value: Value): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return true
  if (value instanceof PyTuple || value instanceof PyDict || value instanceof Undefined) return true
  return (
    value instanceof PyObject && !(value instanceof PyGenerator) && value.size !== undefined && value.item !== undefined
  )
}

function leaves(value: Value, divisor: Value, rest: number): boolean {
  return equal(arithmetic('%', value, divisor), rest)
}

/** Jinja's tests, without `filter` and `test`, which need the registries themselves and live in runtime.ts. */
export const testFunctions: Readonly<Record<string, TestFunction>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => isNumber(value),
  integer: (value) => isInteger(value),
  float: (value) => value instanceof PyFloat,
  mapping: (value) => value instanceof PyObject && value.isMapping,
  iterable: isIterable,
  sequence: isSequence,
  callable: (value) => value instanceof PyObject && (value.call !== undefined || value instanceof Undefined),
  sameas: (value, call) => value === argument(call),
  escaped: () => false,
  in: (value, call) => contains(argument(call), value),
  odd: (value) => leaves(value, 2, 1),
  even: (value) => leaves(value, 2, 0),
  divisibleby: (value, call) => leaves(value, argument(call), 0),
  lower: (value) => str(value) === str(value).toLowerCase() && str(value) !== str(value).toUpperCase(),
  upper: (value) => str(value) === str(value).toUpperCase() && str(value) !== str(value).toLowerCase(),
  eq: equals,
  equalto: equals,
  '==': equals,
  ne: differs,
  '!=': differs,
  lt: less,
  lessthan: less,
  '<': less,
  le: atMost,
  '<=': atMost,
  gt: greater,
  greaterthan: greater,
  '>': greater,
  ge: atLeast,
  '>=': atLeast,
}
