import { readFileSync } from 'node:fs'
import { isoInstant } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import type { PartitionKey } from '../domain/metric.ts'
import type { Platform } from '../domain/platform.ts'
import type { Session, SqlRow, SqlValue, Warehouse } from '../warehouse/warehouse.ts'
import { attempt } from './attempt.ts'
import type { PostCheck, PostMoment, PostStatement } from './post-checks.ts'
import { postChecks } from './post-checks.ts'
import { reconcileTolerances, skipped } from './post-judge.ts'
import type { Tolerances } from './post-judge.ts'
import { quoted } from './fragment.ts'
import { judged, notCarriedOut } from './judged.ts'
import type { RunRecord } from './record.ts'
import { writeRuns } from './record.ts'
import type { CheckResult } from './result.ts'
import { newestResults } from './stored.ts'
import type { Suite } from './suite.ts'
import { inForce, muted, mutesInForce } from './suite.ts'

/** Which published days are looked at. */
export interface PostRequest extends DayRange {
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
  /** Only these checks; all when left out. */
  readonly checkIds?: readonly string[] | undefined
  readonly nowMs: number
  readonly suite: Suite
}

/** What the later checks said of one partition. */
export interface PostRun {
  readonly key: PartitionKey
  readonly loadVersion: string
  readonly results: readonly CheckResult[]
}

interface ScopeRow extends SqlRow {
  readonly platform: Platform
  readonly accountId: string
  readonly date: Day
  readonly extractId: string | null
  readonly isPublished: boolean
}

type Found = { readonly rows: ReadonlyMap<string, SqlRow> } | { readonly reason: string } | { readonly problem: string }

/**
 * Runs the later checks over published days and writes their results and the scores that these leave, in one transaction: one
 * statement a subject, however many partitions. A check that cannot be carried out is an error of its own; the others are judged.
 */
export async function runPostChecks(
  warehouse: Pick<Warehouse, 'transaction'>,
  request: PostRequest,
): Promise<readonly PostRun[]> {
  return warehouse.transaction(async (session) => {
    const scope = await readScope(session, request)
    if (scope.length === 0) return []
    const checks = chosen(request)
    const found = await ask(session, request, checks)
    const mutes = await mutesInForce(session, request.suite, request.nowMs)
    const moment = momentOf(request)
    const runs = scope.map((row): PostRun => ({
      key: keyOf(row),
      loadVersion: row.extractId ?? '',
      results: checks
        .map((check) => inForce(check, request.suite, row, request.nowMs))
        .map((check) => resultOf(check, row, found, moment))
        .map((result) => muted(result, mutes, row)),
    }))
    const known = await newestResults(
      session,
      runs.map((one) => one.key),
    )
    const records = runs.map((run): RunRecord => ({ ...run, known: known.get(run.key) ?? [] }))
    await writeRuns(session, records, { stage: 'post', nowMs: request.nowMs, contractHash: request.suite.hash })
    return runs
  })
}

function chosen({ checkIds }: PostRequest): readonly PostCheck[] {
  return postChecks.filter((one) => checkIds === undefined || checkIds.includes(one.id))
}

function momentOf({ nowMs, suite }: PostRequest): PostMoment {
  const given = suite.settings
  const tolerancesOf = (platform: string): Tolerances => ({
    ...reconcileTolerances,
    ...given.tolerances.get('*'),
    ...given.tolerances.get(platform),
  })
  return { nowMs, dueHours: given.dueHours, tolerancesOf }
}

function keyOf({ platform, accountId, date }: ScopeRow): PartitionKey {
  return { platform, accountId, level: 'campaign', breakdownKey: '', date }
}

function placeOf({ platform, accountId, date }: SqlRow): string {
  return [platform, accountId, date].join('|')
}

function valuesOf({ since, until, platforms, accountIds, nowMs }: PostRequest): readonly SqlValue[] {
  return [since, until, platforms ?? null, accountIds ?? null, isoInstant(nowMs)]
}

function readScope(session: Session, request: PostRequest): Promise<readonly ScopeRow[]> {
  return session.query<ScopeRow>(
    `${text('scope')} select platform, account_id as "accountId", date, extract_id::text as "extractId", published_at is not null as "isPublished"
     from scope order by platform, account_id, date`,
    valuesOf(request),
  )
}

/** Each statement once, whatever the number of checks that read it. */
async function ask(
  session: Session,
  request: PostRequest,
  checks: readonly PostCheck[],
): Promise<ReadonlyMap<PostStatement, Found>> {
  const found = new Map<PostStatement, Found>()
  for (const { statement } of checks) {
    if (statement === null || found.has(statement)) continue
    const sql = statement === 'marts' ? await martText(session) : text(statement)
    if (typeof sql !== 'string') {
      found.set(statement, sql)
      continue
    }
    const answer = await attempt(session, () => session.query(`${text('scope')}${sql}`, valuesOf(request)))
    found.set(
      statement,
      answer.ok ? { rows: new Map(answer.value.map((row) => [placeOf(row), row])) } : { problem: answer.problem },
    )
  }
  return found
}

function resultOf(
  check: PostCheck,
  row: ScopeRow,
  found: ReadonlyMap<PostStatement, Found>,
  moment: PostMoment,
): CheckResult {
  const said = check.statement === null ? { rows: new Map<string, SqlRow>() } : found.get(check.statement)
  if (said === undefined) return notCarriedOut(check, row.date, 'it was not asked')
  if ('problem' in said) return notCarriedOut(check, row.date, said.problem)
  if ('reason' in said) return judged(check, row.date, skipped(said.reason), undefined)
  const own = said.rows.get(placeOf(row))
  if (own === undefined && check.statement !== null) return judged(check, row.date, skipped('not_published'), undefined)
  try {
    return judged(check, row.date, check.judge(own, moment), undefined)
  } catch (error) {
    return notCarriedOut(check, row.date, error)
  }
}

const martColumns = [
  'platform',
  'account_id',
  'date',
  'total_cost',
  'total_impressions',
  'total_clicks',
  'total_conversions',
  'ctr',
  'cpc',
  'cvr',
  'cpa',
]

interface Relation extends SqlRow {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

/** The statement over the two relations of the default dbt project, or why there is nothing to compare. */
async function martText(session: Session): Promise<string | Found> {
  const relations = await session.query<Relation>(
    `select n.nspname::text as schema, c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relname in ('stg_campaign_metrics', 'campaign_performance_summary') and c.relkind in ('r', 'v', 'm')
     group by c.oid, n.nspname, c.relname order by c.oid desc`,
  )
  const mart = relations.find((one) => one.name === 'campaign_performance_summary')
  const staging = relations.find((one) => one.name === 'stg_campaign_metrics' && one.schema === mart?.schema)
  if (!mart || !staging) return { reason: 'no_mart' }
  // The seed's own formulas have no account and no nulls: its mart cannot be compared day by day.
  if (!martColumns.every((name) => mart.columns.includes(name))) return { reason: 'other_mart' }
  const named = ({ schema, name }: Relation) => `${quoted(schema)}.${quoted(name)}`
  return text('marts').replaceAll('{staging}', named(staging)).replaceAll('{mart}', named(mart))
}

const texts = new Map<string, string>()

function text(name: PostStatement | 'scope'): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const read = readFileSync(new URL(`./post-${name}.sql`, import.meta.url), 'utf8')
  texts.set(name, read)
  return read
}
