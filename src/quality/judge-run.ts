import { learning, usualRules } from './detect.ts'
import type { Judged, Rules } from './detect.ts'
import { expectedOf, judgeCount } from './detect-counts.ts'
import { judgedBy } from './detect-daily.ts'
import { judgeShare } from './detect-ratio.ts'
import { heavyTwoSided } from './distribution.ts'
import { LevelWalk, windowDays } from './level-walk.ts'
import { topDown } from './top-down.ts'
import type { Finding } from './top-down.ts'
import { fitWeekdays } from './weekday-fit.ts'
import type { Sample } from './weekday-fit.ts'

/** The history of one series by days, as it was known: oldest first, its last entry the day to judge. Null is a day without a row. */
export interface History {
  readonly key: string
  readonly parent: string | null
  /** `volume` and `count` are additive; a share has `of`, day by day. */
  readonly kind: 'volume' | 'count' | 'share'
  readonly values: readonly (number | null)[]
  readonly of?: readonly (number | null)[]
  /** Days of which nothing is known (not loaded), which is not the same as nothing delivered; their values are not read. */
  readonly unknown?: readonly boolean[]
  readonly rules?: Rules
}

export interface RunJudgement {
  readonly judged: ReadonlyMap<string, Judged>
  /** What is told, top down. */
  readonly findings: readonly Finding[]
}

/** Beneath it an additive series is judged as counts. */
const smallCount = 20
const suspiciousRun = 5
const suspiciousZ = 2.5

/**
 * Judges the last day of every series of a run, then tells what belongs together. `lastDay` counts from 1970-01-01. A day without a row
 * of an additive series is a day on which nothing was delivered. Pure: the same histories give the same findings.
 */
export function judgeRun(histories: readonly History[], lastDay: number): RunJudgement {
  const judged = new Map(histories.map((history) => [history.key, judgeLast(history, lastDay)]))
  const candidates = histories.flatMap(({ key, parent }) => {
    const one = judged.get(key)
    const { value, expected } = one?.explanation ?? {}
    if (!one || typeof value !== 'number' || typeof expected !== 'number') return []
    return [{ key, parent, value, expected, p: pOf(one), anomaly: one.anomaly }]
  })
  return { judged, findings: topDown(candidates) }
}

function pOf({ explanation }: Judged): number {
  if (typeof explanation?.['p'] === 'number') return explanation['p']
  // A cautious method needs more deviations for the same threshold; a shift is told at what just fires.
  const { z, threshold, shift } = explanation ?? {}
  const usual = typeof z === 'number' && typeof threshold === 'number' ? (4 * Math.abs(z)) / threshold : 0
  return heavyTwoSided(shift ? Math.max(usual, 4) : usual)
}

function judgeLast(history: History, lastDay: number): Judged {
  const rules = history.rules ?? usualRules
  const first = lastDay - history.values.length + 1
  if (history.kind === 'share') return judgeLastShare(history, first, rules)
  // Before its first row a series was not there, which is not the same as nothing delivered.
  const start = history.values.findIndex((value) => value !== null)
  if (start < 0 || history.unknown?.at(-1)) return learning
  const begun = history.values.flatMap((value, at): readonly Sample[] =>
    at < start || history.unknown?.[at]
      ? []
      : [{ day: first + at, value: value ?? 0, holiday: rules.holidays.has(first + at) }],
  )
  const today = begun.at(-1)
  if (!today) return learning
  const known = begun.slice(0, -1).slice(-windowDays)
  const mean = history.kind === 'count' ? expectedOf(known, lastDay) : undefined
  if (mean !== undefined && mean < smallCount) return judgeLastCount(known, { ...today, expected: mean }, rules)
  const step = stepOfLast(begun, known, today)
  return step ? judgedBy(step, today, rules) : learning
}

/** One fit is enough, unless the fit's own residuals show a run to one side: then the level moved, and the series is walked. */
function stepOfLast(begun: readonly Sample[], known: readonly Sample[], today: Sample) {
  const fit = fitWeekdays(known, today.day, today.holiday)
  if (!fit) return undefined
  const deviation = today.value > fit.expected ? fit.deviationUp : fit.deviation
  const z = ((today.value - fit.expected) / deviation) * (today.value === 0 ? fit.widened : 1)
  if (!hasRun([...fit.residuals, z])) return { fit, z, shift: null, returned: false }
  const walk = new LevelWalk({ zeroFill: false })
  for (const sample of begun.slice(0, -1)) walk.learn(sample, walk.judge(sample))
  return walk.judge(today)
}

function hasRun(residuals: readonly number[]): boolean {
  for (let end = suspiciousRun; end <= residuals.length; end += 1) {
    const five = residuals.slice(end - suspiciousRun, end)
    if (five.filter((z) => z > suspiciousZ).length >= suspiciousRun - 1) return true
    if (five.filter((z) => z < -suspiciousZ).length >= suspiciousRun - 1) return true
  }
  return false
}

function judgeLastCount(known: readonly Sample[], today: Sample & { readonly expected: number }, rules: Rules): Judged {
  const days = known.map((sample, at) => ({
    ...sample,
    // Looking back two days is enough for what is judged together, and for the overdispersion the mean is.
    expected: (at >= known.length - 2 ? expectedOf(known.slice(0, at), sample.day) : undefined) ?? today.expected,
  }))
  return judgeCount(days, today, rules)
}

function judgeLastShare({ values, of = [] }: History, first: number, rules: Rules): Judged {
  const days = values.flatMap((value, at) => {
    const total = of[at] ?? null
    return value === null || total === null || total <= 0 ? [] : [{ day: first + at, value, of: total }]
  })
  const today = days.at(-1)
  const last = first + values.length - 1
  const past = days.slice(0, -1).filter(({ day }) => day >= last - 28)
  return !today || today.day !== last || past.length < 7 ? learning : judgeShare(past, today, rules)
}
