import type { AdAccount } from '../domain/account.ts'
import type { Random } from '../domain/clock.ts'
import { seededRandom } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { currency, currencyDigits } from '../domain/money.ts'
import { mixSeed, textSeed } from './hash.ts'
import type { WorldCampaign } from './campaign.ts'
import { bulkCampaigns, demoCampaigns } from './campaign.ts'

export type SandboxPlatform = 'google_ads' | 'meta_ads'

/** One account of the world, with what its platform would know of it. */
export interface WorldAccount extends AdAccount {
  readonly platform: SandboxPlatform
  readonly salt: number
  /** Decimals of the currency's smallest coin: KRW and JPY 0, USD and EUR 2. Costs are whole coins. */
  readonly digits: number
  readonly campaigns: readonly WorldCampaign[]
}

/** What is asked for when a world is made: one account a line. */
export interface AccountPlan {
  readonly platform: SandboxPlatform
  readonly currency: string
  readonly zone: string
  readonly name?: string
}

export interface BulkPlan {
  readonly platform?: SandboxPlatform
  readonly accounts: number
  readonly campaigns: number
}

export interface WorldOptions {
  /** Accounts instead of the demo's six. */
  readonly accounts?: readonly AccountPlan[]
  /** A world for load tests: many campaigns that all deliver on every day. Takes the place of `accounts`. */
  readonly bulk?: BulkPlan
}

export interface World {
  readonly seed: number
  /** The Google manager account that all Google accounts hang below; it has no metrics of its own. */
  readonly manager: AdAccount
  readonly accounts: readonly WorldAccount[]
}

const demoPlans: readonly AccountPlan[] = (['google_ads', 'meta_ads'] as const).flatMap((platform) => [
  { platform, currency: 'KRW', zone: 'Asia/Seoul', name: '밀레이스 코리아' },
  { platform, currency: 'USD', zone: 'America/Los_Angeles', name: 'Millrace US' },
  { platform, currency: 'EUR', zone: 'Europe/Berlin', name: 'Millrace Deutschland GmbH' },
])

const bulkMoney = [
  ['KRW', 'Asia/Seoul'],
  ['USD', 'America/Los_Angeles'],
  ['EUR', 'Europe/Berlin'],
  ['JPY', 'Asia/Tokyo'],
  ['NZD', 'Pacific/Tongatapu'],
] as const

/** A text of `count` digits that does not begin with zero. */
function digitsText(count: number, random: Random): string {
  let text = String(1 + Math.floor(random() * 9))
  while (text.length < count) text += Math.floor(random() * 10)
  return text
}

function accountId(platform: SandboxPlatform, random: Random): string {
  return platform === 'google_ads' ? digitsText(10, random) : digitsText(15, random)
}

function planned(options: WorldOptions): readonly AccountPlan[] {
  const { bulk } = options
  if (!bulk) return options.accounts ?? demoPlans
  return Array.from({ length: bulk.accounts }, (_, index) => {
    const [code, zone] = bulkMoney[index % bulkMoney.length]!
    return { platform: bulk.platform ?? 'google_ads', currency: code, zone, name: `Bulk ${index + 1}` }
  })
}

function makeAccount(seed: number, plan: AccountPlan, index: number, bulk: BulkPlan | undefined): WorldAccount {
  const salt = mixSeed(seed, textSeed(plan.platform), index)
  const random = seededRandom(salt)
  const code = currency(plan.currency)
  const scope = { platform: plan.platform, currency: code, digits: currencyDigits(code), salt }
  return {
    ...scope,
    accountId: accountId(plan.platform, random),
    name: plan.name ?? `Account ${index + 1}`,
    zone: timeZone(plan.zone),
    campaigns: bulk ? bulkCampaigns(scope, bulk.campaigns) : demoCampaigns(scope),
  }
}

/**
 * The world of a seed: accounts and campaigns, the same for the same seed and options on every machine. It holds no figures:
 * those are computed for any day on its own (figures.ts). Throws the domain's errors for an unknown currency or zone.
 */
export function makeWorld(seed: number, options: WorldOptions = {}): World {
  const accounts = planned(options).map((plan, index) => makeAccount(seed, plan, index, options.bulk))
  const manager: AdAccount = {
    platform: 'google_ads',
    accountId: digitsText(10, seededRandom(mixSeed(seed, textSeed('manager')))),
    name: 'Millrace Manager',
    currency: currency('USD'),
    zone: timeZone('America/Los_Angeles'),
  }
  return { seed, manager, accounts }
}
