import { createInterface } from 'node:readline/promises'
import { MillraceError } from '../domain/errors.ts'
import type { Invocation } from './command.ts'

/**
 * Asks a yes-or-no question, no being the answer to a bare Enter. `--yes` answers it. Throws CLI_CONFIRMATION_NEEDED when nobody
 * can be asked, before anything was done.
 */
export async function confirmed(invocation: Invocation, question: string): Promise<boolean> {
  if (invocation.yes) return true
  if (!invocation.interactive) throw new MillraceError('CLI_CONFIRMATION_NEEDED', { question })
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: invocation.signal })
    return /^(y|yes|예|네|ㅇ)$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
