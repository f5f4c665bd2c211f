import { deserialize, serialize } from 'node:v8'
import { COLUMNS_PER_LINE } from '../jinja/failure.ts'
import { Template } from '../jinja/template.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict, PyFloat, PyTuple } from '../jinja/value.ts'
import type { Project } from '../project/project-file.ts'
import { MacroRegistry } from './macro-registry.ts'
import type { DescribedEntry, MacroEntry, Manifest, Node } from './nodes.ts'
import type { ParsedProject } from './parse-project.ts'

/** Where a template stands; its text is the node's raw code unless it says otherwise. */
interface FrozenTemplate {
  readonly file: string
  readonly firstLine: number
  readonly source?: string
}

type FrozenNode = Omit<Node, 'template'> & { readonly template: FrozenTemplate }
type FrozenMacro = Omit<MacroEntry, 'template' | 'definition'> & { readonly at: number; readonly file: string }
type FrozenManifest = Omit<Manifest, 'nodes' | 'disabled' | 'macros'> & {
  readonly nodes: readonly FrozenNode[]
  readonly disabled: readonly FrozenNode[]
  readonly macros: readonly FrozenMacro[]
}

/** A parsed project as bytes; null when it holds a value that cannot be kept. */
export function frozen({ manifest }: ParsedProject): Buffer | null {
  const { nodes, disabled, macros, described, disabledDescribed, ...rest } = manifest
  const content = {
    ...rest,
    described: new Map([...described].map(([id, entry]) => [id, plain(entry)])),
    disabledDescribed: disabledDescribed.map(plain),
    nodes: [...nodes.values()].map(frozenNode),
    disabled: [...disabled.values()].map(frozenNode),
    macros: [...macros.values()].map(frozenMacro),
  }
  try {
    return serialize(content)
  } catch (error) {
    // A function or a template in a place that this file does not know: the next invocation parses anew.
    if (error instanceof Error && error.name === 'DataCloneError') return null
    throw error
  }
}

/** The project of those bytes. Templates and macros are parsed when they are first needed. */
export function thawed(bytes: Buffer, root: Project): ParsedProject {
  const content = deserialize(bytes) as FrozenManifest
  const macros = new MacroRegistry(root, content.macros.map(thawedMacro))
  const byId = (nodes: readonly FrozenNode[]): Map<string, Node> =>
    new Map(nodes.map((node) => [node.uniqueId, thawedNode(node)]))
  const manifest: Manifest = {
    ...content,
    described: new Map([...content.described].map(([id, entry]) => [id, alive(entry) as DescribedEntry])),
    disabledDescribed: content.disabledDescribed.map((entry) => alive(entry) as DescribedEntry),
    nodes: byId(content.nodes),
    disabled: byId(content.disabled),
    macros: macros.entries,
  }
  return { manifest, macros }
}

function frozenNode({ template, ...node }: Node): FrozenNode {
  const { file, firstLine, source } = template
  return { ...node, template: source === node.rawCode ? { file, firstLine } : { file, firstLine, source } }
}

function thawedNode({ template, ...node }: FrozenNode): Node {
  return { ...node, template: Template.later(template.source ?? node.rawCode, template.file, template.firstLine) }
}

function frozenMacro({ template, definition, ...macro }: MacroEntry): FrozenMacro {
  return { ...macro, at: definition.at, file: template.file }
}

/** The text of one macro stands where it stood, so that an error in it has its place. */
function thawedMacro({ at, file, ...macro }: FrozenMacro): MacroEntry {
  const [line, column] = [Math.floor(at / COLUMNS_PER_LINE), at % COLUMNS_PER_LINE]
  const opening = /^\{%[-+]?\s*/.exec(macro.source)?.[0] ?? ''
  const template = Template.later(' '.repeat(Math.max(0, column - 1 - opening.length)) + macro.source, file, line)
  return {
    ...macro,
    template,
    get definition() {
      return template.definitions[0]!
    },
  }
}

const MARK = '\u0000python'

/** Python's values in what a schema file says, as data. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof PyDict)
    return { [MARK]: 'dict', items: value.entries().map(([key, item]) => [plain(key), plain(item)]) }
  if (value instanceof PyTuple) return { [MARK]: 'tuple', items: value.items.map(plain) }
  if (value instanceof PyFloat) return { [MARK]: 'float', items: value.value }
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function alive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alive)
  if (!isRecord(value)) return value
  const { items } = value
  if (value[MARK] === 'dict')
    return new PyDict((items as [Value, Value][]).map((pair) => pair.map(alive) as [Value, Value]))
  if (value[MARK] === 'tuple') return new PyTuple((items as Value[]).map((item) => alive(item) as Value))
  if (value[MARK] === 'float') return new PyFloat(items as number)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, alive(item)]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
