import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { refuse } from '../features.ts'
import { configurationContext, renderConfiguration } from './configuration-context.ts'
import type { Environment } from './configuration-context.ts'
import { Reader, isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'
import { YamlFile } from './yaml-file.ts'

/** dbt_project.yml as read: names, folders, variables and the configuration trees of models and tests, unrendered. */
export interface Project {
  readonly folder: string
  readonly name: string
  readonly profile: string | null
  readonly modelPaths: readonly string[]
  readonly macroPaths: readonly string[]
  readonly testPaths: readonly string[]
  readonly docsPaths: readonly string[]
  readonly targetFolder: string
  readonly vars: Mapping
  readonly configs: { readonly models: Mapping; readonly tests: Mapping; readonly sources: Mapping }
}

const KNOWN = new Set([
  'name',
  'version',
  'config-version',
  'profile',
  'model-paths',
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
  checkKeys(content, file)
  const context = configurationContext(options.env, options.vars)
  const rendered = (key: string): unknown => renderConfiguration(content[key], context, file.file)
  const paths = (key: string, fallback: readonly string[]): readonly string[] =>
    content[key] === undefined ? fallback : reader.textList(rendered(key), [key])
  const modelPaths = paths('model-paths', ['models'])
  const targetPath =
    options.targetPath ??
    (content['target-path'] === undefined ? 'target' : reader.text(rendered('target-path'), ['target-path']))
  return {
    folder,
    name: reader.text(rendered('name'), ['name']),
    profile: content['profile'] === undefined ? null : reader.text(rendered('profile'), ['profile']),
    modelPaths,
    macroPaths: paths('macro-paths', ['macros']),
    testPaths: paths('test-paths', ['tests']),
    docsPaths: paths('docs-paths', [
      ...modelPaths,
      ...paths('macro-paths', ['macros']),
      ...paths('test-paths', ['tests']),
    ]),
    targetFolder: isAbsolute(targetPath) ? targetPath : join(folder, targetPath),
    vars: reader.mapping(content['vars'], ['vars']),
    configs: {
      models: reader.mapping(content['models'], ['models']),
      tests: {
        ...reader.mapping(content['tests'], ['tests']),
        ...reader.mapping(content['data_tests'], ['data_tests']),
      },
      sources: reader.mapping(content['sources'], ['sources']),
    },
  }
}

function checkKeys(content: Mapping, file: YamlFile): void {
  for (const key of Object.keys(content)) {
    const place = { file: file.file, ...file.position([key]) }
    if (!isEmpty(content[key])) refuse('project key', key, place)
    else if (!KNOWN.has(key)) continue
    if (!KNOWN.has(key) && !isEmpty(content[key])) throw new MillraceError('TRANSFORM_KEY_UNKNOWN', { ...place, key })
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    (Array.isArray(value) && value.length === 0) ||
    (isMapping(value) && Object.keys(value).length === 0)
  )
}

/** The variables that a project's templates see: the project's own, those of its name, then the invocation's. */
export function projectVars(project: Project, given: Mapping): Mapping {
  const own = project.vars[project.name]
  const shared = Object.fromEntries(
    Object.entries(project.vars).filter(([key]) => key !== project.name || !isMapping(own)),
  )
  return { ...shared, ...(isMapping(own) ? own : {}), ...given }
}
