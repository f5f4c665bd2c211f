import { counts, empty, inOrder, learning, stepOf, usualRules } from './detect.ts'
import type { Explanation, Judged, Point, Rules } from './detect.ts'
import { EpisodeWalk } from './episode-walk.ts'
import { HourModel } from './hour-model.ts'
import { pMin, TailCalibration } from './tail-calibration.ts'

const windowHours = 336
const learnPoints = { fine: 48, coarse: 21 } as const
/** Tail probabilities at which an episode begins, and at which it goes on. */
const fires = { low: 1e-5, medium: 1e-4, high: 1e-3 } as const
const goesOnAt = 1e-2

/**
 * Judges each point by the same time of day over the last 14 days (`HourModel`), calibrated by the tail of the scores before it
 * (`TailCalibration`), and marks every point of an episode (`EpisodeWalk`). Rows may stand in any order; those without a value
 * are left out. Series finer than an hour are judged by their own times of day, those coarser than half a day without.
 */
export function judgeHourly(points: readonly Point[], rules: Rules = usualRules): readonly Judged[] {
  const judged: Judged[] = points.map(() => empty)
  const { hours, regular } = stepOf(points)
  const coarse = hours >= 12
  const model = new HourModel({
    windowHours: Math.max(windowHours, 168 * hours),
    slotHours: coarse ? 168 : regular ? hours : Math.max(1, hours),
  })
  const tail = new TailCalibration()
  // So that a series is not alarming more often because it is looked at more often.
  const fireAt = fires[rules.sensitivity] * Math.min(1, hours || 1)
  const episodes = new EpisodeWalk({ stepHours: hours })
  for (const at of inOrder(points)) {
    const { hour, value } = points[at] ?? { hour: 0, value: null }
    if (value === null) continue
    const known = model.size >= (coarse ? learnPoints.coarse : learnPoints.fine)
    const one = known ? judgeOne({ hour, value }, { model, tail, episodes, rules, fireAt }) : learning
    judged[at] = one
    model.add(hour, episodes.frame.to(value), one.anomaly)
  }
  return judged
}

interface Parts {
  readonly model: HourModel
  readonly tail: TailCalibration
  readonly episodes: EpisodeWalk
  readonly rules: Rules
  /** The tail probability at which an episode begins. */
  readonly fireAt: number
}

function judgeOne({ hour, value }: { readonly hour: number; readonly value: number }, parts: Parts): Judged {
  const { model, tail, episodes, rules, fireAt } = parts
  const expected = model.expected(hour)
  const zAt = (inFrame: number) =>
    Math.max(
      Math.abs(inFrame - expected.value) / expected.scale,
      Math.abs(inFrame - expected.base) / expected.residualScale,
      Math.abs(inFrame - expected.middle) / expected.valueScale,
    )
  const firesAtZ = tail.scoreAt(fireAt)
  const outcome = episodes.step({
    hour,
    value,
    expected: expected.value,
    zAt,
    firesAtZ,
    goesOnAtZ: tail.scoreAt(goesOnAt),
    wanted: (found, usual) => counts(found, usual, rules),
  })
  const { frame } = episodes
  const z = zAt(frame.to(value))
  const p = tail.probability(z)
  // An episode enters the tail once, as what just fires: a restless series must be further off, a long outage hides nothing.
  if (!outcome.marked || outcome.sinceHour === hour) tail.add(Math.min(z, firesAtZ))
  const reach = firesAtZ * expected.scale
  const explanation: Explanation = {
    detector: 'hourly',
    value,
    expected: frame.from(expected.value),
    z,
    p,
    fireAt,
    firesAtZ,
    base: frame.from(expected.base),
    scale: expected.scale,
    residualScale: expected.residualScale,
    wanders: expected.wanders,
    valueScale: expected.valueScale,
    middle: expected.middle,
    shape: expected.shape,
    points: model.size,
    tailStart: tail.tail.start,
    tailExcess: tail.tail.excess,
    episodeSinceHour: outcome.sinceHour,
    levelFactor: frame.factor,
    levelOffset: frame.offset,
    impactMin: rules.impactMin,
    shareMin: rules.shareMin,
  }
  const strength = -Math.log10(Math.max(p, pMin))
  const surprise = strength / (strength - Math.log10(fireAt))
  return {
    low: frame.from(expected.value - reach),
    high: frame.from(expected.value + reach),
    score: outcome.marked ? Math.max(surprise, 0.5) : surprise,
    anomaly: outcome.marked,
    state: 'judged',
    explanation,
  }
}
