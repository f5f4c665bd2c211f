import { MillraceError } from '../../../domain/errors.ts'
import type { CompiledMacro } from '../jinja/macro.ts'
import type { Mode } from '../jinja/template.ts'
import type { Project } from '../project/project-file.ts'
import type { MacroEntry } from './nodes.ts'

/** The package of our own macro library; dbt's name, so that overrides and `adapter.dispatch(…, 'dbt')` find it. */
export const INTERNAL_PACKAGE = 'dbt'
const ADAPTER_PREFIXES = ['postgres', 'default'] as const

/** All macros by package. Lookups follow dbt: the package that asks, then the project, then the internal ones; others by their name. */
export class MacroRegistry {
  readonly entries: ReadonlyMap<string, MacroEntry>
  readonly #byPackage = new Map<string, Map<string, MacroEntry>>()
  readonly #root: string
  readonly #dispatchOrders: ReadonlyMap<string, readonly string[]>

  constructor(root: Pick<Project, 'name' | 'dispatch'>, entries: Iterable<MacroEntry>) {
    this.#root = root.name
    this.#dispatchOrders = root.dispatch
    const all = new Map<string, MacroEntry>()
    for (const entry of entries) {
      const other = all.get(entry.uniqueId)
      if (other !== undefined) {
        throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
          name: entry.name,
          kind: 'macro',
          first: other.path,
          second: entry.path,
        })
      }
      all.set(entry.uniqueId, entry)
      const names = this.#byPackage.get(entry.packageName) ?? new Map<string, MacroEntry>()
      this.#byPackage.set(entry.packageName, names.set(entry.name, entry))
    }
    this.entries = all
  }

  /** What an unqualified name means in a template of a package; of the root project when none is given. */
  find(name: string, packageName: string = this.#root): MacroEntry | undefined {
    return (
      this.inPackage(packageName, name) ?? this.inPackage(this.#root, name) ?? this.inPackage(INTERNAL_PACKAGE, name)
    )
  }

  inPackage(packageName: string, name: string): MacroEntry | undefined {
    return this.#byPackage.get(packageName)?.get(name)
  }

  hasPackage(name: string): boolean {
    return this.#byPackage.has(name) || name === this.#root
  }

  /** How a package names things: by its own macro, else by the root project's, else by dbt's. */
  naming(component: string, packageName: string): MacroEntry | undefined {
    return this.find(`generate_${component}_name`, packageName)
  }

  /** dbt's dispatch: packages outside, adapter prefixes inside. Throws TRANSFORM_DISPATCH_MISSING. */
  dispatch(name: string, namespace: string | null, packageName: string = this.#root): MacroEntry {
    if (name.includes('.'))
      throw new MillraceError('TRANSFORM_DISPATCH_MISSING', { macro: name, namespace: namespace ?? '' })
    for (const searched of this.#searched(namespace)) {
      for (const prefix of ADAPTER_PREFIXES) {
        const candidate = `${prefix}__${name}`
        const found = searched === null ? this.find(candidate, packageName) : this.inPackage(searched, candidate)
        if (found !== undefined) return found
      }
    }
    throw new MillraceError('TRANSFORM_DISPATCH_MISSING', { macro: name, namespace: namespace ?? '' })
  }

  #searched(namespace: string | null): readonly (string | null)[] {
    if (namespace === null) return [null]
    const order = this.#dispatchOrders.get(namespace)
    if (order !== undefined) return order
    return this.hasPackage(namespace) ? [this.#root, namespace] : [null]
  }

  /**
   * The macro that carries out a materialization: one for Postgres before a default one, and of these the root project's, then that of
   * a package, then dbt's own. A package does not replace what dbt itself brings.
   */
  materialization(name: string): MacroEntry | undefined {
    for (const adapter of ['postgres', 'default']) {
      const macro = `materialization_${name}_${adapter}`
      const builtin = this.inPackage(INTERNAL_PACKAGE, macro)
      const own = this.inPackage(this.#root, macro)
      const others = [...this.#byPackage.keys()].flatMap((one) => this.inPackage(one, macro) ?? [])
      const found = own ?? builtin ?? others[0]
      if (found !== undefined) return found
    }
    return undefined
  }

  compiled(entry: MacroEntry, mode: Mode): CompiledMacro {
    return entry.template.macro(entry.definition, mode)
  }
}
