/** One series of a run, judged. */
export interface Candidate {
  readonly key: string
  /** The series of which this is a part: the account of a campaign, the platform of an account. Null at the top. */
  readonly parent: string | null
  readonly value: number
  readonly expected: number
  /** How likely so much or more is by chance. */
  readonly p: number
  /** What its detector said, its direction and least impact included. */
  readonly anomaly: boolean
}

export interface Contribution {
  readonly key: string
  readonly difference: number
  /** Of the parent's difference; above 1 where others went the other way. */
  readonly share: number
}

export interface Finding {
  readonly key: string
  /** The finding above it that it is told with; null where it is told by itself. */
  readonly with: string | null
  /** Why: it moved as the whole did, or it is most of what the whole moved. */
  readonly because: 'moved with it' | 'drives it' | null
  /** The parts that moved most, largest first. */
  readonly contributions: readonly Contribution[]
}

const explainedShare = 0.8
const contributionsMax = 5

/**
 * Which anomalies of a run are told, and with which. Benjamini and Hochberg's rule over all series of the run keeps the share of
 * false ones beneath `falseShareMax`; then, from the top down, a part that moved as its whole did (four fifths of its difference
 * come from the whole's ratio) or that is four fifths of what its whole moved is told with it.
 */
export function topDown(candidates: readonly Candidate[], falseShareMax = 0.1): readonly Finding[] {
  const limit = pLimit(
    candidates.map(({ p }) => p),
    falseShareMax,
  )
  const found = new Map(candidates.filter(({ anomaly, p }) => anomaly && p <= limit).map((one) => [one.key, one]))
  const parents = new Map(candidates.map(({ key, parent }) => [key, parent]))
  const parts = Map.groupBy(candidates, ({ parent }) => parent)
  return [...found.values()].map((one) => ({
    key: one.key,
    ...heldBy(one, found, parents),
    contributions: contributionsTo(one, parts.get(one.key) ?? []),
  }))
}

/** The largest p that is still believed: p(k) ≤ q·k/m. 0 when none is. */
export function pLimit(all: readonly number[], falseShareMax: number): number {
  const sorted = [...all].sort((left, right) => left - right)
  return sorted.reduce((limit, p, at) => (p <= (falseShareMax * (at + 1)) / sorted.length ? p : limit), 0)
}

function heldBy(
  one: Candidate,
  found: ReadonlyMap<string, Candidate>,
  parents: ReadonlyMap<string, string | null>,
): Pick<Finding, 'with' | 'because'> {
  const difference = one.value - one.expected
  for (let at = one.parent; at !== null; at = parents.get(at) ?? null) {
    const above = found.get(at)
    if (!above) continue
    const moved = above.value - above.expected
    if (Math.sign(moved) !== Math.sign(difference)) continue
    const withIt = above.expected === 0 ? 0 : (one.expected * moved) / above.expected
    if (withIt / difference >= explainedShare) return { with: at, because: 'moved with it' }
    if (difference / moved >= explainedShare) return { with: at, because: 'drives it' }
  }
  return { with: null, because: null }
}

function contributionsTo(whole: Candidate, parts: readonly Candidate[]): readonly Contribution[] {
  const moved = whole.value - whole.expected
  return parts
    .map(({ key, value, expected }) => ({
      key,
      difference: value - expected,
      share: moved === 0 ? 0 : (value - expected) / moved,
    }))
    .sort((left, right) => right.share - left.share || (left.key < right.key ? -1 : 1))
    .slice(0, contributionsMax)
}
