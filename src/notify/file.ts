import { createHash } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { Message } from './notifier.ts'
import { defineNotifier } from './notifier.ts'

/**
 * Both files of a message are named after its idempotency key, so that a second delivery replaces the first. The hash keeps apart
 * keys that differ only in what a file name cannot hold, or in case on a disk that does not tell.
 */
export function fileStem(idempotencyKey: string): string {
  const readable = idempotencyKey.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80)
  return `${readable}-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12)}`
}

async function deliver(folder: string, message: Message, signal: AbortSignal): Promise<void> {
  const stem = fileStem(message.idempotencyKey)
  await mkdir(folder, { recursive: true })
  // The text is written last: whoever sees it finds the other file beside it.
  await writeWhole(join(folder, `${stem}.html`), message.html, signal)
  await writeWhole(join(folder, `${stem}.txt`), plainText(message), signal)
}

function plainText({ subject, idempotencyKey, text }: Message): string {
  return `Subject: ${oneLine(subject)}\nIdempotency-Key: ${oneLine(idempotencyKey)}\n\n${text}`
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}

/** Written beside, forced to the disk, renamed: a reader sees the whole file or none. */
async function writeWhole(path: string, text: string, signal: AbortSignal): Promise<void> {
  const beside = `${path}.tmp-${process.pid}`
  const file = await open(beside, 'w')
  try {
    await file.writeFile(text, { signal })
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}

export const adapter = defineNotifier({
  name: 'file',
  summary: 'Writes each message as a text and an HTML file into a folder.',
  options: z.object({ folder: z.string().min(1).describe('Folder for the messages; it is made when missing.') }),
  async open({ folder }) {
    const path = resolve(folder)
    const place = `folder ${path}`
    return {
      name: 'file',
      place,
      async send(message, signal) {
        signal.throwIfAborted()
        try {
          await deliver(path, message, signal)
        } catch (cause) {
          signal.throwIfAborted()
          const reply = cause instanceof Error ? cause.message : String(cause)
          throw new MillraceError('NOTIFY_UNAVAILABLE', { place, reply }, { cause })
        }
      },
      async [Symbol.asyncDispose]() {},
    }
  },
})
