import { parseSync } from 'oxc-parser'

/** One source file: its path below `src` with `/`, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** One row of ARCHITECTURE.md's table of rooms. */
export interface Room {
  readonly name: string
  readonly mayImport: readonly string[]
  /** Package → the only files of the room that may import it; empty: any file of the room. */
  readonly packages: ReadonlyMap<string, readonly string[]>
}

/** Reads the rooms from the page, so that the page is the rule and not a copy of it. */
export function roomsOf(architecture: string): readonly Room[] {
  const table = architecture.split('## Rooms')[1]?.split('\n## ')[0] ?? ''
  const rows = table
    .split('\n')
    .filter((line) => /^\| \w+ \|/.test(line) && !line.startsWith('| room') && !line.startsWith('| file'))
  return rows
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 8)
    .map((cells) => ({ name: cells[1] ?? '', mayImport: words(cells[5]), packages: packagesOf(cells[6]) }))
}

function words(cell = ''): readonly string[] {
  return cell === '-' ? [] : cell.split(',').map((word) => word.trim())
}

function packagesOf(cell = ''): ReadonlyMap<string, readonly string[]> {
  return new Map(
    words(cell).map((word) => {
      const [name = '', files = ''] = word.split(':')
      return [name.trim(), files.split(' ').filter(Boolean)]
    }),
  )
}

/** Everything a file imports: static, dynamic with a literal, and re-exported. */
export function importsOf(file: SourceFile): readonly string[] {
  const { module } = parseSync(file.path, file.text)
  const fixed = module.staticImports.map((one) => one.moduleRequest.value)
  const again = module.staticExports.flatMap((one) => one.entries.map((entry) => entry.moduleRequest?.value ?? ''))
  const late = module.dynamicImports.map(
    (one) => /^['"]([^'"]+)['"]$/.exec(file.text.slice(one.moduleRequest.start, one.moduleRequest.end))?.[1] ?? '',
  )
  return [...fixed, ...again, ...late].filter(Boolean)
}

/** `../lake/lake.ts` seen from `unify/remap.ts` → `lake/lake.ts`. */
function resolved(from: string, request: string): string {
  return new URL(request, `file:///${from}`).pathname.slice(1)
}

const isTest = (path: string) => /\.(test|contract|fixture)\.ts$/.test(path) || path.endsWith('/fixture.ts')
const roomOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : path)
const packageOf = (request: string) =>
  request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/')

/** A room imports only the rooms and packages that the table grants it. Tests may look anywhere. */
export function brokenImports(files: readonly SourceFile[], rooms: readonly Room[]): readonly string[] {
  const byName = new Map(rooms.map((room) => [room.name, room]))
  return files
    .filter((file) => file.path.includes('/') && !isTest(file.path))
    .flatMap((file) => {
      const room = byName.get(roomOf(file.path))
      if (!room) return [`${file.path}: ARCHITECTURE.md has no room "${roomOf(file.path)}"`]
      return importsOf(file).flatMap((request) => brokenImport(file.path, request, room))
    })
}

function brokenImport(path: string, request: string, room: Room): readonly string[] {
  if (request.startsWith('node:')) return []
  if (request.startsWith('.')) {
    const target = roomOf(resolved(path, request))
    return target === room.name || room.mayImport.includes(target) || target === '..'
      ? []
      : [`${path} imports ${target}; ${room.name} may import: ${room.mayImport.join(', ') || 'nothing'}`]
  }
  const only = room.packages.get(packageOf(request))
  if (!only)
    return [`${path} imports the package ${packageOf(request)}, which ARCHITECTURE.md does not grant to ${room.name}`]
  const name = path.split('/').at(-1) ?? ''
  return only.length === 0 || only.includes(name)
    ? []
    : [`${path} imports ${packageOf(request)}; only ${only.join(', ')} may`]
}

/** Import cycles, types included, each named once by its files in order. */
export function importCycles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter((one) => one.startsWith('.'))
        .map((one) => resolved(file.path, one)),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      cycles.push([...trail.slice(at), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const next of graph.get(path) ?? []) if (graph.has(next)) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

/** Files that re-export others: a barrel hides which door was used. Only what the package is imported by may. */
export function barrels(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter((file) => file.path !== 'index.ts')
    .filter((file) =>
      parseSync(file.path, file.text).module.staticExports.some((one) =>
        one.entries.some((entry) => entry.moduleRequest),
      ),
    )
    .map((file) => `${file.path} re-exports from another file`)
}

/** Folders deeper than two levels, but for transform/native, and names that say nothing. */
export function strayPlaces(files: readonly SourceFile[]): readonly string[] {
  const empty = /(^|\/)(utils?|helpers?|common|misc|lib|shared)(\.|\/|$)/
  return files.flatMap(({ path }) => {
    const depth = path.split('/').length - 1
    const deep = depth > 1 && !(path.startsWith('transform/native/') && depth <= 3)
    return [
      ...(deep ? [`${path} lies too deep`] : []),
      ...(empty.test(path) ? [`${path} has a name that says nothing`] : []),
    ]
  })
}

export interface LineLimits {
  readonly file: number
  readonly test: number
  readonly adapter: number
  readonly functionLines: number
}

/** Files and functions over their limit; `adapters` are the paths of registered adapters. */
export function tooLong(
  files: readonly SourceFile[],
  adapters: ReadonlySet<string>,
  limits: LineLimits,
): readonly string[] {
  return files.flatMap((file) => {
    const lines = file.text.split('\n').length - 1
    const limit = isTest(file.path) ? limits.test : adapters.has(file.path) ? limits.adapter : limits.file
    const over = lines > limit ? [`${file.path} has ${lines} lines; its limit is ${limit}`] : []
    return isTest(file.path) ? over : [...over, ...longFunctions(file, limits.functionLines)]
  })
}

function longFunctions(file: SourceFile, limit: number): readonly string[] {
  const lineAt = (offset: number) => file.text.slice(0, offset).split('\n').length
  const found: string[] = []
  walk(parseSync(file.path, file.text).program, (node) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return
    const first = lineAt(node.start)
    const count = lineAt(node.end) - first + 1
    if (count > limit) found.push(`${file.path}:${first} is a function of ${count} lines; the limit is ${limit}`)
  })
  return found
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string'
}

function walk(node: Node, look: (node: Node) => void): void {
  look(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, look)
  }
}

/** The members of an exported interface, by name; optional members count for nothing, because an adapter may leave them out. */
export function requiredMembers(file: SourceFile, name: string): readonly string[] | undefined {
  let members: readonly string[] | undefined
  walk(parseSync(file.path, file.text).program, (node) => {
    const found = node as Node & {
      id?: { name?: string }
      body?: { body?: readonly (Node & { optional?: boolean })[] }
    }
    if (node.type !== 'TSInterfaceDeclaration' || found.id?.name !== name) return
    members = (found.body?.body ?? [])
      .filter((one) => !one.optional)
      .map((one) => file.text.slice(one.start, one.end).split(/[(:\n]/)[0] ?? '')
  })
  return members
}

/** Registered adapters whose test file does not call their contract by name. */
export function missingContracts(
  registered: readonly { readonly room: string; readonly port: string; readonly name: string; readonly file: string }[],
  files: readonly SourceFile[],
): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file.text]))
  return registered.flatMap(({ port, name, file }) => {
    const test = file.replace(/\.ts$/, '.test.ts')
    const text = byPath.get(test)
    if (text === undefined) return [`${test} is missing`]
    return text.includes(`${port}Contract('${name}'`) ? [] : [`${test} does not call ${port}Contract('${name}', …)`]
  })
}

export interface Registered {
  readonly room: string
  readonly port: string
  readonly name: string
  readonly file: string
}

/** Reads adapters.ts as text: `port: { name: () => import('./room/file.ts'), … }`. Importing it would load every client. */
export function registeredAdapters(text: string): readonly Registered[] {
  return [...text.matchAll(/^ {2}(\w+): \{([^}]*)\}/gm)].flatMap(([, port = '', body = '']) =>
    [...body.matchAll(/'?([\w-]+)'?: \(\) => import\('\.\/([^']+)'\)/g)].map(([, name = '', file = '']) => ({
      port,
      name,
      file,
      room: roomOf(file),
    })),
  )
}

/** The registered adapters, and those of the port that no configuration chooses: an engine is over the warehouse or an Airflow that is there. */
export function contractedAdapters(text: string): readonly Registered[] {
  const engine = (name: string, file: string) => ({ room: 'orchestrate', port: 'engine', name, file })
  return [
    ...registeredAdapters(text),
    engine('embedded', 'orchestrate/embedded-engine.ts'),
    engine('airflow', 'orchestrate/airflow-engine.ts'),
  ]
}

const literal = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The promises of a contract suite as patterns of their titles: a title that is made for each case of a table has gaps. */
export function contractPromises(file: SourceFile): readonly RegExp[] {
  const found: RegExp[] = []
  const take = (title: Written | undefined) => {
    const written = title?.type === 'TemplateLiteral' ? file.text.slice(title.start + 1, title.end - 1) : title?.value
    if (typeof written !== 'string') return
    // The adapter's name is not part of what is promised.
    const pieces = written
      .replace('${name}: ', '')
      .replace(' (${name})', '')
      .split(/\$\{[^}]*\}|%s/)
    if (/\w/.test(pieces.join(''))) found.push(new RegExp(`^(?:.* )?${pieces.map(literal).join('.+')}$`))
  }
  walk(parseSync(file.path, file.text).program, (node) => {
    const { callee, arguments: given, id, init } = node as Titled
    const calls = node.type === 'CallExpression' && callee ? file.text.slice(callee.start, callee.end) : ''
    if (/^(promise|test|test\.for\(\w+\))$/.test(calls)) take(given?.[0])
    // A table of titles and bodies, of which the suite makes its tests.
    if (id?.name?.endsWith('Promises')) for (const one of init?.elements ?? []) take(one.elements?.[0])
  })
  return found
}

type Written = Node & { readonly value?: unknown }

interface Titled {
  readonly callee?: Node
  readonly arguments?: readonly Written[]
  readonly id?: { readonly name?: string }
  readonly init?: { readonly elements?: readonly { readonly elements?: readonly Written[] }[] }
}
