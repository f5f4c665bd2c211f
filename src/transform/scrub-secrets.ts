import type { RunnerEvent, RunnerRequest } from './runner.ts'

/** What dbt writes where a secret stood. */
const STARS = '*****'

/**
 * A listener that hears no value of a variable `DBT_ENV_SECRET_…`: whatever an invocation says, in lines and in events, has stars there,
 * because logs are kept and passed on.
 */
export function withoutSecrets(
  onEvent: (event: RunnerEvent) => void,
  env: RunnerRequest['env'],
): (event: RunnerEvent) => void {
  const secrets = Object.entries(env).flatMap(([key, value]) =>
    key.startsWith('DBT_ENV_SECRET_') && value !== undefined && value.trim() !== '' ? [value] : [],
  )
  return secrets.length === 0 ? onEvent : (event) => onEvent(scrubbed(event, secrets) as RunnerEvent)
}

function scrubbed(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, STARS), value)
  if (Array.isArray(value)) return value.map((item) => scrubbed(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scrubbed(item, secrets)]))
}
