import type { Language } from '../domain/errors.ts'
import { incidentWords } from './incident-words.ts'
import type { IncidentFacts, Message } from './notifier.ts'
import type { Item, Page, Section } from './page.ts'
import { pageHtml, pageText } from './page.ts'
import { sparkline } from './sparkline.ts'

/** What a message of an incident is made of; the incident of the quality room has this shape, flattened. */
export interface IncidentTelling {
  readonly incidentId: string
  readonly fingerprint: string
  readonly telling: 'opened' | 'reopened' | 'escalated' | 'repeated' | 'resolved'
  readonly seq: number
  readonly severity: 'info' | 'warn' | 'error' | 'critical'
  readonly checkId: string
  readonly platform: string
  readonly accountId: string | null
  readonly firstDay: string
  readonly lastDay: string
  readonly openedAt: string
  readonly owner: string | null
  readonly reopened: number
  readonly facts: {
    readonly metric?: string
    readonly found?: number | string | null
    readonly expected?: number | null
    readonly low?: number | null
    readonly high?: number | null
    readonly history?: readonly (number | null)[]
    readonly currency?: string
    readonly moneyAtStake?: string | null
    readonly contributions?: readonly { readonly name: string; readonly difference: number; readonly share: number }[]
    readonly cause?: string
    readonly causeKo?: string
    readonly sentence?: string
    readonly sentenceKo?: string
  }
  /** Names of what else belongs to it: checks and places. */
  readonly others: readonly string[]
}

const historyDays = 28
const othersMax = 8

/** Pure: the message of one telling in one language. Its key is of the incident and the telling's number. */
export function incidentMessage(incident: IncidentTelling, language: Language): Message {
  const say = incidentWords[language]
  const place = incident.accountId === null ? incident.platform : `${incident.platform} ${incident.accountId}`
  const title = `${say.telling[incident.telling]}: ${say.severity[incident.severity]} · ${incident.checkId} · ${place}`
  const over = incident.telling === 'resolved'
  const page: Page = {
    language,
    tone: over ? 'good' : incident.severity === 'warn' || incident.severity === 'info' ? 'warn' : 'bad',
    title,
    lead: over ? say.over(days(incident)) : (sentenceOf(incident, language) ?? say.lead),
    sections: [
      whatSection(incident, language),
      ...(over ? [] : detailSections(incident, language)),
      actionSection(incident, language),
    ],
    footer: say.footer,
  }
  return {
    idempotencyKey: `incident:${incident.incidentId}:${incident.telling}:${incident.seq}`,
    subject: title,
    text: pageText(page),
    html: pageHtml(page),
    incident: factsOf(incident, title, place),
  }
}

function factsOf(incident: IncidentTelling, summary: string, source: string): IncidentFacts {
  return {
    incidentId: incident.incidentId,
    fingerprint: incident.fingerprint,
    action: incident.telling === 'resolved' ? 'resolve' : 'trigger',
    severity: incident.severity,
    summary,
    source,
    checkId: incident.checkId,
    platform: incident.platform,
    accountId: incident.accountId,
    firstDay: incident.firstDay,
    lastDay: incident.lastDay,
  }
}

function days({ firstDay, lastDay }: IncidentTelling): string {
  return firstDay === lastDay ? firstDay : `${firstDay} … ${lastDay}`
}

function sentenceOf({ facts }: IncidentTelling, language: Language): string | undefined {
  return language === 'ko' ? (facts.sentenceKo ?? facts.sentence) : facts.sentence
}

function whatSection(incident: IncidentTelling, language: Language): Section {
  const say = incidentWords[language]
  const { facts } = incident
  const rows: (readonly [string, string])[] = [
    [say.label.what, facts.metric ? `${incident.checkId} (${facts.metric})` : incident.checkId],
    [say.label.since, `${days(incident)} · ${incident.openedAt}`],
  ]
  if (facts.expected !== undefined && facts.expected !== null) {
    const band =
      facts.low !== undefined && facts.high !== undefined ? ` (${number(facts.low)} … ${number(facts.high)})` : ''
    rows.push([say.label.found, number(facts.found)], [say.label.expected, `${number(facts.expected)}${band}`])
  }
  if (facts.history && facts.history.length > 1)
    rows.push([
      say.label.history(Math.min(historyDays, facts.history.length)),
      sparkline(facts.history.slice(-historyDays)),
    ])
  if (facts.moneyAtStake) rows.push([say.label.money, `${facts.currency ?? ''} ${number(facts.moneyAtStake)}`.trim()])
  if (incident.owner) rows.push([say.label.owner, incident.owner])
  if (incident.reopened > 0) rows.push([say.label.reopened, String(incident.reopened)])
  return { heading: say.heading.what, rows }
}

function detailSections(incident: IncidentTelling, language: Language): readonly Section[] {
  const say = incidentWords[language]
  const { contributions = [], cause, causeKo } = incident.facts
  const because = (language === 'ko' ? causeKo : undefined) ?? cause
  const parts = contributions.map((one): Item => ({
    head: one.name,
    lines: [`${signed(one.difference)} · ${Math.round(100 * one.share)} %`],
  }))
  const others = incident.others.slice(0, othersMax).map((head): Item => ({ head, lines: [] }))
  const rest = incident.others.length - others.length
  return [
    ...(because ? [{ heading: say.heading.cause, items: [{ head: because, lines: [] }] }] : []),
    ...(parts.length > 0 ? [{ heading: say.heading.parts, items: parts }] : []),
    ...(others.length > 0
      ? [{ heading: say.heading.others, items: rest > 0 ? [...others, { head: say.more(rest), lines: [] }] : others }]
      : []),
  ]
}

function actionSection({ incidentId, platform, checkId, telling }: IncidentTelling, language: Language): Section {
  const say = incidentWords[language]
  const id = incidentId.slice(0, 13)
  const rows: (readonly [string, string])[] = [[say.label.look, `millrace incidents show ${id}`]]
  if (telling !== 'resolved')
    rows.push(
      [say.label.acknowledge, `millrace incidents ack ${id}`],
      [say.label.mute, `millrace alerts silence --platform ${platform} --check ${checkId} --for 24h --reason "…"`],
    )
  return { heading: say.heading.next, rows }
}

function number(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const parsed = Number(value)
  if (!Number.isFinite(parsed)) return String(value)
  return parsed.toLocaleString('en-US', { maximumFractionDigits: Math.abs(parsed) < 100 ? 2 : 0 })
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${number(value)}`
}
