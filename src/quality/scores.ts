import type { Day, DayRange } from '../domain/day.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { Axis } from './score.ts'
import { axes, meanScore } from './score.ts'

/** The newest scores of one account's day. */
export interface PartitionScores {
  readonly platform: string
  readonly accountId: string
  readonly date: Day
  readonly overall: number | null
  readonly axes: Readonly<Record<Axis, number | null>>
  /** Checks that measured something, and checks there are. */
  readonly measured: number
  readonly defined: number
  readonly cappedBy: string | null
}

export interface ScoreQuestion extends DayRange {
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

type Row = Readonly<Record<Axis | 'overall', number | null>> & {
  readonly platform: string
  readonly accountId: string
  readonly date: Day
  readonly measured: number
  readonly defined: number
  readonly cappedBy: string | null
  readonly [column: string]: unknown
}

const pivoted = [...axes, 'overall'].map((axis) => `max(score) filter (where axis = '${axis}') as "${axis}"`).join(', ')

const statement = `
select platform, account_id as "accountId", date, ${pivoted}, max(measured) filter (where axis = 'overall') as measured,
       max(defined) filter (where axis = 'overall') as defined, max(capped_by) filter (where axis = 'overall') as "cappedBy"
from dq_newest_score
where dataset = 'fact_ad_daily' and level = 'campaign' and date between $1::date and $2::date
  and ($3::text[] is null or platform = any ($3)) and ($4::text[] is null or account_id = any ($4))
group by platform, account_id, date
order by date, platform, account_id`

/** Scores of every account's day of a range that has any, as its newest run of checks left them. */
export async function readScores(
  session: Session,
  { since, until, platforms, accountIds }: ScoreQuestion,
): Promise<readonly PartitionScores[]> {
  const rows = await session.query<Row>(statement, [since, until, platforms ?? null, accountIds ?? null])
  return rows.map((row) => ({
    platform: row.platform,
    accountId: row.accountId,
    date: row.date,
    overall: row.overall,
    axes: Object.fromEntries(axes.map((axis) => [axis, row[axis]])) as Record<Axis, number | null>,
    measured: row.measured,
    defined: row.defined,
    cappedBy: row.cappedBy,
  }))
}

export interface GroupScores {
  readonly name: string
  readonly partitions: number
  readonly overall: number | null
  readonly axes: Readonly<Record<Axis, number | null>>
  readonly measured: number
  readonly defined: number
}

/** What scores are put together by; `all` is one line over everything. */
export const groupings = ['account', 'platform', 'day', 'all'] as const

export type Grouping = (typeof groupings)[number]

const nameOf: Readonly<Record<Grouping, (one: PartitionScores) => string>> = {
  account: ({ platform, accountId }) => `${platform}/${accountId}`,
  platform: ({ platform }) => platform,
  day: ({ date }) => date,
  all: () => 'all',
}

/** Means over partitions, each weighing the same; a gap stays a gap where no partition measured anything. Pure. */
export function groupScores(partitions: readonly PartitionScores[], by: Grouping): readonly GroupScores[] {
  const groups = Map.groupBy(partitions, nameOf[by])
  return [...groups.keys()].sort().map((name) => {
    const own = groups.get(name) ?? []
    const sum = (of: (one: PartitionScores) => number) => own.reduce((total, one) => total + of(one), 0)
    return {
      name,
      partitions: own.length,
      overall: meanScore(own.map((one) => one.overall)),
      axes: Object.fromEntries(axes.map((axis) => [axis, meanScore(own.map((one) => one.axes[axis]))])) as Record<
        Axis,
        number | null
      >,
      measured: sum((one) => one.measured),
      defined: sum((one) => one.defined),
    }
  })
}
