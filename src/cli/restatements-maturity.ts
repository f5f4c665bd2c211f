import type { DayRange } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import { MillraceError } from '../domain/errors.ts'
import { settlingDaysOf } from '../warehouse/completeness.ts'
import {
  horizonDaysDefault,
  provisionalUntil,
  readMaturityCurve,
  readSeenValues,
  restTolerance,
} from '../warehouse/maturity.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { formatOf, printRows } from './table.ts'
import { wholeOf } from './up.ts'

/** The ways of looking at the ledger besides the list of changes. */
export const views = ['changes', 'seen', 'curve', 'provisional'] as const

export type View = (typeof views)[number]

const words = {
  en: {
    young: (days: number) => `No published day was looked at ${days} days after itself: a shorter --horizon may do.`,
    rest: `A metric is at rest when eight of ten days are within ${restTolerance * 100} % of their settled value, and stay so.`,
    none: 'Nothing is published of these days.',
  },
  ko: {
    young: (days: number) => `${days}일 뒤에 다시 조회한 공개된 날이 없습니다. --horizon을 줄여 보세요.`,
    rest: `열 날 중 여덟 날이 확정값의 ${restTolerance * 100} % 안에 들고 그대로 있으면 안정된 것으로 봅니다.`,
    none: '이 기간에 공개된 것이 없습니다.',
  },
} as const

interface Asked {
  readonly warehouse: Warehouse
  readonly given: Given
  readonly range: DayRange
}

/** Prints one of the other views. Throws CLI_USAGE for a horizon that is none. */
export async function printView(invocation: Invocation, view: Exclude<View, 'changes'>, asked: Asked): Promise<void> {
  const list = (name: string) => asked.given[name] as readonly string[] | undefined
  const choice = { platforms: list('platform'), accountIds: list('account') }
  if (view === 'seen') return printSeen(invocation, asked, choice)
  const horizonDays = wholeOf(asked.given, 'horizon', horizonDaysDefault, 400)
  if (horizonDays < 1) throw new MillraceError('CLI_USAGE', { command: 'restatements', detail: '--horizon: 1 … 400' })
  const curve = await readMaturityCurve(asked.warehouse, { horizonDays, ...choice })
  const { output, language } = invocation
  if (curve.length === 0) output.say(words[language].young(horizonDays))
  const format = formatOf(asked.given['format'], output)
  if (view === 'curve') {
    const rounded = (value: number) => value.toFixed(4)
    const rows = curve.map((one) => ({
      platform: one.platform,
      metric: one.metric,
      age_days: one.ageDays,
      days: one.days,
      share: rounded(one.share),
      low: rounded(one.low),
      high: rounded(one.high),
    }))
    printRows(output, format, ['platform', 'metric', 'age_days', 'days', 'share', 'low', 'high'], rows)
    return undefined
  }
  if (curve.length > 0) output.say(words[language].rest)
  const rows = provisionalUntil(curve).map((one) => ({
    platform: one.platform,
    metric: one.metric,
    at_rest_after_days: one.ageDays,
    youngest_seen_days: one.youngestDays,
    documented_days: settlingDaysOf(one.platform),
    days: one.days,
  }))
  printRows(
    output,
    format,
    ['platform', 'metric', 'at_rest_after_days', 'youngest_seen_days', 'documented_days', 'days'],
    rows,
  )
  return undefined
}

async function printSeen(
  { output, language }: Invocation,
  { warehouse, given, range }: Asked,
  choice: { readonly platforms: readonly string[] | undefined; readonly accountIds: readonly string[] | undefined },
): Promise<void> {
  const seen = await readSeenValues(warehouse, { ...range, ...choice })
  if (seen.length === 0) output.say(words[language].none)
  const rows = seen.map((one) => ({
    account: `${one.platform}/${one.accountId}`,
    date: one.date,
    metric: one.metric,
    currency: one.metric === 'cost' || one.metric === 'conversion_value' ? one.currency : null,
    age_days: one.ageDays,
    value: normalised(one.value),
    asked_at: one.askedAt.toISOString(),
  }))
  const format = formatOf(given['format'], output)
  const columns = ['account', 'date', 'metric', 'currency', 'age_days', 'value']
  printRows(output, format, format === 'table' ? columns : [...columns, 'asked_at'], rows)
}
