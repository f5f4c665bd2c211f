import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { Invocation } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { baseNames } from '../context/base-names.ts'
import { ParseAdapter } from '../adapter/parse-adapter.ts'
import { Relation } from '../adapter/relation.ts'
import { refuse } from '../features.ts'
import { Macro } from '../jinja/macro.ts'
import { fromHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import { Template, callMacroNow } from '../jinja/template.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { configurationContext, renderConfiguration } from '../project/configuration-context.ts'
import type { Project } from '../project/project-file.ts'
import type { Mapping } from '../project/shape.ts'
import { capture } from './captured.ts'
import type { Captured } from './captured.ts'
import { mergeConfig, modelDefaults, projectLevels, testDefaults } from './config.ts'
import { checkFiles, filesOf } from './files.ts'
import type { SourceFile } from './files.ts'
import { loadDocs, loadMacros } from './load-macros.ts'
import type { MacroRegistry } from './macro-registry.ts'
import type { Manifest, Node, NodeConfig, Source } from './nodes.ts'
import { folders } from './node-maker.ts'
import type { NodeKind, NodeMaker, NodeParts } from './node-maker.ts'
import { buildGenericTests } from './parse-tests.ts'
import { resolveReferences } from './resolve.ts'
import { scan } from './scan.ts'
import { readSchemaFiles } from './schema-files.ts'
import type { SchemaFiles, SourcePatch } from './schema-files.ts'

export interface ParseOptions {
  readonly project: Project
  readonly invocation: Invocation
}

export interface ParsedProject {
  readonly manifest: Manifest
  readonly macros: MacroRegistry
}

/** Reads the whole project without a database. Throws the coded error of the first thing that is wrong or not covered. */
export function parseProject(options: ParseOptions): ParsedProject {
  checkFiles(options.project)
  return new ProjectParser(options).parse()
}

class ProjectParser implements NodeMaker {
  readonly project: Project
  readonly invocation: Invocation
  readonly macros: MacroRegistry
  readonly #docs
  readonly #schema: SchemaFiles
  readonly #naming: NodeContext

  constructor({ project, invocation }: ParseOptions) {
    this.project = project
    this.invocation = invocation
    this.macros = loadMacros(project)
    this.#docs = loadDocs(project)
    const { target, vars, env } = invocation
    this.#schema = readSchemaFiles({ project, target, vars, env, docs: this.#docs })
    this.#naming = new NodeContext({
      macros: this.macros,
      mode: 'sync',
      permissive: true,
      names: [
        ...baseNames(invocation),
        ['execute', false],
        ['adapter', new ParseAdapter((name, namespace) => this.#naming.dispatch(name, namespace))],
      ],
    })
  }

  parse(): ParsedProject {
    for (const entry of this.macros.entries.values()) {
      if (entry.packageName === this.project.name) scan([entry.definition], entry.path, (name) => this.#isMacro(name))
    }
    const sources = this.#schema.sources.map((patch) => this.#source(patch))
    const models = filesOf(this.project, this.project.modelPaths, ['.sql']).map((file) => this.#model(file))
    const singular = filesOf(this.project, this.project.testPaths, ['.sql']).filter(
      (file) => !file.path.startsWith('generic/'),
    )
    const tests = singular.map((file) => this.#singularTest(file))
    const generic = buildGenericTests(this, this.#schema, models)
    const enabledSources = sources.filter((source) => source.config['enabled'] !== false)
    const manifest = resolveReferences({
      projectName: this.project.name,
      nodes: [...models, ...tests, ...generic],
      sources: enabledSources,
      macros: this.macros.entries,
      docs: new Map([...this.#docs.values()].map((block) => [block.uniqueId, block])),
    })
    return { manifest, macros: this.macros }
  }

  #isMacro(name: string): boolean {
    return this.macros.inPackage(this.project.name, name) !== undefined
  }

  #source(patch: SourcePatch): Source {
    const { projectName, target } = { projectName: this.project.name, target: this.invocation.target }
    const fqn = [projectName, ...folders(patch.file), patch.sourceName, patch.name]
    const base: NodeConfig = {
      enabled: true,
      event_time: null,
      freshness: {
        warn_after: { count: null, period: null },
        error_after: { count: null, period: null },
        filter: null,
      },
      loaded_at_field: null,
      loaded_at_query: null,
      meta: {},
      tags: [],
      static_analysis: null,
    }
    const config = [...this.levels(this.project.configs.sources, fqn), patch.sourceConfig, patch.config].reduce(
      mergeConfig,
      base,
    )
    const database = patch.database ?? target.database
    return {
      resourceType: 'source',
      uniqueId: `source.${projectName}.${patch.sourceName}.${patch.name}`,
      name: patch.name,
      packageName: projectName,
      path: patch.file,
      originalFilePath: patch.file,
      fqn,
      database,
      schema: patch.schema,
      description: patch.description,
      docBlocks: patch.docBlocks,
      columns: patch.columns,
      tags: config['tags'] as string[],
      meta: { ...patch.sourceMeta, ...patch.meta },
      config,
      unrenderedConfig: {},
      patchPath: null,
      relationName: new Relation({ database, schema: patch.schema, identifier: patch.identifier }).render(),
      sourceName: patch.sourceName,
      sourceDescription: patch.sourceDescription,
      sourceMeta: patch.sourceMeta,
      loader: patch.loader,
      identifier: patch.identifier,
    }
  }

  #model(file: SourceFile): Node {
    const name = basename(file.path, '.sql')
    const kind: NodeKind = { resourceType: 'model', defaults: modelDefaults(), tree: this.project.configs.models }
    const { template, rawCode } = this.#template(file)
    const patch = this.#schema.models.get(name)
    const node = this.node(kind, {
      name,
      file: file.file,
      path: file.path,
      fqn: [this.project.name, ...pathNames(file.path)],
      rawCode,
      template,
      patch,
    })
    const materialized = str(fromHost(node.config['materialized'] ?? null))
    refuse('materialization', materialized, { file: file.file })
    if (materialized !== 'ephemeral' && this.macros.materialization(materialized) === undefined) {
      throw new MillraceError('TRANSFORM_MATERIALIZATION_UNKNOWN', { materialization: materialized, file: file.file })
    }
    return node
  }

  #singularTest(file: SourceFile): Node {
    const name = basename(file.path, '.sql')
    const kind: NodeKind = { resourceType: 'test', defaults: testDefaults(), tree: this.project.configs.tests }
    const { template, rawCode } = this.#template(file)
    const patch = this.#schema.tests.get(name)
    return this.node(kind, {
      name,
      file: file.file,
      path: file.path,
      fqn: [this.project.name, ...pathNames(file.path)],
      rawCode,
      template,
      patch,
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

  levels(tree: Mapping, fqn: readonly string[]): readonly Mapping[] {
    const { env, vars } = this.invocation
    const context = configurationContext(env, vars)
    return projectLevels(tree, fqn).map((level) => renderConfiguration(level, context, 'dbt_project.yml') as Mapping)
  }

  node(kind: NodeKind, parts: NodeParts): Node {
    const levels = this.levels(kind.tree, parts.fqn)
    const known = [...levels, parts.patch?.config ?? {}].reduce(mergeConfig, kind.defaults)
    const { target } = this.invocation
    const self = new Relation({ database: target.database, schema: target.schema, identifier: parts.name })
    const captured = parts.captured?.(self, known) ?? this.captured(parts.template, self, known)
    const config = mergeConfig(known, captured.config)
    this.#checkConfig(config, kind.defaults, parts)
    return this.#finished(kind, parts, {
      config,
      captured,
      unrendered: [...levels, parts.patch?.config ?? {}, captured.config].reduce(mergeConfig, {}),
    })
  }

  captured(template: Template, self: Relation, knownConfig: NodeConfig): Captured {
    return capture({ invocation: this.invocation, macros: this.macros, template, self, knownConfig })
  }

  #checkConfig(config: NodeConfig, defaults: NodeConfig, parts: NodeParts): void {
    for (const [key, value] of Object.entries(config)) {
      if (JSON.stringify(value) === JSON.stringify(defaults[key]) || value === null || value === false) continue
      refuse('config', key, { file: parts.file })
    }
  }

  #finished(
    kind: NodeKind,
    parts: NodeParts,
    known: { config: NodeConfig; captured: Captured; unrendered: NodeConfig },
  ): Node {
    const { config, captured } = known
    const { project } = this
    const uniqueId = `${kind.resourceType}.${project.name}.${parts.name}${parts.hash === undefined ? '' : `.${parts.hash}`}`
    const named = new PyDict([
      ['name', parts.name],
      ['resource_type', kind.resourceType],
      ['package_name', project.name],
      ['fqn', [...parts.fqn]],
      ['config', fromHost(config)],
      ['unique_id', uniqueId],
    ])
    const custom = (key: string): Value => fromHost(config[key] ?? null)
    const database = this.#name('generate_database_name', custom('database'), named)
    const schema = this.#name('generate_schema_name', custom('schema'), named)
    const alias = this.#name('generate_alias_name', custom('alias'), named)
    const hasRelation = kind.resourceType === 'model' && config['materialized'] !== 'ephemeral'
    return {
      resourceType: kind.resourceType,
      uniqueId,
      name: parts.name,
      packageName: project.name,
      path: parts.path,
      originalFilePath: parts.file,
      fqn: parts.fqn,
      alias,
      database,
      schema,
      relationName: hasRelation ? new Relation({ database, schema, identifier: alias }).render() : null,
      description: parts.patch?.description ?? parts.description ?? '',
      docBlocks: parts.patch?.docBlocks ?? [],
      columns: parts.patch?.columns ?? new Map(),
      tags: config['tags'] as string[],
      meta: { ...(config['meta'] as Mapping), ...parts.patch?.meta },
      config,
      unrenderedConfig: known.unrendered,
      patchPath: parts.patch === undefined ? null : `${project.name}://${parts.patch.file}`,
      rawCode: parts.rawCode,
      template: parts.template,
      checksum:
        parts.generic === undefined
          ? { name: 'sha256', checksum: createHash('sha256').update(parts.rawCode).digest('hex') }
          : { name: 'none', checksum: '' },
      refs: captured.refs,
      sources: captured.sources,
      dependsOnNodes: [],
      dependsOnMacros: captured.macros,
      genericTest: parts.generic ?? null,
    }
  }

  /** Names come from macros, so that a project may change how. */
  #name(macro: string, custom: Value, node: PyDict): string {
    const entry = this.macros.find(macro)
    if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro })
    return str(callMacroNow(new Macro(this.macros.compiled(entry, 'sync'), this.#naming), [custom, node])).trim()
  }
}

function pathNames(path: string): string[] {
  return path.replace(/\.sql$/, '').split('/')
}
