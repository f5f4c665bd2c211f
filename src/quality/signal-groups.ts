import type { Day } from '../domain/day.ts'
import { severityRank, worst } from './incident-state.ts'
import { fingerprintOf, signalKinds } from './signal.ts'
import type { Signal } from './signal.ts'

/** What belongs together: the root that is told, and what it explains. */
export interface SignalGroup {
  readonly root: Signal
  readonly members: readonly Held[]
}

export interface Held {
  readonly signal: Signal
  /** The check that explains it; null for the root and for what stands beside it. */
  readonly heldBy: string | null
}

/** A check that fails in so many of a platform's accounts, and in at least two, is the platform's. */
const platformShare = 0.8

/**
 * Groups what fires into causes. A check that fails in most accounts of a platform on one day is lifted to the platform; then a signal is
 * held by one that explains it: a wider kind, or the same check at a wider place, on the same partition and day. What is left on one
 * partition is one group. `accountsOf` says how many accounts a platform has.
 */
export function groupSignals(
  signals: readonly Signal[],
  accountsOf: (platform: string) => number,
): readonly SignalGroup[] {
  const firing = newestOfEach(signals.filter((one) => one.firing))
  const all = [...firing, ...lifted(firing, accountsOf)]
  const held = all.map((signal): Held => ({ signal, heldBy: holderOf(signal, all)?.checkId ?? null }))
  const roots = held.filter((one) => one.heldBy === null).map(({ signal }) => signal)
  const byPlace = Map.groupBy(roots, placeOf)
  return [...byPlace.values()].map((together) => {
    const [first, ...others] = together.toSorted(byWeight)
    const root = first ?? together[0]
    if (!root) throw new RangeError('a group has a root')
    const beneath = held.filter(({ signal, heldBy }) => heldBy !== null && explains(root, signal))
    const beside = others.map((signal): Held => ({ signal, heldBy: null }))
    return { root, members: [{ signal: root, heldBy: null }, ...beside, ...beneath] }
  })
}

/** One signal a cause: of the newest day, with the worst severity that it had. */
function newestOfEach(signals: readonly Signal[]): readonly Signal[] {
  return [...Map.groupBy(signals, fingerprintOf).values()].flatMap((same) => {
    const [newest] = same.toSorted((left, right) => (left.day < right.day ? 1 : -1))
    return newest ? [{ ...newest, severity: worst(same.map(({ severity }) => severity)) }] : []
  })
}

function lifted(signals: readonly Signal[], accountsOf: (platform: string) => number): readonly Signal[] {
  const whole = signals.filter((one) => one.accountId !== null && one.seriesKey === '')
  const together = Map.groupBy(whole, (one) => [one.dataset, one.checkId, one.platform, one.day].join('\u0000'))
  return [...together.values()].flatMap((same) => {
    const accounts = new Set(same.map(({ accountId }) => accountId)).size
    const [first] = same
    if (!first || accounts < 2 || accounts < platformShare * accountsOf(first.platform)) return []
    const severity = worst(same.map((one) => one.severity))
    return [{ ...first, accountId: null, severity, facts: withMoney(first, same) }]
  })
}

/** Money of several accounts is named together only in one currency. */
function withMoney(first: Signal, same: readonly Signal[]): Signal['facts'] {
  const currencies = new Set(same.map(({ facts }) => facts.currency))
  const amounts = same.map(({ facts }) => Number(facts.moneyAtStake ?? 0))
  const contributions = same
    .map(({ accountId, facts }, at) => ({
      name: accountId ?? '',
      difference: Number(facts.found ?? 0) - (facts.expected ?? 0),
      share: (amounts[at] ?? 0) / (amounts.reduce((sum, one) => sum + one, 0) || 1),
    }))
    .toSorted((left, right) => right.share - left.share)
    .slice(0, 5)
  const { moneyAtStake: _, ...facts } = first.facts
  return currencies.size === 1
    ? { ...facts, moneyAtStake: amounts.reduce((sum, one) => sum + one, 0).toFixed(2), contributions }
    : { ...facts, contributions }
}

function holderOf(signal: Signal, all: readonly Signal[]): Signal | undefined {
  return all.find((other) => other !== signal && explains(other, signal))
}

/** Whether one signal is the reason of another. */
function explains(wider: Signal, narrower: Signal): boolean {
  if (wider.dataset !== narrower.dataset || wider.platform !== narrower.platform || wider.day !== narrower.day)
    return false
  if (wider.accountId !== null && wider.accountId !== narrower.accountId) return false
  const ranks = [signalKinds.indexOf(wider.kind), signalKinds.indexOf(narrower.kind)] as const
  if (ranks[0] < ranks[1]) return true
  if (ranks[0] > ranks[1] || wider.checkId !== narrower.checkId) return false
  if (wider.accountId === null && narrower.accountId !== null) return true
  return wider.accountId === narrower.accountId && wider.seriesKey === '' && narrower.seriesKey !== ''
}

function placeOf({ dataset, platform, accountId }: Signal): string {
  return [dataset, platform, accountId ?? '*'].join('\u0000')
}

/** The worst first, then the widest kind, what costs most, then by name, so that the order in which things were found is no matter. */
function byWeight(left: Signal, right: Signal): number {
  return (
    severityRank(right.severity) - severityRank(left.severity) ||
    signalKinds.indexOf(left.kind) - signalKinds.indexOf(right.kind) ||
    Number(right.facts.moneyAtStake ?? 0) - Number(left.facts.moneyAtStake ?? 0) ||
    (`${left.checkId} ${left.seriesKey}` < `${right.checkId} ${right.seriesKey}` ? -1 : 1)
  )
}

/** Which causes were found right, and until which day. A cause of the whole platform is right when no account has it any more. */
export function passedDays(signals: readonly Signal[]): ReadonlyMap<string, Day> {
  const passed = new Map<string, Day>()
  const failing = new Set<string>()
  for (const signal of signals) {
    for (const fingerprint of [fingerprintOf(signal), fingerprintOf({ ...signal, accountId: null })]) {
      const known = passed.get(fingerprint)
      if (signal.firing) failing.add(`${fingerprint} ${signal.day}`)
      else if (known === undefined || known < signal.day) passed.set(fingerprint, signal.day)
    }
  }
  for (const [fingerprint, day] of passed) if (failing.has(`${fingerprint} ${day}`)) passed.delete(fingerprint)
  return passed
}
