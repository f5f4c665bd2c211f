import type { Day } from '../domain/day.ts'
import { incidentTable, reopenHours, repeatHours, severityRank, worst } from './incident-state.ts'
import type { IncidentState } from './incident-state.ts'
import type { Severity } from './check.ts'
import { fingerprintOf } from './signal.ts'
import type { Signal } from './signal.ts'
import { groupSignals, passedDays } from './signal-groups.ts'
import type { SignalGroup } from './signal-groups.ts'

export interface Member {
  readonly signal: Signal
  readonly fingerprint: string
  readonly firing: boolean
  readonly heldBy: string | null
  readonly firstDay: Day
  readonly lastDay: Day
}

export interface Incident {
  readonly incidentId: string
  readonly root: Signal
  readonly fingerprint: string
  readonly state: IncidentState
  readonly severity: Severity
  readonly firstDay: Day
  readonly lastDay: Day
  readonly openedMs: number
  readonly changedMs: number
  readonly resolvedMs: number | null
  readonly reopened: number
  readonly owner: string | null
  readonly toldMs: number | null
  readonly toldSeq: number
  readonly members: readonly Member[]
}

export interface Silence {
  readonly platform: string | null
  readonly accountId: string | null
  readonly checkId: string | null
  readonly untilMs: number
}

export type Telling = 'opened' | 'reopened' | 'escalated' | 'repeated' | 'resolved'

/** One incident as a round leaves it, what is written into its timeline and what people are told; null: nothing. */
export interface Change {
  readonly incident: Incident
  readonly isNew: boolean
  readonly events: readonly ('opened' | 'reopened' | 'fired' | 'escalated' | 'resolved' | 'silenced')[]
  readonly tell: Telling | null
}

export interface Round {
  readonly signals: readonly Signal[]
  readonly accountsOf: (platform: string) => number
  /** Live incidents, and those that ended within `reopenHours`. */
  readonly known: readonly Incident[]
  readonly silences: readonly Silence[]
  readonly nowMs: number
  readonly newId: () => string
}

const hourMs = 3_600_000

/**
 * What one look at everything makes of the incidents: pure, so that it can be tried on any history. A group is an incident that is known when
 * they share a cause, or when it is at the same place with a live one on a day of its; otherwise it is new.
 */
export function planRound(round: Round): readonly Change[] {
  const groups = groupSignals(round.signals, round.accountsOf)
  const changes = new Map<string, Change>()
  for (const group of groups) {
    const known = incidentOf(group, [...round.known.filter((one) => !changes.has(one.incidentId)), ...unsaved(changes)])
    const change = known ? fired(changes.get(known.incidentId), known, group, round) : opened(group, round)
    changes.set(change.incident.incidentId, change)
  }
  const passed = passedDays(round.signals)
  for (const incident of round.known) {
    if (changes.has(incident.incidentId) || incident.state === 'resolved') continue
    const change = settled(incident, passed, round)
    if (change) changes.set(incident.incidentId, change)
  }
  return [...changes.values()].map((change) => quiet(change, round))
}

function unsaved(changes: ReadonlyMap<string, Change>): readonly Incident[] {
  return [...changes.values()].map(({ incident }) => incident)
}

function incidentOf({ root, members }: SignalGroup, known: readonly Incident[]): Incident | undefined {
  const causes = new Set(members.filter((one) => one.heldBy === null).map(({ signal }) => fingerprintOf(signal)))
  const sharing = known.filter((one) =>
    one.members.some((member) => member.heldBy === null && causes.has(member.fingerprint)),
  )
  const samePlace = known.filter(
    ({ root: other, state, firstDay, lastDay }) =>
      state !== 'resolved' &&
      other.dataset === root.dataset &&
      other.platform === root.platform &&
      other.accountId === root.accountId &&
      firstDay <= root.day &&
      root.day <= lastDay,
  )
  return newest(sharing) ?? newest(samePlace)
}

function newest(incidents: readonly Incident[]): Incident | undefined {
  return incidents.toSorted((left, right) => right.openedMs - left.openedMs)[0]
}

function opened({ root, members }: SignalGroup, { nowMs, newId }: Round): Change {
  const incident: Incident = {
    incidentId: newId(),
    root,
    fingerprint: fingerprintOf(root),
    state: 'open',
    severity: worst(members.map(({ signal }) => signal.severity)),
    firstDay: root.day,
    lastDay: root.day,
    openedMs: nowMs,
    changedMs: nowMs,
    resolvedMs: null,
    reopened: 0,
    owner: null,
    toldMs: null,
    toldSeq: 0,
    members: merged([], members),
  }
  return { incident, isNew: true, events: ['opened'], tell: 'opened' }
}

function fired(before: Change | undefined, known: Incident, { root, members }: SignalGroup, { nowMs }: Round): Change {
  const severity = worst([known.severity, ...members.map(({ signal }) => signal.severity)])
  const reopened = known.state === 'resolved'
  const escalated = !reopened && severityRank(severity) > severityRank(known.severity)
  const state = incidentTable[known.state][escalated ? 'escalate' : 'fire'] ?? known.state
  const all = merged(known.members, members)
  const grown = all.length > known.members.length || root.day > known.lastDay
  const wider = escalated || reopened
  const incident: Incident = {
    ...known,
    root: wider || fingerprintOf(root) === known.fingerprint ? root : known.root,
    fingerprint: wider ? fingerprintOf(root) : known.fingerprint,
    state,
    severity,
    firstDay: root.day < known.firstDay ? root.day : known.firstDay,
    lastDay: root.day > known.lastDay ? root.day : known.lastDay,
    changedMs: nowMs,
    resolvedMs: null,
    reopened: known.reopened + (reopened ? 1 : 0),
    members: all,
  }
  const event = reopened ? 'reopened' : escalated ? 'escalated' : grown ? 'fired' : undefined
  const untold = known.toldMs === null
  const due = state === 'open' && known.toldMs !== null && nowMs - known.toldMs >= repeatHours * hourMs
  const tell = reopened ? 'reopened' : untold ? 'opened' : escalated ? 'escalated' : due ? 'repeated' : null
  const earlier = before?.events ?? []
  return {
    incident,
    isNew: before?.isNew ?? false,
    events: event ? [...new Set([...earlier, event] as const)] : earlier,
    tell: before?.tell ?? tell,
  }
}

/** Members with their days; those that fired before and were not seen now stay as they are. */
function merged(known: readonly Member[], found: SignalGroup['members']): readonly Member[] {
  const all = new Map(known.map((member) => [member.fingerprint, member]))
  for (const { signal, heldBy } of found) {
    const fingerprint = fingerprintOf(signal)
    const before = all.get(fingerprint)
    all.set(fingerprint, {
      signal,
      fingerprint,
      firing: true,
      heldBy,
      firstDay: before && before.firstDay < signal.day ? before.firstDay : signal.day,
      lastDay: before && before.lastDay > signal.day ? before.lastDay : signal.day,
    })
  }
  return [...all.values()]
}

/** A cause is over when it was found right on its last day or a newer one; what is held goes with what holds it. */
function settled(incident: Incident, passed: ReadonlyMap<string, Day>, { nowMs }: Round): Change | undefined {
  const members = incident.members.map((member) => {
    const day = passed.get(member.fingerprint)
    return member.firing && day !== undefined && day >= member.lastDay ? { ...member, firing: false } : member
  })
  const over = members.filter((one) => one.heldBy === null).every((one) => !one.firing)
  const changed = members.some((one, at) => one !== incident.members[at])
  if (over) {
    const state = incidentTable[incident.state].pass ?? incident.state
    const ended = members.map((one) => ({ ...one, firing: false }))
    return {
      incident: { ...incident, members: ended, state, changedMs: nowMs, resolvedMs: nowMs },
      isNew: false,
      events: ['resolved'],
      // Nobody is told of the end of what nobody was told of.
      tell: incident.toldMs === null ? null : 'resolved',
    }
  }
  const due = incident.state === 'open' && (incident.toldMs === null || nowMs - incident.toldMs >= repeatHours * hourMs)
  if (!changed && !due) return undefined
  return {
    incident: { ...incident, members, changedMs: changed ? nowMs : incident.changedMs },
    isNew: false,
    events: [],
    tell: due ? (incident.toldMs === null ? 'opened' : 'repeated') : null,
  }
}

/** What is silenced is kept and not told; its end is told to those who were told of its beginning. */
function quiet(change: Change, { silences, nowMs }: Round): Change {
  const { incident, tell } = change
  if (tell === null) return change
  const silent = tell !== 'resolved' && silences.some((one) => isSilenced(incident.root, one, nowMs))
  if (silent) return { ...change, tell: null, events: change.isNew ? [...change.events, 'silenced'] : change.events }
  return { ...change, incident: { ...incident, toldMs: nowMs, toldSeq: incident.toldSeq + 1 } }
}

function isSilenced({ platform, accountId, checkId }: Signal, silence: Silence, nowMs: number): boolean {
  return (
    silence.untilMs > nowMs &&
    (silence.platform ?? platform) === platform &&
    (silence.accountId ?? accountId) === accountId &&
    (silence.checkId ?? checkId) === checkId
  )
}

/** Whether an incident that ended may still be reopened. */
export function isRecent({ state, resolvedMs }: Pick<Incident, 'state' | 'resolvedMs'>, nowMs: number): boolean {
  return state !== 'resolved' || (resolvedMs !== null && nowMs - resolvedMs <= reopenHours * hourMs)
}
