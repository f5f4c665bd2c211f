import { systemClock } from '../domain/clock.ts'
import { addDays, day } from '../domain/day.ts'
import { answerStream } from './google-query.ts'
import { noDrift } from './google-row-text.ts'
import { openReport, unchanged } from './report.ts'
import { dayNumber } from './day-number.ts'
import { makeWorld } from './world.ts'

export interface SandboxRowFigures {
  readonly rows: number
  readonly seconds: number
  readonly rows_per_s: number
  readonly rows_per_cpu_s: number
  readonly megabytes_per_s: number
}

const query = (since: string, until: string) =>
  `SELECT customer.currency_code, campaign.id, campaign.name, campaign.status, segments.date, metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}'`

/** How fast the fake makes the rows of a searchStream answer, without the network: it must not be what a load test measures. */
export function benchSandboxRows(campaigns = 2000, days = 100): SandboxRowFigures {
  const account = makeWorld(1, { bulk: { accounts: 1, campaigns } }).accounts[0]!
  const until = day('2026-10-31')
  const nowMs = Date.parse('2026-11-22T12:00:00Z')
  const customer = {
    id: account.accountId,
    name: '',
    currency: account.currency,
    zone: account.zone,
    digits: account.digits,
    manager: false,
    status: 'ENABLED',
    account,
  } as const
  const source = () => ({
    world: makeWorld(1, { bulk: { accounts: 0, campaigns: 0 } }),
    customer,
    clients: [],
    report: openReport(account, nowMs, unchanged),
    today: dayNumber('2026-11-22'),
    version: 26,
    drift: noDrift,
  })
  const startMs = systemClock.nowMs()
  const startCpu = process.cpuUsage()
  const body = JSON.stringify({
    query: query(addDays(until, 1 - days), until),
    summaryRowSetting: 'SUMMARY_ROW_WITH_RESULTS',
  })
  const reply = answerStream(body, { nowMs, requestId: 'bench', fired: new Map(), source, spend: () => undefined })
  let bytes = 0
  for (const piece of reply.body as Iterable<string>) bytes += Buffer.byteLength(piece)
  const seconds = (systemClock.nowMs() - startMs) / 1000
  const { user, system } = process.cpuUsage(startCpu)
  const cpuSeconds = (user + system) / 1e6
  const rows = campaigns * days
  return {
    rows,
    seconds,
    rows_per_s: Math.round(rows / seconds),
    rows_per_cpu_s: Math.round(rows / cpuSeconds),
    megabytes_per_s: Math.round(bytes / seconds / 1e6),
  }
}
