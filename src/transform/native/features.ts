import { MillraceError } from '../../domain/errors.ts'

/** Where a construct stands in a project. */
export type FeatureKind =
  | 'file'
  | 'project key'
  | 'schema key'
  | 'config'
  | 'materialization'
  | 'block'
  | 'name'
  | 'adapter method'
  | 'module'

/**
 * What dbt knows and the native runner does not do. A construct that is here is refused before anything runs; one that is neither
 * here nor in the lists of what runs is unknown to dbt as well. Keep it the only such list: the scanner and the documentation read it.
 */
const unsupported = {
  file: {
    '.py': 'Python models',
  },
  'project key': {
    functions: 'user-defined functions',
  },
  'schema key': {
    overrides: 'overridden sources',
    functions: 'user-defined functions',
    external: 'external tables',
  },
  config: {
    begin: 'microbatch models',
    batch_size: 'microbatch models',
  },
  materialization: {
    materialized_view: 'materialized views',
    dynamic_table: 'dynamic tables',
    function: 'user-defined functions',
  },
  block: {},
  name: {
    selected_resources: 'the list of selected resources',
    metric: 'metrics in SQL',
    function: 'user-defined functions',
    submit_python_job: 'Python models',
    render: 'rendering text from templates',
    validate: 'argument validation',
    dbt_metadata_envs: 'metadata of the environment',
  },
  'adapter method': {
    add_query: 'raw queries of the adapter',
    submit_python_job: 'Python models',
    build_catalog_relation: 'catalogs',
  },
  module: {
    pytz: 'the module pytz',
    itertools: 'the module itertools',
  },
} as const satisfies Record<FeatureKind, Readonly<Record<string, string>>>

export interface FeaturePlace {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** The feature's name when the native runner does not do it, else undefined. */
export function unsupportedFeature(kind: FeatureKind, name: string): string | undefined {
  const names: Readonly<Record<string, string>> = unsupported[kind]
  return Object.hasOwn(names, name) ? names[name] : undefined
}

/** Throws TRANSFORM_FEATURE_UNSUPPORTED, naming place and remedy, when the native runner does not do this. */
export function refuse(kind: FeatureKind, name: string, place: FeaturePlace): void {
  const feature = unsupportedFeature(kind, name)
  if (feature === undefined) return
  throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', {
    file: place.file,
    line: place.line ?? 1,
    column: place.column ?? 1,
    feature,
    construct: `${kind} ${name}`,
  })
}
