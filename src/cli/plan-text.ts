import { accountKey } from '../domain/account.ts'
import type { Language } from '../domain/errors.ts'
import type { RunPlan } from '../orchestrate/plan.ts'
import type { PlanOperations, PlatformCalls } from '../orchestrate/plan-operations.ts'
import type { Output } from './output.ts'
import { counted } from './summary.ts'
import { formatOf, printRows } from './table.ts'

const words = {
  en: {
    total: (slices: number, partitions: number) =>
      `${counted(slices, 'slice')} (platform queries), ${counted(partitions, 'partition')}`,
    outside: (account: string, days: number) => `${account}: ${counted(days, 'day')} older than the platform keeps`,
    calls: ({ platform, calls, measured, used, perDay }: PlatformCalls) =>
      `${platform}: ${counted(calls, 'call')}${measured ? '' : ' (assumed)'}; ${used} used today${perDay === null ? '' : ` of ${perDay}`}`,
    over: (platform: string) => `${platform}: more calls than are left of today's quota; the rest waits for tomorrow's`,
  },
  ko: {
    total: (slices: number, partitions: number) => `슬라이스(플랫폼 조회) ${slices}개, 파티션 ${partitions}개`,
    outside: (account: string, days: number) => `${account}: 플랫폼 보관 기간이 지난 날 ${days}일`,
    calls: ({ platform, calls, measured, used, perDay }: PlatformCalls) =>
      `${platform}: 호출 ${calls}회${measured ? '' : ' (추정)'}; 오늘 사용 ${used}회${perDay === null ? '' : ` / ${perDay}회`}`,
    over: (platform: string) => `${platform}: 오늘 남은 할당량보다 호출이 많습니다. 나머지는 내일 할당량을 기다립니다`,
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
  'calls',
  'since',
  'until',
  'partitions',
  'waiting',
  'outside_retention',
  'ranges',
]

/** What a terminal of 80 columns has room for; a day that the platform no longer has is told below the table. */
const shortColumns = ['account', 'slices', 'calls', 'since', 'until', 'partitions', 'waiting']

/** What a run would do, a line an account, to stdout; the totals to stderr. */
export function printPlan(output: Output, plan: RunPlan, operations: PlanOperations, language: Language): void {
  const rows = plan.accounts.map((one) => ({
    account: accountKey(one.account),
    currency: one.account.currency,
    zone: one.account.zone,
    slices: one.slices.length,
    calls: operations.callsOf(one.slices),
    since: one.days[0] ?? null,
    until: one.days.at(-1) ?? null,
    partitions: one.days.length,
    waiting: one.waiting.length,
    outside_retention: one.outsideRetention.length,
    ranges: one.slices.map(({ level, since, until }) => `${level} ${since}/${until}`).join(' '),
  }))
  const format = formatOf(undefined, output)
  printRows(output, format, format === 'table' ? shortColumns : allColumns, rows)
  const outside = rows.filter((one) => one.outside_retention > 0)
  for (const one of outside) output.say(words[language].outside(one.account, one.outside_retention))
  for (const one of operations.platforms) {
    output.say(words[language].calls(one))
    if (one.perDay !== null && one.calls > one.perDay - one.used) output.warn(words[language].over(one.platform))
  }
  output.say(totalsText(plan, language))
}
