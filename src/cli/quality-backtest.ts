import { resolve } from 'node:path'
import { csvRecords } from '../connectors/file-csv.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Judged, Point } from '../quality/detect.ts'
import { judgeDaily } from '../quality/detect-daily.ts'
import { judgeHourly } from '../quality/detect-hourly.ts'
import type { Given, Invocation } from './command.ts'

const detectors = { daily: judgeDaily, hourly: judgeHourly } as const

/** Runs a detector over a CSV's series, a line of CSV for every row. Needs neither a project nor a database. */
export async function backtest({ output, projectDir }: Invocation, given: Given): Promise<number> {
  for (const name of ['csv', 'time', 'value', 'detector'])
    if (typeof given[name] !== 'string')
      throw new MillraceError('CLI_USAGE', { command: 'quality', detail: `backtest needs --${name}` })
  const file = resolve(projectDir, String(given['csv']))
  const rows: (readonly string[])[] = []
  for await (const { cells } of csvRecords(file, { encoding: 'utf-8', delimiter: ',' })) rows.push(cells)
  const [header = [], ...body] = rows
  const timeAt = columnOf(header, String(given['time']))
  const valueAt = columnOf(header, String(given['value']))
  const times = body.map((cells) => cells[timeAt] ?? '')
  const points = body.map((cells, at): Point => ({
    hour: hourOf(times[at] ?? '', at + 2),
    value: valueOf(cells[valueAt] ?? ''),
  }))
  const judged = detectors[given['detector'] === 'hourly' ? 'hourly' : 'daily'](points)
  const lines = judged.map((one, at) => line(times[at] ?? '', body[at]?.[valueAt] ?? '', one))
  output.data(['timestamp,value,expected_low,expected_high,score,anomaly', ...lines, ''].join('\n'))
  return 0
}

function columnOf(header: readonly string[], name: string): number {
  const at = header.findIndex((cell) => cell.trim() === name)
  if (at >= 0) return at
  throw new MillraceError('CLI_USAGE', { command: 'quality', detail: `"${name}" ≠ ${header.join(', ')}` })
}

/** Civil time as written: an offset behind it is not applied, because weekdays and hours are those of the series' zone. */
function hourOf(text: string, lineNumber: number): number {
  const found = /^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2})(?::(\d{2}))?)?/.exec(text)
  if (!found)
    throw new MillraceError('CLI_USAGE', {
      command: 'quality',
      detail: `${lineNumber}: "${text}" ≠ YYYY-MM-DD[ HH:MM]`,
    })
  const [year = 0, month = 1, dayOfMonth = 1, hour = 0, minute = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return Date.UTC(year, month - 1, dayOfMonth) / 3_600_000 + hour + minute / 60
}

function valueOf(text: string): number | null {
  const value = Number(text)
  return text.trim() === '' || !Number.isFinite(value) ? null : value
}

function line(time: string, value: string, { low, high, score, anomaly }: Judged): string {
  const cells = [time, value, low ?? '', high ?? '', score, anomaly ? 1 : 0].map(String)
  return cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
}
