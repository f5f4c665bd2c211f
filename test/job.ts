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

export async function connectionsTo(
  sandbox: Sandbox,
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

export async function openJob(options: JobOptions): Promise<Job> {
  const sandbox = await startSandbox(options.sandbox)
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-job-'))
  const warehouse = options.warehouse ?? (await openTestWarehouse())
  const lake = await folder.open({ root: join(scratch, 'lake') })
  const present = new Set(sandbox.accounts.map((account) => account.platform))
  const ports: Ports = {
    clock: clockOf(sandbox),
    random: options.random ?? seededRandom(options.sandbox.seed),
    fetch: options.fetch ?? fetch,
    connections: (await connectionsTo(sandbox)).filter(({ connector }) =>
      present.has(connector.spec.platform as 'google_ads'),
    ),
    lake,
    warehouse,
    runner: await native.open({}),
    dbt: options.dbt ?? null,
    channels: options.channels ?? [],
    scratchDir: join(scratch, 'spool'),
    parallelAccounts: options.parallelAccounts ?? 2,
    async [Symbol.asyncDispose]() {
      await Promise.resolve()
    },
  }
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
      await lake[Symbol.asyncDispose]()
      await sandbox.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
