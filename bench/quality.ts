import type { Point } from '../src/quality/detect.ts'
import { judgeDaily } from '../src/quality/detect-daily.ts'
import { judgeHourly } from '../src/quality/detect-hourly.ts'
import { compared, dice, normal, planted, weekly, withEpisodes } from '../src/quality/generated-series.ts'
import type { Shape, WeeklyOptions } from '../src/quality/generated-series.ts'
import { judgeRun } from '../src/quality/judge-run.ts'
import type { History } from '../src/quality/judge-run.ts'
import { deequHoltWinters, elementary } from './detector-rivals.ts'
import type { Bench, Figures, Line } from './figures.ts'

interface Detector {
  readonly name: 'd1' | 'deequ' | 'elementary'
  readonly marks: (points: readonly Point[]) => readonly boolean[]
}

const valuesOf = (points: readonly Point[]) => points.map(({ value }) => value ?? 0)

const detectors: readonly Detector[] = [
  { name: 'd1', marks: (points) => judgeDaily(points).map(({ anomaly }) => anomaly) },
  { name: 'deequ', marks: (points) => deequHoltWinters(valuesOf(points)) },
  { name: 'elementary', marks: (points) => elementary(valuesOf(points)) },
]

/** From here on every detector has learned. */
const judgedFrom = 28

function falseAlarms({ marks }: Detector, seeds: number, options: WeeklyOptions): number {
  let [alarms, days] = [0, 0]
  for (let seed = 1; seed <= seeds; seed += 1) {
    const judged = marks(weekly(seed, options)).slice(judgedFrom)
    alarms += judged.filter(Boolean).length
    days += judged.length
  }
  return (100 * alarms) / days
}

function power({ marks }: Detector, trials: number, factor: number): number {
  let found = 0
  for (let trial = 0; trial < trials; trial += 1) {
    const at = 29 + (trial % 40)
    if (marks(planted(weekly(1_000 + trial, { days: at + 1 }), at, factor))[at]) found += 1
  }
  return found / trials
}

const factors = [
  { factor: 1.3, name: 'x1_3' },
  { factor: 1.5, name: 'x1_5' },
  { factor: 2, name: 'x2', atLeast: 0.95 },
  { factor: 0.5, name: 'x0_5', atLeast: 0.65 },
  { factor: 0, name: 'zero', atLeast: 1 },
] as const

function weeklySeries(long: boolean): Figures {
  const figures: Record<string, number> = {}
  for (const detector of detectors) {
    const seeds = detector.name === 'd1' ? (long ? 2_000 : 400) : 40
    figures[`${detector.name}_false_alarms_gaussian_per_100d`] = falseAlarms(detector, seeds, {})
    figures[`${detector.name}_false_alarms_t4_per_100d`] = falseAlarms(detector, seeds, { tails: 't4' })
    figures[`${detector.name}_false_alarms_trend_per_100d`] = falseAlarms(detector, seeds, { trendPerDay: 0.01 })
    for (const { factor, name } of factors)
      figures[`${detector.name}_power_${name}_share`] = power(detector, detector.name === 'd1' ? 400 : 120, factor)
  }
  return figures
}

function hourlyEpisodes(shape: Shape, seeds: number): number {
  const total = { found: 0, missed: 0, invented: 0 }
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { points, episodes } = withEpisodes(seed, { shape })
    const one = compared(
      judgeHourly(points).map(({ anomaly }) => anomaly),
      episodes,
      1,
    )
    total.found += one.found
    total.missed += one.missed
    total.invented += one.invented
  }
  return (2 * total.found) / (2 * total.found + total.missed + total.invented)
}

/** 500 campaigns of five metrics over 90 days: cost, impressions and clicks as volumes, conversions as counts, a rate. */
function account(campaigns: number): readonly History[] {
  const roll = dice(7)
  const sum = new Float64Array(90)
  const histories = Array.from({ length: campaigns }, (_, nth): readonly History[] => {
    const cost = valuesOf(weekly(nth + 1))
    for (const [at, value] of cost.entries()) sum[at] = (sum[at] ?? 0) + value
    const like = (share: number) => cost.map((value) => Math.round(value * share * Math.exp(0.05 * normal(roll))))
    const [impressions, clicks, conversions] = [like(40), like(1), like(0.005)]
    const part = { parent: 'account:cost' }
    return [
      { ...part, key: `${nth}:cost`, kind: 'volume', values: cost },
      { key: `${nth}:impressions`, parent: null, kind: 'volume', values: impressions },
      { key: `${nth}:clicks`, parent: null, kind: 'volume', values: clicks },
      { key: `${nth}:conversions`, parent: null, kind: 'count', values: conversions },
      { key: `${nth}:ctr`, parent: null, kind: 'share', values: clicks, of: impressions },
    ]
  })
  return [{ key: 'account:cost', parent: null, kind: 'volume', values: [...sum] }, ...histories.flat()]
}

function wholeRun(): Figures {
  const histories = account(500)
  judgeRun(histories.slice(0, 200), 20_000)
  globalThis.gc?.()
  const [startedMs, before] = [performance.now(), process.cpuUsage()]
  const { findings } = judgeRun(histories, 20_000)
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(before)
  return {
    run_500_campaigns_5_metrics_90_days_s: seconds,
    run_500_campaigns_5_metrics_90_days_cpu_s: (user + system) / 1e6,
    run_resident_mb: process.memoryUsage.rss() / 2 ** 20,
    run_findings: findings.length,
  }
}

const shapes: readonly Shape[] = ['daily', 'weekly', 'wandering', 'trend']

/** The detectors on generated series: false alarms, power, episodes, and the time of a night's run. */
export async function bench({
  long,
  say,
}: {
  readonly long: boolean
  readonly say: (line: string) => void
}): Promise<Bench> {
  say('500 campaigns × 5 metrics × 90 days …')
  const run = wholeRun()
  say('weekly series …')
  const weeklyFigures = weeklySeries(long)
  say('hourly episodes …')
  const hourly = Object.fromEntries(
    shapes.map((shape) => [`d2_episodes_${shape}_f1`, hourlyEpisodes(shape, long ? 200 : 30)]),
  )
  await Promise.resolve()
  const figures: Figures = { ...run, ...weeklyFigures, ...hourly }
  return { figures, lines: linesOf(figures) }
}

function linesOf(figures: Figures): readonly Line[] {
  const of = (name: string) => figures[name] ?? null
  const alarms = [
    { tails: 'gaussian', bar: { atMost: 0.5 } },
    { tails: 't4', bar: { atMost: 2 } },
    { tails: 'trend', bar: undefined },
  ] as const
  return [
    ...alarms.flatMap(({ tails, bar }) =>
      rivalLines(`false alarms, ${tails}`, `false_alarms_${tails}_per_100d`, '/100 d', of, bar),
    ),
    ...factors.flatMap((one) =>
      rivalLines(
        `found, ${one.name}`,
        `power_${one.name}_share`,
        '',
        of,
        'atLeast' in one ? { atLeast: one.atLeast } : undefined,
      ),
    ),
    ...shapes.map((shape): Line => ({
      what: `hourly episodes, ${shape}: F1`,
      ours: of(`d2_episodes_${shape}_f1`),
      unit: '',
      bar: { atLeast: 0.7 },
    })),
    {
      what: '500 campaigns × 5 metrics × 90 days, one night',
      ours: of('run_500_campaigns_5_metrics_90_days_s'),
      unit: 's',
      bar: { atMost: 2 },
    },
    { what: 'of it CPU', ours: of('run_500_campaigns_5_metrics_90_days_cpu_s'), unit: 's' },
    { what: 'resident memory after it', ours: of('run_resident_mb'), unit: 'MB', bar: { atMost: 150 } },
  ]
}

function rivalLines(
  what: string,
  figure: string,
  unit: string,
  of: (name: string) => number | null,
  bar: Line['bar'],
): readonly Line[] {
  const rivals = [
    { name: "Deequ's Holt-Winters formula", key: 'deequ' },
    { name: "Elementary's z formula", key: 'elementary' },
  ]
  return rivals.map(({ name, key }) => ({
    what: `D1 ${what}`,
    ours: of(`d1_${figure}`),
    unit,
    rival: { name, value: of(`${key}_${figure}`) },
    bar,
  }))
}
