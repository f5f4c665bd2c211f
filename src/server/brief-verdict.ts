import type { RouteOutput } from './contract.ts'

type Overview = RouteOutput<'GET /api/v1/overview'>
export type Verdict = Overview['verdict']
export type Score = Overview['quality'][number]
type AccountDays = Overview['accounts'][number]
type PartitionDay = AccountDays['days'][number]

export interface DimensionCount {
  readonly date: string
  readonly dimension: string
  readonly pass: number
  readonly warn: number
  readonly fail: number
}

/** Which checks make which of the four scores; completeness is counted from partitions and not from checks. */
const dimensionsOf = {
  accuracy: ['accuracy'],
  consistency: ['uniqueness', 'conformity', 'consistency'],
  timeliness: ['timeliness'],
} as const satisfies Partial<Record<Score['dimension'], readonly string[]>>

/** 100 × good / judged to two digits, as decimal text; null when nothing was judged: an empty day is not a perfect one. */
export function percentOf(good: number, judged: number): string | null {
  return judged === 0 ? null : String(Math.round((good / judged) * 10_000) / 100)
}

/** The four scores of the day and of the day before: completeness is partitions in of those that are due, the others checks passed of those judged. */
export function scoresOf(
  counts: readonly DimensionCount[],
  accounts: readonly AccountDays[],
  days: { readonly date: string; readonly before: string },
): Score[] {
  const share = (date: string, dimensions: readonly string[]) => {
    const own = counts.filter((one) => one.date === date && dimensions.includes(one.dimension))
    const good = own.reduce((sum, one) => sum + one.pass, 0)
    return { good, judged: own.reduce((sum, one) => sum + one.pass + one.warn + one.fail, 0) }
  }
  const landed = (date: string) => {
    const due = partitionsOn(accounts, date).filter(({ state }) => state !== 'not_due')
    return { good: due.filter(({ state }) => state === 'published').length, judged: due.length }
  }
  const score = (
    dimension: Score['dimension'],
    now: { good: number; judged: number },
    before: { good: number; judged: number },
  ): Score => ({
    dimension,
    ...now,
    score: percentOf(now.good, now.judged),
    scoreBefore: percentOf(before.good, before.judged),
  })
  return [
    score('completeness', landed(days.date), landed(days.before)),
    ...Object.entries(dimensionsOf).map(([name, dimensions]) =>
      score(name as Score['dimension'], share(days.date, dimensions), share(days.before, dimensions)),
    ),
  ]
}

export function partitionsOn(accounts: readonly AccountDays[], date: string): readonly PartitionDay[] {
  return accounts.flatMap((one) => one.days.filter((day) => day.date === date))
}

/** The morning's two questions: is the day in, and is it right. Pure. */
export function verdictOf(accounts: readonly AccountDays[], counts: readonly DimensionCount[], date: string): Verdict {
  const partitions = partitionsOn(accounts, date)
  const count = (state: PartitionDay['state']) => partitions.filter((one) => one.state === state).length
  const [published, stale, failed, missing, notDue] = [
    count('published'),
    count('stale'),
    count('failed'),
    count('missing'),
    count('not_due'),
  ]
  const own = counts.filter((one) => one.date === date)
  const checksFailed = own.reduce((sum, one) => sum + one.fail, 0)
  const differs = accounts.some((one) => one.totals === 'different')
  const isIn = stale + failed + missing > 0 || partitions.length === 0 ? 'no' : published === 0 ? 'not_yet' : 'yes'
  return {
    in: partitions.length > 0 && published === 0 && missing + failed + stale === 0 ? 'not_yet' : isIn,
    right: own.length === 0 ? 'unknown' : checksFailed > 0 || differs || stale > 0 ? 'no' : 'yes',
    published,
    expected: partitions.length,
    stale,
    failed,
    missing,
    notDue,
    checksFailed,
    warned: own.reduce((sum, one) => sum + one.warn, 0),
    restated: partitions.reduce((sum, one) => sum + one.restated, 0),
  }
}
