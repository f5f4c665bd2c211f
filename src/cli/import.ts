import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import type { FilePlan } from '../connectors/file-plan.ts'
import { timeZone } from '../domain/day.ts'
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
  arguments: [
    {
      name: '<files...>',
      text: {
        en: 'Exports of one account: CSV, TSV, JSON lines, Parquet',
        ko: '한 계정의 내보내기 파일: CSV, TSV, JSON 줄, Parquet',
      },
    },
  ],
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
      text: {
        en: 'YAML that says which column is what, or google_ads, meta_ads for their own exports, millrace for ours',
        ko: '어느 열이 무엇인지 적은 YAML, 또는 그 플랫폼의 내보내기용 google_ads, meta_ads, Millrace 내보내기용 millrace',
      },
      required: true,
    },
    { flags: '--dry-run', text: { en: 'Only say what was understood', ko: '이해한 내용만 출력' } },
  ],
  description: {
    en: 'Loads exports through the whole job: audit, publish, dbt, notice. Exactly the days that the files have are replaced. What is not understood is named by file, line and column, and then nothing is loaded.',
    ko: '내보낸 파일을 전체 작업(감사, 공개, dbt, 알림)으로 적재합니다. 파일에 있는 날만 교체합니다. 이해하지 못한 것은 파일, 행, 열로 알려 주며, 그때는 아무것도 적재하지 않습니다.',
  },
  examples: [
    {
      line: 'millrace import report.csv --platform google_ads --account 1234567890 \\\n    --currency KRW --map map.yaml --dry-run',
      text: { en: 'see what is understood first', ko: '먼저 무엇을 이해하는지 확인' },
    },
    {
      line: 'millrace import ads-manager.csv --platform meta_ads --account 42 \\\n    --currency KRW --map meta_ads',
      text: { en: 'as Ads Manager exports it', ko: '광고 관리자가 내보낸 그대로' },
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
  const { readMapping } = await import('../connectors/file.ts')
  const { readyMapping } = await import('../connectors/file-ready.ts')
  const asked = String(given['map'])
  const mapping = readyMapping(asked) ? asked : resolve(asked)
  const { previewFile } = await import('../connectors/file-plan.ts')
  const plan = await previewFile(files, await readMapping(mapping))
  printPlan(invocation, plan)
  if (plan.problemCount > 0) throw notUnderstood(plan, invocation)
  if (given['dryRun'] === true || plan.days.length === 0) return 0

  const { openImport } = await import('./import-connection.ts')
  await using connector = await openImport({
    files,
    platform: String(given['platform']),
    account: String(given['account']),
    currency: String(given['currency']),
    zone: typeof given['zone'] === 'string' ? given['zone'] : settings.pipeline.zone,
    mapping,
  })
  const connection: OpenConnection = { name: 'import', connector, accountIds: [] }
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts({ ...settings, connections: {} }, openContext(invocation))
  const { runPipeline } = await import('../orchestrate/run.ts')
  const [since, until] = [plan.days[0], plan.days.at(-1)]
  assert(since !== undefined && until !== undefined, 'days were understood')
  const summary = await runPipeline(
    { ...ports, connections: [connection] },
    // One run for all days of the files, so that models are built and people are told once, of everything. A day that the files
    // lack must stay what it is, not become an empty one.
    { range: { since, until }, days: plan.days, kind: 'repair', zone: timeZone(settings.pipeline.zone) },
    showProgress(output, language),
    signal,
  )
  printSummary(output, summary, language)
  return exitCodeOf(summary)
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
