import { isInteger, isNumber, numberOf } from './number.ts'
import { contains, equal, order } from './operators.ts'
import { str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PyDict, PyFloat, PyGenerator, PyObject, PyTuple, PythonError, Undefined } from './value.ts'

export type TestFunction = (value: Value, call: CallArguments) => boolean

const argument = (call: CallArguments): Value => {
  const [first] = call.positional
  if (first === undefined) throw new PythonError('TypeError', 'the test needs an argument')
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
  if (typeof value === 'string' || Array.isArray(value) || value instanceof PyTuple || value instanceof PyDict)
    return true
  return (
    value instanceof PyObject && !(value instanceof PyGenerator) && value.size !== undefined && value.item !== undefined
  )
}

function remainder(value: Value, divisor: bigint): bigint {
  if (!isInteger(value) && typeof value !== 'boolean') throw new PythonError('TypeError', 'the test needs an integer')
  const rest = BigInt(value) % divisor
  return rest < 0n ? rest + divisor : rest
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
  callable: (value) => value instanceof PyObject && value.call !== undefined,
  sameas: (value, call) => value === argument(call),
  escaped: () => false,
  in: (value, call) => contains(argument(call), value),
  odd: (value) => remainder(value, 2n) === 1n,
  even: (value) => remainder(value, 2n) === 0n,
  divisibleby: (value, call) => remainder(value, BigInt(numberOf(argument(call)))) === 0n,
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
