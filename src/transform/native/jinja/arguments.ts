import type { Awaitable, CallArguments, Value } from './value.ts'
import { HostFunction, PythonError } from './value.ts'

/**
 * Gives the arguments of a call the names of a signature, as Python does: `bind(call, ['sep', 'maxsplit'])`.
 * Missing ones are undefined. Throws Python's TypeError for too many, unknown or doubled arguments.
 */
export function bind<Name extends string>(
  call: CallArguments,
  names: readonly Name[],
  callee = 'function',
): Partial<Record<Name, Value>> {
  if (call.positional.length > names.length) {
    throw new PythonError(
      'TypeError',
      `${callee}() takes at most ${names.length} arguments (${call.positional.length} given)`,
    )
  }
  const bound: Partial<Record<Name, Value>> = {}
  for (const [index, name] of names.entries()) {
    const value = call.positional[index]
    if (value !== undefined) bound[name] = value
  }
  for (const [key, value] of call.keyword) {
    const name = names.find((candidate) => candidate === key)
    if (name === undefined)
      throw new PythonError('TypeError', `${callee}() got an unexpected keyword argument '${key}'`)
    if (bound[name] !== undefined)
      throw new PythonError('TypeError', `${callee}() got multiple values for argument '${key}'`)
    bound[name] = value
  }
  return bound
}

/** A host function with named parameters; the body sees them by name, absent ones as undefined. */
export function hostFunction<Name extends string>(
  name: string,
  parameters: readonly Name[],
  body: (bound: Partial<Record<Name, Value>>) => Awaitable<Value>,
): HostFunction {
  return new HostFunction(name, (call) => body(bind(call, parameters, name)))
}

/** The argument, when it is text; else Python's TypeError that names the parameter. */
export function textArgument(value: Value | undefined, parameter: string): string {
  if (typeof value === 'string') return value
  throw new PythonError('TypeError', `${parameter} must be a string`)
}
