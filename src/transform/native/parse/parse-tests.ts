import { basename } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { NodeContext } from '../context/node-context.ts'
import { fromHost } from '../jinja/json.ts'
import { Template } from '../jinja/template.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { capture } from './captured.ts'
import { testDefaults } from './config.ts'
import type { Node, NodeVersion } from './nodes.ts'
import { folders } from './node-maker.ts'
import type { NodeMaker } from './node-maker.ts'
import type { Patch, SchemaFiles, TestUse } from './schema-files.ts'
import { testCapture } from './test-capture.ts'
import { argumentTemplate, testHash, testNames, testTemplate } from './test-builder.ts'

/** What a generic test stands on. */
interface Subject {
  readonly file: string
  /** How the subject appears in the test's name. */
  readonly label: string
  readonly kind: (test: string) => string
  readonly call: string
  readonly fileKeyName: string
  readonly attachedNode: string | null
  readonly enabled: boolean
  readonly group: string | null
  readonly version: NodeVersion | null
  readonly tags: readonly string[]
}

/** Every generic test of a package's schema files; those of what is switched off are switched off with it. */
export function buildGenericTests(parser: NodeMaker, schema: SchemaFiles, nodes: readonly Node[]): Node[] {
  const ofNodes = (['models', 'seeds', 'snapshots'] as const).flatMap((kind) => {
    const type = { models: 'model', seeds: 'seed', snapshots: 'snapshot' }[kind]
    const own = nodes.filter((node) => node.resourceType === type && node.packageName === parser.project.name)
    const byName = new Map(own.map((node) => [versionedKey(node.name, node.version), node]))
    return [...schema.patches[kind].values()].flatMap((patch) => {
      const node =
        byName.get(versionedKey(patch.name, patch.versioning?.version ?? null)) ??
        otherKind(nodes, patch.name, parser.project.name)
      return node === undefined ? [] : testsOf(parser, patch, nodeSubject(patch, node, kind))
    })
  })
  const ofSources = schema.sources.flatMap((patch) =>
    testsOf(parser, patch, {
      file: patch.file,
      label: `${patch.sourceName}_${patch.name}`,
      kind: (test) => `source_${test}`,
      call: `source('${patch.sourceName}', '${patch.name}')`,
      fileKeyName: `sources.${patch.sourceName}`,
      attachedNode: null,
      group: null,
      version: null,
      enabled: patch.config['enabled'] !== false && patch.sourceConfig['enabled'] !== false,
      tags: [...patch.sourceTags, ...asTags(patch.config['tags'])],
    }),
  )
  return [...ofNodes, ...ofSources]
}

function versionedKey(name: string, version: NodeVersion | null): string {
  return version === null ? name : `${name}.v${version}`
}

/** dbt takes an entry under `models` for a seed or snapshot of that name, too. */
function otherKind(nodes: readonly Node[], name: string, packageName: string): Node | undefined {
  return nodes.find(
    (node) =>
      node.name === name &&
      node.packageName === packageName &&
      ['model', 'seed', 'snapshot'].includes(node.resourceType),
  )
}

function nodeSubject(patch: Patch, node: Node, kind: 'models' | 'seeds' | 'snapshots'): Subject {
  return {
    file: patch.file,
    label: node.version === null ? patch.name : `${patch.name}_v${node.version}`,
    kind: (test) => test,
    call: node.version === null ? `ref('${patch.name}')` : `ref('${patch.name}', version='${node.version}')`,
    fileKeyName: `${kind}.${patch.name}`,
    attachedNode: node.uniqueId,
    group: node.group,
    version: node.version,
    enabled: node.config['enabled'] !== false,
    tags: [],
  }
}

function testsOf(parser: NodeMaker, patch: Patch, subject: Subject): Node[] {
  return patch.tests.map((use) => {
    const column = use.columnName === null ? undefined : patch.columns.get(use.columnName)
    const tags = [...subject.tags, ...(column?.tags ?? []), ...asTags(use.entry.config['tags'])]
    return genericTest(parser, { ...subject, tags: [...new Set(tags)].sort() }, use)
  })
}

function genericTest(parser: NodeMaker, subject: Subject, { entry, columnName, place }: TestUse): Node {
  const macro = `test_${entry.name}`
  const macroEntry =
    entry.namespace === null
      ? parser.macros.find(macro, parser.project.name)
      : parser.macros.inPackage(entry.namespace, macro)
  if (macroEntry === undefined) {
    throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro, ...place })
  }
  const arguments_ = { ...(columnName === null ? {} : { column_name: columnName }), ...entry.arguments }
  const kwargs = { ...arguments_, model: `{{ get_where_subquery(${subject.call}) }}` }
  const kind = subject.kind(entry.namespace === null ? entry.name : `${entry.namespace}_${entry.name}`)
  const names = testNames(kind, subject.label, arguments_)
  const full = entry.customName ?? names.full
  const short = entry.customName ?? names.short
  const alias = short === full || entry.config['alias'] !== undefined ? {} : { alias: short }
  const config = { ...entry.config, ...alias, ...(subject.enabled ? {} : { enabled: false }) }
  const rawCode = testTemplate(entry, config)
  const metadata = { namespace: entry.namespace, name: entry.name, kwargs }
  const template = Template.later(rawCode, subject.file)
  return parser.node(
    { resourceType: 'test', defaults: testDefaults(), tree: 'tests' },
    {
      name: full,
      file: subject.file,
      path: `${short}.sql`,
      fqn: [parser.project.name, ...folders(subject.file), full],
      rawCode,
      template,
      description: entry.description,
      tags: subject.tags,
      hash: testHash(full, metadata),
      group: subject.group,
      generic: { ...metadata, columnName, fileKeyName: subject.fileKeyName, attachedNode: subject.attachedNode },
      captured: (self, configured) => {
        const call = {
          macro: macroEntry,
          subject: subject.call,
          version: subject.version,
          arguments: arguments_,
          config,
        }
        const plain = testCapture(call, parser.macros, parser.project.name)
        if (plain !== null) return plain
        const found = capture({
          invocation: parser.invocation,
          macros: parser.macros,
          packageName: parser.project.name,
          template,
          self,
          knownConfig: { ...configured, ...config },
          extra: (context) => ({ _dbt_generic_test_kwargs: kwargsNow(kwargs, context, basename(subject.file)) }),
        })
        return { ...found, macros: [...new Set([macroEntry.uniqueId, ...found.macros])] }
      },
    },
  )
}

function asTags(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((tag) => typeof tag === 'string')
}

function kwargsNow(kwargs: Mapping, context: NodeContext, file: string): PyDict {
  return new PyDict(
    Object.entries(kwargs).map(([key, value]): [Value, Value] => [key, argumentNow(key, value, context, file)]),
  )
}

function argumentNow(key: string, value: unknown, context: NodeContext, file: string): Value {
  if (typeof value === 'string') {
    const source = argumentTemplate(key, value)
    return source === null ? value : Template.parse(source, file).nativeNow(context)
  }
  if (Array.isArray(value)) return value.map((item) => argumentNow('', item, context, file))
  if (isMapping(value)) return kwargsNow(value, context, file)
  return fromHost(value)
}
