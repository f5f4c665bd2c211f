import { dayAt, timeZone } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { Connector, ConnectorContext, Sink } from './connector.ts'
import { nextVersions, platformVersions } from './platform-versions.ts'

const utc = timeZone('UTC')

/**
 * A connection that goes to the next version when the platform does not serve its own any more, and stays there until it is opened anew.
 * Only the platform's own word moves it, not the date in a table: a version may live longer than was announced. Every move is a
 * warning in the log. When no version is left, the platform's refusal is thrown as it came.
 */
export function fallingForward<Given extends { readonly apiVersion: string }>(
  platform: Platform,
  given: Given,
  open: (given: Given) => Connector,
): Connector {
  let apiVersion = given.apiVersion
  let connector = open(given)

  /** Runs the work, and again with the next version as long as a version is the reason that it failed and `mayRepeat` agrees. */
  async function attempt<T>(
    work: (connector: Connector) => Promise<T>,
    context: ConnectorContext,
    mayRepeat: () => boolean = () => true,
  ): Promise<T> {
    for (;;) {
      const tried = apiVersion
      try {
        return await work(connector)
      } catch (error) {
        if (!isMillraceError(error, 'CONNECTORS_VERSION_SUNSET') || !mayRepeat()) throw error
        // Another call may have moved on meanwhile.
        if (apiVersion === tried && !move(context)) throw error
      }
    }
  }

  function move({ clock, log }: ConnectorContext): boolean {
    const [next] = nextVersions(platformVersions[platform] ?? [], apiVersion, dayAt(clock.nowMs(), utc))
    if (next === undefined) return false
    log({ level: 'warn', message: `${platform} does not serve ${apiVersion} any more; ${next} is used instead` })
    apiVersion = next
    connector = open({ ...given, apiVersion })
    return true
  }

  return {
    get spec() {
      return connector.spec
    },
    discover: (context, onUnavailable) => attempt((one) => one.discover(context, onUnavailable), context),
    async check(context) {
      // A check tells its failures as lines; the version is asked for first by what throws.
      await attempt((one) => one.discover(context, () => {}), context).catch(() => undefined)
      return connector.check(context)
    },
    extract(slice, account, context, sink) {
      const { watched, isEmpty } = watchedSink(sink)
      return attempt((one) => one.extract(slice, account, context, watched), context, isEmpty)
    },
    async [Symbol.asyncDispose]() {
      await connector[Symbol.asyncDispose]()
    },
  }
}

/** Knows whether anything was handed over: after that a slice is the caller's to begin anew. */
function watchedSink(sink: Sink): { readonly watched: Sink; readonly isEmpty: () => boolean } {
  let taken = false
  const taking =
    <Batch>(take: (batch: Batch) => Promise<void>) =>
    (batch: Batch) => {
      taken = true
      return take(batch)
    }
  return {
    watched: { rows: taking((batch) => sink.rows(batch)), entities: taking((batch) => sink.entities(batch)) },
    isEmpty: () => !taken,
  }
}
