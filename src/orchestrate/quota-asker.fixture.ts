import { standingClock } from '../domain/clock.ts'
import { day } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { adapter, openMetaAds } from '../connectors/meta-ads.ts'
import { paceOf } from '../connectors/pace.ts'
import { platformQuotaOf } from '../warehouse/platform-quota.ts'
import { openPool } from '../warehouse/postgres-pool.ts'
import { warehouseOver } from '../warehouse/postgres.ts'
import type { Connection } from '../warehouse/warehouse.ts'

/** A process that asks platforms, told by its one argument: `node quota-asker.fixture.ts '{"connection":…}'`. */
export interface QuotaAskerOptions {
  readonly connection: Connection
  /** Where it stands when it begins; its sleeps pass at once. */
  readonly nowMs: number
  readonly ask: { readonly baseUrl: string; readonly accessToken: string } | { readonly turns: number }
}

/** What it did: the error that it got, or the instants at which it was its turn. */
export interface QuotaAskerReply {
  readonly code?: string
  readonly retryAfterMs?: number | undefined
  readonly turnsMs?: readonly number[]
}

const { connection, nowMs, ask } = JSON.parse(process.argv[2] ?? '{}') as QuotaAskerOptions
const pool = await openPool(connection, {
  schema: connection.schema,
  connections: 2,
  statementTimeoutMs: 20_000,
  lockTimeoutMs: 10_000,
  place: (version) => `Postgres ${version}`,
})
const quota = platformQuotaOf(warehouseOver(pool, () => Promise.resolve()))

function context() {
  const { signal } = new AbortController()
  return {
    clock: standingClock(nowMs),
    random: () => 0.5,
    fetch: globalThis.fetch,
    signal,
    quota,
    log: () => undefined,
  }
}

async function asked(given: { baseUrl: string; accessToken: string }): Promise<QuotaAskerReply> {
  const connector = openMetaAds(adapter.options.parse(given))
  const at = context()
  const range = { since: day('2026-11-19'), until: day('2026-11-19') }
  try {
    const [account] = await connector.discover(at)
    const slice = { ...range, platform: 'meta_ads', accountId: account!.accountId, level: 'campaign' } as const
    const sink = { rows: () => Promise.resolve(), entities: () => Promise.resolve() }
    await connector.extract({ ...slice, breakdownKey: '', kind: 'advance' }, account!, at, sink)
    return { code: 'ok' }
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return { code: error.code, retryAfterMs: error.retryAfterMs }
  }
}

async function paced(turns: number): Promise<QuotaAskerReply> {
  const pace = paceOf(5_000, { platform: 'kakao_moment', policy: { quotaWaitMsMax: 0, credential: 'one' } })
  const turnsMs: number[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    // Each time from the same instant: how fast the processes are must not decide what turns they get.
    const at = context()
    await pace.turn(at)
    turnsMs.push(at.clock.nowMs())
  }
  return { turnsMs }
}

const reply = 'turns' in ask ? await paced(ask.turns) : await asked(ask)
process.stdout.write(JSON.stringify(reply))
await pool.end()
