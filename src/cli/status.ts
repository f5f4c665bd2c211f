import type { Day, DayRange } from '../domain/day.ts'
import { addDays, dayAt, daysOf, timeZone } from '../domain/day.ts'
import type { Language } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { rangeOf, rangeOptions } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import type { KnownAccount, LastRun, OutboxState, StatusReport } from './status-report.ts'
import { printReport, troubledLevels, withMissing } from './status-report.ts'

/** How many days are shown when none are named. */
const daysShown = 30
const runsShown = 5

export const command: CommandSpec = {
  name: 'status',
  arguments: [],
  options: [
    { flags: '--date <day>', text: { en: 'One day, YYYY-MM-DD or yesterday', ko: '하루, YYYY-MM-DD 또는 yesterday' } },
    ...rangeOptions,
  ],
  description: {
    en: 'Shows what is published, stale, failed and missing by account and day, what the audit refused and why, the last runs, messages that wait, and workers that are there or went without a word. 30 days when none are named.',
    ko: '계정과 날짜별로 공개·오래됨·실패·누락을 보여 주고, 감사가 거부한 것과 이유, 최근 실행, 대기 중인 메시지, 동작 중이거나 소식이 끊긴 워커를 보여 줍니다. 날짜를 주지 않으면 30일입니다.',
  },
  examples: [
    { line: 'millrace status', text: { en: 'the last 30 days', ko: '최근 30일' } },
    { line: 'millrace status --date yesterday --json', text: { en: 'one day for a program', ko: '프로그램용 하루' } },
  ],
  run: status,
}

async function status(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const nowMs = context.clock.nowMs()
  const yesterday = addDays(dayAt(nowMs, zone), -1)
  const range = rangeOf(given, 'status', zone, nowMs) ?? { since: addDays(yesterday, 1 - daysShown), until: yesterday }
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, context)
  printReport(output, await readReport(warehouse, range), language satisfies Language)
  return 0
}

async function readReport(warehouse: Warehouse, range: DayRange): Promise<StatusReport> {
  const { readStatus } = await import('../warehouse/partition-state.ts')
  const { leaseMsDefault } = await import('../orchestrate/embedded-engine.ts')
  const { sql } = await import('../orchestrate/sql.ts')
  const { listWorkers } = await import('../orchestrate/worker-list.ts')
  const [known, accounts, runs, outbox, workers] = await Promise.all([
    readStatus(warehouse, range),
    warehouse.query<KnownAccount & Readonly<Record<string, unknown>>>(
      `select platform, account_id as "accountId", name from dim_account where is_current order by platform, account_id`,
    ),
    warehouse.query<LastRun & Readonly<Record<string, unknown>>>(sql('last-runs'), [runsShown]),
    warehouse.query<OutboxState & Readonly<Record<string, unknown>>>(
      `select channel, count(*) filter (where delivered_at is not null)::int as delivered,
              count(*) filter (where delivered_at is null and dead_at is null)::int as waiting,
              count(*) filter (where dead_at is not null)::int as dead, max(last_error) filter (where delivered_at is null) as "lastError"
       from outbox group by channel order by channel`,
    ),
    listWorkers(warehouse, leaseMsDefault),
  ])
  const days: readonly Day[] = daysOf(range)
  return { range, partitions: withMissing(known, accounts, days), levels: troubledLevels(known), runs, outbox, workers }
}
