import { open } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { csvRecords } from '../connectors/file-csv.ts'
import { MillraceError } from '../domain/errors.ts'
import { usualRules } from '../quality/detect.ts'
import type { Judged, Point, Rules } from '../quality/detect.ts'
import { judgeCounts } from '../quality/detect-counts.ts'
import { judgeDaily } from '../quality/detect-daily.ts'
import { judgeHourly } from '../quality/detect-hourly.ts'
import { judgeRatio } from '../quality/detect-ratio.ts'
import { publicHolidays } from '../quality/holidays.ts'
import { hoursOf } from '../quality/series-time.ts'
import type { Given, Invocation } from './command.ts'

const detectors = { daily: judgeDaily, hourly: judgeHourly, counts: judgeCounts, ratio: judgeRatio } as const

interface Series {
  readonly times: readonly string[]
  readonly values: readonly string[]
  readonly points: readonly Point[]
}

/** Judges a CSV's series; one line for every row, in the rows' own order. */
export async function backtest(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const name = detectorOf(given)
  const series = await readSeries(invocation, given, name)
  const rules = rulesOf(given, series.points)
  const judged = detectors[name](series.points, rules)
  if (output.json) for (const [at, one] of judged.entries()) output.record(recordOf(series, at, one))
  else
    output.data(
      [
        'timestamp,value,expected_low,expected_high,score,anomaly',
        ...judged.map((one, at) => line(series, at, one)),
        '',
      ].join('\n'),
    )
  output.say(summary[language](judged))
  return 0
}

function detectorOf(given: Given): keyof typeof detectors {
  const missing = ['csv', 'time', 'value', 'detector'].filter((one) => given[one] === undefined)
  if (given['detector'] === 'ratio' && given['of'] === undefined) missing.push('of')
  if (missing.length > 0)
    throw new MillraceError('QUALITY_SERIES_OPTION_MISSING', { missing: missing.map((one) => `--${one}`).join(', ') })
  return String(given['detector']) as keyof typeof detectors
}

async function readSeries({ projectDir }: Invocation, given: Given, detector: string): Promise<Series> {
  const file = resolve(projectDir, String(given['csv']))
  const rows: { readonly cells: readonly string[]; readonly line: number }[] = []
  for await (const { cells, line: at } of csvRecords(file, { encoding: 'utf-8', delimiter: await delimiterOf(file) }))
    rows.push({ cells, line: at })
  const [header, ...body] = rows
  const names = (header?.cells ?? []).map((cell) => cell.trim())
  const column = (name: string) => {
    const at = names.indexOf(String(given[name]).trim())
    if (at < 0)
      throw new MillraceError('QUALITY_SERIES_COLUMN_MISSING', {
        column: String(given[name]),
        file: basename(file),
        found: names.join(', '),
      })
    return body.map(({ cells }) => cells[at] ?? '')
  }
  const times = column('time')
  const values = column('value')
  const totals = given['of'] === undefined ? undefined : column('of')
  const { hours, broken } = hoursOf(times, detector === 'hourly' ? 1 : 24)
  if (broken)
    throw new MillraceError('QUALITY_SERIES_TIME_UNREADABLE', {
      file: basename(file),
      line: body[broken.row]?.line ?? broken.row + 2,
      text: broken.text,
    })
  const points = hours.map((hour, at) => ({
    hour,
    value: numberIn(values[at] ?? ''),
    ...(totals && { of: numberIn(totals[at] ?? '') }),
  }))
  return { times, values, points }
}

/** The separator that the first line has most of; a comma where it has none. */
async function delimiterOf(file: string): Promise<string> {
  // A file that cannot be read is told by the reader of records, in its words.
  const handle = await open(file).catch(() => undefined)
  if (!handle) return ','
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    const [first = ''] = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)
    const count = (mark: string) => first.split(mark).length
    return [',', ';', '\t', '|'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
  } finally {
    await handle.close()
  }
}

/** Null for what is no finite number: empty, NaN, null, inf, words. */
function numberIn(text: string): number | null {
  const value = Number(text.trim())
  return text.trim() === '' || !Number.isFinite(value) ? null : value
}

function rulesOf(given: Given, points: readonly Point[]): Rules {
  return {
    sensitivity: (given['sensitivity'] as Rules['sensitivity'] | undefined) ?? usualRules.sensitivity,
    direction: (given['direction'] as Rules['direction'] | undefined) ?? usualRules.direction,
    impactMin: amountOf(given, 'impactMin', 'impact-min'),
    shareMin: amountOf(given, 'shareMin', 'share-min'),
    missing: given['missing'] === 'zero' ? 'zero' : 'skip',
    holidays: given['holidays'] === undefined ? usualRules.holidays : holidaysOf(String(given['holidays']), points),
  }
}

function amountOf(given: Given, key: string, flag: string): number {
  const text = given[key]
  if (text === undefined) return 0
  const amount = Number(text)
  if (Number.isFinite(amount) && amount >= 0) return amount
  throw new MillraceError('CLI_USAGE', {
    command: 'quality',
    detail: `--${flag} is "${String(text)}", not a number of 0 or more`,
  })
}

function holidaysOf(country: string, points: readonly Point[]): ReadonlySet<number> {
  const years = points.map(({ hour }) => 1970 + Math.floor(hour / 8766))
  const known = publicHolidays(country, {
    from: years.reduce((least, year) => Math.min(least, year), 9999),
    to: years.reduce((most, year) => Math.max(most, year), 0),
  })
  if (!known) throw new MillraceError('QUALITY_HOLIDAYS_UNKNOWN', { country })
  return known
}

function line({ times, values }: Series, at: number, { low, high, score, anomaly }: Judged): string {
  const cells = [times[at] ?? '', values[at] ?? '', low ?? '', high ?? '', score, anomaly ? 1 : 0].map(String)
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
}

function recordOf({ times, points }: Series, at: number, { low, high, ...judged }: Judged): object {
  return { timestamp: times[at], value: points[at]?.value ?? null, expected_low: low, expected_high: high, ...judged }
}

function countsOf(judged: readonly Judged[]) {
  const states = (state: Judged['state']) => judged.filter((one) => one.state === state).length
  return {
    rows: judged.length,
    learning: states('learning'),
    empty: states('empty'),
    marked: judged.filter(({ anomaly }) => anomaly).length,
  }
}

const summary = {
  en(judged: readonly Judged[]) {
    const { rows, learning, empty, marked } = countsOf(judged)
    return `${rows} rows: ${marked} marked; ${learning} while learning, ${empty} without a number`
  },
  ko(judged: readonly Judged[]) {
    const { rows, learning, empty, marked } = countsOf(judged)
    return `${rows}행: 이상 ${marked}, 학습 중 ${learning}, 숫자 없음 ${empty}`
  },
} as const
