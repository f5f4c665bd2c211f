import { isMillraceError } from '../domain/errors.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Observation } from './observation.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { SandboxState } from './sandbox-state.ts'
import type { Scenario } from './scenario.ts'
import { truthOf } from './truth.ts'

/** Puts a scenario in force and takes back what the one before it had done to tokens. */
export function installScenario(state: SandboxState, scenario: Scenario): void {
  state.scenario.install(scenario)
  state.tokens.revoked.clear()
}

/** An instant as milliseconds or ISO text; `settled` and absence mean the end of time. */
function instantOf(text: string | null): number | undefined {
  if (text === null || text === 'settled') return undefined
  return /^-?\d+$/.test(text) ? Number(text) : Date.parse(text)
}

function setClock(state: SandboxState, body: { readonly nowMs?: number | string }): object {
  const nowMs = instantOf(String(body.nowMs ?? ''))
  if (nowMs === undefined || Number.isNaN(nowMs)) return { error: 'nowMs must be milliseconds or an ISO instant' }
  state.clock.set(nowMs)
  return { nowMs, now: isoInstant(nowMs) }
}

function truth(state: SandboxState, query: URLSearchParams): object {
  const question = {
    platform: query.get('platform') ?? '',
    accountId: query.get('account') ?? '',
    day: query.get('day') ?? '',
  }
  return { rows: truthOf(state, { ...question, asOfMs: instantOf(query.get('as_of')) }) }
}

const controls = {
  'POST /__sandbox/clock': (state, _, request) => setClock(state, JSON.parse(request.body) as { nowMs?: number }),
  'GET /__sandbox/clock': (state) => ({ nowMs: state.clock.nowMs(), now: isoInstant(state.clock.nowMs()) }),
  'POST /__sandbox/scenario': (state, _, request) => {
    const scenario = JSON.parse(request.body) as Scenario
    installScenario(state, scenario)
    return { faults: scenario.faults.length }
  },
  'GET /__sandbox/service-account': (state) => state.grants.serviceAccount(`${state.origin()}/token`),
  'GET /__sandbox/log': (_, observation) => ({ requests: observation.log() }),
  'GET /__sandbox/quota': (state, observation) => observation.quota(state),
  'GET /__sandbox/truth': (state, _, request) => truth(state, request.query),
  'GET /__sandbox/accounts': (state) => ({
    accounts: state.world.accounts.map(({ platform, accountId, name, currency, zone }) => ({
      platform,
      accountId,
      name,
      currency,
      zone,
    })),
  }),
} as const satisfies Record<string, (state: SandboxState, observation: Observation, request: Request) => object>

/** The routes by which another process moves the sandbox and asks it for the truth. */
export function answerControl(state: SandboxState, observation: Observation, request: Request): Reply {
  const key = `${request.method} ${request.path}`
  if (!Object.hasOwn(controls, key))
    return jsonReply(404, { error: `no such control: ${key}`, known: Object.keys(controls) })
  try {
    const result = controls[key as keyof typeof controls](state, observation, request)
    return jsonReply('error' in result ? 400 : 200, result)
  } catch (error) {
    if (isMillraceError(error)) return jsonReply(400, { error: error.code, message: error.message })
    if (error instanceof SyntaxError) return jsonReply(400, { error: 'the body is not JSON' })
    throw error
  }
}
