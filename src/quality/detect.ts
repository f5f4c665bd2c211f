/** A value of a series. `hour` counts civil hours from 1970-01-01 00:00 in the series' own zone; `value` is null where nothing was measured. */
export interface Point {
  readonly hour: number
  readonly value: number | null
}

/** What a detector says of one point. Bounds are null while it learns or when there is no value. */
export interface Judged {
  readonly low: number | null
  readonly high: number | null
  /** Daily: |z|. Hourly: 0 to 1, where 0.5 means a tail probability of 1e-4. */
  readonly score: number
  readonly anomaly: boolean
}

export const learning: Judged = { low: null, high: null, score: 0, anomaly: false }
