import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Day } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import type { ActionMetric, DailyMetric } from '../domain/metric.ts'
import { openFingerprint } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { PostgresSession } from './postgres-pool.ts'
import { statement } from './statements.ts'

/** Quoted and with its schema: a table of the same name elsewhere on the search path is never meant. */
export const stageTable = 'pg_temp.stage_fact'

const copyStatement = `copy ${stageTable} (entity_id, date, currency, cost, impressions, clicks, link_clicks, video_views,
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
  return `${text(row.entityId)}\t${row.date}\t${row.currency}\t${row.cost}\t${count(row.impressions)}\t${count(row.clicks)}\t${count(
    row.linkClicks,
  )}\t${count(row.videoViews)}\t${row.conversions}\t${row.conversionValue ?? '\\N'}\t${actionsText(row.actions)}\n`
}

/** About what one write to the socket carries; a batch of any size becomes chunks of this. */
const chunkCharacters = 1 << 16

async function* encoded(
  rows: AsyncIterable<readonly DailyMetric[]>,
  days: Map<Day, Fingerprint>,
): AsyncGenerator<Buffer> {
  let chunk = ''
  for await (const batch of rows) {
    for (const row of batch) {
      const text = line(row)
      chunk += text
      let print = days.get(row.date)
      if (!print) days.set(row.date, (print = openFingerprint()))
      print.add(text)
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
  rows: AsyncIterable<readonly DailyMetric[]>,
): Promise<ReadonlyMap<Day, Fingerprint>> {
  const days = new Map<Day, Fingerprint>()
  await session.query(statement('stage'))
  const source = Readable.from(encoded(rows, days), { objectMode: true, highWaterMark: 2 })
  await pipeline(source, session.client.query(copyFrom(copyStatement)))
  return days
}
