import { readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { Invocation } from '../context/base-names.ts'
import { baseNames, targetObject } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { ParseAdapter } from '../adapter/parse-adapter.ts'
import { quotingPolicy } from '../adapter/quoting.ts'
import { Relation } from '../adapter/relation.ts'
import { Macro } from '../jinja/macro.ts'
import { fromHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import { Template, callMacroNow } from '../jinja/template.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { configurationContext } from '../project/configuration-context.ts'
import type { Project, ProjectConfigs } from '../project/project-file.ts'
import type { TemplateContext } from '../jinja/macro.ts'
import { packageVars } from '../project/project-file.ts'
import type { Mapping } from '../project/shape.ts'
import { checkConfig } from './config-types.ts'
import { contractOf } from './contract.ts'
import { refuseConfig, renderedLevel, storesFailures } from './node-config.ts'
import { foreignKeys } from './foreign-keys.ts'
import { versionFiles } from './version-files.ts'
import { capture } from './captured.ts'
import type { Captured } from './captured.ts'
import {
  withStoredAs,
  codeDefaults,
  mergeConfig,
  overlaid,
  modelDefaults,
  projectLevels,
  seedDefaults,
  snapshotDefaults,
  testDefaults,
} from './config.ts'
import { describedEntry } from './described.ts'
import { filesOf } from './files.ts'
import type { SourceFile } from './files.ts'
import type { MacroRegistry } from './macro-registry.ts'
import type { ColumnEntry, DescribedEntry, DocBlock, Node, NodeConfig, Source } from './nodes.ts'
import { checksumOf } from './node-maker.ts'
import type { NodeKind, NodeMaker, NodeParts } from './node-maker.ts'
import { plainNaming } from './plain-names.ts'
import type { Names, PlainNaming } from './plain-names.ts'
import { scan } from './scan.ts'
import { readSchemaFiles } from './schema-files.ts'
import type { Patch, SchemaFiles } from './schema-files.ts'
import { snapshotBlocks } from './snapshot-blocks.ts'
import { sourceOfPatch } from './source-node.ts'

export interface PackageOptions {
  readonly project: Project
  readonly root: Project
  readonly invocation: Invocation
  readonly macros: MacroRegistry
  readonly docs: (packageName: string | null, name: string) => DocBlock | undefined
}

/** What one package brings. */
export interface PackageParts {
  readonly nodes: readonly Node[]
  readonly sources: readonly Source[]
  readonly described: readonly DescribedEntry[]
}

const EMPTY = Template.parse('', '')

/** Reads one package: every file becomes a node, named and configured as dbt would. */
export class PackageParser implements NodeMaker {
  readonly project: Project
  readonly root: Project
  readonly invocation: Invocation
  readonly macros: MacroRegistry
  readonly schema: SchemaFiles
  readonly #naming: NodeContext
  #versionFiles: ReadonlyMap<string, Patch> | undefined
  #levelContext: TemplateContext | undefined
  #plainNaming: PlainNaming | undefined

  constructor({ project, root, invocation, macros, docs }: PackageOptions) {
    this.project = project
    this.root = root
    this.macros = macros
    this.invocation = {
      ...invocation,
      vars: packageVars(project, root, invocation.givenVars),
      packageName: project.name,
    }
    const { target, vars, env } = this.invocation
    this.schema = readSchemaFiles({ project, target, vars, env, docs })
    this.#naming = new NodeContext({
      macros,
      mode: 'sync',
      permissive: true,
      packageName: project.name,
      names: [
        ...baseNames(this.invocation),
        ['execute', false],
        ['adapter', new ParseAdapter((name, namespace) => this.#naming.dispatch(name, namespace))],
      ],
    })
  }

  parse(): PackageParts {
    const { project } = this
    // A package's macros are its own affair until one is called: a project uses a few of the hundred that it brings.
    for (const entry of project === this.root ? this.macros.entries.values() : []) {
      if (entry.packageName === project.name) scan([entry.definition], entry.path, (name) => this.#isMacro(name))
    }
    const tests = filesOf(project, project.testPaths, ['.sql']).filter(
      (file) => !/^(?:generic|fixtures)\//.test(file.path),
    )
    const nodes = [
      ...filesOf(project, project.modelPaths, ['.sql']).map((file) => this.#sqlFile('model', file)),
      ...filesOf(project, project.seedPaths, ['.csv']).map((file) => this.#seed(file)),
      ...this.#snapshots(),
      ...filesOf(project, project.analysisPaths, ['.sql']).map((file) => this.#sqlFile('analysis', file)),
      ...tests.map((file) => this.#sqlFile('test', file)),
      ...this.#hooks('on-run-start', project.onRunStart),
      ...this.#hooks('on-run-end', project.onRunEnd),
    ]
    return {
      nodes,
      sources: this.schema.sources.map((patch) => sourceOfPatch(this, patch)),
      described: this.schema.described
        .filter(({ kind }) => kind !== 'unit_tests')
        .map((one) => describedEntry(this, one)),
    }
  }

  #isMacro(name: string): boolean {
    return this.macros.find(name, this.project.name) !== undefined
  }

  #sqlFile(type: 'model' | 'analysis' | 'test', file: SourceFile): Node {
    const fileName = basename(file.path, '.sql')
    const { template, rawCode } = this.#template(file)
    const model = type === 'model' ? this.#modelPatch(fileName) : undefined
    const name = model?.name ?? fileName
    const kinds = {
      model: { defaults: modelDefaults(), tree: 'models', patch: model },
      analysis: { defaults: codeDefaults(), tree: 'models', patch: this.schema.patches.analyses.get(name) },
      test: { defaults: testDefaults(), tree: 'tests', patch: this.schema.patches.tests.get(name) },
    } as const
    const { defaults, tree, patch } = kinds[type]
    const own = pathNames(file.path)
    const versioned = model?.versioning == null ? own : [...own.slice(0, -1), name, `v${model.versioning.version}`]
    const below = type === 'analysis' ? ['analysis', ...own] : versioned
    return this.node(
      { resourceType: type, defaults, tree },
      {
        name,
        file: file.file,
        path: type === 'analysis' ? `analysis/${file.path}` : file.path,
        fqn: [this.project.name, ...below],
        rawCode,
        template,
        patch,
      },
    )
  }

  /** What schema files say of the model in a file: of the version that the file defines when the model has versions. */
  #modelPatch(fileName: string): Patch | undefined {
    this.#versionFiles ??= versionFiles(this.project, this.schema.patches.models)
    return this.#versionFiles.get(fileName) ?? this.schema.patches.models.get(fileName)
  }

  #seed(file: SourceFile): Node {
    const name = basename(file.path, '.csv')
    return this.node(
      { resourceType: 'seed', defaults: seedDefaults(), tree: 'seeds' },
      {
        name,
        file: file.file,
        path: file.path,
        fqn: [this.project.name, ...pathNames(file.path)],
        rawCode: '',
        template: EMPTY,
        patch: this.schema.patches.seeds.get(name),
        checksumText: file.text.trim(),
        captured: () => ({ refs: [], sources: [], metrics: [], config: {}, written: {}, macros: [] }),
      },
    )
  }

  #snapshots(): Node[] {
    const { project } = this
    const kind: NodeKind = { resourceType: 'snapshot', defaults: snapshotDefaults(), tree: 'snapshots' }
    const ofFiles = filesOf(project, [...project.snapshotPaths, ...project.modelPaths], ['.sql']).flatMap((file) =>
      snapshotBlocks(file).map((block) => {
        scan(block.template.statements, file.file, (name) => this.#isMacro(name))
        return this.node(kind, {
          name: block.name,
          file: file.file,
          path: file.path,
          fqn: [project.name, ...pathNames(file.path), block.name],
          rawCode: block.rawCode,
          template: block.template,
          checksumText: file.text.trim(),
          patch: this.schema.patches.snapshots.get(block.name),
        })
      }),
    )
    const ofYaml = [...this.schema.patches.snapshots.values()]
      .filter((patch) => patch.relation !== null)
      .map((patch) => this.#yamlSnapshot(kind, patch))
    return [...ofFiles, ...ofYaml]
  }

  #yamlSnapshot(kind: NodeKind, patch: Patch): Node {
    const rawCode = `select * from {{ ${patch.relation} }}`
    const path = patch.file.split('/').slice(1).join('/')
    return this.node(kind, {
      name: patch.name,
      file: patch.file,
      path,
      fqn: [this.project.name, ...path.split('/').slice(0, -1), patch.name],
      rawCode,
      template: Template.parse(rawCode, patch.file),
      patch,
    })
  }

  #hooks(key: 'on-run-start' | 'on-run-end', texts: readonly string[]): Node[] {
    if (texts.length === 0) return []
    const projectText = readFileSync(join(this.project.folder, 'dbt_project.yml'), 'utf8').trim()
    return texts.map((text, index) => {
      const name = `${this.project.name}-${key}-${index}`
      return this.node(
        { resourceType: 'operation', defaults: codeDefaults(), tree: 'models' },
        {
          name,
          file: './dbt_project.yml',
          path: `hooks/${name}.sql`,
          fqn: [this.project.name, 'hooks', name],
          rawCode: text,
          template: Template.parse(text, 'dbt_project.yml'),
          tags: [key],
          checksumText: projectText,
        },
      )
    })
  }

  /** dbt strips a file before it reads it; the lines that this takes away are added to every position. */
  #template(file: SourceFile): { template: Template; rawCode: string } {
    const text = file.text.replaceAll(/\r\n?/g, '\n')
    const rawCode = text.trim()
    const firstLine = text.slice(0, text.length - text.trimStart().length).split('\n').length
    const template = Template.parse(rawCode, file.file, firstLine)
    scan(template.statements, file.file, (name) => this.#isMacro(name))
    return { template, rawCode }
  }

  /**
   * What a project's tree says of a node. Hooks stay as they are written: they are rendered when they run. Of variables only those of the
   * invocation are known there, as in dbt: those of the project are read from the same file.
   */
  levels(project: Project, tree: keyof ProjectConfigs, fqn: readonly string[]): readonly Mapping[] {
    const { env, givenVars, target } = this.invocation
    this.#levelContext ??= configurationContext(env, givenVars, new Map([['target', targetObject(target)]]))
    const context = this.#levelContext
    return projectLevels(project.configs[tree], fqn).map((level) => renderedLevel(level, context, project.folder))
  }

  node(kind: NodeKind, parts: NodeParts): Node {
    const isHook = kind.resourceType === 'operation'
    const own = isHook ? [] : this.levels(this.project, kind.tree, parts.fqn)
    // What the root project says of a package's node stands above even what the node's file says.
    const above = isHook || this.project === this.root ? [] : this.levels(this.root, kind.tree, parts.fqn)
    const patch = parts.patch?.config ?? {}
    const known = [...own, patch, ...above].reduce(mergeConfig, kind.defaults)
    const { target } = this.invocation
    const self = new Relation({ database: target.database, schema: target.schema, identifier: parts.name })
    const captured = parts.captured?.(self, known) ?? this.captured(parts.template, self, known)
    const written = [...own, patch, captured.config, ...above]
    const config = written.reduce(mergeConfig, kind.defaults)
    const folders = { own: this.project.folder, root: this.root.folder }
    checkConfig(kind, parts, config, { own, patch, call: captured.written, above }, folders)
    const raw = (project: Project): readonly Mapping[] => projectLevels(project.configs[kind.tree], parts.fqn)
    const unrendered = [
      ...(isHook ? [] : raw(this.project)),
      patch,
      captured.written,
      ...(above.length > 0 ? raw(this.root) : []),
    ].reduce(overlaid, {})
    return this.#finished(kind, parts, { config, captured, unrendered })
  }

  captured(template: Template, self: Relation, knownConfig: NodeConfig): Captured {
    const { invocation, macros } = this
    return capture({ invocation, macros, template, self, knownConfig, packageName: this.project.name })
  }

  #finished(
    kind: NodeKind,
    parts: NodeParts,
    known: { config: NodeConfig; captured: Captured; unrendered: NodeConfig },
  ): Node {
    const { captured } = known
    refuseConfig(known.config, parts.file)
    const config = kind.resourceType === 'test' ? withStoredAs(known.config) : known.config
    const { project } = this
    const versioning = parts.patch?.versioning ?? null
    const suffix = versioning === null ? (parts.hash ?? '') : `v${versioning.version}`
    const uniqueId = `${kind.resourceType}.${project.name}.${parts.name}${suffix === '' ? '' : `.${suffix}`}`
    const names = this.#names(kind, parts, config, uniqueId)
    const columns = parts.patch?.columns ?? new Map<string, ColumnEntry>()
    const constraints = parts.patch?.constraints ?? []
    const keys = foreignKeys(columns, constraints)
    const hasRelation =
      ['seed', 'snapshot'].includes(kind.resourceType) ||
      (kind.resourceType === 'model' && config['materialized'] !== 'ephemeral') ||
      (kind.resourceType === 'test' && storesFailures(config, this.invocation))
    const quoted = quotingPolicy(this.root.quoting, config['quoting'])
    const isDescribed = kind.resourceType === 'model' && parts.patch !== undefined
    return {
      resourceType: kind.resourceType,
      uniqueId,
      name: parts.name,
      packageName: project.name,
      path: parts.path,
      originalFilePath: parts.file,
      fqn: parts.fqn,
      ...names,
      relationName: hasRelation
        ? new Relation({ database: names.database, schema: names.schema, identifier: names.alias, quoted }).render()
        : null,
      description: parts.patch?.description ?? parts.description ?? '',
      docBlocks: parts.patch?.docBlocks ?? [],
      columns,
      tags: [...new Set([...(parts.tags ?? []), ...((config['tags'] ?? []) as string[])])],
      meta: { ...(config['meta'] as Mapping), ...parts.patch?.meta },
      config,
      unrenderedConfig: known.unrendered,
      patchPath: parts.patch === undefined ? null : `${project.name}://${parts.patch.file}`,
      rawCode: parts.rawCode,
      template: parts.template,
      checksum: checksumOf(parts),
      refs: [...captured.refs, ...keys.refs],
      sources: [...captured.sources, ...keys.sources],
      metrics: captured.metrics,
      configCall: captured.written,
      dependsOnNodes: [],
      dependsOnMacros: captured.macros,
      genericTest: parts.generic ?? null,
      rootFolder: project.folder,
      constraints,
      contract: contractOf({ name: parts.name, file: parts.file, config, columns, constraints, isDescribed }),
      group: parts.group ?? (typeof config['group'] === 'string' ? config['group'] : null),
      version: versioning?.version ?? null,
      latestVersion: versioning?.latest ?? null,
      deprecationDate: parts.patch?.deprecationDate ?? null,
      timeSpine: parts.patch?.timeSpine ?? null,
    }
  }

  #names(kind: NodeKind, parts: NodeParts, config: NodeConfig, uniqueId: string): Names {
    this.#plainNaming ??= plainNaming(this.macros, this.project.name, this.invocation.target)
    const plain = this.#plainNaming(kind.resourceType, parts, config)
    if (plain !== null) return plain
    const named = new PyDict([
      ['name', parts.name],
      ['resource_type', kind.resourceType],
      ['package_name', this.project.name],
      ['original_file_path', parts.file],
      ['path', parts.path],
      ['fqn', [...parts.fqn]],
      ['config', fromHost(config)],
      ['tags', fromHost(config['tags'] ?? [])],
      ['meta', fromHost(config['meta'] ?? {})],
      ['unique_id', uniqueId],
      ['version', parts.patch?.versioning?.version ?? null],
    ])
    const custom = (key: string): Value => fromHost(config[key] ?? null)
    const literal = (key: string): string | undefined =>
      kind.resourceType === 'snapshot' && typeof config[key] === 'string' ? config[key] : undefined
    return {
      database: literal('target_database') ?? this.#name('database', custom('database'), named),
      schema: literal('target_schema') ?? this.#name('schema', custom('schema'), named),
      alias: this.#name('alias', custom('alias'), named),
    }
  }

  /** Names come from macros, so that a project may change how. */
  #name(component: string, custom: Value, node: PyDict): string {
    const entry = this.macros.naming(component, this.project.name)
    if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: `generate_${component}_name` })
    return str(callMacroNow(new Macro(this.macros.compiled(entry, 'sync'), this.#naming), [custom, node])).trim()
  }
}

function pathNames(path: string): string[] {
  return path.slice(0, path.length - extname(path).length).split('/')
}
