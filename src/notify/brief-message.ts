import type { Decimal } from '../domain/decimal.ts'
import type { Language } from '../domain/errors.ts'
import type { Currency } from '../domain/money.ts'
import { formatMoney } from '../domain/money.ts'
import { briefWords } from './brief-words.ts'
import type { BriefWords } from './brief-words.ts'
import type { Message } from './notifier.ts'
import type { Item, Page, Section } from './page.ts'
import { pageHtml, pageText } from './page.ts'

type Amount = string | null

/** What the brief is made of: the very object that the Overview answers, of which this is the part that is told. */
export interface BriefReport {
  readonly date: string
  readonly asOf: string
  readonly verdict: {
    readonly in: 'yes' | 'no' | 'not_yet'
    readonly right: 'yes' | 'no' | 'unknown'
    readonly published: number
    readonly expected: number
    readonly warned: number
    readonly restated: number
  }
  readonly cards: { readonly quality: { readonly passed: number; readonly judged: number } }
  readonly accounts: readonly BriefAccount[]
  readonly money: readonly BriefMoney[]
  readonly movers: readonly {
    readonly currency: string
    readonly campaignName: string
    readonly costChange: string
    readonly conversionsChange: string
  }[]
  readonly actions: readonly BriefAction[]
}

interface BriefAccount {
  readonly platform: string
  readonly accountId: string
  readonly name: string
  readonly totals: 'equal' | 'different' | 'unknown'
  readonly days: readonly {
    readonly date: string
    readonly state: 'published' | 'stale' | 'failed' | 'missing' | 'not_due'
    readonly completeness: 'provisional' | 'settling' | 'final' | null
    readonly problem: string | null
  }[]
}

interface BriefMoney {
  readonly currency: string
  readonly cost: string
  readonly costBefore: Amount
  readonly costMedian: Amount
  readonly conversions: string
  readonly conversionsBefore: Amount
  readonly cpa: Amount
  readonly cpaBefore: Amount
  readonly roas: Amount
  readonly roasBefore: Amount
}

interface BriefAction {
  readonly kind: 'incident' | 'load' | 'renew'
  readonly platform: string | null
  readonly accountId: string | null
  readonly about: string
  readonly date: string
  readonly what: string
  readonly money: Amount
  readonly currency: string | null
}

/** The key of a day's brief: the same day is sent once a channel, however many programs send it. */
export const briefKey = (date: string) => `brief:${date}`

/** A broken platform of a thousand accounts must still be a mail that people read, and that Gmail does not clip. */
const itemsMax = 20

/** Pure: the morning brief of a day in one language, its four questions in their order. */
export function briefMessage(report: BriefReport, language: Language): Message {
  const say = briefWords[language]
  const [first] = report.money
  const lead = `${leadOf(report, say)} ${say.needs(report.actions.length)}`
  const page: Page = {
    language,
    tone: toneOf(report),
    title: leadOf(report, say),
    lead,
    sections: [
      inSection(report, say),
      rightSection(report, say),
      ...doingSections(report, say),
      todoSection(report, say),
    ],
    footer: say.footer(report.asOf),
  }
  const spent = first ? ` · ${money(first.cost, first.currency, say)}${change(first.cost, first.costBefore)}` : ''
  return {
    idempotencyKey: briefKey(report.date),
    subject: `${page.title.replace(/\.$/, '')}${spent}`,
    text: pageText(page),
    html: pageHtml(page),
  }
}

function toneOf({ verdict, actions }: BriefReport): Page['tone'] {
  if (verdict.in === 'no' || verdict.right === 'no') return 'bad'
  return verdict.in === 'yes' && verdict.right === 'yes' && actions.length === 0 ? 'good' : 'warn'
}

function leadOf({ date, verdict }: BriefReport, say: BriefWords): string {
  if (verdict.in !== 'yes') return verdict.in === 'no' ? say.verdict.notIn(date) : say.verdict.notYet(date)
  return say.verdict[verdict.right === 'yes' ? 'right' : verdict.right === 'no' ? 'wrong' : 'unknown'](date)
}

const count = (value: number, say: BriefWords) => value.toLocaleString(say.locale)

function nameOf({ platform, accountId, name }: BriefAccount): string {
  return `${platform}/${accountId} ${name}`.trim()
}

function inSection({ date, verdict, accounts }: BriefReport, say: BriefWords): Section {
  const items = accounts.flatMap((account): Item[] => {
    const day = account.days.find((one) => one.date === date)
    if (!day || day.state === 'published') return []
    return [{ head: `${nameOf(account)}: ${say.state[day.state]}`, lines: day.problem ? [day.problem] : [] }]
  })
  return {
    heading: say.heading.in,
    rows: [[say.label.partitions, say.partitions(count(verdict.published, say), count(verdict.expected, say))]],
    items: items.slice(0, itemsMax),
  }
}

function rightSection({ date, verdict, cards, accounts }: BriefReport, say: BriefWords): Section {
  const { passed, judged } = cards.quality
  const differing = accounts.filter((one) => one.totals === 'different').map(nameOf)
  const equal = accounts.filter((one) => one.totals === 'equal').length
  const settling = accounts.filter((one) => {
    const day = one.days.find((each) => each.date === date)
    return day?.completeness === 'provisional' || day?.completeness === 'settling'
  }).length
  const rows: (readonly [string, string])[] = [
    [say.label.checks, judged === 0 ? say.notJudged : say.checks(count(passed, say), count(judged, say))],
  ]
  if (verdict.warned > 0) rows.push([say.label.warnings, count(verdict.warned, say)])
  if (differing.length > 0) rows.push([say.label.totals, say.differ(differing.slice(0, itemsMax).join(', '))])
  else if (equal > 0) rows.push([say.label.totals, say.equal(count(equal, say))])
  if (verdict.restated > 0) rows.push([say.label.restated, say.restated(count(verdict.restated, say))])
  if (settling > 0) rows.push([say.label.provisional, say.provisional(count(settling, say))])
  return { heading: say.heading.right, rows }
}

function doingSections({ money: days, movers }: BriefReport, say: BriefWords): readonly Section[] {
  if (days.length === 0) return [{ heading: say.heading.doing, items: [{ head: say.none, lines: [] }] }]
  const rows = days.flatMap((day): (readonly [string, string])[] => [
    [`${say.label.cost} ${day.currency}`, costText(day, say)],
    [
      `${say.label.conversions} ${day.currency}`,
      `${number(day.conversions, say)}${change(day.conversions, day.conversionsBefore)}`,
    ],
    [`${say.label.cpa} ${day.currency}`, `${money(day.cpa, day.currency, say)}${change(day.cpa, day.cpaBefore)}`],
    [`${say.label.roas} ${day.currency}`, `${number(day.roas, say)}${change(day.roas, day.roasBefore)}`],
  ])
  const moved = movers.map((one): Item => ({
    head: one.campaignName,
    lines: [
      say.moved(
        signed(one.costChange, money(one.costChange, one.currency, say)),
        signed(one.conversionsChange, number(one.conversionsChange, say)),
      ),
    ],
  }))
  return [
    { heading: say.heading.doing, rows },
    ...(moved.length > 0 ? [{ heading: say.heading.moved, items: moved.slice(0, itemsMax) }] : []),
  ]
}

function costText(day: BriefMoney, say: BriefWords): string {
  const parts = [`${money(day.cost, day.currency, say)}${change(day.cost, day.costBefore)}`]
  if (day.costBefore !== null) parts.push(`${say.before} ${money(day.costBefore, day.currency, say)}`)
  if (day.costMedian !== null) parts.push(`${say.median} ${money(day.costMedian, day.currency, say)}`)
  return parts.join(' · ')
}

function todoSection({ actions }: BriefReport, say: BriefWords): Section {
  const items = actions.map((one): Item => {
    const place = one.accountId === null ? (one.platform ?? one.about) : `${one.platform}/${one.accountId}`
    const head = {
      incident: () => say.action.incident(one.what, place),
      load: () => say.action.load(place, one.what),
      renew: () => say.action.renew(one.about, one.date),
    }[one.kind]()
    const worth = one.money !== null && one.currency !== null ? [say.worth(money(one.money, one.currency, say))] : []
    return { head, lines: [...worth, commandOf(one)] }
  })
  return { heading: say.heading.todo, items: items.length > 0 ? items : [{ head: say.nothing, lines: [] }] }
}

function commandOf({ kind, about, accountId, date }: BriefAction): string {
  if (kind === 'incident') return `millrace incidents show ${about.slice(0, 13)}`
  if (kind === 'renew') return `millrace connectors auth ${about}`
  return `millrace backfill --since ${date} --until ${date} --account ${accountId ?? ''}`
}

/** An undefined ratio is a dash and never a zero. */
function money(amount: Amount, currency: string, { locale }: BriefWords): string {
  return amount === null ? '–' : formatMoney({ amount: amount as Decimal, currency: currency as Currency }, locale)
}

function number(value: Amount, { locale }: BriefWords): string {
  return value === null
    ? '–'
    : new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(value as unknown as number)
}

function signed(value: string, shown: string): string {
  return value.startsWith('-') ? shown : `+${shown}`
}

/** For the eye only: how much more or less than before, in whole percent. */
function change(now: Amount, before: Amount): string {
  if (now === null || before === null || Number(before) === 0) return ''
  const percent = Math.round((100 * (Number(now) - Number(before))) / Math.abs(Number(before)))
  return ` (${percent > 0 ? '+' : ''}${percent} %)`
}
