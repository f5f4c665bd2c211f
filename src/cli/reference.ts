import { readFile } from 'node:fs/promises'
import type { Invocation } from './command.ts'

/**
 * What `env:NAME` or `file:/path` stands for; undefined when there is nothing. A secret never stands in the arguments, where every
 * process of the machine can read it. What is found is covered in every output from here on.
 */
export async function referenced(
  reference: unknown,
  { env, secrets }: Pick<Invocation, 'env' | 'secrets'>,
): Promise<string | undefined> {
  if (typeof reference !== 'string') return undefined
  const [kind, ...rest] = reference.split(':')
  const place = rest.join(':')
  const found =
    kind === 'env' ? env[place] : kind === 'file' ? (await readFile(place, 'utf8').catch(() => '')).trim() : undefined
  if (found === undefined || found === '') return undefined
  secrets.add(found)
  return found
}
