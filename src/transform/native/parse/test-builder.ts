import { MillraceError } from '../../../domain/errors.ts'
import { md5 } from '../context/base-names.ts'
import { fromHost } from '../jinja/json.ts'
import { repr, str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'

/** What may stand beside a test's arguments without `config`, in the order in which dbt writes it. */
const CONFIG_KEYS = new Set([
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'meta',
  'database',
  'schema',
  'alias',
  'group',
])

/** A generic test as written in a schema file, taken apart as dbt takes it apart. */
export interface TestEntry {
  readonly name: string
  readonly namespace: string | null
  readonly customName: string | null
  readonly description: string
  readonly arguments: Mapping
  readonly config: Mapping
}

export interface TestPlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Reads `not_null`, `{not_null: {…}}` or `{test_name: not_null, …}`. Throws TRANSFORM_TEST_SHAPE. */
export function testEntry(raw: unknown, place: TestPlace): TestEntry {
  const [name, given] = nameAndArguments(raw, place)
  const { arguments: nested, config, name: customName, description, ...rest } = given
  const own = Object.entries(rest)
  const all = {
    ...Object.fromEntries(own.filter(([key]) => !CONFIG_KEYS.has(key))),
    ...(isMapping(nested) ? nested : {}),
  }
  const [namespace, bare] = name.includes('.')
    ? [name.split('.')[0] ?? null, name.split('.').slice(1).join('.')]
    : [null, name]
  return {
    name: bare,
    namespace,
    customName: typeof customName === 'string' ? customName : null,
    description: typeof description === 'string' ? description : '',
    arguments: all,
    config: ordered({
      ...Object.fromEntries(own.filter(([key]) => CONFIG_KEYS.has(key))),
      ...(isMapping(config) ? config : {}),
    }),
  }
}

function ordered(config: Mapping): Mapping {
  const keys = [...CONFIG_KEYS].filter((key) => key in config)
  return { ...Object.fromEntries(keys.map((key) => [key, config[key]])), ...config }
}

function nameAndArguments(raw: unknown, place: TestPlace): [string, Mapping] {
  if (typeof raw === 'string') return [raw, {}]
  if (!isMapping(raw)) throw new MillraceError('TRANSFORM_TEST_SHAPE', { ...place })
  if (typeof raw['test_name'] === 'string') {
    const { test_name: _named, ...rest } = raw
    return [raw['test_name'], rest]
  }
  const [entry, ...more] = Object.entries(raw)
  const given = entry?.[1]
  if (entry === undefined || more.length > 0 || !isMapping(given))
    throw new MillraceError('TRANSFORM_TEST_SHAPE', { ...place })
  return [entry[0], given]
}

/** dbt's names of a generic test: from its kind, its subject and its arguments; the short one fits into 63 bytes. */
export function testNames(
  kind: string,
  subject: string,
  arguments_: Mapping,
): { readonly short: string; readonly full: string } {
  const parts = Object.keys(arguments_)
    .filter((key) => key !== 'model')
    .sort()
    .flatMap((key) => flattened(arguments_[key]))
    .map((part) => part.replaceAll(/[^0-9a-zA-Z_]+/g, '_'))
  const full = `${kind}_${subject}_${parts.join('__')}`
  return { full, short: full.length >= 64 ? `${`${kind}_${subject}`.slice(0, 30)}_${md5(full)}` : full }
}

function flattened(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item) => str(fromHost(item)))
  if (isMapping(value)) return Object.values(value).map((item) => str(fromHost(item)))
  return [str(fromHost(value))]
}

/** The ten hexadecimal digits that tell tests of one name apart: over the name and Python's repr of the sorted metadata. */
export function testHash(
  name: string,
  metadata: { readonly name: string; readonly namespace: string | null; readonly kwargs: Mapping },
): string {
  return md5(name + repr(hashable(fromHost(metadata)))).slice(-10)
}

function hashable(value: Value): Value {
  if (value instanceof PyDict) {
    const entries = value.entries().sort(([left], [right]) => (str(left) < str(right) ? -1 : 1))
    return new PyDict(entries.map(([key, item]): [Value, Value] => [key, hashable(item)]))
  }
  return Array.isArray(value) ? value.map((item) => hashable(item)) : str(value)
}

/** The template that dbt writes for a generic test: the test's macro, then its configuration. */
export function testTemplate(entry: TestEntry, config: Mapping): string {
  const macro = entry.namespace === null ? `test_${entry.name}` : `${entry.namespace}.test_${entry.name}`
  const settings = Object.entries(config).map(
    ([key, value]) =>
      `${key}=${typeof value === 'string' ? `"${value.replaceAll('"', '\\"')}"` : str(fromHost(value))}`,
  )
  return `{{ ${macro}(**_dbt_generic_test_kwargs) }}${settings.length === 0 ? '' : `{{ config(${settings.join(',')}) }}`}`
}

/** Renders one argument of a generic test: text that calls `ref` or `var` is an expression, other text a template. */
export function argumentTemplate(key: string, value: string): string | null {
  if (key === 'column_name') return null
  if (/^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$/.test(value)) return `{{ ${value} }}`
  return /\{[{%]/.test(value) ? value : null
}
