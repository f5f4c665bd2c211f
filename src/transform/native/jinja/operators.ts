import type { ArithmeticOperator, Value } from './value.ts'
import { PyDecimal, PyDict, PyFloat, PyGenerator, PyObject, PySet, PyTuple, PythonError, Undefined } from './value.ts'
import { characters, guardSize, textLength, typeName } from './text.ts'
import { formatPercent } from './format.ts'
import { decimalArithmetic } from './decimal-value.ts'
import { normalInteger } from './number.ts'
import { isNumber, numberOf } from './number.ts'
import type { ComparisonOperator } from './ast.ts'

export function truth(value: Value): boolean {
  if (value === null || value === false || value === '') return false
  if (value === true) return true
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value === 'string') return true
  if (Array.isArray(value)) return value.length > 0
  return value.truth()
}

/** Python's `==`: 1 == 1.0 == True, lists and tuples by their items, but a list is never a tuple nor '1' a 1. */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return true
  if (isNumber(left) && isNumber(right)) return numbersEqual(left, right)
  if (Array.isArray(left)) return Array.isArray(right) && itemsEqual(left, right)
  if (left instanceof PyTuple) return right instanceof PyTuple && itemsEqual(left.items, right.items)
  if (left instanceof PyDict) return right instanceof PyDict && dictsEqual(left, right)
  if (left instanceof PySet)
    return (
      right instanceof PySet && left.size() === right.size() && [...left.iterate()].every((item) => right.has(item))
    )
  if (left instanceof PyObject) return left.equals(right)
  return right instanceof PyObject && !isNumber(right) && !Array.isArray(right) ? right.equals(left) : false
}

function numbersEqual(left: Value, right: Value): boolean {
  if (left instanceof PyDecimal && right instanceof PyDecimal) return decimalCompare(left, right) === 0
  const [a, b] = [numberOf(left), numberOf(right)]
  // JavaScript compares a bigint with a number exactly, as Python does.
  // oxlint-disable-next-line eqeqeq
  return a == b
}

function decimalCompare(left: PyDecimal, right: PyDecimal): number {
  const difference = decimalArithmetic('-', left, right)
  return Number(difference.digits)
}

function itemsEqual(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => equal(item, right[index] ?? null))
}

function dictsEqual(left: PyDict, right: PyDict): boolean {
  if (left.size() !== right.size()) return false
  return left.entries().every(([key, value]) => {
    const other = right.get(key)
    return other !== undefined && equal(value, other)
  })
}

/** Negative, zero or positive as Python orders the two; TypeError when it does not. */
export function order(left: Value, right: Value, operator = '<'): number {
  const ordered = tryOrder(left, right)
  if (ordered === undefined) {
    if (left instanceof Undefined) left.fail()
    if (right instanceof Undefined) right.fail()
    throw new PythonError(
      'TypeError',
      `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
    )
  }
  return ordered
}

function tryOrder(left: Value, right: Value): number | undefined {
  if (left instanceof PyDecimal && right instanceof PyDecimal) return decimalCompare(left, right)
  if (isNumber(left) && isNumber(right)) {
    const [a, b] = [numberOf(left), numberOf(right)]
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (typeof left === 'string' && typeof right === 'string') return orderText(left, right)
  if (Array.isArray(left) && Array.isArray(right)) return orderItems(left, right)
  if (left instanceof PyTuple && right instanceof PyTuple) return orderItems(left.items, right.items)
  return left instanceof PyObject ? left.compare?.(right) : undefined
}

/** By code point, as Python compares text; JavaScript's own order of UTF-16 units differs above U+FFFF. */
function orderText(left: string, right: string): number {
  if (left === right) return 0
  const [a, b] = [left[Symbol.iterator](), right[Symbol.iterator]()]
  for (;;) {
    const [x, y] = [a.next(), b.next()]
    if (x.done === true || y.done === true) return x.done === true ? -1 : 1
    const difference = (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
}

function orderItems(left: readonly Value[], right: readonly Value[]): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [a = null, b = null] = [left[index], right[index]]
    if (!equal(a, b)) return order(a, b)
  }
  return left.length - right.length
}

export function contains(container: Value, item: Value): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string')
      throw new PythonError('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`)
    return container.includes(item)
  }
  if (Array.isArray(container)) return container.some((candidate) => equal(candidate, item))
  if (container instanceof PyTuple) return container.items.some((candidate) => equal(candidate, item))
  if (container instanceof PyObject && container.contains !== undefined) return container.contains(item)
  if (container instanceof PyObject && container.iterate !== undefined)
    return items(container).some((candidate) => equal(candidate, item))
  throw new PythonError('TypeError', `argument of type '${typeName(container)}' is not iterable`)
}

const comparisons: Readonly<Record<ComparisonOperator, (left: Value, right: Value) => boolean>> = {
  '==': equal,
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => order(left, right, '<') < 0,
  '<=': (left, right) => order(left, right, '<=') <= 0,
  '>': (left, right) => order(left, right, '>') > 0,
  '>=': (left, right) => order(left, right, '>=') >= 0,
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
}

export function compare(operator: ComparisonOperator, left: Value, right: Value): boolean {
  return comparisons[operator](left, right)
}

/** Every item of what Python can iterate, as an array; TypeError for the rest. */
export function items(value: Value): Value[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return characters(value)
  if (value instanceof PyObject && value.iterate !== undefined) return [...value.iterate()]
  throw new PythonError('TypeError', `'${typeName(value)}' object is not iterable`)
}

export function size(value: Value): number {
  if (typeof value === 'string') return textLength(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof PyObject && value.size !== undefined && !(value instanceof PyGenerator)) return value.size()
  throw new PythonError('TypeError', `object of type '${typeName(value)}' has no len()`)
}

export function unpack(value: Value, count: number): Value[] {
  const list = items(value)
  if (list.length > count) throw new PythonError('ValueError', `too many values to unpack (expected ${count})`)
  if (list.length < count)
    throw new PythonError('ValueError', `not enough values to unpack (expected ${count}, got ${list.length})`)
  return list
}

/** Python's binary operators over the values that templates hold. Throws TypeError for what Python refuses. */
export function arithmetic(operator: ArithmeticOperator, left: Value, right: Value): Value {
  if (isNumber(left) && isNumber(right)) return numeric(operator, left, right)
  if (left instanceof Undefined) left.fail()
  if (typeof left === 'string' && operator === '%') return formatPercent(left, right)
  if (right instanceof Undefined) right.fail()
  const result =
    sequence(operator, left, right) ?? (left instanceof PyObject ? left.arithmetic?.(operator, right) : undefined)
  if (result !== undefined) return result
  const shown = operator === '**' ? '** or pow()' : operator
  throw new PythonError(
    'TypeError',
    `unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`,
  )
}

function sequence(operator: ArithmeticOperator, left: Value, right: Value): Value | undefined {
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right
    if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
    if (left instanceof PyTuple && right instanceof PyTuple) return new PyTuple([...left.items, ...right.items])
  }
  if (operator === '*') return repeated(left, right) ?? repeated(right, left)
  if (operator === '-' && left instanceof PySet && right instanceof PySet)
    return new PySet([...left.iterate()].filter((item) => !right.has(item)))
  return undefined
}

function repeated(subject: Value, times: Value): Value | undefined {
  const count = typeof times === 'boolean' ? Number(times) : times
  if (typeof count !== 'number') return undefined
  const factor = Math.max(0, count)
  if (typeof subject === 'string') {
    guardSize(subject.length * factor)
    return subject.repeat(factor)
  }
  const list = Array.isArray(subject) ? subject : subject instanceof PyTuple ? subject.items : undefined
  if (list === undefined) return undefined
  guardSize(list.length * factor)
  const all = Array.from({ length: factor }, () => list).flat()
  return Array.isArray(subject) ? all : new PyTuple(all)
}

function numeric(operator: ArithmeticOperator, left: Value, right: Value): Value {
  if (left instanceof PyDecimal || right instanceof PyDecimal) return decimalArithmetic(operator, left, right)
  const [a, b] = [numberOf(left), numberOf(right)]
  const isFloat = left instanceof PyFloat || right instanceof PyFloat
  if (operator === '/' && (typeof a === 'bigint' || typeof b === 'bigint') && !isFloat)
    return new PyFloat(quotient(BigInt(a), BigInt(b)))
  if (isFloat || operator === '/' || (operator === '**' && b < 0))
    return new PyFloat(floatArithmetic(operator, Number(a), Number(b)))
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = floatArithmetic(operator, a, b, 'int')
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick
  }
  return normalInteger(bigArithmetic(operator, BigInt(a), BigInt(b)))
}

/** Two whole numbers divided as Python divides them: the nearest double to the exact quotient. */
function quotient(a: bigint, b: bigint): number {
  if (b === 0n) throw zeroDivision('/', 'int')
  const isNegative = a < 0n !== b < 0n
  const [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  // 64 binary digits more than a double has, and one that says whether anything follows.
  const shift = Math.max(0, y.toString(2).length - x.toString(2).length + 64)
  const scaled = x << BigInt(shift)
  const rest = scaled % y === 0n ? 0n : 1n
  const result = Number(((scaled / y) << 1n) | rest) / 2 ** (shift + 1)
  if (!Number.isFinite(result)) throw new PythonError('OverflowError', 'integer division result too large for a float')
  return isNegative ? -result : result
}

/** Python's % of doubles: the exact rest of C's fmod, with the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b
  if (rest === 0) return b < 0 ? -0 : 0
  return rest < 0 === b < 0 ? rest : rest + b
}

function floorQuotient(a: number, b: number): number {
  const quotient_ = (a - modulo(a, b)) / b
  const floor = Math.floor(quotient_)
  return quotient_ - floor > 0.5 ? floor + 1 : floor
}

function floatArithmetic(operator: ArithmeticOperator, a: number, b: number, kind = 'float'): number {
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%')) throw zeroDivision(operator, kind)
  if (a === 0 && b < 0 && operator === '**')
    throw new PythonError('ZeroDivisionError', '0.0 cannot be raised to a negative power')
  const results: Readonly<Record<ArithmeticOperator, () => number>> = {
    '+': () => a + b,
    '-': () => a - b,
    '*': () => a * b,
    '/': () => a / b,
    '//': () => floorQuotient(a, b),
    '%': () => modulo(a, b),
    '**': () => a ** b,
  }
  return results[operator]()
}

function zeroDivision(operator: string, kind: string): PythonError {
  const messages: Readonly<Record<string, string>> = {
    '//': 'integer division or modulo by zero',
    '%': 'integer modulo by zero',
  }
  const float =
    operator === '%' ? 'float modulo' : operator === '//' ? 'float floor division by zero' : 'division by zero'
  return new PythonError('ZeroDivisionError', kind === 'int' ? (messages[operator] ?? 'division by zero') : float)
}

function bigArithmetic(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  if (operator === '**') {
    guardSize(Number(b) * a.toString(16).length)
    return a ** b
  }
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (b === 0n) throw zeroDivision(operator, 'int')
  const rest = a % b
  const floored = rest !== 0n && rest < 0n !== b < 0n
  if (operator === '//') return a / b - (floored ? 1n : 0n)
  return floored ? rest + b : rest
}

/** Unary `-` and `+`. */
export function sign(negative: boolean, operand: Value): Value {
  if (operand instanceof Undefined) operand.fail()
  if (!isNumber(operand))
    throw new PythonError('TypeError', `bad operand type for unary ${negative ? '-' : '+'}: '${typeName(operand)}'`)
  if (operand instanceof PyDecimal) return negative ? decimalArithmetic('-', 0, operand) : operand
  if (operand instanceof PyFloat) return negative ? new PyFloat(-operand.value) : operand
  const value = numberOf(operand)
  if (typeof value === 'bigint') return normalInteger(negative ? -value : value)
  return negative && value !== 0 ? -value : value
}
