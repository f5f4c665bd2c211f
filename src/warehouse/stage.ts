import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Day } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import type { ActionMetric, DailyMetric, MetricBatch } from '../domain/metric.ts'
import { openFingerprint } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { PostgresSession } from './postgres-pool.ts'
import { statement } from './statements.ts'

/** Quoted and with its schema: a table of the same name elsewhere on the search path is never meant. */
export const stageTable = 'pg_temp.stage_fact'

const copyStatement = `copy ${stageTable} (date, entity_id, currency, cost, impressions, clicks, link_clicks, video_views,
  conversions, conversion_value, actions) from stdin`

const special = /[\\\t\n\r]/

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function text(value: string): string {
  return special.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (one) => escapes[one] ?? one) : value
}

/** Counts are whole numbers that some platforms write as `12.0`; one with a real fraction is left for Postgres to refuse. */
function count(value: string | null): string {
  if (value === null) return '\\N'
  return value.includes('.') ? normalised(value) : value
}

/** Compact JSON, numbers as text so that they keep their digits. */
function actionsText(actions: readonly ActionMetric[] | undefined): string {
  if (actions === undefined) return '\\N'
  return text(JSON.stringify(actions.map((one) => [one.actionKey, one.window, one.conversions, one.value])))
}

/** One line of COPY's text format. Text beats binary here: a numeric's base-10000 digits cost more in JavaScript than their parsing costs Postgres. */
function line(row: DailyMetric): string {
  return `${row.date}\t${text(row.entityId)}\t${row.currency}\t${row.cost}\t${count(row.impressions)}\t${count(row.clicks)}\t${count(
    row.linkClicks,
  )}\t${count(row.videoViews)}\t${row.conversions}\t${row.conversionValue ?? '\\N'}\t${actionsText(row.actions)}\n`
}

/** About what one write to the socket carries; a batch of any size becomes chunks of this. */
const chunkCharacters = 1 << 16

function printOf(days: Map<Day, Fingerprint>, date: Day): Fingerprint {
  let print = days.get(date)
  if (!print) days.set(date, (print = openFingerprint()))
  return print
}

const newline = 0x0a
const dateLength = 10

/** Takes note of lines that come ready made. Lines of a day follow one another: its name is looked at again only where it changes. */
function noteLines(lines: Uint8Array, days: Map<Day, Fingerprint>): void {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
  let print: Fingerprint | undefined
  let dateFrom = 0
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(newline, from) + 1 || bytes.length
    if (!print || bytes.compare(bytes, dateFrom, dateFrom + dateLength, from, from + dateLength) !== 0)
      print = printOf(days, bytes.toString('latin1', from, from + dateLength) as Day)
    dateFrom = from
    print.addBytes(bytes, from, end)
    from = end
  }
}

async function* encoded(rows: AsyncIterable<MetricBatch>, days: Map<Day, Fingerprint>): AsyncGenerator<Uint8Array> {
  let chunk = ''
  for await (const batch of rows) {
    if ('lines' in batch) {
      if (chunk) yield Buffer.from(chunk)
      chunk = ''
      noteLines(batch.lines, days)
      yield batch.lines
      continue
    }
    for (const row of batch) {
      const text = line(row)
      chunk += text
      printOf(days, row.date).add(text)
      if (chunk.length < chunkCharacters) continue
      yield Buffer.from(chunk)
      chunk = ''
    }
  }
  if (chunk) yield Buffer.from(chunk)
}

/**
 * Streams the rows into the session's stage, never more than two chunks ahead of Postgres, and says of each day what it has.
 * What the iterable throws ends the copy and is thrown; the transaction is then to be rolled back.
 */
export async function stageRows(
  session: PostgresSession,
  rows: AsyncIterable<MetricBatch>,
): Promise<ReadonlyMap<Day, Fingerprint>> {
  const days = new Map<Day, Fingerprint>()
  await session.query(statement('stage'))
  const source = Readable.from(encoded(rows, days), { objectMode: true, highWaterMark: 2 })
  await pipeline(source, session.client.query(copyFrom(copyStatement)))
  return days
}
