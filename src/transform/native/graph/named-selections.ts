import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { renderConfiguration } from '../project/configuration-context.ts'
import type { TemplateContext } from '../jinja/macro.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { YamlFile } from '../project/yaml-file.ts'
import { checked, criterionOf, indirectSelections, methodOf } from './selection.ts'
import type { Combination, IndirectSelection, Selection } from './selection.ts'

const FILE = 'selectors.yml'

/** The selections that selectors.yml names. */
export interface NamedSelections {
  readonly byName: ReadonlyMap<string, Selection>
  /** The one that holds when nothing is selected or excluded; null when there is none. */
  readonly defaultName: string | null
  /** As the manifest has them: every expression taken apart. */
  readonly content: Mapping
}

/** Reads selectors.yml of the project; a project without one names none. Throws TRANSFORM_SELECTORS_FILE with the place. */
export function readNamedSelections(
  projectFolder: string,
  context: TemplateContext,
  indirect: IndirectSelection,
): NamedSelections {
  const path = join(projectFolder, FILE)
  if (!existsSync(path)) return { byName: new Map(), defaultName: null, content: {} }
  return new SelectorsFile(YamlFile.read(path, FILE), context, indirect).read()
}

type Path = readonly (string | number)[]

class SelectorsFile {
  readonly #file: YamlFile
  readonly #context: TemplateContext
  readonly #indirect: IndirectSelection
  readonly #known = new Map<string, Selection>()
  readonly #normal = new Map<string, unknown>()

  constructor(file: YamlFile, context: TemplateContext, indirect: IndirectSelection) {
    this.#file = file
    this.#context = context
    this.#indirect = indirect
  }

  read(): NamedSelections {
    const content = renderConfiguration(this.#file.value, this.#context, FILE)
    const list = isMapping(content) ? content['selectors'] : undefined
    if (!Array.isArray(list)) return this.#fail([], 'a list under `selectors`')
    const entries = list.map((raw: unknown, index) => this.#entry(raw, ['selectors', index]))
    const defaults = entries.filter((entry) => entry['default'] === true)
    if (defaults.length > 1) this.#fail(['selectors'], 'at most one selector with `default: true`')
    return {
      byName: this.#known,
      defaultName: (defaults[0]?.['name'] as string | undefined) ?? null,
      content: Object.fromEntries(
        entries.map((entry) => [entry['name'], { ...entry, definition: this.#normal.get(String(entry['name'])) }]),
      ) as Mapping,
    }
  }

  #entry(raw: unknown, path: Path): Mapping {
    if (!isMapping(raw) || typeof raw['name'] !== 'string' || raw['definition'] === undefined)
      return this.#fail(path, 'a mapping with `name` and `definition`')
    const { name, definition } = raw
    const isCombined = isMapping(definition) && ('union' in definition || 'intersection' in definition)
    if (isCombined && Object.keys(definition).length > 1)
      this.#fail([...path, 'definition'], 'a single `union` or `intersection`')
    this.#normal.set(name, this.#normalised(definition))
    this.#known.set(name, this.#selection(definition, [...path, 'definition']))
    return raw
  }

  #selection(definition: unknown, path: Path): Selection {
    if (typeof definition === 'string') return criterionOf(definition, this.#indirect)
    if (!isMapping(definition)) return this.#fail(path, 'text, a mapping, a union or an intersection')
    if ('union' in definition) return this.#combined('union', definition['union'], [...path, 'union'])
    if ('intersection' in definition)
      return this.#combined('intersection', definition['intersection'], [...path, 'intersection'])
    return this.#one(definition, path)
  }

  /** Parts of a union or intersection; one of them may be `exclude`, which is taken away from the whole. */
  #combined(kind: 'union' | 'intersection', value: unknown, path: Path): Combination {
    if (!Array.isArray(value)) return this.#fail(path, 'a list')
    const isExclusion = (part: unknown): part is Mapping => isMapping(part) && 'exclude' in part && !('method' in part)
    const whole: Combination = {
      kind,
      parts: value.flatMap((part: unknown, at) => (isExclusion(part) ? [] : [this.#selection(part, [...path, at])])),
      indirect: 'eager',
    }
    const exclusions = value.flatMap((part: unknown, at) => (isExclusion(part) ? [{ part, at }] : []))
    if (exclusions.length > 1) this.#fail(path, 'at most one `exclude`')
    const [only] = exclusions
    return only === undefined ? whole : this.#without(whole, only.part['exclude'], [...path, only.at, 'exclude'])
  }

  #without(from: Selection, excluded: unknown, path: Path): Combination {
    if (!Array.isArray(excluded)) return this.#fail(path, 'a list')
    const parts = excluded.map((one: unknown, at) => this.#selection(one, [...path, at]))
    const away: Combination = { kind: 'union', parts, indirect: 'eager' }
    return { kind: 'difference', parts: [from, away], indirect: 'eager' }
  }

  /** `{tag: nightly}`, `{method: …, value: …}` with its signs, or another selector by its name. */
  #one(definition: Mapping, path: Path): Selection {
    const [key, ...more] = Object.keys(definition)
    const given: Mapping = more.length === 0 && key !== undefined ? { method: key, value: definition[key] } : definition
    if (typeof given['method'] !== 'string' || given['value'] === undefined)
      return this.#fail(path, 'either one key, or `method` and `value`')
    if (given['method'] === 'selector' && more.length > 0) return this.#named(given['value'], path)
    const depth = (flag: string, steps: string): number | undefined =>
      given[flag] === true ? (given[steps] ? Number(given[steps]) : Infinity) : undefined
    const base = checked({
      kind: 'criterion',
      raw: JSON.stringify(definition),
      ...methodOf(given['method'], JSON.stringify(definition)),
      value: given['value'],
      childrensParents: given['childrens_parents'] === true,
      parents: depth('parents', 'parents_depth'),
      children: depth('children', 'children_depth'),
      indirect: this.#indirectOf(given['indirect_selection'], path),
    })
    return given['exclude'] === undefined ? base : this.#without(base, given['exclude'], [...path, 'exclude'])
  }

  #named(name: unknown, path: Path): Selection {
    return this.#known.get(String(name)) ?? this.#fail(path, `a selector that stands above, not '${String(name)}'`)
  }

  #indirectOf(value: unknown, path: Path): IndirectSelection {
    if (value === undefined) return this.#indirect
    const found = indirectSelections.find((known) => known === value)
    return found ?? this.#fail([...path, 'indirect_selection'], indirectSelections.join(', '))
  }

  /** A definition with every text taken apart, as dbt's manifest keeps it. */
  #normalised(definition: unknown): unknown {
    if (typeof definition === 'string') return takenApart(definition)
    if (!isMapping(definition)) return definition
    const keys = Object.keys(definition)
    const [key] = keys
    if (key === 'union' || key === 'intersection' || (key === 'exclude' && keys.length === 1))
      return { [key]: this.#normalisedList(definition[key]) }
    if (definition['method'] === 'selector') return this.#normal.get(String(definition['value']))
    if (keys.length === 1 && key !== undefined) return { method: key, value: definition[key] }
    return definition['exclude'] === undefined
      ? definition
      : { ...definition, exclude: this.#normalisedList(definition['exclude']) }
  }

  #normalisedList(list: unknown): unknown {
    return Array.isArray(list) ? list.map((one: unknown) => this.#normalised(one)) : list
  }

  #fail(path: Path, expected: string): never {
    throw new MillraceError('TRANSFORM_SELECTORS_FILE', { file: FILE, ...this.#file.position(path), expected })
  }
}

function takenApart(text: string): Mapping {
  const { method, keys, value, childrensParents, parents, children } = criterionOf(text, 'eager')
  const steps = (name: string, depth: number | undefined): Mapping =>
    depth === undefined ? {} : { [name]: true, ...(depth === Infinity ? {} : { [`${name}_depth`]: String(depth) }) }
  return {
    ...(childrensParents ? { childrens_parents: true } : {}),
    ...steps('parents', parents),
    method: [method, ...keys].join('.'),
    value,
    ...steps('children', children),
  }
}
