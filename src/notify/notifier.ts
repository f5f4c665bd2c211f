import { defineAdapter } from '../domain/adapter.ts'

/** A message as it leaves the house. */
export interface Message {
  /** The same for every attempt to deliver the same message: receivers use it to drop doubles. */
  readonly idempotencyKey: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Of which incident it tells; absent for every other message. */
  readonly incident?: IncidentFacts
}

/** What a channel needs of an incident beside its text: to begin and end an alert of its own. */
export interface IncidentFacts {
  readonly incidentId: string
  readonly fingerprint: string
  readonly action: 'trigger' | 'resolve'
  readonly severity: 'info' | 'warn' | 'error' | 'critical'
  readonly summary: string
  readonly source: string
  readonly checkId: string
  readonly platform: string
  readonly accountId: string | null
  readonly firstDay: string
  readonly lastDay: string
}

/** A way to tell people. Delivery is at least once: a sender that dies between sending and recording sends again. */
export interface Notifier extends AsyncDisposable {
  readonly name: string
  /** For people: `mail to a@b.c by smtp.example.com:587`, without secrets. */
  readonly place: string
  /**
   * Delivers, or throws NOTIFY_REFUSED (the other side will never take it) or NOTIFY_UNAVAILABLE (try again later,
   * after `retryAfterMs` where the other side said so). Returns when the other side has taken responsibility.
   */
  send(message: Message, signal: AbortSignal): Promise<void>
}

export const defineNotifier = defineAdapter<Notifier>()
