import { dayNumber, dayText, weekday } from './day-number.ts'
import { mixSeed, textSeed } from './hash.ts'
import type { Reply } from './reply.ts'
import { isoInstant } from '../domain/clock.ts'

/** What a euro buys at the start, and how many digits the bank writes. No TWD: the bank does not quote it, and a test needs such a one. */
const quotes = {
  USD: [1.08, 4],
  JPY: [162, 2],
  GBP: [0.84, 4],
  CHF: [0.95, 4],
  SEK: [11.4, 4],
  CNY: [7.8, 4],
  KRW: [1480, 2],
  NZD: [1.81, 4],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

/** The addresses of the bank, by how many days they go back. */
const daysOf: Readonly<Record<string, number>> = {
  'eurofxref-daily.xml': 1,
  'eurofxref-hist-90d.xml': 90,
  'eurofxref-hist.xml': 500,
}

/** The bank publishes at about 16:00 in Frankfurt. */
const publishedHourUtc = 15

const folder = '/stats/eurofxref/'

export function isRatesPath(path: string): boolean {
  return path.startsWith(folder)
}

/** Reference rates as the European Central Bank publishes them: working days only, none before the day's hour. */
export function answerRates(seed: number, path: string, nowMs: number): Reply {
  const days = daysOf[path.slice(folder.length)]
  if (days === undefined) return { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404</html>' }
  const today = dayNumber(isoInstant(nowMs - publishedHourUtc * 3_600_000).slice(0, 10))
  const working = Array.from({ length: days + 4 }, (_, ago) => today - ago).filter(
    (number) => weekday(number) % 6 !== 0,
  )
  const shown = days === 1 ? working.slice(0, 1) : working.filter((number) => number > today - days)
  const cubes = shown.map((number) => `<Cube time="${dayText(number)}">${cubesOf(seed, number)}</Cube>`)
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender><Cube>\n${cubes.join('\n')}\n</Cube></gesmes:Envelope>\n`,
  }
}

function cubesOf(seed: number, number: number): string {
  return Object.entries(quotes)
    .map(([code, [start, digits]]) => {
      const drift = (mixSeed(seed, textSeed(code), number) / 2 ** 32 - 0.5) * 0.01
      const season = Math.sin((number + (textSeed(code) % 97)) / 40) * 0.03
      return `<Cube currency="${code}" rate="${(start * (1 + season + drift)).toFixed(digits)}"/>`
    })
    .join('')
}
