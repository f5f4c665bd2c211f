import { z } from 'zod'
import type { IncidentFacts, Message } from './notifier.ts'
import { defineNotifier } from './notifier.ts'
import { post } from './post.ts'

const dedupMax = 255
const summaryMax = 1024
const severities: Readonly<Record<IncidentFacts['severity'], string>> = {
  info: 'info',
  warn: 'warning',
  error: 'error',
  critical: 'critical',
}

export interface PagerDutyCall {
  readonly path: '/v2/enqueue' | '/v2/change/enqueue'
  readonly body: string
}

/**
 * Pure: an incident as an alert that begins or ends under the incident's own name (Events v2), so that it pages once and closes itself. Every
 * other message, a run's end for one, is a change event: it is seen beside alerts and pages nobody.
 */
export function pagerDutyCall(message: Message, routingKey: string): PagerDutyCall {
  const { incident } = message
  const details = { text: message.text.slice(0, 20_000), idempotency_key: message.idempotencyKey }
  const summary = oneLine(message.subject).slice(0, summaryMax)
  if (!incident)
    return {
      path: '/v2/change/enqueue',
      body: JSON.stringify({
        routing_key: routingKey,
        payload: { summary, source: 'millrace', custom_details: details },
      }),
    }
  const payload = {
    summary,
    source: oneLine(incident.source),
    severity: severities[incident.severity],
    component: incident.checkId,
    group: incident.platform,
    class: incident.checkId,
    custom_details: { ...details, incident },
  }
  return {
    path: '/v2/enqueue',
    body: JSON.stringify({
      routing_key: routingKey,
      event_action: incident.action,
      dedup_key: incident.incidentId.slice(0, dedupMax),
      ...(incident.action === 'trigger' && { payload, client: 'Millrace' }),
    }),
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}]+/gu, ' ')
}

export const adapter = defineNotifier({
  name: 'pagerduty',
  summary: 'Opens and closes PagerDuty alerts (Events v2); other messages are change events.',
  options: z.object({
    routingKey: z.string().min(8).describe("The service's integration key, as a reference: env:PAGERDUTY_KEY."),
    url: z.url().default('https://events.pagerduty.com').describe('Where PagerDuty listens; the EU has its own.'),
    timeoutMs: z.int().min(100).max(55_000).default(10_000).describe('How long one attempt may take, in milliseconds.'),
    allowHosts: z.array(z.string()).default([]).describe('Hosts of this network that may be reached, without TLS too.'),
  }),
  async open({ routingKey, url, timeoutMs, allowHosts }) {
    const base = new URL(url)
    const place = `PagerDuty at ${base.host}`
    return {
      name: 'pagerduty',
      place,
      async send(message, signal) {
        const { path, body } = pagerDutyCall(message, routingKey)
        const headers = { 'content-type': 'application/json' }
        await post({
          url: new URL(path, base),
          headers,
          body,
          place,
          timeoutMs,
          allowHosts,
          signal,
          secrets: [routingKey],
        })
      },
      async [Symbol.asyncDispose]() {},
    }
  },
})
