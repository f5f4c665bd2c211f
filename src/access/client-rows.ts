import type { SqlValue } from '../warehouse/warehouse.ts'

/** Rows that name their account in `platform` and `account_id`. */
const byAccount = [
  'dim_account',
  'dim_entity',
  'extract',
  'partition_state',
  'fact_ad_daily',
  'fact_ad_monthly',
  'fact_ad_month_stale',
  'fact_ad_daily_history',
  'daily_campaign_metrics',
  'daily_campaign_budget',
  'campaign_names',
  'campaign_day',
  'dq_run',
  'dq_newest_run',
  'dq_newest_score',
  'incident',
  'stream_series',
] as const

/** Rows that belong to a row of another table, by the name of the column that both have. */
const byOwner = {
  partition_version: ['partition_id', 'partition_state'],
  dq_result: ['run_id', 'dq_run'],
  dq_sample: ['run_id', 'dq_run'],
  dq_score: ['run_id', 'dq_run'],
} as const satisfies Readonly<Record<string, readonly [column: string, owner: (typeof byAccount)[number]]>>

/** Of the whole project and of no client: shown as empty, where a screen of clients' rows asks for them beside those. */
const ofNobody = [
  'connection_secret',
  'incident_event',
  'incident_member',
  'silence',
  'anomaly',
  'ledger_day',
  'ledger_account',
  'engine_pipeline',
  'pipeline_run',
  'outbox',
  'dead_letter',
  'stream_cursor',
  'stream_head',
  'stream_reconciliation',
  'stream_topic',
] as const

/** Tasks that are about an account of theirs; what a run does for everybody, as building models, is nobody's. */
const ownTasks = (schema: string) =>
  `select run_id, task from ${schema}.engine_task where account in (select platform || '/' || account_id from client_account)`

/** Rows that say in a way of their own whose they are. */
const byCondition = {
  engine_task: (schema) => `(run_id, task) in (${ownTasks(schema)})`,
  engine_run: (schema) => `run_id in (select run_id from (${ownTasks(schema)}) own)`,
  engine_attempt: (schema) => `(run_id, task) in (${ownTasks(schema)})`,
  engine_log: (schema) => `(run_id, task) in (${ownTasks(schema)})`,
  run_extract: (schema) => `extract_id in (${ofAccounts(`${schema}.extract`, 'extract_id')})`,
  rt_minute: (schema) => `series_id in (${ofAccounts(`${schema}.stream_series`, 'series_id')})`,
  // Which job's counters are shown, and nothing else.
  stream_live: () => 'true',
} as const satisfies Readonly<Record<string, (schema: string) => string>>

interface Narrowing {
  /** Quoted. */
  readonly schema: string
  readonly clients: readonly string[]
}

/**
 * A query as somebody who is limited to clients may ask it: every table that it names is a narrowed copy of itself, by common
 * table expressions, which go before tables of the same name. It is to be asked with nothing but pg_catalog on the search path:
 * a table that is not narrowed here is then not there at all, and the query fails instead of showing what it should not.
 */
export function narrowed(
  query: string,
  values: readonly SqlValue[],
  { schema, clients }: Narrowing,
): { readonly query: string; readonly values: readonly SqlValue[] } {
  const own = `$${values.length + 1}::text[]`
  const names = (name: string) => new RegExp(`\\b${name}\\b`).test(query)
  const parts = [
    `client_account (platform, account_id) as materialized (${accountsOf(schema, own)})`,
    ...byAccount.filter(names).map((name) => `${name} as not materialized (${ofAccounts(`${schema}.${name}`)})`),
    ...Object.entries(byOwner)
      .filter(([name]) => names(name))
      .map(([name, [column, owner]]) => {
        const mine = ofAccounts(`${schema}.${owner}`, column)
        return `${name} as not materialized (select * from ${schema}.${name} where ${column} in (${mine}))`
      }),
    ...Object.entries(byCondition)
      .filter(([name]) => names(name))
      .map(([name, own]) => `${name} as not materialized (select * from ${schema}.${name} where ${own(schema)})`),
    ...ofNobody.filter(names).map((name) => `${name} as (select * from ${schema}.${name} where false)`),
  ]
  const [, head = '', body = query] = /^((?:\s*--[^\n]*\n)*)\s*(?:with\s)?([\s\S]*)$/i.exec(query) ?? []
  const isWith = /^\s*with\s/i.test(query.slice(head.length))
  return { query: `${head}with ${parts.join(',\n')}${isWith ? ',\n' : '\n'}${body}`, values: [...values, [...clients]] }
}

/** An account that is named by itself goes before the whole of its platform. */
function accountsOf(schema: string, own: string): string {
  return `select a.platform, a.account_id from ${schema}.dim_account a
    where a.is_current and (select c.client from ${schema}.account_client c
      where c.platform = a.platform and c.account_id in (a.account_id, '*') order by c.account_id = '*' limit 1) = any(${own})`
}

function ofAccounts(table: string, column = '*'): string {
  return `select ${column} from ${table} where (platform, account_id) in (select platform, account_id from client_account)`
}
