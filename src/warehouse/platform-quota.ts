import { isoInstant } from '../domain/clock.ts'
import type { PlatformQuota, QuotaHolder } from '../domain/platform-quota.ts'
import { slowPercent, spacingMs, toldMsMax } from '../domain/platform-quota.ts'
import type { Warehouse } from './warehouse.ts'

const keyOf = ({ platform, credential, account }: QuotaHolder) => [platform, credential, account]

/** A turn of every budget that the call counts against; each caller takes the next one, so that no two get the same. */
const takeTurn = `
  update platform_quota
     set turn_at = greatest(turn_at, free_at, $4::timestamptz) + make_interval(secs => spacing_ms / 1000.0)
   where platform = $1 and credential = $2 and account in ('', $3) and percent is not null
     and told_at > $5::timestamptz and (free_at is null or free_at > $4::timestamptz)
  returning (extract(epoch from turn_at) * 1000)::float8 - spacing_ms as "atMs"`

const takePaced = `
  insert into platform_quota as q (platform, credential, account, scope, spacing_ms, told_at, turn_at)
  values ($1, $2, $3, $4, $5::bigint, $6::timestamptz, $6::timestamptz + make_interval(secs => $5::bigint / 1000.0))
  on conflict (platform, credential, account, scope) do update
     set turn_at = greatest(q.turn_at, excluded.told_at) + make_interval(secs => $5::bigint / 1000.0),
         spacing_ms = excluded.spacing_ms, told_at = excluded.told_at
  returning (extract(epoch from turn_at) * 1000)::float8 - spacing_ms as "atMs"`

/** A younger word stands; turns that were given out stay given out. */
const keepSample = `
  insert into platform_quota as q (platform, credential, account, scope, percent, spacing_ms, told_at, free_at, turn_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $7)
  on conflict (platform, credential, account, scope) do update
     set percent = excluded.percent, spacing_ms = excluded.spacing_ms, told_at = excluded.told_at, free_at = excluded.free_at
   where q.told_at <= excluded.told_at`

const dropSample = `
  delete from platform_quota where platform = $1 and credential = $2 and account = $3 and scope = $4 and percent is not null
     and told_at <= $5::timestamptz`

/** The platforms' budgets, kept where every process of the project finds them. */
export function platformQuotaOf(warehouse: Pick<Warehouse, 'query'>): PlatformQuota {
  return {
    async turn(holder, nowMs) {
      const since = isoInstant(nowMs - toldMsMax)
      const rows = await warehouse.query<{ atMs: number }>(takeTurn, [...keyOf(holder), isoInstant(nowMs), since])
      return Math.max(nowMs, ...rows.map(({ atMs }) => Math.round(atMs)))
    },
    async pace(holder, scope, everyMs, nowMs) {
      const values = [...keyOf(holder), scope, everyMs, isoInstant(nowMs)]
      const [row] = await warehouse.query<{ atMs: number }>(takePaced, values)
      return Math.max(nowMs, Math.round(row?.atMs ?? nowMs))
    },
    async tell(holder, samples, nowMs) {
      for (const { scope, percent, resetMs } of samples) {
        const key = [...keyOf(holder), scope]
        const at = isoInstant(nowMs)
        if (percent < slowPercent && resetMs <= 0) await warehouse.query(dropSample, [...key, at])
        else {
          const free = resetMs > 0 ? isoInstant(nowMs + resetMs) : null
          await warehouse.query(keepSample, [...key, percent, spacingMs(percent, resetMs), at, free])
        }
      }
    },
  }
}
