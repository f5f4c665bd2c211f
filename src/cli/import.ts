import { resolve } from 'node:path'
import type { FilePlan } from '../connectors/file-plan.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { addDays, timeZone } from '../domain/day.ts'
import { MillraceError, explain } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { platform } from '../domain/platform.ts'
import type { OpenConnection } from '../orchestrate/ports.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { showProgress } from './progress.ts'
import { openContext, projectSettings } from './project.ts'
import { counted, exitCodeOf, printSummary } from './summary.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'import',
  arguments: [{ name: '<files...>', text: { en: 'CSV exports of one account', ko: '한 계정에서 내보낸 CSV' } }],
  options: [
    {
      flags: '--platform <name>',
      text: { en: 'Where the numbers come from: google_ads, …', ko: '수치의 출처: google_ads 등' },
      required: true,
    },
    { flags: '--account <id>', text: { en: 'Id of the ad account', ko: '광고 계정 ID' }, required: true },
    { flags: '--currency <code>', text: { en: 'KRW, USD, EUR, …', ko: 'KRW, USD, EUR 등' }, required: true },
    {
      flags: '--zone <zone>',
      text: {
        en: 'Zone of the file’s days; the schedule’s when left out',
        ko: '파일의 날짜 시간대. 생략하면 일정의 시간대',
      },
    },
    {
      flags: '--map <file>',
      text: { en: 'YAML that says which column is what', ko: '어느 열이 무엇인지 적은 YAML' },
      required: true,
    },
    { flags: '--dry-run', text: { en: 'Only say what was understood', ko: '이해한 내용만 출력' } },
  ],
  description: {
    en: 'Loads CSV exports through the whole job: audit, publish, dbt, notice. Exactly the days that the files have are replaced. What is not understood is named by file, line and column, and then nothing is loaded.',
    ko: '내보낸 CSV를 전체 작업(감사, 공개, dbt, 알림)으로 적재합니다. 파일에 있는 날만 교체합니다. 이해하지 못한 것은 파일, 행, 열로 알려 주며, 그때는 아무것도 적재하지 않습니다.',
  },
  examples: [
    {
      line: 'millrace import report.csv --platform google_ads --account 1234567890 \\\n    --currency KRW --map map.yaml --dry-run',
      text: { en: 'see what is understood first', ko: '먼저 무엇을 이해하는지 확인' },
    },
  ],
  run: importFiles,
}

async function importFiles(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const { output, language, signal } = invocation
  const settings = await projectSettings(invocation)
  const files = args.map((file) => resolve(file))
  // What is wrong with the call itself is told before a file is read.
  platform(String(given['platform']))
  currency(String(given['currency']))
  if (given['zone'] !== undefined) timeZone(String(given['zone']))
  const { adapter, readMapping } = await import('../connectors/file.ts')
  const { previewFile } = await import('../connectors/file-plan.ts')
  const plan = await previewFile(files, await readMapping(resolve(String(given['map']))))
  printPlan(invocation, plan)
  if (plan.problemCount > 0) throw notUnderstood(plan, invocation)
  if (given['dryRun'] === true || plan.days.length === 0) return 0

  const options = adapter.options.parse({
    files,
    platform: given['platform'],
    account: given['account'],
    currency: given['currency'],
    zone: given['zone'] ?? settings.pipeline.zone,
    mapping: resolve(String(given['map'])),
  })
  await using connector = await adapter.open(options)
  const connection: OpenConnection = { name: 'import', connector, accountIds: [] }
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts({ ...settings, connections: {} }, openContext(invocation))
  const { runPipeline } = await import('../orchestrate/run.ts')
  const ranges = rangesOf(plan.days)
  let exitCode = 0
  for (const [index, range] of ranges.entries()) {
    // The models are built and people are told once, when everything is there.
    const isLast = index === ranges.length - 1
    const own = { ...ports, connections: [connection], ...(!isLast && { dbt: null, channels: [] }) }
    const request = { range, kind: 'repair', zone: timeZone(settings.pipeline.zone) } as const
    const summary = await runPipeline(own, request, showProgress(output, language), signal)
    printSummary(output, summary, language)
    exitCode = Math.max(exitCode, exitCodeOf(summary))
  }
  return exitCode
}

/** Runs of consecutive days: a day between them that the files lack must stay what it is, not become an empty one. */
export function rangesOf(days: readonly Day[]): readonly DayRange[] {
  const ranges: { since: Day; until: Day }[] = []
  for (const day of days) {
    const last = ranges.at(-1)
    if (last && addDays(last.until, 1) === day) last.until = day
    else ranges.push({ since: day, until: day })
  }
  return ranges
}

/** The days of a file in brackets; nothing when none was understood. */
function within({ days }: FilePlan, between: string): string {
  const [first, last] = [days[0], days.at(-1)]
  if (first === undefined || last === undefined) return ''
  return first === last ? ` (${first})` : ` (${first}${between}${last})`
}

const words = {
  en: {
    understood: (plan: FilePlan) =>
      `${counted(plan.rows, 'row')} understood, ${counted(plan.days.length, 'day')}${within(plan, ' to ')}, ${counted(plan.totals, 'line')} of totals left out`,
  },
  ko: {
    understood: (plan: FilePlan) =>
      `${plan.rows}행 이해, ${plan.days.length}일${within(plan, '~').trimStart()}, 합계 행 ${plan.totals}개 제외`,
  },
} as const

function printPlan({ output, language }: Invocation, plan: FilePlan): void {
  if (output.json) {
    const { rows, totals, days, problemCount } = plan
    output.record({ event: 'understood', rows, totals, days, problems: problemCount })
    return
  }
  output.say(words[language].understood(plan))
  const [first] = plan.firstRows
  if (first) printRows(output, formatOf(undefined, output), Object.keys(first), plan.firstRows)
}

const problemsTold = 20

function notUnderstood({ problems, problemCount }: FilePlan, { language, output }: Invocation): MillraceError {
  const lines = problems.map(({ code, facts }) => {
    const { what, why } = explain(code, facts, language)
    // A column that is not there is found by the names that are.
    return code === 'FILES_COLUMN_UNKNOWN' ? `${what}. ${why.replace(/\.$/, '')}` : what
  })
  if (output.json)
    for (const { code, facts } of problems)
      output.record({ event: 'problem', code, facts, what: explain(code, facts, language).what })
  return new MillraceError('FILES_NOT_UNDERSTOOD', {
    count: problemCount,
    list: lines.slice(0, problemsTold).join('\n'),
  })
}
