import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'
import { isoInstant, systemClock } from '../domain/clock.ts'
import type { Message } from './notifier.ts'
import { defineNotifier } from './notifier.ts'
import { post, secretsIn } from './post.ts'

/** Secrets are `whsec_` and base64; what is not is taken as it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8')
}

/** The signature of Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; one for each secret while one replaces the other. */
export function signatures(
  secrets: readonly string[],
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  return secrets
    .map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    .join(' ')
}

/** The same for every attempt of the same message. */
export function messageId(idempotencyKey: string): string {
  return `msg_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32)}`
}

/** Pure: what is sent; `data` has the message as people read it, and the incident where it is of one. */
export function webhookBody({ idempotencyKey, subject, text, html, incident }: Message, nowMs: number): string {
  const type = incident ? `incident.${incident.action === 'resolve' ? 'resolved' : 'triggered'}` : 'message'
  return JSON.stringify({
    type,
    timestamp: isoInstant(nowMs),
    data: { idempotencyKey, subject, text, html, incident: incident ?? null },
  })
}

export const adapter = defineNotifier({
  name: 'webhook',
  summary: 'Posts messages as signed JSON (Standard Webhooks).',
  options: z.object({
    url: z.url().describe('Where to post.'),
    secrets: z
      .array(z.string().min(16))
      .min(1)
      .max(2)
      .describe('Signing secrets, as references: env:WEBHOOK_SECRET. Two while one replaces the other: both sign.'),
    timeoutMs: z.int().min(100).max(55_000).default(10_000).describe('How long one attempt may take, in milliseconds.'),
    allowHosts: z.array(z.string()).default([]).describe('Hosts of this network that may be reached, without TLS too.'),
  }),
  async open({ url, secrets, timeoutMs, allowHosts }) {
    const address = new URL(url)
    const place = `webhook at ${address.host}`
    return {
      name: 'webhook',
      place,
      async send(message, signal) {
        // The machine's own clock, not the project's: the other side compares it with its own, five minutes either way.
        const nowMs = systemClock.nowMs()
        const [id, timestamp, body] = [
          messageId(message.idempotencyKey),
          Math.floor(nowMs / 1_000),
          webhookBody(message, nowMs),
        ]
        const headers = {
          'content-type': 'application/json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatures(secrets, { id, timestamp, body }),
        }
        const hidden = [...secrets, ...secretsIn(address)]
        await post({ url: address, headers, body, place, timeoutMs, allowHosts, signal, secrets: hidden })
      },
      async [Symbol.asyncDispose]() {},
    }
  },
})
