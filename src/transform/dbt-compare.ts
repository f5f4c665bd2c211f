/** Pure comparison of what two runners made of one project. */
export interface Difference {
  readonly kind: 'compiled' | 'manifest' | 'relation' | 'rows' | 'status'
  /** A unique id, or a relation as schema.name. */
  readonly id: string
  readonly native: string
  readonly dbtCore: string
}

type Entry = Readonly<Record<string, unknown>>

/** The part of manifest.json that is compared. */
export interface ComparedManifest {
  readonly nodes: Readonly<Record<string, Entry>>
  readonly sources: Readonly<Record<string, Entry>>
}

/** What must be the same in the manifest, beside the compiled SQL. */
const KEYS = [
  'fqn',
  'refs',
  'sources',
  'config',
  'tags',
  'checksum',
  'alias',
  'schema',
  'database',
  'relation_name',
  'description',
  'columns',
  'meta',
  'raw_code',
] as const

/** Key by key, node by node; of the compiled SQL the first line that differs. */
export function compareManifests(native: ComparedManifest, dbtCore: ComparedManifest): Difference[] {
  const [mine, theirs] = [enabled(native), enabled(dbtCore)]
  const all = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort()
  return all.flatMap((id): Difference[] => {
    const [one, other] = [mine[id], theirs[id]]
    if (one === undefined || other === undefined)
      return [{ kind: 'manifest', id, native: one ? 'there' : 'absent', dbtCore: other ? 'there' : 'absent' }]
    return [...compiledOf(id, one, other), ...keysOf(id, one, other)]
  })
}

/** dbt keeps tests of a disabled model among its nodes, switched off. */
function enabled({ nodes, sources }: ComparedManifest): Readonly<Record<string, Entry>> {
  const all = Object.entries({ ...nodes, ...sources })
  return Object.fromEntries(all.filter(([, entry]) => (entry['config'] as Entry | undefined)?.['enabled'] !== false))
}

function compiledOf(id: string, one: Entry, other: Entry): Difference[] {
  const lines = [one, other].map((entry) => textOf(entry['compiled_code']).split('\n'))
  const [mine = [], theirs = []] = lines
  const at = Array.from({ length: Math.max(mine.length, theirs.length) }, (_, line) => line).find(
    (line) => mine[line] !== theirs[line],
  )
  if (at === undefined) return []
  const said = (text: string | undefined): string => `line ${at + 1}: ${text ?? 'absent'}`
  return [{ kind: 'compiled', id, native: said(mine[at]), dbtCore: said(theirs[at]) }]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function keysOf(id: string, one: Entry, other: Entry): Difference[] {
  return KEYS.flatMap((key): Difference[] => {
    const [mine, theirs] = [canonical(one[key]), canonical(other[key])]
    return mine === theirs ? [] : [{ kind: 'manifest', id, native: `${key} = ${mine}`, dbtCore: `${key} = ${theirs}` }]
  })
}

/** JSON with sorted keys; tags as a set, because dbt repeats some. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (key, item: unknown) => {
    if (key === 'tags' && Array.isArray(item)) return [...new Set(item.map(String))].sort()
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
  })
}

export interface ComparedResult {
  readonly uniqueId: string
  readonly status: string
  readonly failures: number | null
}

/** How each node ended, and how many rows a test found. */
export function compareResults(native: readonly ComparedResult[], dbtCore: readonly ComparedResult[]): Difference[] {
  const said = (results: readonly ComparedResult[]): Map<string, string> =>
    new Map(results.map(({ uniqueId, status, failures }) => [uniqueId, failures ? `${status} (${failures})` : status]))
  return compareMaps('status', said(native), said(dbtCore))
}

/** Texts by name; what one side does not have is absent. */
export function compareMaps(
  kind: Difference['kind'],
  native: ReadonlyMap<string, string>,
  dbtCore: ReadonlyMap<string, string>,
): Difference[] {
  const ids = [...new Set([...native.keys(), ...dbtCore.keys()])].sort()
  return ids
    .map((id) => ({ kind, id, native: native.get(id) ?? 'absent', dbtCore: dbtCore.get(id) ?? 'absent' }))
    .filter((one) => one.native !== one.dbtCore)
}
