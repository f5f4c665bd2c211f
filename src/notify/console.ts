import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { Message, Notifier } from './notifier.ts'
import { defineNotifier } from './notifier.ts'

/** Takes text for a stream and resolves when the stream has taken it. */
export type Write = (text: string) => Promise<void>

/** Shows messages as text; for a person at the terminal and for the log of a scheduler. */
export function consoleNotifier(place: string, write: Write): Notifier {
  return {
    name: 'console',
    place,
    async send(message, signal) {
      signal.throwIfAborted()
      await write(asText(message)).catch((cause: unknown) => {
        const reply = cause instanceof Error ? cause.message : String(cause)
        throw new MillraceError('NOTIFY_UNAVAILABLE', { place, reply }, { cause })
      })
    },
    // The stream is the process's own and stays open.
    async [Symbol.asyncDispose]() {},
  }
}

function asText({ subject, text }: Message): string {
  return `\n${shown(subject.replaceAll(/\s+/g, ' ').trim())}\n\n${shown(text)}\n`
}

/** Without control characters but line ends and tabs: a campaign's name must not move the cursor or recolour the terminal. */
function shown(text: string): string {
  return text.replaceAll(/[\p{Cc}]/gu, (character) => (character === '\n' || character === '\t' ? character : '\uFFFD'))
}

export const adapter = defineNotifier({
  name: 'console',
  summary: 'Shows messages as text on the terminal.',
  options: z.object({
    stream: z
      .enum(['stderr', 'stdout'])
      .default('stderr')
      .describe('Where to write. stdout carries data for other programs, so that the default is stderr.'),
  }),
  async open({ stream }) {
    const target = process[stream]
    const write: Write = (text) =>
      new Promise((resolve, reject) => {
        target.write(text, (error) => (error ? reject(error) : resolve()))
      })
    return consoleNotifier(stream, write)
  },
})
