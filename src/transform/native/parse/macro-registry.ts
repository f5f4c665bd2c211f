import { MillraceError } from '../../../domain/errors.ts'
import type { CompiledMacro } from '../jinja/macro.ts'
import type { Mode } from '../jinja/template.ts'
import type { MacroEntry } from './nodes.ts'

/** The package of our own macro library; dbt's name, so that overrides and `adapter.dispatch(…, 'dbt')` find it. */
export const INTERNAL_PACKAGE = 'dbt'
const ADAPTER_PREFIXES = ['postgres', 'default'] as const

/** All macros by package. Lookups follow dbt: the project's own first, then the internal ones; packages by their name. */
export class MacroRegistry {
  readonly entries: ReadonlyMap<string, MacroEntry>
  readonly #byPackage = new Map<string, Map<string, MacroEntry>>()
  readonly #root: string

  constructor(root: string, entries: Iterable<MacroEntry>) {
    this.#root = root
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

  /** What an unqualified name means in a template. */
  find(name: string): MacroEntry | undefined {
    return this.inPackage(this.#root, name) ?? this.inPackage(INTERNAL_PACKAGE, name)
  }

  inPackage(packageName: string, name: string): MacroEntry | undefined {
    return this.#byPackage.get(packageName)?.get(name)
  }

  hasPackage(name: string): boolean {
    return this.#byPackage.has(name) || name === this.#root
  }

  /** dbt's dispatch: packages outside, adapter prefixes inside. Throws TRANSFORM_DISPATCH_MISSING. */
  dispatch(name: string, namespace: string | null): MacroEntry {
    if (name.includes('.'))
      throw new MillraceError('TRANSFORM_DISPATCH_MISSING', { macro: name, namespace: namespace ?? '' })
    const packages = namespace === null ? [null] : [this.#root, namespace]
    for (const packageName of packages) {
      for (const prefix of ADAPTER_PREFIXES) {
        const candidate = `${prefix}__${name}`
        const found = packageName === null ? this.find(candidate) : this.inPackage(packageName, candidate)
        if (found !== undefined) return found
      }
    }
    throw new MillraceError('TRANSFORM_DISPATCH_MISSING', { macro: name, namespace: namespace ?? '' })
  }

  /** The macro that carries out a materialization: one for Postgres, else the default one. */
  materialization(name: string): MacroEntry | undefined {
    return this.find(`materialization_${name}_postgres`) ?? this.find(`materialization_${name}_default`)
  }

  compiled(entry: MacroEntry, mode: Mode): CompiledMacro {
    return entry.template.macro(entry.definition, mode)
  }
}
