import { createHash } from 'node:crypto'
import { isoInstant } from '../domain/clock.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Principal } from './principal.ts'

/** `begun` is written before the deed, so that a deed whose process died is known too; the others after it, under the same deed. */
export type AuditOutcome = 'begun' | 'done' | 'refused' | 'failed'

/** One line of the log of who did what. */
export interface AuditEntry {
  /** Lines of one deed have one. */
  readonly deed: string
  readonly who: Pick<Principal, 'kind' | 'id' | 'name'>
  /** `POST /api/v1/runs`, `incidents ack`, `session open`. */
  readonly action: string
  /** What it was done to, and what was asked for; secrets are covered before they come here. */
  readonly subject: string
  readonly detail: unknown
  /** An address, or the machine of a command. */
  readonly origin: string
  readonly outcome: AuditOutcome
  /** SHA-256 of what is changed, before and after; null where it was not there, or not looked at. */
  readonly beforeHash?: string | null
  readonly afterHash?: string | null
  readonly nowMs: number
}

export interface AuditLine {
  readonly auditId: string
  readonly deed: string
  readonly at: Date
  readonly whoKind: string
  readonly whoId: string
  readonly who: string
  readonly action: string
  readonly subject: string
  readonly detail: unknown
  readonly origin: string
  readonly outcome: AuditOutcome
  readonly beforeHash: string | null
  readonly afterHash: string | null
  readonly previousHash: string
  readonly lineHash: string
}

const columns = `audit_id::text as "auditId", deed::text as deed, at, who_kind as "whoKind", who_id as "whoId", who, action, subject, detail,
  origin, outcome, before_hash as "beforeHash", after_hash as "afterHash", previous_hash as "previousHash", line_hash as "lineHash"`

type Told = Omit<AuditLine, 'auditId' | 'lineHash'>

/** Every line holds the hash of the one before: whoever changes or removes one has to change all that follow. */
function lineHash(line: Told): string {
  const { deed, at, whoKind, whoId, who, action, subject, detail, origin, outcome } = line
  const told = [
    line.previousHash,
    deed,
    isoInstant(at.getTime()),
    [whoKind, whoId, who],
    [action, subject, sorted(detail)],
    [origin, outcome],
    [line.beforeHash, line.afterHash],
  ]
  return createHash('sha256').update(JSON.stringify(told)).digest('hex')
}

/** jsonb keeps no order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)])
}

/** SHA-256 of rows as they are now; what "before" and "after" compare. */
export function stateHash(rows: readonly unknown[]): string | null {
  if (rows.length === 0) return null
  const text = JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
  return createHash('sha256').update(text).digest('hex')
}

/** Appends a line. In the transaction of what it tells of, where there is one: then neither is there without the other. */
export async function appendAudit(session: Session, entry: AuditEntry): Promise<void> {
  // One writer at a time: the chain has no forks.
  await session.query(`select pg_advisory_xact_lock(hashtextextended('millrace audit', 0))`)
  const [last] = await session.query<{ readonly hash: string }>(
    'select line_hash as hash from audit_line order by audit_id desc limit 1',
  )
  // As the database will give it back: milliseconds, and JSON as JSON.
  const line: Told = {
    deed: entry.deed,
    at: new Date(Math.floor(entry.nowMs)),
    whoKind: entry.who.kind,
    whoId: entry.who.id,
    who: entry.who.name,
    action: entry.action,
    subject: entry.subject,
    detail: JSON.parse(JSON.stringify(entry.detail ?? null)) as unknown,
    origin: entry.origin,
    outcome: entry.outcome,
    beforeHash: entry.beforeHash ?? null,
    afterHash: entry.afterHash ?? null,
    previousHash: last?.hash ?? '',
  }
  await session.query(
    `insert into audit_line (deed, at, who_kind, who_id, who, action, subject, detail, origin, outcome, before_hash, after_hash,
       previous_hash, line_hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      line.deed,
      line.at,
      line.whoKind,
      line.whoId,
      line.who,
      line.action,
      line.subject,
      JSON.stringify(line.detail),
      line.origin,
      line.outcome,
      line.beforeHash,
      line.afterHash,
      line.previousHash,
      lineHash(line),
    ],
  )
}

export interface AuditFilter {
  readonly who?: string | undefined
  readonly action?: string | undefined
  readonly sinceMs?: number | undefined
  readonly limit: number
}

/** Lines, newest first. `who` is a name or an id, `action` a part of one. */
export function listAudit(session: Session, filter: AuditFilter): Promise<readonly AuditLine[]> {
  return session.query<AuditLine & SqlRow>(
    `select ${columns} from audit_line
     where ($1::text is null or who = $1 or who_id = $1) and ($2::text is null or position($2 in action) > 0)
       and ($3::timestamptz is null or at >= $3)
     order by audit_id desc limit $4`,
    [
      filter.who ?? null,
      filter.action ?? null,
      filter.sinceMs === undefined ? null : new Date(filter.sinceMs),
      filter.limit,
    ],
  )
}

const pageLines = 1_000

/** Reads the whole chain. `brokenAt`: the first line that is not what was written, or does not follow the one before it. */
export async function verifyAudit(
  session: Session,
): Promise<{ readonly lines: number; readonly lastHash: string; readonly brokenAt: string | null }> {
  let previous = ''
  let lines = 0
  let after = '0'
  for (;;) {
    const page = await session.query<AuditLine & SqlRow>(
      `select ${columns} from audit_line where audit_id > $1::bigint order by audit_id limit $2`,
      [after, pageLines],
    )
    for (const line of page) {
      if (line.previousHash !== previous || lineHash(line) !== line.lineHash)
        return { lines, lastHash: previous, brokenAt: line.auditId }
      previous = line.lineHash
      after = line.auditId
      lines++
    }
    if (page.length < pageLines) return { lines, lastHash: previous, brokenAt: null }
  }
}
