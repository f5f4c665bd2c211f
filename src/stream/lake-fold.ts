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
/** Column by column, as DuckDB has them: numbers as doubles, exact below 2^53. */
type Columns = readonly (readonly unknown[])[]

/**
 * The fold of a range, done by DuckDB over the lake's files instead of over the log's bytes. It reads each event as the landing read it, with the
 * scanner of the counters; a copy is a copy however long after: the lake forgets no id of the files it is given.
 */
export async function foldLake(lake: Lake, range: LakeRange): Promise<LakeFolded> {
  await using opened = new AsyncDisposableStack()
  const paths: string[] = []
  for (const { key } of range.files) paths.push(opened.use(await lake.open(key)).path)
  using duck = await duckConnection()
  await duck.run(`create or replace temp view landed as ${eventRows(paths, landedColumns)}`)
  await duck.run(`set variable from_offset = ${range.from}`)
  await duck.run(`set variable until_offset = ${range.until}`)
  await duck.run(statement('lake-read'))
  try {
    return await folded(duck, range)
  } finally {
    await dropTables(duck)
  }
}

async function dropTables(duck: Duck): Promise<void> {
  await duck.run('drop table if exists copies')
  await duck.run('drop table if exists twice')
  await duck.run('drop view if exists landed')
}

async function folded(duck: Duck, range: LakeRange): Promise<LakeFolded> {
  const columns = async (sql: string): Promise<Columns> => (await duck.runAndReadAll(sql)).getColumns()
  const series = new InternedSeries()
  const sums = sumsOf(await columns(statement('lake-cells')), series)
  const [counts = []] = (await duck.runAndReadAll(countSelect)).getRows()
  const refused = Number(counts[0]) === sums.events ? [] : (await duck.runAndReadAll(refusedSelect)).getRows()
  return {
    next: range.until,
    dedupeFloor: range.from,
    watermarkMs: sums.newestMs === null ? null : sums.newestMs - latenessMs,
    series: series.all,
    cells: sums.cells,
    copies: sums.copies,
    conversions: conversionsOf(await columns(statement('lake-conversions')), series, range),
    deadLetters: refused.map(letterOf),
    tallies: { ...sums.tallies, records: Number(counts[0]), invalid: refused.length },
  }
}

const countSelect = `select count(*) from landed
  where _off >= getvariable('from_offset') and _off < getvariable('until_offset')`

const refusedSelect = `select _off, _place, _raw from landed where _type is null
  and _off >= getvariable('from_offset') and _off < getvariable('until_offset') order by _off, _place`

/** Numbers of series by their four names; a name is made into a key once a row of sums, so plain text will do. */
class Names {
  readonly #series: InternedSeries
  readonly #numbers = new Map<string, number>()

  constructor(series: InternedSeries) {
    this.#series = series
  }

  number(platform: string, accountId: string, campaignId: string, currency: string): number {
    const key = `${platform}\0${accountId}\0${campaignId}\0${currency}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#series.number({ platform, accountId, campaignId, currency })
    this.#numbers.set(key, number)
    return number
  }
}

interface Sums {
  readonly cells: Cells
  readonly copies: Cells
  readonly tallies: Tallies
  readonly newestMs: number | null
  /** Records that are events. */
  readonly events: number
}

/** Where the columns of sums begin, and those of what the fold says beside them. */
const firstSum = 7
const firstTally = firstSum + width
const tooOld = 3

function sumsOf(columns: Columns, series: InternedSeries): Sums {
  const names = new Names(series)
  const [cells, copies] = [new Cells(), new Cells()]
  const tallies = { records: 0, duplicates: 0, invalid: 0, lateDropped: 0, skewed: 0, uncounted: 0 }
  let [newestMs, events] = [Number.NEGATIVE_INFINITY, 0]
  const rows = columns[0]?.length ?? 0
  const at = (column: number, row: number): number => Number(columns[column]?.[row])
  for (let row = 0; row < rows; row += 1) {
    const isCopy = columns[4]?.[row] === true
    const [age, records] = [at(5, row), at(firstTally, row)]
    events += records
    if (isCopy) tallies.duplicates += records
    else {
      if (age === tooOld) tallies.lateDropped += records
      else tallies.uncounted += at(firstTally + 2, row)
      tallies.skewed += at(firstTally + 1, row)
      newestMs = Math.max(newestMs, at(firstTally + 3, row))
    }
    if (age !== tooOld) addSums(isCopy ? copies : cells, names, columns, row)
  }
  return { cells, copies, tallies, events, newestMs: newestMs === Number.NEGATIVE_INFINITY ? null : newestMs }
}

/** A row of nothing but events that are not counted makes no cell. */
function addSums(to: Cells, names: Names, columns: Columns, row: number): void {
  let isEmpty = true
  for (let metric = 0; metric < width && isEmpty; metric += 1) isEmpty = columns[firstSum + metric]?.[row] === 0
  if (isEmpty) return
  const text = (column: number): string => columns[column]?.[row] as string
  const number = names.number(text(0), text(1), text(2), text(3))
  const at = to.at(number, Number(columns[6]?.[row]) * 4 + Number(columns[5]?.[row]))
  for (let metric = 0; metric < width; metric += 1)
    to.values[at + metric] = (to.values[at + metric] as number) + (columns[firstSum + metric]?.[row] as number)
}

function conversionsOf(
  [offset, place, platform, account, campaign, currency, source, eventId, ms, age, value, cost, ivt]: Columns,
  series: InternedSeries,
  range: LakeRange,
): readonly FoldedConversion[] {
  const names = new Names(series)
  return (offset ?? []).map((at, row) => {
    const id = eventId?.[row] as string | null
    return {
      id:
        id === null
          ? uuidOf(`${range.topic}/${range.partition}/${String(at)}/${String(place?.[row])}`)
          : identity(source?.[row] as string, id),
      series: names.number(
        platform?.[row] as string,
        account?.[row] as string,
        campaign?.[row] as string,
        currency?.[row] as string,
      ),
      timeMs: ms?.[row] as number,
      age: age?.[row] as Exclude<Age, 3>,
      revenueMicros: value?.[row] as number,
      costMicros: cost?.[row] as number,
      ivt: ivt?.[row] === 1,
    }
  })
}

function letterOf([offset, place, text]: readonly unknown[]): DeadLetter {
  const raw = new Uint8Array(Buffer.from(String(text), 'base64'))
  const read = readEvent(raw)
  return { offset: Number(offset), place: Number(place), reason: 'reason' in read ? read.reason : 'not_json', raw }
}
