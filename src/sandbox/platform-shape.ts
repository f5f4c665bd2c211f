import type { CostBasis } from '../domain/account.ts'
import type { Random } from '../domain/clock.ts'
import type { Platform } from '../domain/platform.ts'
import type { Credentials } from './credentials.ts'
import type { Request } from './reply.ts'

/** What differs between the platforms in how figures come about. */
export interface FigureRules {
  readonly wholeConversions: boolean
  /** Google books a credit on the day of the click, even when it is more than the day's cost; Meta never goes below zero. */
  readonly creditBeyondCost: boolean
  /** The platform counts one kind of click only. */
  readonly clicksAreLinkClicks: boolean
}

/** A call that the platform answers. In `path` a group named `version` is the API's version, one named `account` the account. */
export interface RoutePattern {
  readonly path: RegExp
  /** Any method when absent. */
  readonly method?: string
}

/** What the world and the door of the sandbox must know of a platform: data, no answers. */
export interface PlatformShape {
  readonly platform: Platform
  /** What the names of its routes begin with. */
  readonly family: string
  /** By name; the first whose path and method match is the call. */
  readonly routes: Readonly<Record<string, RoutePattern>>
  /** The account that a call is about, for platforms that do not say it in the path. */
  readonly accountOf?: (request: Request) => string | undefined
  readonly figures: FigureRules
  readonly accountId: (random: Random) => string
  /** The id of an account's `index`-th campaign; it draws as often as it likes. */
  readonly campaignId: (index: number, random: Random) => string
  /** The only zone that the platform reports in, where it does not know zones of accounts. */
  readonly zone?: string
  /** The only currency that the platform bills in. */
  readonly currency?: string
  /** Of the costs of its reports, where the platform says whether they bear value-added tax. */
  readonly costBasis?: CostBasis
  /** Options of a connection that goes to the sandbox at this address. */
  readonly connection: (url: string, credentials: Credentials) => Readonly<Record<string, string>>
  /** Environment variables that give a connection's option, by the option's name. */
  readonly variables: Readonly<Record<string, string>>
}

/** A text of `count` digits. */
export function anyDigits(count: number, random: Random): string {
  return Array.from({ length: count }, () => Math.floor(random() * 10)).join('')
}

/** A text of `count` digits that does not begin with zero. */
export function digitsText(count: number, random: Random): string {
  let text = String(1 + Math.floor(random() * 9))
  while (text.length < count) text += Math.floor(random() * 10)
  return text
}
