import type { Day } from '../domain/day.ts'
import { addDays, day, daysBetween } from '../domain/day.ts'

/** How the sums over some days are made of sums over months. */
export interface MonthPlan {
  /** First days of the months that count whole. */
  readonly months: readonly Day[]
  /** Days that count by themselves. */
  readonly added: readonly Day[]
  /** Days of those months that are outside, and are taken away again. */
  readonly taken: readonly Day[]
}

/**
 * The months that lie within the days or for the greater part, and the days that are to be added or taken away at both ends: of each end
 * at most half a month is read by the day. Days after `newest` are expected to have no rows, so that to take them away costs nothing. Pure.
 */
export function monthPlan(from: Day, to: Day, newest: Day): MonthPlan {
  const plan: { months: Day[]; added: Day[]; taken: Day[] } = { months: [], added: [], taken: [] }
  for (let month = monthOf(from); month <= to; month = monthOf(addDays(month, 31))) {
    const last = addDays(monthOf(addDays(month, 31)), -1)
    const inside = daysOf(later(month, from), earlier(last, to))
    const outside = [...daysOf(month, addDays(from, -1)), ...daysOf(addDays(to, 1), last)]
    if (outside.filter((date) => date <= newest).length < inside.length) {
      plan.months.push(month)
      plan.taken.push(...outside)
    } else plan.added.push(...inside)
  }
  return plan
}

/** How often a month or a day counts in each of several ranges, in their order. */
export interface Weighed {
  readonly dates: readonly Day[]
  readonly weights: readonly (readonly number[])[]
}

/** Several ranges' plans as one reading: each month and each day once, with its weight in every range. Pure. */
export function weighed(plans: readonly MonthPlan[]): { readonly months: Weighed; readonly days: Weighed } {
  const reading = (weightOf: (plan: MonthPlan, date: Day) => number, dates: readonly Day[]): Weighed => {
    const all = [...new Set(dates)].toSorted()
    return { dates: all, weights: plans.map((plan) => all.map((date) => weightOf(plan, date))) }
  }
  return {
    months: reading(
      ({ months }, date) => Number(months.includes(date)),
      plans.flatMap(({ months }) => months),
    ),
    days: reading(
      ({ added, taken }, date) => Number(added.includes(date)) - Number(taken.includes(date)),
      plans.flatMap(({ added, taken }) => [...added, ...taken]),
    ),
  }
}

const monthOf = (date: Day): Day => day(`${date.slice(0, 7)}-01`)
const later = (one: Day, other: Day): Day => (one > other ? one : other)
const earlier = (one: Day, other: Day): Day => (one < other ? one : other)

/** None when `from` is after `to`. */
function daysOf(from: Day, to: Day): readonly Day[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to) + 1) }, (_, at) => addDays(from, at))
}
