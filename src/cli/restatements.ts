import { addDays, dayAt, dayStartMs, timeZone } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions, rangeOf } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { printView, views } from './restatements-maturity.ts'
import { formatOf, formats, printRows } from './table.ts'

const daysShown = 30

export const command: CommandSpec = {
  name: 'restatements',
  arguments: [],
  options: [
    {
      flags: '--since <day>',
      text: { en: 'Changes found since that day; 30 days when left out', ko: '이 날부터 발견된 변경. 생략하면 30일' },
    },
    ...choiceOptions,
    {
      flags: '--view <view>',
      text: { en: 'changes; seen, curve, provisional', ko: 'changes, seen, curve, provisional' },
      choices: views,
    },
    { flags: '--horizon <days>', text: { en: 'Of curve and provisional; 28', ko: 'curve, provisional의 기간. 28' } },
    { flags: '--format <format>', text: { en: 'How rows are printed', ko: '행 출력 형식' }, choices: formats },
  ],
  description: {
    en: 'Shows what platforms changed of days that were published before: by account, day and metric, how old the day was, by how much. Late conversions and credits look like this; a loss of rows does, too. --view seen: each day’s value as readers saw it at each age. curve: which share of its settled value a day has at each age, by platform and metric. provisional: after how many days a metric is at rest, from the data.',
    ko: '이미 공개된 날을 플랫폼이 나중에 바꾼 내용을 계정, 날짜, 지표별로 보여 줍니다. 그때 그 날이 며칠 지났는지와 차이를 함께 보여 줍니다. 늦은 전환이나 환불이 이렇게 나타나며, 행이 빠진 경우도 그렇습니다. --view seen: 날짜별 값이 며칠 뒤에 어떻게 보였는지. curve: 플랫폼·지표별로 며칠 뒤 확정값의 몇 비율이었는지. provisional: 데이터로 본, 값이 안정되기까지의 일수.',
  },
  examples: [
    { line: 'millrace restatements', text: { en: 'of the last 30 days', ko: '최근 30일' } },
    {
      line: 'millrace restatements --since 2026-11-01 --platform meta_ads --format csv',
      text: { en: 'of one platform, for a spreadsheet', ko: '한 플랫폼, 스프레드시트용' },
    },
    {
      line: 'millrace restatements --view provisional',
      text: { en: 'when numbers may be trusted', ko: '언제부터 믿을 수 있는지' },
    },
  ],
  run: restatements,
}

const words = {
  en: { none: 'Nothing that was published has been changed since.' },
  ko: { none: '그 뒤로 공개된 값이 바뀐 것이 없습니다.' },
} as const

async function restatements(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const nowMs = context.clock.nowMs()
  const range = rangeOf({ since: given['since'] }, 'restatements', zone, nowMs)
  const sinceMs = range ? dayStartMs(range.since, zone) : nowMs - daysShown * 24 * 3_600_000
  const list = (name: string) => given[name] as readonly string[] | undefined
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, context)
  const view = views.find((one) => one === given['view']) ?? 'changes'
  if (view !== 'changes') {
    const today = dayAt(nowMs, zone)
    await printView(invocation, view, {
      warehouse,
      given,
      range: { since: range?.since ?? addDays(today, -daysShown), until: today },
    })
    return 0
  }
  const { readRestatements } = await import('../warehouse/restatements.ts')
  const found = await readRestatements(warehouse, { sinceMs, platforms: list('platform'), accountIds: list('account') })
  if (found.length === 0) output.say(words[language].none)
  if (found.length === 0 && output.isTerminal) return 0
  const rows = found.map((one) => ({
    account: `${one.platform}/${one.accountId}`,
    date: one.date,
    metric: one.metric,
    currency: one.currency,
    age_days: one.ageDaysMin === one.ageDaysMax ? String(one.ageDaysMax) : `${one.ageDaysMin}-${one.ageDaysMax}`,
    changes: one.changes,
    before: normalised(one.before),
    after: normalised(one.after),
    difference: normalised(one.difference),
    last_at: one.lastAt.toISOString(),
  }))
  const format = formatOf(given['format'], output)
  printRows(output, format, format === 'table' ? shortColumns : allColumns, rows)
  return 0
}

const allColumns = [
  'account',
  'date',
  'metric',
  'currency',
  'age_days',
  'changes',
  'before',
  'after',
  'difference',
  'last_at',
]

/** What 80 columns have room for. */
const shortColumns = ['account', 'date', 'metric', 'currency', 'age_days', 'difference']
