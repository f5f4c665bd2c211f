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
  | 'selector'

/**
 * What dbt knows and the native runner does not do. A construct that is here is refused before anything runs; one that is neither
 * here nor in the lists of what runs is unknown to dbt as well. Keep it the only such list: the scanner and the documentation read it.
 */
const unsupported = {
  file: {
    'packages.yml': 'packages',
    'dependencies.yml': 'packages and project dependencies',
    'package-lock.yml': 'packages',
    '.py': 'Python models',
    '.csv': 'seeds',
    'selectors.yml': 'named selectors',
  },
  'project key': {
    'on-run-start': 'hooks at the start of a run',
    'on-run-end': 'hooks at the end of a run',
    dispatch: 'a search order for dispatch',
    'query-comment': 'an own query comment',
    seeds: 'seeds',
    snapshots: 'snapshots',
    'unit-tests': 'unit tests',
    'saved-queries': 'saved queries',
    'semantic-models': 'semantic models',
    metrics: 'metrics',
    exposures: 'exposures',
    functions: 'user-defined functions',
    quoting: 'changed quoting',
  },
  'schema key': {
    snapshots: 'snapshots',
    seeds: 'seeds',
    exposures: 'exposures',
    metrics: 'metrics',
    groups: 'groups',
    semantic_models: 'semantic models',
    saved_queries: 'saved queries',
    unit_tests: 'unit tests',
    functions: 'user-defined functions',
    analyses: 'analyses',
    versions: 'model versions',
    constraints: 'constraints',
    freshness: 'source freshness',
    loaded_at_field: 'source freshness',
    loaded_at_query: 'source freshness',
    overrides: 'overridden sources',
    quoting: 'changed quoting',
    external: 'external tables',
  },
  config: {
    contract: 'model contracts',
    constraints: 'constraints',
    store_failures: 'stored test failures',
    store_failures_as: 'stored test failures',
    begin: 'microbatch models',
    batch_size: 'microbatch models',
    group: 'groups',
    freshness: 'source freshness',
    quoting: 'changed quoting',
  },
  materialization: {
    materialized_view: 'materialized views',
    snapshot: 'snapshots',
    seed: 'seeds',
    unit: 'unit tests',
    dynamic_table: 'dynamic tables',
    function: 'user-defined functions',
  },
  block: { snapshot: 'snapshots' },
  name: {
    load_agate_table: 'seeds',
    graph: 'the graph variable',
    selected_resources: 'the list of selected resources',
    metric: 'metrics',
    function: 'user-defined functions',
    submit_python_job: 'Python models',
    write: 'writing files from templates',
    render: 'rendering text from templates',
    validate: 'argument validation',
    dbt_metadata_envs: 'metadata of the environment',
  },
  'adapter method': {
    add_query: 'raw queries of the adapter',
    get_column_schema_from_query: 'model contracts',
    render_raw_columns_constraints: 'constraints',
    render_raw_model_constraints: 'constraints',
    truncate_relation: 'seeds',
    convert_type: 'seeds',
    drop_schema: 'dropping schemas',
    submit_python_job: 'Python models',
    valid_snapshot_target: 'snapshots',
    get_hard_deletes_behavior: 'snapshots',
    build_catalog_relation: 'catalogs',
  },
  module: {
    re: 'the module re',
    pytz: 'the module pytz',
    itertools: 'the module itertools',
  },
  selector: {
    group: 'groups',
    access: 'model access',
    state: 'state comparison',
    exposure: 'exposures',
    metric: 'metrics',
    result: 'results of an earlier run',
    source_status: 'source freshness',
    version: 'model versions',
    semantic_model: 'semantic models',
    saved_query: 'saved queries',
    unit_test: 'unit tests',
    selector: 'named selectors',
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
