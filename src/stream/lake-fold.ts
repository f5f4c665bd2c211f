import type { Lake } from '../lake/lake.ts'
import { eventRows } from '../lake/event-parquet.ts'
import { duckConnection } from '../lake/parquet.ts'
import { latenessMs } from './bucket.ts'
import type { Age } from './bucket.ts'
import { Cells, width } from './cells.ts'
import type { DeadLetter, Tallies } from './counters.ts'
import type { Folded, FoldedConversion } from './fold.ts'
import { identity, uuidOf } from './fold.ts'
import { InternedSeries } from './interned-series.ts'
import type { EventFile } from './land-care.ts'
import { landedColumns } from './land-lines.ts'
import type { Offset } from './log.ts'
import { readEvent } from './read-event.ts'
import { statement } from './statements.ts'

/** Records [from, until) of one partition, as the lake has them. */
export interface LakeRange {
  readonly topic: string
  readonly partition: number
  readonly from: Offset
  readonly until: Offset
  /** Every file that holds records of the range, and those before it in which an id may have come first. */
  readonly files: readonly EventFile[]
}

/** A range's sums as the log's fold hands them over, and what its copies would have added. */
export interface LakeFolded extends Folded {
  /** By series and `minute * 4 + age`, like `cells`: records whose id came before, of all kinds. */
  readonly copies: Cells
}

type Duck = Awaited<ReturnType<typeof duckConnection>>
type Rows = readonly (readonly unknown[])[]

/**
 * The fold of a range, done by DuckDB over the lake's files instead of over the log's bytes. It reads each event as the landing read it, with the
 * scanner of the counters; a copy is a copy however long after: the lake forgets no id of the files it is given.
 */
export async function foldLake(lake: Lake, range: LakeRange): Promise<LakeFolded> {
  await using opened = new AsyncDisposableStack()
  const paths: string[] = []
  for (const { key } of range.files) paths.push(opened.use(await lake.open(key)).path)
  using duck = await duckConnection()
  const ask = async (sql: string): Promise<Rows> => (await duck.runAndReadAll(sql)).getRows()
  await duck.run(`create or replace temp view landed as ${eventRows(paths, landedColumns)}`)
  await duck.run(`set variable from_offset = ${range.from}`)
  await duck.run(`set variable until_offset = ${range.until}`)
  await duck.run(statement('lake-read'))
  try {
    return await folded(ask, range)
  } finally {
    await dropTables(duck)
  }
}

async function dropTables(duck: Duck): Promise<void> {
  await duck.run('drop table if exists counted')
  await duck.run('drop view if exists landed')
}

async function folded(ask: (sql: string) => Promise<Rows>, range: LakeRange): Promise<LakeFolded> {
  const series = new InternedSeries()
  const [cells, copies] = [new Cells(), new Cells()]
  for (const row of await ask(statement('lake-cells'))) addRow(row[4] === true ? copies : cells, series, row)
  const { tallies, newestMs } = talliesOf((await ask(statement('lake-tallies')))[0] ?? [])
  const conversions = (await ask(conversionSelect)).map((row) => conversionOf(row, series, range))
  return {
    next: range.until,
    dedupeFloor: range.from,
    watermarkMs: newestMs === null ? null : newestMs - latenessMs,
    series: series.all,
    cells,
    copies,
    conversions,
    deadLetters: (await ask(refusedSelect)).map(letterOf),
    tallies,
  }
}

const conversionSelect = `select platform, account_id, campaign_id, currency, _off, _place, source, event_id, _ms, age, _value_micros, _cost_micros, _ivt
  from counted where _type = 2 and not is_copy and age < 3 order by _off, _place`

const refusedSelect = `select _off, _place, _raw from landed where _type is null
  and _off >= getvariable('from_offset') and _off < getvariable('until_offset') order by _off, _place`

const numberOf = (series: InternedSeries, [platform, accountId, campaignId, currency]: readonly unknown[]): number =>
  series.number({
    platform: String(platform),
    accountId: String(accountId),
    campaignId: String(campaignId),
    currency: String(currency),
  })

function addRow(to: Cells, series: InternedSeries, row: readonly unknown[]): void {
  const at = to.at(numberOf(series, row), Number(row[5]) * 4 + Number(row[6]))
  for (let metric = 0; metric < width; metric += 1)
    to.values[at + metric] = (to.values[at + metric] as number) + Number(row[7 + metric])
}

function talliesOf(row: readonly unknown[]): { readonly tallies: Tallies; readonly newestMs: number | null } {
  const [records, invalid, duplicates, lateDropped, skewed, uncounted] = row.slice(0, 6).map(Number)
  const tallies = { records, duplicates, invalid, lateDropped, skewed, uncounted } as Tallies
  return { tallies, newestMs: row[6] === null ? null : Number(row[6]) }
}

function conversionOf(
  row: readonly unknown[],
  series: InternedSeries,
  { topic, partition }: LakeRange,
): FoldedConversion {
  const [, , , , offset, place, source, eventId, ms, age, value, cost, ivt] = row
  return {
    id:
      eventId === null
        ? uuidOf(`${topic}/${partition}/${String(offset)}/${String(place)}`)
        : identity(source as string, eventId as string),
    series: numberOf(series, row),
    timeMs: Number(ms),
    age: Number(age) as Exclude<Age, 3>,
    revenueMicros: Number(value),
    costMicros: Number(cost),
    ivt: Number(ivt) === 1,
  }
}

function letterOf([offset, place, text]: readonly unknown[]): DeadLetter {
  const raw = new Uint8Array(Buffer.from(String(text), 'base64'))
  const read = readEvent(raw)
  return { offset: Number(offset), place: Number(place), reason: 'reason' in read ? read.reason : 'not_json', raw }
}
