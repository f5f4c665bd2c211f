import { counts, empty, inOrder, learning, scoreOf, stepOf, usualRules } from './detect.ts'
import type { Judged, Point, Rules } from './detect.ts'
import { LevelWalk } from './level-walk.ts'
import type { Step } from './level-walk.ts'

const thresholds = { low: 5, medium: 4, high: 3 } as const

/**
 * Judges each day by the days before it (the weekday regression of `fitWeekdays` along `LevelWalk`). Rows may stand in any order and
 * twice for a day: each is judged, the last one trains. A series finer than a day is judged as one daily series for each time of
 * the day; one coarser than a day by its own steps.
 */
export function judgeDaily(points: readonly Point[], rules: Rules = usualRules): readonly Judged[] {
  const judged: Judged[] = points.map(() => empty)
  const dayOf = calendar(points)
  const walks = new Map<number, LevelWalk>()
  const order = inOrder(points).filter((at) => points[at]?.value !== null)
  let start = 0
  while (start < order.length) {
    const { day, lane } = dayOf(points[order[start] ?? 0])
    let end = start
    const walk = walks.get(lane) ?? new LevelWalk({ zeroFill: rules.missing === 'zero' })
    walks.set(lane, walk)
    // All rows of one day are judged before any of them trains.
    const steps: { readonly value: number; readonly step: Step | undefined }[] = []
    const holiday = rules.holidays.has(day)
    for (; end < order.length; end += 1) {
      const at = order[end] ?? 0
      const place = dayOf(points[at])
      if (place.day !== day || place.lane !== lane) break
      const value = points[at]?.value ?? 0
      const step = walk.judge({ day, value, holiday })
      steps.push({ value, step })
      judged[at] = step ? judgedBy(step, value, holiday, rules) : learning
    }
    const last = steps.at(-1)
    if (last) walk.learn({ day, value: last.value, holiday }, last.step)
    start = end
  }
  return judged
}

/** Which day a point belongs to and, in a series finer than a day, which time of it. */
function calendar(points: readonly Point[]): (point: Point | undefined) => { readonly day: number; readonly lane: number } {
  const { hours, regular } = stepOf(points)
  if (hours > 36) {
    const first = points.reduce((least, { hour }) => Math.min(least, hour), Number.POSITIVE_INFINITY)
    return (point) => ({ day: Math.round(((point?.hour ?? 0) - first) / hours), lane: 0 })
  }
  const width = hours === 0 || hours > 12 ? 24 : regular ? hours : Math.max(1, hours)
  return (point) => {
    const hour = point?.hour ?? 0
    const day = Math.floor(hour / 24)
    return { day, lane: Math.floor((hour - 24 * day) / width + 1e-6) }
  }
}

function judgedBy(step: Step, value: number, holiday: boolean, rules: Rules): Judged {
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
