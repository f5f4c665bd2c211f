import type { MacroRegistry } from '../parse/macro-registry.ts'
import {
  hasSameBody,
  hasSameConfig,
  hasSameContents,
  hasSameContract,
  hasSamePersistedDescription,
  hasSameRelation,
} from './changes.ts'
import { MacroChanges } from './macro-changes.ts'
import { invalid } from './match-names.ts'
import type { PreviousEntry, PreviousState } from './previous-state.ts'
import { isNode } from './selectable.ts'
import type { Selectable } from './selectable.ts'

export interface ComparisonOptions {
  readonly macros: MacroRegistry
  readonly previous: PreviousState
  readonly contentOf: (one: Selectable) => object
}

type Same = (now: PreviousEntry, then: PreviousEntry) => boolean

/** `state:`: what an earlier manifest says of the same entries. */
export class StateComparison {
  readonly #previous: PreviousState
  readonly #contentOf: (one: Selectable) => object
  readonly #macros: MacroChanges

  constructor({ macros, previous, contentOf }: ComparisonOptions) {
    this.#previous = previous
    this.#contentOf = contentOf
    this.#macros = new MacroChanges(macros, previous.manifest())
  }

  /** How entries are told by a word such as `modified.body`. Throws TRANSFORM_SELECTOR_VALUE for another word. */
  check(value: string): (one: Selectable) => boolean {
    const checks: Readonly<Record<string, (one: Selectable) => boolean>> = {
      new: (one) => this.#then(one) === undefined,
      old: (one) => this.#then(one) !== undefined,
      modified: (one) => this.#isModified(one),
      unmodified: (one) => !this.#isModified(one),
      'modified.body': (one) => isNode(one) && this.#differs(one, hasSameBody),
      'modified.configs': (one) => one.resourceType !== 'unit_test' && this.#differs(one, hasSameConfig),
      'modified.persisted_descriptions': (one) => isNode(one) && this.#differs(one, hasSamePersistedDescription),
      'modified.relation': (one) =>
        (isNode(one) || one.resourceType === 'source') && this.#differs(one, hasSameRelation),
      'modified.macros': (one) => this.#reachesChangedMacro(one),
      'modified.contract': (one) => isNode(one) && this.#differs(one, hasSameContract),
    }
    const check = Object.hasOwn(checks, value) ? checks[value] : undefined
    return check ?? invalid('state', value, Object.keys(checks).join(', '))
  }

  #then(one: Selectable): PreviousEntry | undefined {
    return this.#previous.entry(one.uniqueId)
  }

  /** The content of now as it reads once written and read again. */
  #now(one: Selectable): PreviousEntry {
    return JSON.parse(JSON.stringify(this.#contentOf(one))) as PreviousEntry
  }

  #differs(one: Selectable, same: Same): boolean {
    const then = this.#then(one)
    return then === undefined || !same(this.#now(one), then)
  }

  #isModified(one: Selectable): boolean {
    const then = this.#then(one)
    const now = this.#now(one)
    if (!hasSameContents(now, then) || this.#reachesChangedMacro(one)) return true
    return then?.['resource_type'] === 'model' && !hasSameContract(now, then)
  }

  #reachesChangedMacro(one: Selectable): boolean {
    return isNode(one) && this.#macros.reach(one.dependsOnMacros)
  }
}
