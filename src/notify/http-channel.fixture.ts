import type { SinkFault } from './http-sink.fixture.ts'
import { HttpSink } from './http-sink.fixture.ts'
import type { Arrived, Fault, NotifierBench } from './notifier.contract.ts'
import { sample } from './notifier.contract.ts'
import type { IncidentFacts, Message, Notifier } from './notifier.ts'

/** What stands for a secret in addresses and keys; the sink shows it in its replies. */
export const routingKey = 'R0123456789ABCDEF0123456789ABCDE'
/** Of every sender under test: quick to give up, and allowed to reach this machine. */
export const local = { timeoutMs: 400, allowHosts: ['127.0.0.1'] }

const faults: Readonly<Record<Fault, SinkFault>> = {
  unavailable: { status: 503, text: `overloaded ${routingKey}` },
  refused: { status: 410, text: 'gone' },
  auth: { status: 403, text: `invalid_token ${routingKey}` },
  hang: 'hang',
  cut: 'reset',
}

/** A sender over real HTTP on this machine: replies, resets and hangs are the network's own; only the mailbox is an array. */
export async function benchOf(
  open: (url: string) => Promise<Notifier>,
  read: (body: unknown) => Arrived,
): Promise<NotifierBench & { readonly sink: HttpSink }> {
  const sink = await HttpSink.open()
  const notifier = await open(sink.url)
  return {
    notifier,
    sink,
    arrived: async () => sink.posted.map(({ body }) => read(JSON.parse(body))),
    fail: async (how) => {
      sink.fault = how === null ? null : faults[how]
    },
    async [Symbol.asyncDispose]() {
      await notifier[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
    },
  }
}

export const incident: IncidentFacts = {
  incidentId: '0192f3c4-7a1b-7def-8abc-1234567890ab',
  fingerprint: 'f'.repeat(32),
  action: 'trigger',
  severity: 'warn',
  summary: 'S',
  source: 'google_ads 1',
  checkId: 'anomaly.cost',
  platform: 'google_ads',
  accountId: '1',
  firstDay: '2026-11-20',
  lastDay: '2026-11-20',
}

/** A message of an incident. */
export const told: Message = { ...sample, incident }
