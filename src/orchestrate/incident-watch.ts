import { randomUUID } from 'node:crypto'
import { isoInstant } from '../domain/clock.ts'
import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Facts } from '../domain/errors.ts'
import { incidentMessage } from '../notify/incident-message.ts'
import type { IncidentTelling } from '../notify/incident-message.ts'
import { enqueue } from '../notify/outbox.ts'
import type { Severity } from '../quality/check.ts'
import { planRound } from '../quality/incident-round.ts'
import type { Change, Incident } from '../quality/incident-round.ts'
import { liveSilences, lockIncidents, recentIncidents, writeChange } from '../quality/incident-store.ts'
import { foundText } from '../quality/result.ts'
import { fingerprintOf } from '../quality/signal.ts'
import type { Signal, SignalKind } from '../quality/signal.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Ports } from './ports.ts'
import { sql } from './sql.ts'
import { historyDays, judgeAccount } from './incident-series.ts'
import type { CampaignDays, JudgedAccount } from './incident-series.ts'

/** For so long a cause is looked for behind the newest day. */
const lookbackDays = 7

export interface Watched {
  readonly day: Day
  readonly judgedSeries: number
  readonly firing: number
  readonly opened: number
  readonly resolved: number
  readonly told: number
}

type WatchPorts = Pick<Ports, 'warehouse' | 'channels' | 'clock'>

/**
 * Looks at everything that is known up to a day: checks, loads, deadlines and the series themselves; and makes incidents of it: one for each
 * root cause. Incidents and their messages are written in one transaction, so that a message is there exactly when its incident is.
 * Looking again without news changes and tells nothing. `deliverDue` sends what was written.
 */
export async function lookForIncidents(ports: WatchPorts, day: Day): Promise<Watched> {
  return ports.warehouse.transaction(async (session) => {
    await lockIncidents(session)
    const nowMs = ports.clock.nowMs()
    const { signals, accounts, judged } = await signalsOf(session, day)
    await keepAnomalies(session, judged, nowMs)
    const changes = planRound({
      signals,
      accountsOf: (platform) => accounts.get(platform)?.size ?? 0,
      known: await recentIncidents(session, nowMs),
      silences: await liveSilences(session, nowMs),
      nowMs,
      newId: randomUUID,
    })
    for (const change of changes) {
      await writeChange(session, change, nowMs)
      await tell(session, ports, change, nowMs)
    }
    return {
      day,
      judgedSeries: judged.reduce((sum, one) => sum + one.judgement.judged.size, 0),
      firing: signals.filter((one) => one.firing).length,
      opened: changes.filter(({ events }) => events.includes('opened') || events.includes('reopened')).length,
      resolved: changes.filter(({ events }) => events.includes('resolved')).length,
      told: changes.filter((one) => one.tell !== null).length,
    }
  })
}

async function tell(session: Session, { channels }: WatchPorts, change: Change, nowMs: number): Promise<void> {
  if (change.tell === null) return
  const telling = tellingOf(change.incident, change.tell)
  for (const { name, language } of channels) await enqueue(session, name, incidentMessage(telling, language), nowMs)
}

/** What a message is made of. */
export function tellingOf(incident: Incident, telling: IncidentTelling['telling']): IncidentTelling {
  const { root } = incident
  const others = incident.members.filter((one) => one.fingerprint !== incident.fingerprint)
  return {
    incidentId: incident.incidentId,
    fingerprint: incident.fingerprint,
    telling,
    seq: incident.toldSeq,
    severity: incident.severity,
    checkId: root.checkId,
    platform: root.platform,
    accountId: root.accountId,
    firstDay: incident.firstDay,
    lastDay: incident.lastDay,
    openedAt: isoInstant(incident.openedMs),
    owner: incident.owner,
    reopened: incident.reopened,
    facts: root.facts,
    others: others.map(({ signal }) =>
      [signal.checkId, signal.accountId ?? '', signal.facts.metric?.split(' · ')[1] ?? signal.seriesKey]
        .filter(Boolean)
        .join(' '),
    ),
  }
}

interface PartitionRow extends SqlRow {
  readonly platform: string
  readonly accountId: string
  readonly level: string
  readonly day: Day
  readonly state: 'published' | 'stale' | 'failed'
  readonly problemCodes: readonly string[]
  readonly problemMessage: string | null
  readonly published: boolean
}

interface CheckRow extends SqlRow {
  readonly platform: string
  readonly accountId: string
  readonly level: string
  readonly day: Day
  readonly checkId: string
  readonly outcome: 'pass' | 'warn' | 'fail' | 'error' | 'learning' | 'skipped' | 'muted'
  readonly severity: Severity
  readonly tested: number | null
  readonly failed: number | null
  readonly explain: Facts | null
  readonly error: string | null
}

async function signalsOf(session: Session, day: Day) {
  const since = addDays(day, 1 - lookbackDays)
  const all = await session.query<PartitionRow>(sql('incident-partitions'), [addDays(day, 1 - historyDays)])
  const levels = all.filter((one) => one.day <= day)
  const partitions = levels.filter((one) => one.level === 'campaign')
  const checks = (await session.query<CheckRow>(sql('incident-checks'), [since])).filter((one) => one.day <= day)
  const series = await session.query<CampaignDays & SqlRow>(sql('incident-series'), [day])
  const accounts = new Map<string, Set<string>>()
  for (const { platform, accountId } of [...partitions, ...series])
    accounts.set(platform, (accounts.get(platform) ?? new Set()).add(accountId))
  const judged = judgedAccounts(series, partitions)
  const late = await lateSignals(session, { since, until: day })
  const signals = [
    ...levels.filter((one) => one.day >= since).map(partitionSignal),
    ...checks.flatMap(checkSignal),
    ...late,
    ...judged.flatMap((one) => one.signals),
  ]
  return { signals: newestOf(signals), accounts, judged }
}

/** Each account's newest published day; a day that failed or is not in yet is told by other signs. */
function judgedAccounts(
  series: readonly CampaignDays[],
  partitions: readonly PartitionRow[],
): readonly JudgedAccount[] {
  const published = Map.groupBy(
    partitions.filter((one) => one.published),
    (one) => `${one.platform} ${one.accountId}`,
  )
  return [...Map.groupBy(series, (one) => `${one.platform} ${one.accountId}`)].flatMap(([account, campaigns]) => {
    const days = published.get(account)?.map((one) => one.day) ?? []
    const day = days.at(-1)
    const judged = day === undefined ? undefined : judgeAccount(campaigns, day, new Set(days))
    return judged ? [judged] : []
  })
}

/** A level below campaigns that is missing is told beside, not instead of, what is found about campaigns: their numbers are there. */
function partitionSignal(row: PartitionRow): Signal {
  const firing = row.state !== 'published'
  const isBelow = row.level !== 'campaign'
  const refused = row.problemCodes.length > 0 && row.problemCodes.every((code) => code.startsWith('QUALITY_'))
  return {
    dataset: 'fact_ad_daily',
    // A refused day is told by the checks that refused it.
    checkId: isBelow ? `run.load.${row.level}` : 'run.load',
    kind: isBelow ? 'check' : 'run',
    platform: row.platform,
    accountId: row.accountId,
    seriesKey: '',
    day: row.day,
    firing: firing && !refused,
    severity: isBelow ? 'warn' : 'error',
    facts: {
      ...(firing && {
        sentence: `${isBelow ? `${row.level}: ` : ''}${row.problemMessage ?? row.problemCodes.join(', ')}`,
        cause: row.problemCodes.join(', '),
      }),
    },
  }
}

const kinds: Readonly<Record<string, SignalKind>> = {
  'ads.freshness_sla': 'freshness',
  'ads.empty_partition': 'empty',
  'ads.volume': 'volume',
  'ads.missing_campaign_days': 'volume',
}

/** Outcomes that say nothing of right or wrong (learning, skipped, muted) neither open nor end an incident. */
function checkSignal(row: CheckRow): readonly Signal[] {
  const { outcome, checkId, platform, accountId, level, day, severity } = row
  if (outcome === 'learning' || outcome === 'skipped' || outcome === 'muted') return []
  const firing = outcome !== 'pass'
  const result = {
    checkId,
    outcome,
    tested: row.tested ?? 0,
    failed: row.failed ?? 0,
    facts: row.explain ?? {},
    error: row.error,
  }
  return [
    {
      dataset: 'fact_ad_daily',
      checkId,
      kind: kinds[checkId] ?? 'check',
      platform,
      accountId,
      // What is right of campaigns may be wrong of ads.
      seriesKey: level === 'campaign' ? '' : level,
      day,
      firing,
      severity: outcome === 'warn' ? 'warn' : severity,
      facts: firing
        ? { sentence: `${checkId}: ${foundText(result, 'en')}`, sentenceKo: `${checkId}: ${foundText(result, 'ko')}` }
        : {},
    },
  ]
}

interface LateRow extends SqlRow {
  readonly platform: string
  readonly accountId: string
  readonly day: Day
  readonly state: string
}

async function lateSignals(
  session: Session,
  { since, until }: { readonly since: Day; readonly until: Day },
): Promise<readonly Signal[]> {
  const rows = await session.query<LateRow>(
    `select platform, account_id as "accountId", day::text as day, state from ledger_account
     where day between $1::date and $2::date and state in ('late', 'ok')`,
    [since, until],
  )
  return rows.map(({ platform, accountId, day, state }): Signal => ({
    dataset: 'fact_ad_daily',
    checkId: 'run.late',
    kind: 'freshness',
    platform,
    accountId,
    seriesKey: '',
    day,
    firing: state === 'late',
    severity: 'warn',
    facts: { sentence: 'The day is not in by its deadline.', sentenceKo: '기한까지 데이터가 들어오지 않았습니다.' },
  }))
}

/** What was found right on a newer day is over, whatever an older day still says. */
function newestOf(signals: readonly Signal[]): readonly Signal[] {
  const newest = new Map<string, Day>()
  for (const one of signals) {
    const cause = fingerprintOf(one)
    const known = newest.get(cause)
    if (known === undefined || known < one.day) newest.set(cause, one.day)
  }
  return signals.filter((one) => newest.get(fingerprintOf(one)) === one.day)
}

const insertAnomalies = `
insert into anomaly (series_key, platform, account_id, day, load_version, judged_at, told_with, because, score, p, contributions, explanation)
select r.series_key, r.platform, r.account_id, r.day, coalesce(s.extract_id::text, ''), $2, r.told_with, r.because, r.score, r.p, r.contributions, r.explanation
from jsonb_to_recordset($1::jsonb) as r (series_key text, platform text, account_id text, day date, told_with text, because text, score float8, p float8,
  contributions jsonb, explanation jsonb)
left join partition_state s on s.platform = r.platform and s.account_id = r.account_id and s.level = 'campaign' and s.breakdown_key = '' and s.date = r.day
on conflict do nothing`

/** Every number of what was found is kept with the load that was judged: a restatement is judged anew and rewrites nothing. */
async function keepAnomalies(session: Session, accounts: readonly JudgedAccount[], nowMs: number): Promise<void> {
  const rows = accounts.flatMap(({ platform, accountId, day, judgement }) =>
    judgement.findings.flatMap((finding) => {
      const one = judgement.judged.get(finding.key)
      if (!one?.explanation) return []
      return [
        {
          series_key: `${platform}/${accountId}/${finding.key}`,
          platform,
          account_id: accountId,
          day,
          told_with: finding.with,
          because: finding.because,
          score: one.score,
          p: one.explanation['p'] ?? null,
          contributions: finding.contributions,
          explanation: one.explanation,
        },
      ]
    }),
  )
  if (rows.length > 0) await session.query(insertAnomalies, [JSON.stringify(rows), isoInstant(nowMs)])
}
