import { counts, empty, learning, scoreOf, usualRules } from './detect.ts'
import type { Judged, Point, Rules } from './detect.ts'
import { LevelWalk } from './level-walk.ts'
import type { Step } from './level-walk.ts'
import { byDays } from './series-days.ts'

const thresholds = { low: 5, medium: 4, high: 3 } as const

/**
 * Judges each day by the days before it (the weekday regression of `fitWeekdays` along `LevelWalk`). Rows may stand in any order and
 * twice for a day: each is judged by the days before, the last one trains.
 */
export function judgeDaily(points: readonly Point[], rules: Rules = usualRules): readonly Judged[] {
  const judged: Judged[] = points.map(() => empty)
  const walks = new Map<number, LevelWalk>()
  for (const { day, lane, rows } of byDays(points)) {
    const walk = walks.get(lane) ?? new LevelWalk({ zeroFill: rules.missing === 'zero' })
    walks.set(lane, walk)
    const holiday = rules.holidays.has(day)
    const samples = rows.map((at) => ({ day, value: points[at]?.value ?? 0, holiday }))
    const steps = samples.map((sample) => walk.judge(sample))
    for (const [n, at] of rows.entries()) {
      const step = steps[n]
      judged[at] = step ? judgedBy(step, { value: samples[n]?.value ?? 0, holiday }, rules) : learning
    }
    const last = samples.at(-1)
    if (last) walk.learn(last, steps.at(-1))
  }
  return judged
}

/** What a step of the walk means under these rules. */
export function judgedBy(
  step: Step,
  { value, holiday }: { readonly value: number; readonly holiday: boolean },
  rules: Rules,
): Judged {
  const { fit, z, shift, returned } = step
  const threshold = thresholds[rules.sensitivity] * fit.caution
  const surprise = Math.max(Math.abs(z) / threshold, shift ? 1 : 0)
  return {
    low: fit.expected - threshold * fit.deviation,
    high: fit.expected + threshold * fit.deviationUp,
    score: scoreOf(surprise),
    anomaly: surprise >= 1 && counts(value, fit.expected, rules),
    state: 'judged',
    explanation: {
      detector: 'daily',
      value,
      expected: fit.expected,
      z,
      threshold,
      deviation: fit.deviation,
      deviationUp: fit.deviationUp,
      method: fit.method,
      days: fit.days,
      unit: fit.unit,
      scale: fit.scale,
      leverage: fit.leverage,
      beta: fit.beta,
      holiday,
      widened: fit.widened,
      shift,
      returned,
      impactMin: rules.impactMin,
      shareMin: rules.shareMin,
    },
  }
}
