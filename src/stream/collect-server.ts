import Fastify from 'fastify'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { Spool } from './collect-spool.ts'
import type { CollectorOptions } from './collector.ts'
import { collector } from './collector.ts'
import type { EventLog } from './log.ts'

export interface CollectServerOptions extends Omit<CollectorOptions, 'log' | 'spool'> {
  readonly log: EventLog
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly spoolDir: string
  readonly timeouts?: CollectTimeouts | undefined
}

/** Whole requests, headers and bodies, have so long to arrive: a sender that drips bytes holds nothing open. */
export interface CollectTimeouts {
  readonly requestMs: number
  readonly headersMs: number
}

const usualTimeouts: CollectTimeouts = { requestMs: 10_000, headersMs: 5_000 }
/** How often connections are looked at for being over their time. */
const checkMsMax = 1_000
const spoolBytesMax = 1_000_000_000
const drainEveryMs = 5_000

/** The collector alone on a port of its own, until it is disposed. Throws STREAM_WRITE_KEYS_NONE, SERVER_PORT_TAKEN. */
export async function startCollector(
  options: CollectServerOptions,
): Promise<AsyncDisposable & { readonly url: string }> {
  const { log, clock, host, port, spoolDir, keys, timeouts = usualTimeouts } = options
  if (Object.keys(keys).length === 0 && !options.findKey) throw new MillraceError('STREAM_WRITE_KEYS_NONE', {})
  const spool = new Spool(spoolDir, spoolBytesMax)
  const app = Fastify({
    logger: false,
    requestTimeout: timeouts.requestMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 6_000 },
    http: {
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: Math.min(checkMsMax, timeouts.headersMs),
    },
  })
  await app.register(collector({ ...options, log: () => log, spool }))
  app.get('/health', async () => ({ ok: true }))
  const url = await app.listen({ host, port }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    throw new MillraceError('SERVER_PORT_TAKEN', { host, port }, { cause })
  })
  const stop = new AbortController()
  const draining = drainSpool(spool, log, clock, stop.signal)
  return {
    url,
    async [Symbol.asyncDispose]() {
      await app.close()
      stop.abort()
      await draining
      await spool[Symbol.asyncDispose]()
    },
  }
}

/** Sends what the spool holds, from the last run too, as often as the log may have come back. */
export async function drainSpool(spool: Spool, log: EventLog, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A log that is still away keeps the files where they are.
    await spool.drain(log).catch(() => undefined)
    await clock.sleep(drainEveryMs, signal).catch(() => undefined)
  }
}
