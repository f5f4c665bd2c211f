import type { Reply, Request } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FaultKind } from './scenario.ts'
import type { Route } from './shapes.ts'

/** One call that reached a platform of the sandbox. Holds no secret: tokens are neither in path nor query here. */
export interface LoggedRequest {
  readonly sequence: number
  readonly atMs: number
  readonly route: Route
  readonly method: string
  readonly path: string
  readonly query: string
  readonly account: string | null
  readonly status: number
  readonly requestId: string
  readonly faults: readonly FaultKind[]
}

export interface QuotaSnapshot {
  readonly googleOperations: number
  readonly googleOperationsPerDay: number
  readonly metaCalls: number
  /** Percent of an ad account's budget that is used up. */
  readonly metaUsagePercent: Readonly<Record<string, number>>
  readonly requests: Readonly<Partial<Record<Route, number>>>
}

const kept = 10_000

/** Remembers what was asked, so that tests can count calls. The newest 10,000 are kept; counts go on. */
export class Observation {
  readonly #log: LoggedRequest[] = []
  readonly #counts: Partial<Record<Route, number>> = {}
  count = 0

  note(atMs: number, request: Request, call: Call, reply: Reply): void {
    const query = new URLSearchParams(request.query)
    for (const name of ['access_token', 'secret', 'input_token', 'fb_exchange_token', 'client_secret'])
      if (query.has(name)) query.set(name, 'redacted')
    this.#counts[call.route] = (this.#counts[call.route] ?? 0) + 1
    this.#log.push({
      sequence: ++this.count,
      atMs,
      route: call.route,
      method: request.method,
      path: request.path,
      query: query.toString(),
      account: call.account ?? null,
      status: call.fired.has('html_502') ? 502 : reply.status,
      requestId: call.requestId,
      faults: [...call.fired.keys()],
    })
    if (this.#log.length > kept) this.#log.shift()
  }

  log(): readonly LoggedRequest[] {
    return [...this.#log]
  }

  quota(state: SandboxState): QuotaSnapshot {
    return {
      googleOperations: state.operations.used,
      googleOperationsPerDay: state.operations.perDay,
      metaCalls: state.usage.calls,
      metaUsagePercent: state.usage.snapshot(state.clock.nowMs()),
      requests: { ...this.#counts },
    }
  }
}
