import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { refuse } from '../features.ts'
import { configurationContext, renderConfiguration } from './configuration-context.ts'
import type { Environment } from './configuration-context.ts'
import { projectShape } from './project-shape.ts'
import { Reader, isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'
import { YamlFile } from './yaml-file.ts'

/** dbt_project.yml as read: names, folders, variables and the configuration trees of every kind of node, unrendered. */
export interface Project {
  readonly folder: string
  readonly name: string
  readonly version: string | null
  readonly profile: string | null
  readonly modelPaths: readonly string[]
  readonly macroPaths: readonly string[]
  readonly testPaths: readonly string[]
  readonly seedPaths: readonly string[]
  readonly snapshotPaths: readonly string[]
  readonly analysisPaths: readonly string[]
  readonly docsPaths: readonly string[]
  readonly targetFolder: string
  /** The same as it is written. */
  readonly targetPath: string
  /** Where packages are installed; only the root project's counts. */
  readonly packagesFolder: string
  readonly vars: Mapping
  readonly configs: ProjectConfigs
  readonly onRunStart: readonly string[]
  readonly onRunEnd: readonly string[]
  /** Of the root project, what names are quoted; absent means that Postgres' own default holds: all are. */
  readonly quoting: Mapping
  /** `dispatch`: a macro namespace and the packages in which its macros are looked for. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>
  readonly cleanTargets: readonly string[]
  /** Folders whose files `docs generate` puts beside what it writes. */
  readonly assetPaths: readonly string[]
  readonly flags: ProjectFlags
  /** The same as they are written, those of dbt's behaviour among them. */
  readonly writtenFlags: Mapping
  readonly queryComment: QueryCommentConfig
  /** Whether its protected models are for itself alone. */
  readonly restrictAccess: boolean
  /** `require-dbt-version`, a specifier an entry. */
  readonly requiredVersion: readonly string[]
}

/** `query-comment`: a template, or dbt's own comment where the project says nothing; before statements or behind them. */
export interface QueryCommentConfig {
  readonly comment: string | undefined
  readonly isAppended: boolean
}

/** dbt's flags of behaviour that a project sets, where they change what runs. */
export interface ProjectFlags {
  readonly skipNodesIfOnRunStartFails: boolean
  /** Whether a project's own microbatch strategy is called for every batch. */
  readonly batchesOwnStrategy: boolean
  readonly sourceFreshnessRunProjectHooks: boolean
}

/** The configuration trees by kind of node. */
export interface ProjectConfigs {
  readonly models: Mapping
  readonly tests: Mapping
  readonly sources: Mapping
  readonly seeds: Mapping
  readonly snapshots: Mapping
  readonly exposures: Mapping
  readonly unitTests: Mapping
}

const KNOWN = new Set([
  'name',
  'version',
  'config-version',
  'profile',
  'model-paths',
  'source-paths',
  'data-paths',
  'macro-paths',
  'test-paths',
  'docs-paths',
  'seed-paths',
  'snapshot-paths',
  'analysis-paths',
  'asset-paths',
  'function-paths',
  'target-path',
  'log-path',
  'clean-targets',
  'packages-install-path',
  'vars',
  'flags',
  'models',
  'tests',
  'data_tests',
  'sources',
  'require-dbt-version',
  'restrict-access',
  'on-run-start',
  'on-run-end',
  'dispatch',
  'query-comment',
  'quoting',
  'seeds',
  'snapshots',
  'unit-tests',
  'unit_tests',
  'exposures',
  'metrics',
  'semantic-models',
  'saved-queries',
  'analyses',
  'packages',
  'dbt-cloud',
])

export interface ProjectOptions {
  readonly projectDir: string
  readonly targetPath?: string | undefined
  readonly vars: Mapping
  readonly env: Environment
}

/** Reads the project. Throws TRANSFORM_PROJECT_MISSING, TRANSFORM_YAML_*, TRANSFORM_FEATURE_UNSUPPORTED, TRANSFORM_KEY_UNKNOWN. */
export function readProject(options: ProjectOptions): Project {
  const folder = resolve(options.projectDir)
  const path = join(folder, 'dbt_project.yml')
  if (!existsSync(path)) throw new MillraceError('TRANSFORM_PROJECT_MISSING', { path })
  const file = YamlFile.read(path, 'dbt_project.yml')
  const reader = new Reader(file)
  const content = reader.mapping(file.value, [])
  checkContent(content, file, reader)
  const context = configurationContext(options.env, options.vars)
  const rendered = (key: string): unknown => renderConfiguration(content[key], context, file.file)
  const paths = (key: string, fallback: readonly string[]): readonly string[] =>
    content[key] === undefined ? fallback : reader.textList(rendered(key), [key])
  const modelPaths = paths('model-paths', paths('source-paths', ['models']))
  const macroPaths = paths('macro-paths', ['macros'])
  const testPaths = paths('test-paths', ['tests'])
  const seedPaths = paths('seed-paths', paths('data-paths', ['seeds']))
  const snapshotPaths = paths('snapshot-paths', ['snapshots'])
  const analysisPaths = paths('analysis-paths', ['analyses'])
  const targetPath =
    options.targetPath ??
    (content['target-path'] === undefined ? 'target' : reader.text(rendered('target-path'), ['target-path']))
  const packagesPath = reader.text(rendered('packages-install-path') ?? 'dbt_packages', ['packages-install-path'])
  const tree = (...keys: string[]): Mapping =>
    Object.assign({}, ...keys.map((key) => reader.mapping(content[key], [key]))) as Mapping
  const texts = (key: string): readonly string[] => reader.textList(content[key], [key])
  return {
    folder,
    name: reader.text(rendered('name'), ['name']),
    version: content['version'] === undefined ? null : String(rendered('version')),
    profile: content['profile'] === undefined ? null : reader.text(rendered('profile'), ['profile']),
    modelPaths,
    macroPaths,
    testPaths,
    seedPaths,
    snapshotPaths,
    analysisPaths,
    docsPaths: paths('docs-paths', [
      ...modelPaths,
      ...seedPaths,
      ...snapshotPaths,
      ...analysisPaths,
      ...macroPaths,
      ...testPaths,
    ]),
    targetPath,
    targetFolder: isAbsolute(targetPath) ? targetPath : join(folder, targetPath),
    packagesFolder: join(folder, packagesPath),
    vars: exactVars(file, reader, content['vars']),
    configs: {
      models: tree('models'),
      tests: tree('tests', 'data_tests'),
      sources: tree('sources'),
      seeds: tree('seeds'),
      snapshots: tree('snapshots'),
      exposures: tree('exposures'),
      unitTests: tree('unit-tests', 'unit_tests'),
    },
    onRunStart: texts('on-run-start'),
    onRunEnd: texts('on-run-end'),
    quoting: reader.mapping(rendered('quoting'), ['quoting']),
    dispatch: dispatchOf(reader, rendered('dispatch')),
    cleanTargets: paths('clean-targets', [targetPath]),
    assetPaths: paths('asset-paths', []),
    queryComment: queryCommentOf(content),
    flags: flagsOf(reader.mapping(content['flags'], ['flags'])),
    writtenFlags: reader.mapping(content['flags'], ['flags']),
    restrictAccess: content['restrict-access'] === true,
    requiredVersion: reader.textList(rendered('require-dbt-version'), ['require-dbt-version']),
  }
}

/** It is rendered when a connection is opened; null and an empty text leave statements without one. */
function queryCommentOf(content: Mapping): QueryCommentConfig {
  const value = content['query-comment']
  if (value === null || typeof value === 'string') return { comment: value ?? '', isAppended: false }
  if (!isMapping(value)) return { comment: undefined, isAppended: false }
  const { comment, append } = value
  return {
    comment: typeof comment === 'string' ? comment : comment === null ? '' : undefined,
    isAppended: append === true,
  }
}

function flagsOf(flags: Mapping): ProjectFlags {
  return {
    skipNodesIfOnRunStartFails: flags['skip_nodes_if_on_run_start_fails'] === true,
    batchesOwnStrategy: flags['require_batched_execution_for_custom_microbatch_strategy'] === true,
    sourceFreshnessRunProjectHooks: flags['source_freshness_run_project_hooks'] !== false,
  }
}

/** Variables as Python reads them: what is 1.0 in the file is printed as 1.0. */
function exactVars(file: YamlFile, reader: Reader, written: unknown): Mapping {
  const read = reader.mapping(written, ['vars'])
  return written === undefined || written === null ? read : (file.leavesAt(['vars']) as Mapping)
}

/** `dispatch: [{macro_namespace: dbt_utils, search_order: [my_project, dbt_utils]}]` */
function dispatchOf(reader: Reader, value: unknown): ReadonlyMap<string, readonly string[]> {
  const entries = reader.list(value, ['dispatch']).map((raw, index): [string, readonly string[]] => {
    const entry = reader.mapping(raw, ['dispatch', index])
    return [
      reader.text(entry['macro_namespace'], ['dispatch', index, 'macro_namespace']),
      reader.textList(entry['search_order'], ['dispatch', index, 'search_order']),
    ]
  })
  return new Map(entries)
}

/** Keys, shapes and the name, before anything is rendered. */
function checkContent(content: Mapping, file: YamlFile, reader: Reader): void {
  checkKeys(content, file)
  const fault = projectShape(content)
  if (fault?.expected) reader.fail(fault.path, fault.expected)
  if (fault !== undefined) throw unknownKey(file, fault.path)
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(reader.text(content['name'] ?? 'unnamed', ['name'])))
    reader.fail(['name'], 'a name of letters, digits and underscores that begins with no digit')
}

function checkKeys(content: Mapping, file: YamlFile): void {
  for (const key of Object.keys(content)) {
    const place = { file: file.file, ...file.position([key]) }
    if (!isEmpty(content[key])) refuse('project key', key, place)
    else if (!KNOWN.has(key)) continue
    if (!KNOWN.has(key) && !isEmpty(content[key])) throw new MillraceError('TRANSFORM_KEY_UNKNOWN', { ...place, key })
  }
}

function unknownKey(file: YamlFile, path: readonly (string | number)[]): MillraceError {
  const place = { file: file.file, ...file.position(path) }
  return new MillraceError('TRANSFORM_KEY_UNKNOWN', { ...place, key: String(path.at(-1)) })
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    (Array.isArray(value) && value.length === 0) ||
    (isMapping(value) && Object.keys(value).length === 0)
  )
}

/** The variables that a package's templates see: its own, then the root project's, then those of the invocation. */
export function packageVars(project: Project, root: Project, given: Mapping): Mapping {
  const own = project === root ? {} : ownVars(project.vars, project.name)
  return { ...own, ...ownVars(root.vars, project.name), ...given }
}

/** Variables of everybody and those under a package's name, which win. */
function ownVars(vars: Mapping, name: string): Mapping {
  const scoped = vars[name]
  return { ...vars, ...(isMapping(scoped) ? scoped : {}) }
}
