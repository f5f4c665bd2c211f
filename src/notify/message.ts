import { addDays, daysBetween } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { explain } from '../domain/errors.ts'
import type { ErrorCode, Facts, Language } from '../domain/errors.ts'
import { formatMoney } from '../domain/money.ts'
import type { Currency } from '../domain/money.ts'
import type { Platform } from '../domain/platform.ts'
import { english } from './message-en.ts'
import { korean } from './message-ko.ts'
import type { MessageWords } from './message-words.ts'
import type { Message } from './notifier.ts'
import type { Item, Page, Section } from './page.ts'
import { pageHtml, pageText } from './page.ts'

/** What a message needs to know of a run; the orchestration's summary has this shape. */
export interface RunReport {
  readonly runId: string
  readonly pipeline: string
  readonly state: 'success' | 'partial' | 'failed'
  readonly since: Day
  readonly until: Day
  /** Days that the run read; when absent, those its interval spans. */
  readonly days?: number | undefined
  readonly platforms: readonly Platform[]
  readonly accounts: number
  readonly rows: number
  readonly rowsChanged: number
  readonly partitions: Readonly<Record<'published' | 'unchanged' | 'refused' | 'failed' | 'superseded', number>>
  readonly waiting: readonly {
    readonly platform: Platform
    readonly accountId: string
    readonly zone: TimeZone
    readonly dates: readonly Day[]
  }[]
  readonly checks: { readonly pass: number; readonly warn: number; readonly fail: number }
  readonly models: number
  readonly dbtTests: { readonly pass: number; readonly warn: number; readonly fail: number }
  readonly costTotal: Readonly<Record<string, Decimal>>
  readonly troubles: readonly ReportedTrouble[]
  readonly seconds: number
  /** Which days of which account are in; when absent, only the run's own interval is said. */
  readonly perAccount?: readonly ReportedAccount[] | undefined
}

export interface ReportedTrouble {
  readonly platform: Platform | null
  readonly accountId: string | null
  readonly dates: readonly Day[]
  readonly code: ErrorCode
  readonly facts: Facts
}

export interface ReportedAccount {
  readonly platform: Platform
  readonly accountId: string
  readonly name: string
  readonly zone: TimeZone
  readonly state: 'landed' | 'refused' | 'failed' | 'waiting'
  /** Days that this run published or found unchanged. */
  readonly dates: readonly Day[]
  readonly rows: number
}

const words: Readonly<Record<Language, MessageWords>> = { en: english, ko: korean }

const tones: Readonly<Record<RunReport['state'], Page['tone']>> = { success: 'good', partial: 'warn', failed: 'bad' }

/** Items of one list in a message; a broken platform with a thousand accounts must still be a message that people read. */
const itemsMax = 20

/**
 * Pure: the message about a run in one language. `place` says where the numbers lie (the warehouse's own words, without secrets).
 * The idempotency key is of the run and its end, so that the same end is told once a channel, however often it is enqueued.
 */
export function runMessage(report: RunReport, language: Language, place: string): Message {
  const page = runPage(report, language, place)
  const range = report.since === report.until ? report.since : `${report.since} – ${report.until}`
  return {
    idempotencyKey: `run:${report.runId}:${report.state}`,
    subject: `${page.title} · ${range}`,
    text: pageText(page),
    html: pageHtml(page),
  }
}

function runPage(report: RunReport, language: Language, place: string): Page {
  const say = words[language]
  return {
    language,
    tone: tones[report.state],
    title: `${titleOf(report.pipeline)} ${say.state[report.state]}`,
    lead: say.lead[report.state],
    sections: [
      summarySection(report, say),
      troubleSection(report, say, language),
      waitingSection(report, say),
      accountSection(report, say),
      lookSection(report, say, place),
    ].filter((section) => (section.rows ?? section.items ?? []).length > 0),
    footer: say.automatic,
  }
}

/** `ad_data_pipeline` is told as "Ad Data Pipeline", the words of the seed's own success mail. */
function titleOf(pipeline: string): string {
  return pipeline
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ')
}

function summarySection(report: RunReport, say: MessageWords): Section {
  const count = countIn(say)
  const { partitions, checks, dbtTests } = report
  const days = report.days ?? daysBetween(report.since, report.until) + 1
  return {
    heading: say.heading.summary,
    rows: [
      [
        say.label.days,
        report.since === report.until ? report.since : say.range(report.since, report.until, count(days)),
      ],
      [say.label.accounts, say.accounts(count(report.accounts), report.platforms.join(', '))],
      [say.label.rows, say.rows(count(report.rows), count(report.rowsChanged))],
      [
        say.label.partitions,
        say.partitions({
          published: count(partitions.published),
          unchanged: count(partitions.unchanged),
          refused: count(partitions.refused),
          failed: count(partitions.failed),
          superseded: count(partitions.superseded),
        }),
      ],
      [say.label.cost, costText(report.costTotal, say)],
      [say.label.checks, say.checks(count(checks.pass), count(checks.warn), count(checks.fail))],
      [
        say.label.models,
        say.models(count(report.models), count(dbtTests.pass), count(dbtTests.warn), count(dbtTests.fail)),
      ],
      [
        say.label.took,
        say.seconds(new Intl.NumberFormat(say.locale, { maximumFractionDigits: 1 }).format(report.seconds)),
      ],
    ],
  }
}

function countIn(say: MessageWords): (value: number) => string {
  const format = new Intl.NumberFormat(say.locale)
  return (value) => format.format(value)
}

/** One amount a currency, side by side, in the order of their codes; never a sum across. */
function costText(costTotal: RunReport['costTotal'], say: MessageWords): string {
  const amounts = Object.entries(costTotal)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, amount]) => `${formatMoney({ amount, currency: code as Currency }, say.locale)} (${code})`)
  return amounts.join(' · ') || say.noCost
}

function troubleSection(report: RunReport, say: MessageWords, language: Language): Section {
  const items = report.troubles.map((trouble): Item => {
    const { what, why, fix } = explain(trouble.code, trouble.facts, language)
    const subject = trouble.accountId === null ? say.wholeRun : `${trouble.platform}/${trouble.accountId}`
    const dates = datesText(trouble.dates, say)
    return {
      head: dates ? `${subject} · ${dates}` : subject,
      lines: [`${what}. ${why}`, `${say.fix}: ${fix}`, trouble.code],
    }
  })
  return { heading: say.heading.troubles, items: limited(items, say) }
}

function waitingSection(report: RunReport, say: MessageWords): Section {
  const items = report.waiting.map(({ platform, accountId, zone, dates }): Item => ({
    head: `${platform}/${accountId}: ${say.waits(datesText(dates, say), zone)}`,
    lines: [],
  }))
  return { heading: say.heading.waiting, items: limited(items, say) }
}

function accountSection({ perAccount = [] }: RunReport, say: MessageWords): Section {
  const count = countIn(say)
  const items = perAccount.map(({ platform, accountId, name, zone, state, dates, rows }): Item => ({
    head: `${platform}/${accountId} ${name}`.trim(),
    lines: [
      [say.accountState[state], datesText(dates, say), `${say.label.rows} ${count(rows)}`, zone]
        .filter(Boolean)
        .join(' · '),
    ],
  }))
  return { heading: say.heading.perAccount, items: limited(items, say) }
}

function lookSection(report: RunReport, say: MessageWords, place: string): Section {
  return {
    heading: say.heading.look,
    rows: [
      [say.label.command, 'millrace status'],
      [say.label.warehouse, place],
      [say.label.run, report.runId],
    ],
  }
}

function limited(items: readonly Item[], say: MessageWords): readonly Item[] {
  if (items.length <= itemsMax) return items
  return [...items.slice(0, itemsMax), { head: say.more(countIn(say)(items.length - itemsMax)), lines: [] }]
}

/** Days as people say them: consecutive ones as a range, at most three parts, then how many there are. */
function datesText(dates: readonly Day[], say: MessageWords): string {
  const ranges: { since: Day; until: Day; days: number }[] = []
  for (const date of [...new Set(dates)].sort()) {
    const last = ranges.at(-1)
    if (last && addDays(last.until, 1) === date) {
      last.until = date
      last.days += 1
    } else {
      ranges.push({ since: date, until: date, days: 1 })
    }
  }
  const count = countIn(say)
  const parts = ranges.map(({ since, until, days }) => (days === 1 ? since : say.range(since, until, count(days))))
  if (parts.length <= 3) return parts.join(', ')
  return `${parts.slice(0, 3).join(', ')}, … (${say.daysCount(count(new Set(dates).size))})`
}
