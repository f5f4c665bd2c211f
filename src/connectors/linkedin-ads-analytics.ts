import type { Day, DayRange } from '../domain/day.ts'
import { addDays, daysOf } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { LinkedinClient } from './linkedin-ads-client.ts'
import { restliList } from './linkedin-ads-client.ts'
import type { Node } from './linkedin-ads-rows.ts'
import { isNode, keyOf } from './linkedin-ads-rows.ts'

/** LinkedIn answers this many elements at most and says nothing of the rest. */
const elementsMax = 15_000

/** LinkedIn takes twenty fields a call; two of them say what a row is about. */
export const fieldsMax = 18

export interface AnalyticsQuestion extends DayRange {
  readonly account: string
  readonly pivot: 'ACCOUNT' | 'CAMPAIGN_GROUP'
  readonly granularity: 'ALL' | 'DAILY'
  readonly fields: readonly string[]
}

function dateText(day: Day): string {
  const [year, month, date] = day.split('-').map(Number)
  return `(year:${year},month:${month},day:${date})`
}

function queryOf({ account, pivot, granularity, since, until, fields }: AnalyticsQuestion): string {
  return [
    'q=analytics',
    `pivot=${pivot}`,
    `timeGranularity=${granularity}`,
    `dateRange=(start:${dateText(since)},end:${dateText(until)})`,
    `accounts=${restliList([`urn:li:sponsoredAccount:${account}`])}`,
    `fields=${[...fields, 'dateRange', 'pivotValues'].join(',')}`,
  ].join('&')
}

/** One call, whose elements may have been cut off silently. */
async function elementsOf(
  client: LinkedinClient,
  question: AnalyticsQuestion,
  context: ConnectorContext,
): Promise<readonly Node[]> {
  const { elements } = await client.get('adAnalytics', queryOf(question), question.account, context)
  if (Array.isArray(elements)) return elements.filter(isNode)
  throw failed('CONNECTORS_SCHEMA_DRIFT', question, 'adAnalytics answered without elements')
}

/**
 * All elements of a question: its fields in as many calls as they take, joined by what each element is about, and its days in as
 * many parts as it takes for no answer to reach the number at which LinkedIn cuts off. Throws CONNECTORS_TOO_MUCH_DATA when one day alone
 * reaches it, CONNECTORS_TRANSIENT when the calls speak of different elements: numbers came in between, and half a row is no row.
 */
export async function analytics(
  client: LinkedinClient,
  question: AnalyticsQuestion,
  context: ConnectorContext,
  fieldsPerCall = fieldsMax,
): Promise<readonly Node[]> {
  for (let attempt = 1; attempt <= joinsMax; attempt += 1) {
    const parts: (readonly Node[])[] = []
    for (let at = 0; at < question.fields.length; at += fieldsPerCall) {
      const fields = question.fields.slice(at, at + fieldsPerCall)
      const elements = await elementsOf(client, { ...question, fields }, context)
      if (elements.length >= elementsMax) return inHalves(client, question, context, fieldsPerCall)
      parts.push(elements)
    }
    const whole = joined(parts)
    if (whole) return whole
  }
  throw failed('CONNECTORS_TRANSIENT', question, 'its parts speak of different rows again and again')
}

/** Numbers come in between two calls now and then; asked again, they agree. */
const joinsMax = 3

async function inHalves(
  client: LinkedinClient,
  question: AnalyticsQuestion,
  context: ConnectorContext,
  fieldsPerCall: number,
): Promise<readonly Node[]> {
  const days = daysOf(question)
  if (days.length < 2)
    throw failed(
      'CONNECTORS_TOO_MUCH_DATA',
      question,
      `one day has ${elementsMax} elements or more, and LinkedIn gives no others`,
    )
  const middle = days[Math.floor((days.length - 1) / 2)] as Day
  const message = `linkedin_ads/${question.account}: ${question.since} to ${question.until} is asked for in two parts`
  context.log({ level: 'info', message })
  const first = await analytics(client, { ...question, until: middle }, context, fieldsPerCall)
  const second = await analytics(client, { ...question, since: addDays(middle, 1) }, context, fieldsPerCall)
  return [...first, ...second]
}

/** The parts as one; undefined when they do not speak of the same rows. */
function joined(parts: readonly (readonly Node[])[]): readonly Node[] | undefined {
  const [first = [], ...rest] = parts
  if (rest.length === 0) return first
  const name = (element: Node) => JSON.stringify(keyOf(element))
  const whole = new Map(first.map((element) => [name(element), element]))
  for (const part of rest) {
    const isSame = part.length === first.length && part.every((element) => whole.has(name(element)))
    if (!isSame) return undefined
    for (const element of part) whole.set(name(element), { ...whole.get(name(element)), ...element })
  }
  return [...whole.values()]
}

function failed(
  code: 'CONNECTORS_SCHEMA_DRIFT' | 'CONNECTORS_TOO_MUCH_DATA' | 'CONNECTORS_TRANSIENT',
  { account }: AnalyticsQuestion,
  detail: string,
): MillraceError {
  return new MillraceError(code, { platform: 'linkedin_ads', account, detail })
}
