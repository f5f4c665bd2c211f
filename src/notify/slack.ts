import { z } from 'zod'
import type { Message } from './notifier.ts'
import { defineNotifier } from './notifier.ts'
import { post, secretsIn } from './post.ts'

/** Slack refuses near 13,200 characters of JSON although every documented limit is kept; a section may hold 3,000. */
const charactersMax = 12_000
const sectionMax = 2_900
const headerMax = 150
const cut = '\n…'

/** `&`, `<` and `>` are the only characters that Slack asks to be escaped; without it a campaign's name could mention a channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Cut between whole characters, never within an escape. */
function shortened(text: string, max: number): string {
  if (text.length <= max) return text
  const kept = text.slice(0, max - cut.length)
  return `${kept.replace(/&[a-z]*$/, '').replace(/[\uD800-\uDBFF]$/, '')}${cut}`
}

/** Pure: the message in Block Kit, its JSON of at most 12,000 characters, with the text that screen readers and old clients show. */
export function slackBody(message: Message): string {
  const subject = message.subject.replaceAll(/[\p{Cc}]+/gu, ' ')
  for (let room = charactersMax; room > 0; room -= 500) {
    const text = shortened(escaped(message.text), Math.max(room - 1_000, 200))
    const body = JSON.stringify({
      text: shortened(escaped(subject), headerMax * 2),
      unfurl_links: false,
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: shortened(subject, headerMax) } },
        ...sections(text),
        { type: 'context', elements: [{ type: 'plain_text', text: shortened(message.idempotencyKey, headerMax) }] },
      ],
    })
    // Escapes of JSON count too: Hangul does not grow, line breaks and quotes do.
    if (body.length <= charactersMax) return body
  }
  return JSON.stringify({ text: shortened(escaped(subject), headerMax) })
}

/** In fixed width, because the text's columns are; broken at line ends where there is one. */
function sections(text: string): readonly object[] {
  const parts: string[] = []
  for (let rest = text; rest !== '';) {
    const end = rest.length <= sectionMax ? rest.length : Math.max(rest.lastIndexOf('\n', sectionMax), 0) || sectionMax
    parts.push(rest.slice(0, end))
    rest = rest.slice(end).replace(/^\n/, '')
  }
  return parts.map((part) => ({
    type: 'section',
    text: { type: 'mrkdwn', text: `\`\`\`${part.replaceAll('```', "'''")}\`\`\`` },
  }))
}

export const adapter = defineNotifier({
  name: 'slack',
  summary: 'Posts messages to a Slack channel by an incoming webhook.',
  options: z.object({
    url: z.url().describe("The incoming webhook's address, as a reference: env:SLACK_WEBHOOK. It is the secret."),
    timeoutMs: z.int().min(100).max(55_000).default(10_000).describe('How long one attempt may take, in milliseconds.'),
    allowHosts: z.array(z.string()).default([]).describe('Hosts of this network that may be reached, without TLS too.'),
  }),
  async open({ url, timeoutMs, allowHosts }) {
    const address = new URL(url)
    const place = `Slack at ${address.host}`
    const secrets = secretsIn(address)
    return {
      name: 'slack',
      place,
      async send(message, signal) {
        const headers = { 'content-type': 'application/json; charset=utf-8' }
        await post({ url: address, headers, body: slackBody(message), place, timeoutMs, allowHosts, signal, secrets })
      },
      async [Symbol.asyncDispose]() {},
    }
  },
})
