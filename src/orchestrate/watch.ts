import type { Day } from '../domain/day.ts'
import { runPostChecks } from '../quality/post.ts'
import { builtinSuite } from '../quality/suite.ts'
import type { Ports } from './ports.ts'

/** Days, back from the newest of them, whose new versions are looked at; older restatements are many and told by the ledger. */
const watchedDays = 7

/** What the later checks said of what was published since they last looked. */
export interface Watched {
  readonly partitions: number
  readonly failed: number
}

/**
 * Runs the later checks over published days that they have not seen in their present version: after the models are built, so that what
 * is compared with them is the same version.
 */
export async function watchPublished(ports: Pick<Ports, 'warehouse' | 'clock' | 'quality'>): Promise<Watched> {
  const [owed] = await ports.warehouse.query<{
    readonly since: Day | null
    readonly until: Day | null
    readonly accounts: readonly string[] | null
  }>(
    `select min(p.date) as since, max(p.date) as until, array_agg(distinct p.account_id) as accounts
     from partition_state p
     where p.level = 'campaign' and p.breakdown_key = '' and p.published_at is not null
       and p.date > (select max(date) from partition_state where published_at is not null) - ${watchedDays}
       and not exists (select from dq_run r where r.dataset = 'fact_ad_daily' and r.stage = 'post' and r.load_version = p.extract_id::text
         and r.partition = concat_ws('|', p.platform, p.account_id, p.level, p.breakdown_key, p.date))`,
  )
  if (!owed?.since || !owed.until || !owed.accounts) return { partitions: 0, failed: 0 }
  const runs = await runPostChecks(ports.warehouse, {
    since: owed.since,
    until: owed.until,
    accountIds: owed.accounts,
    nowMs: ports.clock.nowMs(),
    suite: ports.quality?.suite ?? builtinSuite,
  })
  const failed = runs.flatMap((one) => one.results).filter(({ outcome }) => outcome === 'fail' || outcome === 'error')
  return { partitions: runs.length, failed: failed.length }
}
