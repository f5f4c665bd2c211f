import type { Connector, ConnectorContext } from '../connectors/connector.ts'
import type { Random } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import { platforms } from '../domain/platform.ts'
import type { OpenConnection } from './ports.ts'

/** A time in which a platform answers nobody. */
export interface Outage {
  readonly platform: Platform
  readonly fromMs: number
  readonly untilMs: number
}

const hourMs = 3_600_000

/**
 * An outage as it is written, `meta_ads@2026-10-25T00:00Z/12`: the platform, from when, for how many hours. A date alone is its
 * midnight in UTC. Throws CLI_USAGE.
 */
export function outageOf(text: string): Outage {
  const [, platform, from, hours] = /^([a-z_]+)@([^/]+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  const fromMs = Date.parse(
    /[zZ]$|[+-]\d\d:\d\d$/.test(from ?? '') ? (from ?? '') : `${from}${from?.includes('T') ? 'Z' : ''}`,
  )
  const known = platforms.find((one) => one === platform)
  if (!known || Number.isNaN(fromMs))
    throw new MillraceError('CLI_USAGE', {
      command: 'simulate',
      detail: `--outage wants PLATFORM@INSTANT/HOURS, as meta_ads@2026-10-25T00:00Z/12, and not ${text}`,
    })
  return { platform: known, fromMs, untilMs: fromMs + Number(hours) * hourMs }
}

/** So many outages of 2 to 24 hours between two instants, the same for the same random numbers; in order. */
export function drawOutages(
  count: number,
  between: { readonly sinceMs: number; readonly untilMs: number },
  of: readonly Platform[],
  random: Random,
): readonly Outage[] {
  const { sinceMs, untilMs } = between
  return Array.from({ length: of.length === 0 ? 0 : count }, () => {
    const platform = of[Math.floor(random() * of.length)] ?? 'google_ads'
    const fromMs = sinceMs + Math.floor((random() * (untilMs - sinceMs)) / hourMs) * hourMs
    return { platform, fromMs, untilMs: fromMs + (2 + Math.floor(random() * 23)) * hourMs }
  }).toSorted((a, b) => a.fromMs - b.fromMs)
}

/** The connection whose platform answers 503 while one of the outages lasts; all its own retries and errors are as ever. */
export function withOutages(connection: OpenConnection, outages: readonly Outage[]): OpenConnection {
  const { connector } = connection
  const own = outages.filter((one) => one.platform === connector.spec.platform)
  if (own.length === 0) return connection
  const through = (context: ConnectorContext): ConnectorContext => ({
    ...context,
    fetch: (input, init) => {
      const nowMs = context.clock.nowMs()
      return own.some((one) => one.fromMs <= nowMs && nowMs < one.untilMs)
        ? Promise.resolve(new Response('Service Unavailable', { status: 503 }))
        : context.fetch(input, init)
    },
  })
  const broken: Connector = {
    spec: connector.spec,
    check: (context) => connector.check(through(context)),
    discover: (context, onUnavailable) => connector.discover(through(context), onUnavailable),
    extract: (slice, account, context, sink) => connector.extract(slice, account, through(context), sink),
    [Symbol.asyncDispose]: () => connector[Symbol.asyncDispose](),
  }
  return { ...connection, connector: broken }
}
