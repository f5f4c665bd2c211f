import type { Severity } from './check.ts'

export const incidentStates = ['open', 'acknowledged', 'resolved'] as const
export type IncidentState = (typeof incidentStates)[number]

/**
 * `fire`: it was found again; `escalate`: something worse belongs to it now; `pass`: all of it was found right on a newer day;
 * `acknowledge`, `resolve`, `comment`: somebody did so.
 */
export const incidentEvents = ['fire', 'escalate', 'pass', 'acknowledge', 'resolve', 'comment'] as const
export type IncidentEvent = (typeof incidentEvents)[number]

/**
 * What each event makes of each state; null: the event is refused there. What got worse is open again, because whoever took note
 * took note of less. What is found again after its end is the same incident; `reopenHours` says how long.
 */
export const incidentTable: Readonly<Record<IncidentState, Readonly<Record<IncidentEvent, IncidentState | null>>>> = {
  open: {
    fire: 'open',
    escalate: 'open',
    pass: 'resolved',
    acknowledge: 'acknowledged',
    resolve: 'resolved',
    comment: 'open',
  },
  acknowledged: {
    fire: 'acknowledged',
    escalate: 'open',
    pass: 'resolved',
    acknowledge: null,
    resolve: 'resolved',
    comment: 'acknowledged',
  },
  resolved: {
    fire: 'open',
    escalate: 'open',
    pass: 'resolved',
    acknowledge: null,
    resolve: null,
    comment: 'resolved',
  },
}

/** For so long after its end a cause that is found again is the same incident. */
export const reopenHours = 72
/** An open incident that nobody took note of is told again after so long. */
export const repeatHours = 24

const order: readonly Severity[] = ['info', 'warn', 'error', 'critical']

export function severityRank(severity: Severity): number {
  return order.indexOf(severity)
}

export function worst(severities: readonly Severity[]): Severity {
  return severities.reduce((most, one) => (severityRank(one) > severityRank(most) ? one : most), 'info')
}
