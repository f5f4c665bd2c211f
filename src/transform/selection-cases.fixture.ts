/** Selections of the project in selection.fixture.ts that both runners answer. */
export interface SelectionCase {
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  readonly selector?: string
  readonly indirect?: 'eager' | 'cautious' | 'buildable' | 'empty'
  readonly types?: readonly string[]
  readonly excludeTypes?: readonly string[]
  readonly output?: 'name' | 'path' | 'json'
  readonly keys?: readonly string[]
}

const atoms = [
  'stg_orders',
  'stg_*',
  '*orders*',
  'shop.staging',
  'staging.web.*',
  'shop.*',
  'marts.core.fct_orders',
  'shop.marts.?aily',
  'st[af]ging',
  'stg_[co]*',
  'stg_[!o]*',
  'dai[l-m]y',
  'report.v1',
  'report',
  'helper',
  'inner',
  'calendar',
  'basket',
  'board',
  'country_codes',
  'customers_history',
  'no_negative',
  'nothing_here',
  'fqn:*',
  'tag:nightly',
  'tag:n*',
  'tag:mart',
  'tag:tested',
  'tag:odd',
  'tag:landing',
  'tag:visible',
  'group:finance',
  'group:f*',
  'access:public',
  'access:private',
  'access:protected',
  'source:raw',
  'source:raw.orders',
  'source:*.events',
  'source:shop.*.customers',
  'source:*',
  'path:models/staging',
  'path:models/staging/',
  'path:models/*/web',
  'path:models/**/*.sql',
  'path:models/marts/marts.yml',
  'path:models/staging/staging.yml',
  'path:seeds',
  'path:**',
  'path:*/history.sql',
  'models/marts/daily.sql',
  'models/staging',
  'tests/',
  'file:daily',
  'file:stg_*.sql',
  'file:marts.yml',
  'stg_events.sql',
  'country_codes.csv',
  'package:this',
  'package:helper',
  'package:h*',
  'config.materialized:table',
  'config.materialized:TABLE',
  'config.enabled:true',
  'config.severity:WARN',
  'config.severity:error',
  'config.meta.sla:gold',
  'config.meta.deep.er:x',
  'config.tags:pii',
  'config.unique_key:day',
  'config.persist_docs.relation:true',
  'config.meta.team:core',
  'config.nothing:here',
  'config.check_cols:all',
  'test_name:unique',
  'test_name:not_*',
  'test_name:above',
  'test_type:generic',
  'test_type:singular',
  'test_type:data',
  'test_type:schema',
  'resource_type:model',
  'resource_type:test',
  'resource_type:exposure',
  'resource_type:metric',
  'resource_type:saved_query',
  'resource_type:semantic_model',
  'resource_type:analysis',
  'state:new',
  'state:old',
  'state:modified',
  'state:unmodified',
  'state:modified.body',
  'state:modified.configs',
  'state:modified.persisted_descriptions',
  'state:modified.relation',
  'state:modified.macros',
  'state:modified.contract',
  'exposure:board',
  'exposure:*',
  'exposure:shop.sheet_1',
  'metric:basket',
  'metric:*e*',
  'metric:shop.n_orders',
  'result:success',
  'result:error',
  'result:fail',
  'result:skipped',
  'source_status:fresher',
  'source_status:stale',
  'version:none',
  'version:latest',
  'semantic_model:orders',
  'semantic_model:shop.*',
  'saved_query:weekly',
  'saved_query:*',
  'unit_test:*',
] as const

const signs: readonly ((atom: string) => string)[] = [
  (atom) => `+${atom}`,
  (atom) => `${atom}+`,
  (atom) => `1+${atom}`,
  (atom) => `${atom}+1`,
  (atom) => `2+${atom}+1`,
  (atom) => `@${atom}`,
  (atom) => `+${atom}+`,
  (atom) => `0+${atom}`,
]

/** Numbers that follow from a seed alone (mulberry32), so that the golden file and the test ask the same. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

function generated(seed: number, count: number): SelectionCase[] {
  const next = generator(seed)
  const one = <Item>(list: readonly Item[]): Item => list[next(list.length)]!
  const signed = (): string => (next(3) === 0 ? one(signs)(one(atoms)) : one(atoms))
  const word = (): string => (next(3) === 0 ? `${signed()},${signed()}` : signed())
  const modes = ['eager', 'cautious', 'buildable', 'empty'] as const
  const types = ['model', 'test', 'seed', 'snapshot', 'source', 'analysis', 'exposure', 'metric', 'all', 'default']
  return Array.from({ length: count }, (): SelectionCase => ({
    ...(next(6) === 0 ? {} : { select: Array.from({ length: 1 + next(2) }, word) }),
    ...(next(3) === 0 ? { exclude: [word()] } : {}),
    ...(next(2) === 0 ? { indirect: one(modes) } : {}),
    ...(next(5) === 0 ? { types: [one(types)] } : {}),
    ...(next(6) === 0 ? { excludeTypes: [one(types.slice(0, 8))] } : {}),
  }))
}

const names = 'nightly marts both inherited careful careful_pair without deep kin truth plain'.split(' ')

export const selectionCases: readonly SelectionCase[] = [
  {},
  ...atoms.map((atom): SelectionCase => ({ select: [atom] })),
  ...signs.map((sign): SelectionCase => ({ select: [sign('daily')] })),
  ...signs.slice(0, 6).map((sign): SelectionCase => ({ select: [sign('source:raw.customers')] })),
  ...names.map((selector): SelectionCase => ({ selector })),
  ...names.slice(2, 6).map((selector): SelectionCase => ({ selector, indirect: 'buildable' })),
  { output: 'name' },
  { output: 'path', select: ['+daily'] },
  { output: 'json', select: ['+daily', 'basket', 'board'] },
  { output: 'json', keys: ['name', 'config.materialized', 'config.meta.sla', 'unique_id'], select: ['daily', 'raw'] },
  { types: ['all'] },
  ...generated(20_261_127, 130),
]
