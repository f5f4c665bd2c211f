import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Random } from '../src/domain/clock.ts'
import { seededRandom } from '../src/domain/clock.ts'
import type { DayRange } from '../src/domain/day.ts'
import { timeZone } from '../src/domain/day.ts'
import { openGoogleAds } from '../src/connectors/google-ads.ts'
import { adapter as metaAds } from '../src/connectors/meta-ads.ts'
import { adapter as googleAds } from '../src/connectors/google-ads.ts'
import { adapter as folder } from '../src/lake/folder.ts'
import type { RunEvent, RunSummary } from '../src/orchestrate/events.ts'
import type { Channel, DbtProject, OpenConnection, Ports } from '../src/orchestrate/ports.ts'
import type { RunRequest } from '../src/orchestrate/run.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import type { Sandbox, SandboxOptions } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { adapter as native } from '../src/transform/native.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

export interface JobOptions {
  readonly sandbox: SandboxOptions
  readonly random?: Random
  readonly fetch?: typeof fetch
  readonly dbt?: DbtProject | null
  readonly channels?: readonly Channel[]
  readonly parallelAccounts?: number
  readonly warehouse?: Warehouse
}

/** The whole nightly job over a sandbox, a folder lake and a real Postgres, with a clock that stands where the sandbox's stands. */
export interface Job extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly ports: Ports
  run(
    range: DayRange | null,
    more?: Partial<RunRequest> & { readonly signal?: AbortSignal; readonly emit?: (event: RunEvent) => void },
  ): Promise<RunSummary>
}

/** Sleeps pass at once: the waits of retries are decided by the connector's own tests, here they would only be waited for. */
export function clockOf(sandbox: Pick<Sandbox, 'nowMs'>): Clock {
  return {
    nowMs: () => sandbox.nowMs(),
    async sleep(_, signal) {
      signal?.throwIfAborted()
      await Promise.resolve()
    },
  }
}

/** As much of a sandbox as a client needs; it may run in another process. */
export type SandboxDoor = Pick<Sandbox, 'googleAdsUrl' | 'googleOauthUrl' | 'metaUrl' | 'credentials'>

export async function connectionsTo(
  sandbox: SandboxDoor,
  accountIds: readonly string[] = [],
): Promise<readonly OpenConnection[]> {
  const { credentials } = sandbox
  const google = googleAds.options.parse({
    baseUrl: sandbox.googleAdsUrl,
    oauthUrl: sandbox.googleOauthUrl,
    clientId: credentials.clientId,
    clientSecret: credentials.clientSecret,
    refreshToken: credentials.refreshToken,
    loginCustomerId: credentials.loginCustomerId,
  })
  const meta = metaAds.options.parse({ baseUrl: sandbox.metaUrl, accessToken: credentials.metaAccessToken })
  return [
    { name: 'google', connector: openGoogleAds(google), accountIds },
    { name: 'meta', connector: await metaAds.open(meta), accountIds },
  ]
}

export interface PortsGiven {
  readonly clock: Clock
  readonly connections: readonly OpenConnection[]
  readonly warehouse: Warehouse
  /** Holds lake and spools. */
  readonly folder: string
  readonly seed?: number
}

/** Ports over a folder lake and whatever warehouse and connections a test brings; disposing them is the test's business. */
export async function portsOver(given: PortsGiven, more: Partial<Ports> = {}): Promise<Ports> {
  return {
    clock: given.clock,
    random: seededRandom(given.seed ?? 1),
    fetch,
    connections: given.connections,
    lake: await folder.open({ root: join(given.folder, 'lake') }),
    warehouse: given.warehouse,
    runner: await native.open({}),
    dbt: null,
    channels: [],
    scratchDir: join(given.folder, 'spool'),
    parallelAccounts: 2,
    async [Symbol.asyncDispose]() {
      await Promise.resolve()
    },
    ...more,
  }
}

export async function openJob(options: JobOptions): Promise<Job> {
  const sandbox = await startSandbox(options.sandbox)
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-job-'))
  const warehouse = options.warehouse ?? (await openTestWarehouse())
  const present = new Set(sandbox.accounts.map((account) => account.platform))
  const connections = (await connectionsTo(sandbox)).filter(({ connector }) =>
    present.has(connector.spec.platform as 'google_ads'),
  )
  const ports = await portsOver(
    { clock: clockOf(sandbox), connections, warehouse, folder: scratch, seed: options.sandbox.seed },
    {
      ...(options.random && { random: options.random }),
      ...(options.fetch && { fetch: options.fetch }),
      dbt: options.dbt ?? null,
      channels: options.channels ?? [],
      parallelAccounts: options.parallelAccounts ?? 2,
    },
  )
  return {
    sandbox,
    ports,
    run: (range, { signal, emit, ...more } = {}) =>
      runPipeline(
        ports,
        { range, kind: 'advance', zone: timeZone('Asia/Seoul'), ...more },
        emit ?? (() => undefined),
        signal ?? new AbortController().signal,
      ),
    async [Symbol.asyncDispose]() {
      await warehouse[Symbol.asyncDispose]()
      await ports.lake[Symbol.asyncDispose]()
      await sandbox.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
