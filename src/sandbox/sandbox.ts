import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AdAccount } from '../domain/account.ts'
import type { Clock } from '../domain/clock.ts'
import { systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { SandboxConnections } from './connections.ts'
import { byPlatform, connectionsAt } from './connections.ts'
import { answerControl, installScenario } from './control.ts'
import type { Credentials } from './credentials.ts'
import { credentialsOf } from './credentials.ts'
import { fakes } from './fakes.ts'
import type { Answer } from './fakes.ts'
import { GoogleGrants } from './google-grants.ts'
import type { ServiceAccountKey } from './google-grants.ts'
import { OperationQuota } from './google-quota.ts'
import { mixSeed } from './hash.ts'
import { MetaTokens } from './meta-tokens.ts'
import { MetaUsage } from './meta-usage.ts'
import type { LoggedRequest, QuotaSnapshot } from './observation.ts'
import { Observation } from './observation.ts'
import type { TruthRow } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import { MetaJobs } from './meta-jobs.ts'
import { answerRates, isRatesPath } from './reference-rates.ts'
import { targetOf } from './routing.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import { virtualClock } from './sandbox-state.ts'
import type { FiredFaults, Scenario } from './scenario.ts'
import { ScenarioBook } from './scenario.ts'
import { AccessTokens } from './tokens.ts'
import type { Busy } from './traffic.ts'
import { busyChanges } from './traffic.ts'
import { readRequest, sendReply } from './transport.ts'
import { truthOf } from './truth.ts'
import type { SandboxPlatform } from './shapes.ts'
import { shapeOf } from './shapes.ts'
import type { WorldOptions } from './world.ts'
import { makeWorld } from './world.ts'

export interface SandboxOptions {
  readonly seed: number
  /** 0, the default, takes any free port of 127.0.0.1. */
  readonly port?: number
  /** The instant at which the sandbox's clock stands; without it the clock runs with the machine's. */
  readonly nowMs?: number
  readonly world?: WorldOptions
  /** Operations of the Google Cloud project a day; 15,000 (basic access) when absent. */
  readonly googleOperationsPerDay?: number
  /** How long Google's access tokens live on the sandbox's clock; 3599 when absent. */
  readonly tokenLifeSeconds?: number
  /** Calls an hour and ad account until Meta throttles; 190,000 when absent. */
  readonly metaCallsPerHour?: number
  /** Rows × fields of one insights page above which Meta says to reduce the data; 500,000 when absent. */
  readonly metaCellsMax?: number
  /** Rows × fields of a whole asynchronous report above which it fails for its size; 5,000,000 when absent. */
  readonly metaJobCellsMax?: number
  /** What happens to calls with the retired developer-token header; `ignored` when absent. */
  readonly developerToken?: 'ignored' | 'rejected'
  /** An app whose consent screen is in Testing hands out refresh tokens of seven days; `production` when absent. */
  readonly googleApp?: 'testing' | 'production'
  readonly clock?: Pick<Clock, 'nowMs'>
  /** Days with as many live events as this; the world's own quiet days when absent. */
  readonly busy?: Busy | undefined
}

/** A running sandbox: all platforms at one address, and the hands that move its world. */
export interface Sandbox extends AsyncDisposable {
  readonly url: string
  /** Reference rates of the last 500 days, in the European Central Bank’s form. */
  readonly ratesUrl: string
  readonly googleAdsUrl: string
  /** The token endpoint itself, not its base. */
  readonly googleOauthUrl: string
  readonly metaUrl: string
  readonly credentials: Credentials
  readonly connections: SandboxConnections
  readonly accounts: readonly AdAccount[]
  /** The key file of a service account that may read the manager and all below it. */
  serviceAccount(): ServiceAccountKey
  nowMs(): number
  setClock(instantMs: number): void
  scenario(scenario: Scenario): void
  log(): readonly LoggedRequest[]
  quota(): QuotaSnapshot
  /** What the platform's API answers for the day at that instant; the settled truth without one. */
  truth(platform: SandboxPlatform, accountId: string, day: string, asOfMs?: number): readonly TruthRow[]
  stop(): Promise<void>
}

function makeState(options: SandboxOptions, origin: () => string): SandboxState {
  const world = makeWorld(options.seed, options.world)
  const credentials = credentialsOf(options.seed, world.manager.accountId)
  const clock = virtualClock(options.clock ?? systemClock, options.nowMs)
  return {
    seed: options.seed,
    world,
    clock,
    credentials,
    tokens: new AccessTokens(credentials, options.tokenLifeSeconds ?? 3599),
    grants: new GoogleGrants(credentials, options.googleApp ?? 'production'),
    metaTokens: new MetaTokens(credentials, clock.nowMs()),
    operations: new OperationQuota(options.googleOperationsPerDay ?? 15_000),
    usage: new MetaUsage(options.metaCallsPerHour ?? 190_000),
    scenario: new ScenarioBook(options.busy && busyChanges(world, options.busy)),
    origin,
    summaries: new Map(),
    developerToken: options.developerToken ?? 'ignored',
    jobs: new MetaJobs(options.seed),
    metaCellsMax: options.metaCellsMax ?? 500_000,
    metaJobCellsMax: options.metaJobCellsMax ?? 5_000_000,
  }
}

const noFaults: FiredFaults = new Map()

interface Running {
  readonly state: SandboxState
  readonly observation: Observation
  readonly answers: Readonly<Record<SandboxPlatform, Answer>>
}

function unknownPath(request: Request): Reply {
  return jsonReply(404, { error: { code: 404, message: `No route of the sandbox: ${request.method} ${request.path}` } })
}

/** Answers one request and says which faults its answer must pass. */
function answer({ state, observation, answers }: Running, request: Request): { reply: Reply; fired: FiredFaults } {
  if (request.path.startsWith('/__sandbox/'))
    return { reply: answerControl(state, observation, request), fired: noFaults }
  if (isRatesPath(request.path))
    return { reply: answerRates(state.seed, request.path, state.clock.nowMs()), fired: noFaults }
  const target = targetOf(request)
  if (!target) return { reply: unknownPath(request), fired: noFaults }
  const fired = state.scenario.hit(target.route, target.account)
  const requestId = mixSeed(state.seed, observation.count).toString(36).padStart(7, '0')
  const call: Call = { ...target, fired, requestId }
  const reply = answers[target.platform](request, call)
  observation.note(state.clock.nowMs(), request, call, reply)
  return { reply, fired }
}

async function handle(running: Running, message: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { reply, fired } = answer(running, await readRequest(message))
    await sendReply(response, reply, fired)
  } catch (error) {
    // A defect of the sandbox itself: say so plainly instead of playing a platform's error.
    if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' })
    response.end(`sandbox defect: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? new MillraceError('SANDBOX_PORT_TAKEN', { port }, { cause }) : cause)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
}

/** Absent, not undefined, where a platform does not say. */
function costBasisOf(platform: SandboxPlatform): Pick<AdAccount, 'costBasis'> {
  const { costBasis } = shapeOf(platform)
  return costBasis ? { costBasis } : {}
}

/**
 * Starts the fake ad platforms on 127.0.0.1. The same seed, options and requests give the same bytes.
 * Throws SANDBOX_PORT_TAKEN, and the domain's errors for an unknown currency or zone in `world`.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  let url = ''
  const state = makeState(options, () => url)
  const observation = new Observation()
  const running = { state, observation, answers: byPlatform((platform) => fakes[platform](state)) }
  const server = createServer((message, response) => void handle(running, message, response))
  server.keepAliveTimeout = 30_000
  await listen(server, options.port ?? 0)
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    url,
    ratesUrl: `${url}/stats/eurofxref/eurofxref-hist.xml`,
    googleAdsUrl: url,
    googleOauthUrl: `${url}/token`,
    metaUrl: url,
    credentials: state.credentials,
    connections: connectionsAt(url, state.credentials),
    accounts: state.world.accounts.map(({ platform, accountId, name, currency, zone }) => ({
      platform,
      accountId,
      name,
      currency,
      zone,
      ...costBasisOf(platform),
      ...(platform === 'google_ads' && { managerId: state.credentials.loginCustomerId }),
    })),
    serviceAccount: () => state.grants.serviceAccount(`${url}/token`),
    nowMs: () => state.clock.nowMs(),
    setClock: (instantMs) => state.clock.set(instantMs),
    scenario: (scenario) => installScenario(state, scenario),
    log: () => observation.log(),
    quota: () => observation.quota(state),
    truth: (platform, accountId, day, asOfMs) => truthOf(state, { platform, accountId, day, asOfMs }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
