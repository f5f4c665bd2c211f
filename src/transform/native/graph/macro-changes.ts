import type { MacroRegistry } from '../parse/macro-registry.ts'
import { INTERNAL_PACKAGE } from '../parse/macro-registry.ts'
import type { MacroEntry } from '../parse/nodes.ts'
import type { PreviousManifest } from './previous-state.ts'

/** dbt's own macros change with the program, not with the project. */
const PROGRAM: ReadonlySet<string> = new Set([INTERNAL_PACKAGE, 'dbt_postgres'])

/** Which macros differ from those of an earlier manifest, and what reaches them. */
export class MacroChanges {
  readonly #macros: MacroRegistry
  readonly #changed: ReadonlySet<string>
  readonly #calls = new Map<string, readonly string[]>()

  constructor(macros: MacroRegistry, previous: PreviousManifest) {
    this.#macros = macros
    this.#changed = changedIds(macros, previous)
  }

  /** Whether one of these macros, or one that it calls, is changed. */
  reach(ids: readonly string[]): boolean {
    if (this.#changed.size === 0) return false
    const seen = new Set(ids)
    for (const id of seen) {
      if (this.#changed.has(id)) return true
      for (const called of this.#callsOf(id)) seen.add(called)
    }
    return false
  }

  #callsOf(id: string): readonly string[] {
    const known = this.#calls.get(id)
    if (known !== undefined) return known
    const entry = this.#macros.entries.get(id)
    const calls = entry === undefined ? [] : namesIn(entry.definition).flatMap((name) => this.#idOf(name, entry))
    this.#calls.set(id, calls)
    return calls
  }

  #idOf(name: string, { packageName }: MacroEntry): readonly string[] {
    const candidates = [name, `default__${name}`, `postgres__${name}`]
    return candidates.flatMap((one) => this.#macros.find(one, packageName)?.uniqueId ?? [])
  }
}

function changedIds(macros: MacroRegistry, previous: PreviousManifest): ReadonlySet<string> {
  const now = [...macros.entries.values()].filter(({ packageName }) => !PROGRAM.has(packageName))
  const then = new Map(Object.entries(previous.macros).filter(([, macro]) => !PROGRAM.has(macro.package_name)))
  const differing = now.filter((macro) => then.get(macro.uniqueId)?.macro_sql.trim() !== macro.source.trim())
  const gone = [...then.keys()].filter((id) => !macros.entries.has(id))
  return new Set([...differing.map(({ uniqueId }) => uniqueId), ...gone])
}

/** Every name that a definition speaks of, the words it dispatches included. */
function namesIn(value: unknown, found: Set<string> = new Set()): string[] {
  if (Array.isArray(value)) for (const item of value) namesIn(item, found)
  else if (typeof value === 'object' && value !== null) {
    const { kind, name, value: literal } = value as { kind?: unknown; name?: unknown; value?: unknown }
    if ((kind === 'name' || kind === 'attribute') && typeof name === 'string') found.add(name)
    if (kind === 'constant' && typeof literal === 'string') found.add(literal)
    for (const item of Object.values(value)) if (typeof item === 'object') namesIn(item, found)
  }
  return [...found]
}
