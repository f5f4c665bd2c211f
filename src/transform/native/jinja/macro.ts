import { str } from './text.ts'
import type { Awaitable, CallArguments, Value } from './value.ts'
import { PyDict, PyObject, PyTuple, PythonError, Undefined } from './value.ts'

/** What a template asks for the names that it does not define itself. Undefined means that there is no such name. */
export interface TemplateContext {
  lookup(name: string): Value | undefined
  /** dbt's parse-time mercy: an unknown name may be called and walked into, and stays undefined. */
  readonly permissive: boolean
  /** How often loops have turned; kept by the compiled code, so that a template without an end finds one. */
  turns?: number
}

export interface BoundArguments {
  readonly values: readonly (Value | undefined)[]
  readonly varargs: PyTuple
  readonly kwargs: PyDict
  readonly caller: Value
}

/** A macro as compiled: without a context, so that it is compiled once a project and called from every node. */
export interface CompiledMacro {
  readonly name: string
  readonly parameters: readonly string[]
  readonly reads: readonly string[]
  invoke(context: TemplateContext, bound: BoundArguments): Awaitable<Value>
}

/** A macro in the context of one node, as templates call it. */
export class Macro extends PyObject {
  readonly typeName = 'Macro'
  readonly definition: CompiledMacro
  readonly #context: TemplateContext

  constructor(definition: CompiledMacro, context: TemplateContext) {
    super()
    this.definition = definition
    this.#context = context
  }

  override call(call: CallArguments): Awaitable<Value> {
    return this.definition.invoke(this.#context, bindMacro(this.definition, call, this.shownName))
  }

  /** How messages call it. */
  protected get shownName(): string {
    return this.definition.name
  }

  override attribute(name: string): Value | undefined {
    if (name === 'name') return this.definition.name
    return name === 'arguments' ? new PyTuple([...this.definition.parameters]) : undefined
  }

  override text(): string {
    return `<Macro '${this.definition.name}'>`
  }
}

/** Jinja's rules for the arguments of a macro; its messages word for word. */
function bindMacro(macro: CompiledMacro, call: CallArguments, name: string): BoundArguments {
  const { parameters } = macro
  const values: (Value | undefined)[] = call.positional.slice(0, parameters.length)
  const surplus = call.positional.slice(parameters.length)
  if (surplus.length > 0 && !macro.reads.includes('varargs')) {
    throw new PythonError('TypeError', `macro '${name}' takes not more than ${parameters.length} argument(s)`)
  }
  const kwargs = new PyDict()
  let caller: Value | undefined = call.caller
  for (const [key, value] of call.keyword) {
    const index = parameters.indexOf(key)
    if (index >= 0 && values[index] !== undefined)
      throw new PythonError('TypeError', `macro '${name}' got multiple values for argument '${key}'`)
    if (index >= 0) values[index] = value
    else if (key === 'caller') caller = value
    else kwargs.set(key, value)
  }
  const takesCaller = macro.reads.includes('caller')
  if (caller !== undefined && !takesCaller) kwargs.set('caller', caller)
  const [unexpected] = kwargs.keys()
  if (unexpected !== undefined && !macro.reads.includes('kwargs')) {
    throw new PythonError('TypeError', `macro '${name}' takes no keyword argument '${str(unexpected)}'`)
  }
  return {
    values,
    varargs: new PyTuple(surplus),
    kwargs,
    caller: takesCaller ? (caller ?? new Undefined('No caller defined')) : null,
  }
}
