import type { Call, Expression, Statement } from '../jinja/ast.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { PyDict, PyFloat, PyTuple } from '../jinja/value.ts'

/** A call of `ref`, `source` or `config` with constants alone. */
export interface PlainCall {
  readonly name: string
  readonly call: CallArguments
}

const PLAIN: ReadonlySet<string> = new Set(['ref', 'source', 'config'])

/**
 * The calls of a template that is nothing but text and calls of `ref`, `source` and `config` with constants: most models are. Such a
 * template need not be rendered to know what it refers to. Undefined for every other.
 */
export function plainCalls(statements: readonly Statement[]): PlainCall[] | undefined {
  const calls: PlainCall[] = []
  for (const statement of statements) {
    if (statement.kind === 'data') continue
    const call = statement.kind === 'output' ? plainCall(statement.expression) : undefined
    if (call === undefined) return undefined
    calls.push(call)
  }
  return calls
}

function plainCall(expression: Expression): PlainCall | undefined {
  if (expression.kind !== 'call' || expression.callee.kind !== 'name' || !PLAIN.has(expression.callee.name))
    return undefined
  const call = constantArguments(expression)
  return call === undefined || !isComplete(expression.callee.name, call)
    ? undefined
    : { name: expression.callee.name, call }
}

/** A call that lacks something is left to the rendering, which tells where it stands. */
function isComplete(name: string, { positional, keyword }: CallArguments): boolean {
  if (name === 'ref') return positional.length === 1 || positional.length === 2
  if (name === 'source') return positional.length + keyword.size === 2
  return keyword.size > 0 ? positional.length === 0 : positional.length === 1 && positional[0] instanceof PyDict
}

function constantArguments({ positional, keyword, spread, spreadKeyword }: Call): CallArguments | undefined {
  if (spread !== null || spreadKeyword !== null) return undefined
  const values = constants(positional)
  const named = constants(keyword.map(([, value]) => value))
  if (values === undefined || named === undefined) return undefined
  return { positional: values, keyword: new Map(keyword.map(([name], index) => [name, named[index]!])) }
}

function constants(expressions: readonly Expression[]): Value[] | undefined {
  const values: Value[] = []
  for (const expression of expressions) {
    const value = constant(expression)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

function constant(expression: Expression): Value | undefined {
  if (expression.kind === 'constant') return expression.value
  if (expression.kind === 'float') return new PyFloat(expression.value)
  if (expression.kind === 'list') return constants(expression.items)
  if (expression.kind === 'tuple') {
    const items = constants(expression.items)
    return items && new PyTuple(items)
  }
  if (expression.kind !== 'dict') return undefined
  const keys = constants(expression.items.map(([key]) => key))
  const values = constants(expression.items.map(([, value]) => value))
  return keys && values && new PyDict(keys.map((key, index): [Value, Value] => [key, values[index]!]))
}
