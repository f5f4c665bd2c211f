import type { ErrorEntry, ExitName } from '../domain/error-entry.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import { catalogue, explain } from '../domain/errors.ts'
import type { RunSummary, Trouble } from '../orchestrate/events.ts'
import { currency as currencyOf, formatMoney } from '../domain/money.ts'
import type { Output } from './output.ts'

const grouped = (count: number) => count.toLocaleString('en')

export const counted = (count: number, noun: string) => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

const words = {
  en: {
    state: { success: 'Done', partial: 'Done in part', failed: 'Failed' },
    line: (one: RunSummary) =>
      `${counted(one.days, 'day')}, ${counted(one.platforms.length, 'platform')}, ${counted(one.accounts, 'account')}: ` +
      `${counted(one.rows, 'row')} (${grouped(one.rowsChanged)} changed), ` +
      `${counted(one.models, 'model')}, checks ${grouped(one.checks.pass)} passed, ${one.checks.warn} warned, ${one.checks.fail} failed, ` +
      `dbt tests ${one.dbtTests.pass} passed, ${one.dbtTests.fail} failed`,
    cost: 'Cost',
    waiting: (account: string, days: number, zone: string) =>
      `${account}: ${counted(days, 'day')} not closed yet in ${zone}; loaded by a later run`,
    fix: 'fix',
  },
  ko: {
    state: { success: '완료', partial: '일부 완료', failed: '실패' },
    line: (one: RunSummary) =>
      `${one.days}일, 플랫폼 ${one.platforms.length}개, 계정 ${one.accounts}개: ${grouped(one.rows)}행(변경 ${grouped(one.rowsChanged)}), ` +
      `모델 ${one.models}개, 검사 통과 ${grouped(one.checks.pass)}·경고 ${one.checks.warn}·실패 ${one.checks.fail}, ` +
      `dbt 테스트 통과 ${one.dbtTests.pass}·실패 ${one.dbtTests.fail}`,
    cost: '비용',
    waiting: (account: string, days: number, zone: string) =>
      `${account}: ${zone}에서 아직 마감되지 않은 날 ${days}일, 다음 실행에서 적재`,
    fix: '해결',
  },
} as const satisfies Record<Language, unknown>

/** What a run did, for a person; to stdout, because it is the answer. Programs got it as `run_finished`. */
export function printSummary(output: Output, summary: RunSummary, language: Language): void {
  output.footer([])
  if (output.json) return
  const said = words[language]
  const lines = [
    `${said.state[summary.state]} (${summary.seconds.toFixed(1)}s). ${said.line(summary)}.`,
    ...Object.entries(summary.costTotal).map(
      ([currency, cost]) =>
        `  ${said.cost}  ${formatMoney({ amount: cost, currency: currencyOf(currency) }, language)}`,
    ),
    ...summary.waiting.map(
      (one) => `  ${said.waiting(`${one.platform}/${one.accountId}`, one.dates.length, one.zone)}`,
    ),
    ...summary.troubles.flatMap((trouble) => troubleLines(trouble, language)),
  ]
  output.data(`${lines.join('\n')}\n`)
}

function troubleLines({ platform, accountId, dates, code, facts }: Trouble, language: Language): readonly string[] {
  const { what, why, fix } = explain(code, facts, language)
  const account = platform === null ? '' : `${platform}/${accountId ?? ''} `
  const days = dates.length === 0 ? '' : `${dates[0]}${dates.length > 1 ? `…${dates.at(-1)}` : ''} `
  return [`  x ${account}${days}${code}: ${what}. ${why}`, `    ${words[language].fix}: ${fix}`]
}

/**
 * The exit code of a run. When all its troubles are of one kind, that kind's own code says whether trying again helps (75) or
 * not (5 quality, 7 credentials, …); different kinds together are simply a run that failed.
 */
export function exitCodeOf({ state, troubles }: Pick<RunSummary, 'state' | 'troubles'>): number {
  if (state === 'success') return exitCodes.ok
  const kinds = new Set<ExitName>(troubles.map(({ code }) => (catalogue[code] as ErrorEntry).exit))
  const [only] = kinds
  return exitCodes[kinds.size === 1 && only !== undefined && only !== 'ok' ? only : 'run']
}
