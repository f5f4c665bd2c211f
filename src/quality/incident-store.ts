import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Severity } from './check.ts'
import { incidentTable, reopenHours } from './incident-state.ts'
import type { IncidentEvent, IncidentState } from './incident-state.ts'
import type { Change, Incident, Member, Silence } from './incident-round.ts'
import type { Signal } from './signal.ts'

interface IncidentRow extends SqlRow {
  readonly incident_id: string
  readonly fingerprint: string
  readonly state: IncidentState
  readonly severity: Severity
  readonly first_day: Day
  readonly last_day: Day
  readonly opened_ms: number
  readonly changed_ms: number
  readonly resolved_ms: number | null
  readonly reopened: number
  readonly owner: string | null
  readonly told_ms: number | null
  readonly told_seq: number
  readonly root: Signal
  readonly members: readonly MemberRow[]
}

interface MemberRow {
  readonly fingerprint: string
  readonly firing: boolean
  readonly held_by: string | null
  readonly first_day: Day
  readonly last_day: Day
  readonly facts: Signal
}

const columns = `
select i.incident_id, i.fingerprint, i.state, i.severity, i.first_day::text as first_day, i.last_day::text as last_day,
  extract(epoch from i.opened_at)::float8 * 1000 as opened_ms, extract(epoch from i.changed_at)::float8 * 1000 as changed_ms,
  extract(epoch from i.resolved_at)::float8 * 1000 as resolved_ms, i.reopened, i.owner,
  extract(epoch from i.told_at)::float8 * 1000 as told_ms, i.told_seq, i.facts as root,
  coalesce((select jsonb_agg(jsonb_build_object('fingerprint', m.fingerprint, 'firing', m.firing, 'held_by', m.held_by,
    'first_day', m.first_day, 'last_day', m.last_day, 'facts', m.facts) order by m.held_by nulls first, m.fingerprint)
    from incident_member m where m.incident_id = i.incident_id), '[]') as members
from incident i`

function incidentOf(row: IncidentRow): Incident {
  return {
    incidentId: row.incident_id,
    root: row.root,
    fingerprint: row.fingerprint,
    state: row.state,
    severity: row.severity,
    firstDay: row.first_day,
    lastDay: row.last_day,
    openedMs: row.opened_ms,
    changedMs: row.changed_ms,
    resolvedMs: row.resolved_ms,
    reopened: row.reopened,
    owner: row.owner,
    toldMs: row.told_ms,
    toldSeq: row.told_seq,
    members: row.members.map((one): Member => ({
      signal: one.facts,
      fingerprint: one.fingerprint,
      firing: one.firing,
      heldBy: one.held_by,
      firstDay: one.first_day,
      lastDay: one.last_day,
    })),
  }
}

/** Live incidents and those that ended so lately that they may be reopened. Call it under `lockIncidents`. */
export async function recentIncidents(session: Session, nowMs: number): Promise<readonly Incident[]> {
  const since = isoInstant(nowMs - reopenHours * 3_600_000)
  const rows = await session.query<IncidentRow>(`${columns} where i.state <> 'resolved' or i.resolved_at >= $1`, [
    since,
  ])
  return rows.map(incidentOf)
}

/** One round at a time: two that look at once would open two incidents for one cause. Held until the transaction ends. */
export async function lockIncidents(session: Session): Promise<void> {
  await session.query("select pg_advisory_xact_lock(hashtextextended('incidents', 0))")
}

export async function liveSilences(session: Session, nowMs: number): Promise<readonly Silence[]> {
  const rows = await session.query<SqlRow & Silence>(
    `select platform, account_id as "accountId", check_id as "checkId", extract(epoch from until)::float8 * 1000 as "untilMs"
     from silence where until > $1 and ended_at is null`,
    [isoInstant(nowMs)],
  )
  return rows
}

const writeIncident = `
insert into incident (incident_id, fingerprint, dataset, check_id, platform, account_id, series_key, state, severity, first_day, last_day,
  opened_at, changed_at, resolved_at, reopened, owner, told_at, told_seq, facts)
select r.incident_id, r.fingerprint, r.dataset, r.check_id, r.platform, r.account_id, r.series_key, r.state, r.severity, r.first_day, r.last_day,
  r.opened_at, r.changed_at, r.resolved_at, r.reopened, r.owner, r.told_at, r.told_seq, r.facts
from jsonb_populate_record(null::incident, $1::jsonb) r
on conflict (incident_id) do update set fingerprint = excluded.fingerprint, check_id = excluded.check_id, account_id = excluded.account_id,
  series_key = excluded.series_key, state = excluded.state, severity = excluded.severity, first_day = excluded.first_day,
  last_day = excluded.last_day, changed_at = excluded.changed_at, resolved_at = excluded.resolved_at, reopened = excluded.reopened,
  told_at = excluded.told_at, told_seq = excluded.told_seq, facts = excluded.facts`

const writeMembers = `
insert into incident_member (incident_id, fingerprint, check_id, account_id, series_key, severity, firing, held_by, first_day, last_day, facts)
select r.incident_id, r.fingerprint, r.check_id, r.account_id, r.series_key, r.severity, r.firing, r.held_by, r.first_day, r.last_day, r.facts
from jsonb_populate_recordset(null::incident_member, $1::jsonb) r
on conflict (incident_id, fingerprint) do update set severity = excluded.severity, firing = excluded.firing, held_by = excluded.held_by,
  first_day = excluded.first_day, last_day = excluded.last_day, facts = excluded.facts`

const instant = (ms: number | null) => (ms === null ? null : isoInstant(ms))

/** Writes what a round made of one incident, and its timeline. */
export async function writeChange(session: Session, { incident, events, tell }: Change, nowMs: number): Promise<void> {
  const { root, members } = incident
  await session.query(writeIncident, [
    JSON.stringify({
      incident_id: incident.incidentId,
      fingerprint: incident.fingerprint,
      dataset: root.dataset,
      check_id: root.checkId,
      platform: root.platform,
      account_id: root.accountId,
      series_key: root.seriesKey,
      state: incident.state,
      severity: incident.severity,
      first_day: incident.firstDay,
      last_day: incident.lastDay,
      opened_at: instant(incident.openedMs),
      changed_at: instant(incident.changedMs),
      resolved_at: instant(incident.resolvedMs),
      reopened: incident.reopened,
      owner: incident.owner,
      told_at: instant(incident.toldMs),
      told_seq: incident.toldSeq,
      facts: root,
    }),
  ])
  await session.query(writeMembers, [JSON.stringify(members.map((one) => memberRow(incident.incidentId, one)))])
  for (const kind of events)
    await addEvent(session, incident.incidentId, { kind, by: null, text: null, facts: root.facts }, nowMs)
  if (tell) await addEvent(session, incident.incidentId, { kind: 'told', by: null, text: tell, facts: {} }, nowMs)
}

function memberRow(incidentId: string, { signal, fingerprint, firing, heldBy, firstDay, lastDay }: Member): object {
  return {
    incident_id: incidentId,
    fingerprint,
    check_id: signal.checkId,
    account_id: signal.accountId,
    series_key: signal.seriesKey,
    severity: signal.severity,
    firing,
    held_by: heldBy,
    first_day: firstDay,
    last_day: lastDay,
    facts: signal,
  }
}

export interface Entry {
  readonly kind: string
  /** Null: Millrace itself. */
  readonly by: string | null
  readonly text: string | null
  readonly facts: object
}

async function addEvent(session: Session, incidentId: string, { kind, by, text, facts }: Entry, nowMs: number) {
  await session.query(
    `insert into incident_event (incident_id, seq, at, kind, by, text, facts)
     select $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6::jsonb from incident_event where incident_id = $1`,
    [incidentId, isoInstant(nowMs), kind, by, text, JSON.stringify(facts)],
  )
}

/** What somebody did to an incident. */
export interface Deed {
  readonly event: Extract<IncidentEvent, 'acknowledge' | 'resolve' | 'comment'>
  readonly by: string
  readonly text: string | null
}

/**
 * Carries out what somebody did and returns the incident as it is then. Whoever acknowledges owns it. Throws QUALITY_INCIDENT_UNKNOWN,
 * and QUALITY_INCIDENT_STATE for what its state does not allow.
 */
export async function actOnIncident(session: Session, id: string, deed: Deed, nowMs: number): Promise<Incident> {
  await lockIncidents(session)
  const incident = await incidentById(session, id)
  const state = incidentTable[incident.state][deed.event]
  if (state === null)
    throw new MillraceError('QUALITY_INCIDENT_STATE', { incident: id, state: incident.state, event: deed.event })
  const resolved = deed.event === 'resolve'
  await session.query(
    `update incident set state = $2, changed_at = $3, owner = case when $4 then $5 else owner end,
       resolved_at = case when $6 then $3::timestamptz else resolved_at end where incident_id = $1`,
    [incident.incidentId, state, isoInstant(nowMs), deed.event === 'acknowledge', deed.by, resolved],
  )
  if (resolved)
    await session.query('update incident_member set firing = false where incident_id = $1', [incident.incidentId])
  await addEvent(session, incident.incidentId, { kind: deed.event, by: deed.by, text: deed.text, facts: {} }, nowMs)
  return incidentById(session, incident.incidentId)
}

/** An incident by its id or the beginning of it, if only one begins so. Throws QUALITY_INCIDENT_UNKNOWN. */
export async function incidentById(session: Pick<Session, 'query'>, id: string): Promise<Incident> {
  const [row, other] = await session.query<IncidentRow>(
    `${columns} where starts_with(i.incident_id::text, lower($1)) limit 2`,
    [id],
  )
  if (!row || other || id === '') throw new MillraceError('QUALITY_INCIDENT_UNKNOWN', { incident: id || '–' })
  return incidentOf(row)
}

/** The newest first; `all`: those that are over too. */
export async function listIncidents(
  session: Pick<Session, 'query'>,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<readonly Incident[]> {
  const rows = await session.query<IncidentRow>(
    `${columns} where $1 or i.state <> 'resolved' order by i.state = 'resolved', i.changed_at desc, i.incident_id limit $2`,
    [all, limit],
  )
  return rows.map(incidentOf)
}

export interface TimelineEntry extends SqlRow {
  readonly seq: number
  readonly at: Date
  readonly kind: string
  readonly by: string | null
  readonly text: string | null
}

export function timelineOf(session: Pick<Session, 'query'>, incidentId: string): Promise<readonly TimelineEntry[]> {
  return session.query<TimelineEntry>(
    'select seq, at, kind, by, text from incident_event where incident_id = $1 order by seq',
    [incidentId],
  )
}

export interface NewSilence {
  readonly platform: string | null
  readonly accountId: string | null
  readonly checkId: string | null
  readonly reason: string
  readonly by: string
  readonly untilMs: number
}

export async function addSilence(session: Session, silence: NewSilence, nowMs: number): Promise<string> {
  const [row] = await session.query<{ readonly silence_id: string }>(
    `insert into silence (platform, account_id, check_id, reason, silenced_by, created_at, until)
     values ($1, $2, $3, $4, $5, $6, $7) returning silence_id`,
    [
      silence.platform,
      silence.accountId,
      silence.checkId,
      silence.reason,
      silence.by,
      isoInstant(nowMs),
      isoInstant(silence.untilMs),
    ],
  )
  return String(row?.silence_id)
}
