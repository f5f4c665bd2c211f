import { hostFunction } from '../jinja/arguments.ts'
import { jinjaGlobals } from '../jinja/globals.ts'
import { Macro } from '../jinja/macro.ts'
import type { CompiledMacro, TemplateContext } from '../jinja/macro.ts'
import { Template } from '../jinja/template.ts'
import type { Mode } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Awaitable, CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyObject, presentOr } from '../jinja/value.ts'
import { INTERNAL_PACKAGE } from '../parse/macro-registry.ts'
import type { MacroRegistry } from '../parse/macro-registry.ts'
import type { MacroEntry } from '../parse/nodes.ts'

/** Names of this runner and of Jinja's that are not dbt's own. */
const OWN: ReadonlySet<string> = new Set(['context', 'render_hook', 'column_name', 'debug'])

/**
 * What one node's templates see: macros first, as in dbt, where a project may redefine even `ref`; then the names given for the node;
 * then Jinja's own. It also notes which macros the node itself calls, which is what dbt lists as the node's dependencies.
 */
export class NodeContext implements TemplateContext {
  readonly permissive: boolean
  readonly calledMacros = new Set<string>()
  readonly #macros: MacroRegistry
  readonly #mode: Mode
  readonly #packageName: string | undefined
  readonly #names: Map<string, Value>
  readonly #bound = new Map<string, Value>()
  readonly #overrides: ReadonlyMap<string, Value>
  #depth = 0

  constructor(options: {
    macros: MacroRegistry
    mode: Mode
    names: Iterable<readonly [string, Value]>
    permissive: boolean
    /** Whose macros are found by their bare names; the root project's when left out. */
    packageName?: string | undefined
    /** What a unit test puts in the place of a macro or name: `name`, or `package.name`. */
    overrides?: ReadonlyMap<string, Value> | undefined
  }) {
    this.#macros = options.macros
    this.#mode = options.mode
    this.#packageName = options.packageName
    this.permissive = options.permissive
    this.#overrides = options.overrides ?? new Map()
    this.#names = new Map([...jinjaGlobals, ...options.names])
    this.#names.set('context', new ContextObject(this))
    this.#names.set(
      'render',
      hostFunction('render', ['string'], ({ string = '' }) => this.#rendered(str(string))),
    )
  }

  #rendered(text: string): Awaitable<Value> {
    const template = Template.parse(text, 'render')
    return this.#mode === 'async' ? template.render(this) : template.renderNow(this)
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value)
  }

  lookup(name: string): Value | undefined {
    const held = this.#bound.get(name) ?? this.#overridden(name)
    if (held !== undefined) return held
    const entry = this.#macros.find(name, this.#packageName)
    const found = entry === undefined ? this.#package(name) : this.bind(entry)
    if (found === undefined) return presentOr(this.#names.get(name), () => this.#builtins(name))
    this.#bound.set(name, found)
    return found
  }

  /** A macro answers what the unit test says, another name is it. */
  #overridden(name: string): Value | undefined {
    const own = this.#overrides.get(name) ?? this.#overrides.get(`${INTERNAL_PACKAGE}.${name}`)
    if (own === undefined) return undefined
    return this.#macros.find(name, this.#packageName) === undefined ? own : new HostFunction(name, () => own)
  }

  /** `builtins`: the names as they are without the project's macros; made when somebody asks. */
  #builtins(name: string): Value | undefined {
    if (name !== 'builtins') return undefined
    const own = [...this.#names.keys()].filter((one) => !jinjaGlobals.has(one) && !OWN.has(one))
    const builtins = new PyDict(own.map((one): [Value, Value] => [one, this.#names.get(one) ?? null]))
    this.#names.set(name, builtins)
    return builtins
  }

  /** A macro of the registry in this node's context. */
  bind(entry: MacroEntry): Macro {
    return new NotedMacro(this.#macros.compiled(entry, this.#mode), this, entry.uniqueId)
  }

  dispatch(name: string, namespace: string | null): Macro {
    return this.bind(this.#macros.dispatch(name, namespace, this.#packageName))
  }

  #package(name: string): Value | undefined {
    if (name !== INTERNAL_PACKAGE && !this.#macros.hasPackage(name)) return undefined
    return new PackageNamespace((macro) => {
      const own = this.#overrides.get(`${name}.${macro}`)
      if (own !== undefined) return new HostFunction(macro, () => own)
      const entry = this.#macros.inPackage(name, macro)
      return entry === undefined ? undefined : this.bind(entry)
    })
  }

  /** Only while parsing, where nothing overlaps: whatever is called inside a macro is the macro's affair. */
  noted(uniqueId: string, call: () => Awaitable<Value>): Awaitable<Value> {
    if (this.#mode === 'async') return call()
    if (this.#depth === 0) this.calledMacros.add(uniqueId)
    this.#depth += 1
    try {
      return call()
    } finally {
      this.#depth -= 1
    }
  }
}

class NotedMacro extends Macro {
  readonly #owner: NodeContext
  readonly #uniqueId: string
  constructor(definition: CompiledMacro, owner: NodeContext, uniqueId: string) {
    super(definition, owner)
    this.#owner = owner
    this.#uniqueId = uniqueId
  }
  /** dbt renames the macros of projects before Jinja sees them. */
  protected override get shownName(): string {
    return `dbt_macro__${this.definition.name}`
  }
  override call(call: CallArguments): Awaitable<Value> {
    return this.#owner.noted(this.#uniqueId, () => super.call(call))
  }
}

/** `my_project.some_macro()`. */
class PackageNamespace extends PyObject {
  readonly typeName = 'MacroNamespace'
  override readonly isMapping = true
  readonly #find: (name: string) => Value | undefined
  constructor(find: (name: string) => Value | undefined) {
    super()
    this.#find = find
  }
  override attribute(name: string): Value | undefined {
    return this.#find(name)
  }
  override item(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#find(key) : undefined
  }
  override contains(value: Value): boolean {
    return typeof value === 'string' && this.#find(value) !== undefined
  }
}

/** `context['name']`. */
class ContextObject extends PyObject {
  readonly typeName = 'dict'
  override readonly isMapping = true
  readonly #context: TemplateContext
  constructor(context: TemplateContext) {
    super()
    this.#context = context
  }
  override item(key: Value): Value | undefined {
    return this.#context.lookup(str(key))
  }
  override contains(value: Value): boolean {
    return this.item(value) !== undefined
  }
  override attribute(name: string): Value | undefined {
    if (name !== 'get') return this.item(name)
    return hostFunction('get', ['key', 'default'], ({ key = null, default: fallback = null }) =>
      presentOr(this.item(key), () => fallback),
    )
  }
}
