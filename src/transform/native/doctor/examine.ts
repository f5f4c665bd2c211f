import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { FeatureKind } from '../feature-registry.ts'
import { unsupportedFeature } from '../features.ts'
import { Template } from '../jinja/template.ts'
import { knownNames } from '../jinja/runtime.ts'
import { filesOf } from '../parse/files.ts'
import type { SourceFile } from '../parse/files.ts'
import { unsupportedIn } from '../parse/scan.ts'
import { readProject } from '../project/project-file.ts'
import type { Project, ProjectOptions } from '../project/project-file.ts'
import { isMapping } from '../project/shape.ts'
import { YamlFile } from '../project/yaml-file.ts'
import { templateNodes } from './template-nodes.ts'
import type { TemplateNode } from './template-nodes.ts'

/** One place of a project that the native runner does not do, or that no dbt would. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly feature: string
  readonly construct: string
}

type At = Pick<Finding, 'file' | 'line' | 'column'>
type Path = readonly (string | number)[]

/** Every place of a project and its packages that the native runner does not do: all of them, where a run names the first. */
export function examine(options: ProjectOptions): Finding[] {
  const fileFindings = projectFileFindings(options.projectDir)
  if (fileFindings.some(({ construct }) => construct === 'syntax')) return fileFindings
  const root = projectOrNull(options)
  if (root === null) return fileFindings
  const all = [root, ...packagesOf(root, options)]
  const macros = new Set(all.flatMap(macroNames))
  const found = [...fileFindings, ...all.flatMap((one) => projectFindings(one, root, macros))]
  return found.sort((left, right) => (key(left) < key(right) ? -1 : 1))
}

function key({ file, line, column }: At): string {
  return `${file} ${String(line).padStart(6, '0')} ${String(column).padStart(5, '0')}`
}

/** Null for a project file whose refusal is among the findings already. */
function projectOrNull(options: ProjectOptions): Project | null {
  try {
    return readProject(options)
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'TRANSFORM_FEATURE_UNSUPPORTED') return null
    throw error
  }
}

/** The packages that lie there; that one is missing is the affair of a run. */
function packagesOf(root: Project, options: ProjectOptions): Project[] {
  if (!existsSync(root.packagesFolder)) return []
  const folders = readdirSync(root.packagesFolder).map((name) => join(root.packagesFolder, name))
  return folders
    .filter((folder) => existsSync(join(folder, 'dbt_project.yml')))
    .flatMap((projectDir) => projectOrNull({ ...options, projectDir, targetPath: undefined }) ?? [])
}

function projectFileFindings(projectDir: string): Finding[] {
  const path = join(projectDir, 'dbt_project.yml')
  if (!existsSync(path)) return []
  const file = yamlOrFinding(readFileSync(path, 'utf8'), 'dbt_project.yml')
  if (!(file instanceof YamlFile)) return [file]
  const content = isMapping(file.value) ? file.value : {}
  const keys = Object.entries(content).filter(([, value]) => isMapping(value) && Object.keys(value).length > 0)
  return [
    ...keys.flatMap(([name]) => refused('project key', name, place(file, [name]))),
    ...['models', 'seeds', 'snapshots', 'tests', 'data_tests'].flatMap((name) => treeFindings(file, [name])),
  ]
}

/** Configuration in the project's tree, `+` or not, at any depth. */
function treeFindings(file: YamlFile, path: Path): Finding[] {
  const level = path.reduce<unknown>((value, part) => (isMapping(value) ? value[part] : undefined), file.value)
  if (!isMapping(level)) return []
  return Object.entries(level).flatMap(([given, value]) => [
    ...configFindings(given.replace(/^\+/, ''), value, place(file, [...path, given])),
    ...(given.startsWith('+') ? [] : treeFindings(file, [...path, given])),
  ])
}

function projectFindings(project: Project, root: Project, macros: ReadonlySet<string>): Finding[] {
  const below = (file: SourceFile): string => (project === root ? file.file : `${project.name}/${file.file}`)
  const folders = [
    ...project.modelPaths,
    ...project.macroPaths,
    ...project.testPaths,
    ...project.snapshotPaths,
    ...project.analysisPaths,
  ]
  const python = filesOf(project, project.modelPaths, ['.py'])
  const templates = filesOf(project, folders, ['.sql'])
  const schemas = filesOf(project, [...folders, ...project.seedPaths], ['.yml', '.yaml'])
  return [
    ...python.flatMap((file) => refused('file', extname(file.path), { file: below(file), line: 1, column: 1 })),
    ...templates.flatMap((file) => templateFindings(file.text, below(file), macros)),
    ...schemas.flatMap((file) => schemaFindings(file.text, below(file))),
  ]
}

function macroNames(project: Project): string[] {
  const files = filesOf(project, [...project.macroPaths, ...project.testPaths], ['.sql'])
  return files.flatMap(({ text }) => [...text.matchAll(/\{%-?\s*macro\s+(\w+)/g)].map((match) => match[1] ?? ''))
}

function templateFindings(text: string, file: string, macros: ReadonlySet<string>): Finding[] {
  try {
    const { statements } = Template.parse(text.replaceAll(/\r\n?/g, '\n'), file)
    const unsupported = unsupportedIn(statements, file, (name) => macros.has(name))
    return [
      ...unsupported.map(({ place: at, feature, construct }) => ({ ...at, feature, construct })),
      ...templateNodes(statements).flatMap((node) => nodeFindings(node, file)),
    ]
  } catch (error) {
    return [findingOf(error, file)]
  }
}

/** Filters and tests that Jinja does not have, and what `config(…)` asks for. */
function nodeFindings(node: TemplateNode, file: string): Finding[] {
  const at = { file, line: node.line, column: node.column }
  if (node.kind === 'config') return configFindings(node.name, node.value, at)
  const known: ReadonlySet<string> = node.kind === 'filter' ? knownNames.filters : knownNames.tests
  const construct = `${node.kind} ${node.name}`
  return known.has(node.name) ? [] : [{ ...at, feature: `the ${construct}`, construct }]
}

function schemaFindings(text: string, name: string): Finding[] {
  const file = yamlOrFinding(text, name)
  return file instanceof YamlFile ? mappingFindings(file, file.value, []) : [file]
}

/** Keys of a schema file, below what anybody may write as he likes. */
function mappingFindings(file: YamlFile, value: unknown, path: Path): Finding[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => mappingFindings(file, item, [...path, index]))
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([name, item]) => {
    const here = [...path, name]
    if (FREE.has(name)) return []
    if (name === 'config') return configs(file, item, here)
    const own = item === null ? [] : refused('schema key', name, place(file, here))
    return [...own, ...mappingFindings(file, item, here)]
  })
}

const FREE: ReadonlySet<string> = new Set([
  'meta',
  'arguments',
  'vars',
  'given',
  'expect',
  'overrides_of',
  'query_params',
])

function configs(file: YamlFile, value: unknown, path: Path): Finding[] {
  const entries = Object.entries(isMapping(value) ? value : {})
  return entries.flatMap(([name, item]) => configFindings(name, item, place(file, [...path, name])))
}

/** A contract that is not enforced asks for nothing. */
function configFindings(name: string, value: unknown, at: At): Finding[] {
  const isIdle = value === null || value === undefined || (isMapping(value) && value['enforced'] === false)
  if (isIdle) return []
  const own = refused('config', name, at)
  return name === 'materialized'
    ? [...own, ...refused('materialization', typeof value === 'string' ? value : '', at)]
    : own
}

function refused(kind: FeatureKind, name: string, at: At): Finding[] {
  const feature = unsupportedFeature(kind, name)
  return feature === undefined ? [] : [{ ...at, feature, construct: `${kind} ${name}` }]
}

function place(file: YamlFile, path: Path): At {
  return { file: file.file, ...file.position(path) }
}

function yamlOrFinding(text: string, name: string): YamlFile | Finding {
  try {
    return YamlFile.parse(text, name)
  } catch (error) {
    return findingOf(error, name)
  }
}

/** A file that does not read is a finding, too: of syntax, with what was said about it. */
function findingOf(error: unknown, file: string): Finding {
  if (!(error instanceof MillraceError)) throw error
  const { line, column, message } = error.facts
  return {
    file,
    line: Number(line ?? 1),
    column: Number(column ?? 1),
    feature: typeof message === 'string' ? message : basename(error.code),
    construct: 'syntax',
  }
}
