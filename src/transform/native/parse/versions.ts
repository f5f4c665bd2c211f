import { MillraceError } from '../../../domain/errors.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { NodeVersion } from './nodes.ts'

/** Which version of a model an entry is about and where its SQL lies. */
export interface Versioning {
  readonly version: NodeVersion
  readonly latest: NodeVersion
  /** The name of its file without the ending; the latest one's may also be the model's own. */
  readonly definedIn: string
}

export interface VersionedEntry {
  readonly raw: Mapping
  readonly versioning: Versioning | null
}

/** An entry of `models` as one entry a version: what the version says over what the model says. Throws TRANSFORM_VERSION_INVALID. */
export function versionedEntries(raw: Mapping, file: string): readonly VersionedEntry[] {
  const { versions, latest_version: given, ...model } = raw
  const list = Array.isArray(versions) ? versions.filter(isMapping) : []
  if (list.length === 0) return [{ raw: model, versioning: null }]
  const values = list.map((one) => one['v'] as NodeVersion)
  const name = String(model['name'])
  const fail = (message: string): never => {
    throw new MillraceError('TRANSFORM_VERSION_INVALID', { file, model: name, message })
  }
  const twice = values.find((value, index) => values.map(String).indexOf(String(value)) !== index)
  if (twice !== undefined) fail(`Found duplicate version: '${twice}' in versions list of model '${name}'`)
  const wanted = given as NodeVersion | null | undefined
  if (wanted !== undefined && wanted !== null && !values.includes(wanted))
    fail(`latest_version: ${wanted} is not one of model '${name}' versions: [${values.join(', ')}]`)
  const latest = wanted ?? newest(values)
  return list.map((version) => ({
    raw: overlaid(model, version),
    versioning: {
      version: version['v'] as NodeVersion,
      latest,
      definedIn: typeof version['defined_in'] === 'string' ? version['defined_in'] : `${name}_v${String(version['v'])}`,
    },
  }))
}

/** Versions compare as numbers when they are numbers, else as words. */
function newest(values: readonly NodeVersion[]): NodeVersion {
  return values.reduce((best, value) => (isBefore(best, value) ? value : best))
}

function isBefore(left: NodeVersion, right: NodeVersion): boolean {
  const [a, b] = [Number(left), Number(right)]
  return Number.isNaN(a) || Number.isNaN(b) ? String(left) < String(right) : a < b
}

function overlaid(model: Mapping, version: Mapping): Mapping {
  const said = Object.fromEntries(
    ['description', 'docs', 'access', 'constraints', 'data_tests', 'tests', 'deprecation_date'].flatMap((key) =>
      isSaid(version[key]) || (key.endsWith('tests') && Array.isArray(version[key])) ? [[key, version[key]]] : [],
    ),
  )
  const testsGiven = 'tests' in said || 'data_tests' in said
  const { tests, data_tests: dataTests, ...rest } = model
  const { deprecation_date: _old, ...base } = testsGiven ? rest : { ...rest, ...kept({ tests, data_tests: dataTests }) }
  return { ...base, ...said, config: merged(model['config'], version['config']), columns: columnsOf(model, version) }
}

function kept(values: Mapping): Mapping {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** Empty values are dbt's defaults and say nothing. */
function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return !Array.isArray(value) || value.length > 0
}

/** The model's columns that the version takes, then its own. */
function columnsOf(model: Mapping, version: Mapping): readonly unknown[] {
  const base = Array.isArray(model['columns']) ? model['columns'] : []
  const own = Array.isArray(version['columns']) ? version['columns'] : []
  const rule = own.filter(isMapping).find((one) => 'include' in one || 'exclude' in one)
  const takes = (name: unknown): boolean => {
    if (rule === undefined) return true
    const listed = (value: unknown): boolean => Array.isArray(value) && value.includes(name)
    const { include } = rule
    return (include === '*' || include === 'all' || listed(include)) && !listed(rule['exclude'])
  }
  return [...base.filter((column) => isMapping(column) && takes(column['name'])), ...own.filter((one) => one !== rule)]
}

function merged(base: unknown, over: unknown): unknown {
  if (!isMapping(over)) return base ?? over
  if (!isMapping(base)) return over
  return { ...base, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, deep(base[key], value)])) }
}

function deep(base: unknown, over: unknown): unknown {
  return isMapping(base) && isMapping(over) ? merged(base, over) : over
}
