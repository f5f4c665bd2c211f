import { exitCodes } from '../domain/error-entry.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import type { Retired } from '../orchestrate/retire.ts'
import { confirmed } from './ask.ts'
import { openContext, projectSettings } from './project.ts'
import { counted } from './summary.ts'
import { wholeOf } from './up.ts'

const daysDefault = 30

export const command: CommandSpec = {
  name: 'gc',
  arguments: [],
  options: [
    { flags: '--days <n>', text: { en: `Keep so many days; ${daysDefault}`, ko: `보관할 일수. ${daysDefault}` } },
    { flags: '--dry-run', text: { en: 'Only say what would go', ko: '무엇이 지워질지만 출력' } },
  ],
  description: {
    en: 'Removes old lines of tasks, and runs with their attempts of which there is a newer one. Facts, extracts and the ledger of days stay. Asks before; --yes answers.',
    ko: '오래된 작업 로그와, 더 새로운 실행이 있는 예전 실행과 시도를 지웁니다. 지표, 추출, 날짜 원장은 남습니다. 먼저 묻고, --yes가 대신 답합니다.',
  },
  examples: [
    { line: 'millrace gc --dry-run', text: { en: 'what a month would leave', ko: '한 달 보관 시 지워질 것' } },
    { line: 'millrace gc --days 90 --yes', text: { en: 'without asking', ko: '묻지 않고' } },
  ],
  run: gc,
}

const words = {
  en: {
    question: (runs: number, lines: number) => `Remove ${counted(runs, 'run')} and ${counted(lines, 'line')}?`,
    nothing: 'Nothing is old enough to go.',
    would: (runs: number, lines: number) =>
      `Would go: ${counted(runs, 'run')}, ${counted(lines, 'line')}. Nothing was removed.`,
    gone: (runs: number, lines: number) => `Removed: ${counted(runs, 'run')}, ${counted(lines, 'line')}.`,
  },
  ko: {
    question: (runs: number, lines: number) => `실행 ${runs}개와 로그 ${lines}줄을 지울까요?`,
    nothing: '지울 만큼 오래된 것이 없습니다.',
    would: (runs: number, lines: number) => `지워질 것: 실행 ${runs}개, 로그 ${lines}줄. 아무것도 지우지 않았습니다.`,
    gone: (runs: number, lines: number) => `지움: 실행 ${runs}개, 로그 ${lines}줄.`,
  },
} as const

async function gc(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { language, clock } = invocation
  const beforeMs = clock.nowMs() - wholeOf(given, 'days', daysDefault, 36_500) * 24 * 3_600_000
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { retireRuns } = await import('../orchestrate/retire.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const found = await retireRuns(warehouse, beforeMs, true)
  const isDry = given['dryRun'] === true
  if (isDry || found.runs + found.lines === 0) {
    tell(invocation, found, false)
    return exitCodes.ok
  }
  if (!(await confirmed(invocation, words[language].question(found.runs, found.lines)))) return exitCodes.skipped
  tell(invocation, await retireRuns(warehouse, beforeMs, false), true)
  return exitCodes.ok
}

function tell({ output, language }: Invocation, counts: Retired, removed: boolean): void {
  if (output.json || !output.isTerminal) return output.record({ event: 'gc', removed, ...counts })
  const said = words[language]
  const { runs, lines } = counts
  if (runs + lines === 0) output.data(`${said.nothing}\n`)
  else output.data(`${(removed ? said.gone : said.would)(runs, lines)}\n`)
}
