import { hostFunction } from '../jinja/arguments.ts'
import { toJson } from '../jinja/json.ts'
import { parseJson } from '../jinja/json-parser.ts'
import { items, truth } from '../jinja/operators.ts'
import type { CallArguments, PythonErrorKind, Value } from '../jinja/value.ts'
import { HostFunction, PyGenerator, PySet, PyTuple, PythonError } from '../jinja/value.ts'
import { parseYaml } from '../project/yaml-file.ts'
import { toYaml } from '../project/yaml-writer.ts'

/** What dbt gives instead of an error when there is a default for it; any other kind of error goes on. */
function attempt(kind: PythonErrorKind, work: () => Value, fallback: Value): Value {
  try {
    return work()
  } catch (error) {
    if (error instanceof PythonError && error.kind === kind) return fallback
    throw error
  }
}

function text(value: Value, callee: string): string {
  if (typeof value === 'string') return value
  throw new PythonError('TypeError', `${callee} needs text`)
}

function zip(call: CallArguments): Value {
  const lists = call.positional.map((argument) => items(argument))
  const length = Math.min(...lists.map((list) => list.length))
  const tuples = Array.from(
    { length: Number.isFinite(length) ? length : 0 },
    (_unused, index): Value => new PyTuple(lists.map((list) => list[index] ?? null)),
  )
  return new PyGenerator(() => tuples.values())
}

/** The names of dbt's context that make values of values. */
export const valueNames: readonly (readonly [string, Value])[] = [
  [
    'tojson',
    hostFunction(
      'tojson',
      ['value', 'default', 'sort_keys'],
      ({ value = null, default: fallback = null, sort_keys: sortKeys = false }) =>
        attempt('ValueError', () => toJson(value, { sortKeys: truth(sortKeys) }), fallback),
    ),
  ],
  [
    'fromjson',
    hostFunction('fromjson', ['string', 'default'], ({ string = '', default: fallback = null }) =>
      attempt('ValueError', () => parseJson(text(string, 'fromjson')), fallback),
    ),
  ],
  [
    'toyaml',
    hostFunction(
      'toyaml',
      ['value', 'default', 'sort_keys'],
      ({ value = null, default: fallback = null, sort_keys: sortKeys = false }) =>
        attempt('ValueError', () => toYaml(value, truth(sortKeys)), fallback),
    ),
  ],
  [
    'fromyaml',
    hostFunction('fromyaml', ['value', 'default'], ({ value = '', default: fallback = null }) =>
      attempt('ValueError', () => parseYaml(text(value, 'fromyaml')), fallback),
    ),
  ],
  [
    'set',
    hostFunction('set', ['value', 'default'], ({ value = [], default: fallback = null }) =>
      attempt('TypeError', () => new PySet(items(value)), fallback),
    ),
  ],
  ['set_strict', hostFunction('set_strict', ['value'], ({ value = [] }) => new PySet(items(value)))],
  [
    'zip',
    new HostFunction('zip', (call) => attempt('TypeError', () => zip(call), call.keyword.get('default') ?? null)),
  ],
  ['zip_strict', new HostFunction('zip_strict', zip)],
]
