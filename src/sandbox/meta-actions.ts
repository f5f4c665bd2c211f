import type { WorldCampaign } from './campaign.ts'
import type { Figures } from './figures.ts'

/** Windows that the API takes since 12 January 2026; `7d_view` and `28d_view` are refused. */
export const attributionWindows = ['1d_click', '7d_click', '28d_click', '1d_view', '1d_ev', 'default'] as const

type Purchase = 'omni_purchase' | 'offsite_conversion.fb_pixel_purchase' | 'purchase'

/**
 * Which overlapping purchase types a campaign reports, each with its share of the purchases. The first present of
 * omni_purchase, the pixel's and purchase is the whole; summing the family would count people twice.
 */
const purchaseShares = {
  omni: { omni_purchase: 1, 'offsite_conversion.fb_pixel_purchase': 0.8, purchase: 1 },
  pixel: { 'offsite_conversion.fb_pixel_purchase': 1 },
  purchase: { purchase: 1 },
} as const satisfies Record<WorldCampaign['purchaseFamily'], Partial<Record<Purchase, number>>>

const windowShare = {
  '1d_click': 0.6,
  '7d_click': 0.9,
  '28d_click': 1,
  '1d_view': 0.1,
  '1d_ev': 0.05,
  default: 1,
} as const

interface ActionSum {
  value: number
  readonly windows: number[]
}

/** Sums of actions by type over some campaigns and days; each campaign-day is rounded before it is added, so sums agree. */
export class ActionSums {
  readonly #windows: readonly string[]
  readonly #counts = new Map<string, ActionSum>()
  readonly #values = new Map<string, ActionSum>()

  constructor(windows: readonly string[]) {
    this.#windows = windows
  }

  #add(to: Map<string, ActionSum>, type: string, value: number): void {
    if (value === 0) return
    let sum = to.get(type)
    if (!sum) {
      sum = { value: 0, windows: this.#windows.map(() => 0) }
      to.set(type, sum)
    }
    sum.value += value
    for (const [index, window] of this.#windows.entries()) {
      const share = windowShare[window as keyof typeof windowShare]
      sum.windows[index]! += Math.floor(value * share)
    }
  }

  /** Adds the actions of one campaign and day, whose figures these are. */
  addDay(campaign: WorldCampaign, figures: Readonly<Figures>): void {
    const purchases = figures.conversionMicros / 1_000_000
    this.#add(this.#counts, 'link_click', figures.linkClicks)
    this.#add(this.#counts, 'landing_page_view', Math.floor(figures.linkClicks * 0.7))
    this.#add(this.#counts, 'post_engagement', figures.clicks)
    this.#add(this.#counts, 'page_engagement', figures.clicks)
    this.#add(this.#counts, 'video_view', figures.videoViews)
    this.#add(this.#counts, 'add_to_cart', purchases * 3)
    for (const [type, share] of Object.entries(purchaseShares[campaign.purchaseFamily])) {
      const count = Math.floor(purchases * share)
      this.#add(this.#counts, type, count)
      this.#add(this.#values, type, count === 0 ? 0 : Math.floor((figures.valueCoins * count) / purchases))
    }
  }

  addAll(other: ActionSums): void {
    for (const [from, to] of [
      [other.#counts, this.#counts],
      [other.#values, this.#values],
    ] as const) {
      for (const [type, sum] of from) {
        const mine = to.get(type)
        if (!mine) to.set(type, { value: sum.value, windows: [...sum.windows] })
        else {
          mine.value += sum.value
          for (const [index, value] of sum.windows.entries()) mine.windows[index]! += value
        }
      }
    }
  }

  clear(): void {
    this.#counts.clear()
    this.#values.clear()
  }

  /** `[{"action_type":"purchase","value":"3"}]` with the windows asked for; undefined when there is none, as the API leaves it out. */
  text(which: 'counts' | 'values', write: (units: number) => string): string | undefined {
    const sums = which === 'counts' ? this.#counts : this.#values
    if (sums.size === 0) return undefined
    const one = ([type, sum]: readonly [string, ActionSum]) => {
      const windows = this.#windows.map((window, index) => `,"${window}":"${write(sum.windows[index]!)}"`)
      return `{"action_type":"${type}","value":"${write(sum.value)}"${windows.join('')}}`
    }
    return `[${[...sums].map(one).join(',')}]`
  }
}
