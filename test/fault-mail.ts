import { adapter as smtp } from '../src/notify/smtp.ts'
import type { Channel } from '../src/orchestrate/ports.ts'

/** A channel by mail to a server on this machine, with little patience. */
export async function openSmtp(port: number): Promise<Channel & AsyncDisposable> {
  const options = { host: '127.0.0.1', port, security: 'none', from: 'millrace@example.com', timeoutMs: 400 }
  const notifier = await smtp.open(smtp.options.parse({ ...options, to: ['data-team@example.com'] }))
  return {
    name: 'mail',
    notifier,
    language: 'en',
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  }
}
