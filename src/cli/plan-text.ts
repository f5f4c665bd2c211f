import { accountKey } from '../domain/account.ts'
import type { Language } from '../domain/errors.ts'
import type { RunPlan } from '../orchestrate/plan.ts'
import type { Output } from './output.ts'
import { counted } from './summary.ts'
import { formatOf, printRows } from './table.ts'

const words = {
  en: {
    total: (slices: number, partitions: number) =>
      `${counted(slices, 'slice')} (platform queries), ${counted(partitions, 'partition')}`,
    outside: (account: string, days: number) => `${account}: ${counted(days, 'day')} older than the platform keeps`,
  },
  ko: {
    total: (slices: number, partitions: number) => `슬라이스(플랫폼 조회) ${slices}개, 파티션 ${partitions}개`,
    outside: (account: string, days: number) => `${account}: 플랫폼 보관 기간이 지난 날 ${days}일`,
  },
} as const satisfies Record<Language, unknown>

export interface PlanTotals {
  readonly slices: number
  readonly partitions: number
}

export function totalsOf(plan: RunPlan): PlanTotals {
  return {
    slices: plan.accounts.reduce((sum, one) => sum + one.slices.length, 0),
    partitions: plan.accounts.reduce((sum, one) => sum + one.days.length, 0),
  }
}

export function totalsText(plan: RunPlan, language: Language): string {
  const { slices, partitions } = totalsOf(plan)
  return words[language].total(slices, partitions)
}

const allColumns = [
  'account',
  'currency',
  'zone',
  'slices',
  'since',
  'until',
  'partitions',
  'waiting',
  'outside_retention',
]

/** What a terminal of 80 columns has room for; a day that the platform no longer has is told below the table. */
const shortColumns = ['account', 'slices', 'since', 'until', 'partitions', 'waiting']

/** What a run would do, a line an account, to stdout; the totals to stderr. */
export function printPlan(output: Output, plan: RunPlan, language: Language): void {
  const rows = plan.accounts.map((one) => ({
    account: accountKey(one.account),
    currency: one.account.currency,
    zone: one.account.zone,
    slices: one.slices.length,
    since: one.days[0] ?? null,
    until: one.days.at(-1) ?? null,
    partitions: one.days.length,
    waiting: one.waiting.length,
    outside_retention: one.outsideRetention.length,
  }))
  const format = formatOf(undefined, output)
  printRows(output, format, format === 'table' ? shortColumns : allColumns, rows)
  const outside = rows.filter((one) => one.outside_retention > 0)
  for (const one of outside) output.say(words[language].outside(one.account, one.outside_retention))
  output.say(totalsText(plan, language))
}
