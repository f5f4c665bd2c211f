import type { AdAccount } from '../domain/account.ts'
import { seededRandom } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { platforms } from '../domain/platform.ts'
import { currency, currencyDigits } from '../domain/money.ts'
import { mixSeed, textSeed } from './hash.ts'
import type { WorldCampaign } from './campaign.ts'
import { bulkCampaigns, demoCampaigns } from './campaign.ts'
import { digitsText } from './platform-shape.ts'
import type { SandboxPlatform } from './shapes.ts'
import { sandboxPlatforms, shapeOf } from './shapes.ts'

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
  /** Platforms with three accounts each; the demo's two when absent. */
  readonly platforms?: readonly SandboxPlatform[]
  /** A world for load tests: many campaigns that all deliver on every day. Takes the place of `accounts`. */
  readonly bulk?: BulkPlan
}

export interface World {
  readonly seed: number
  /** The Google manager account that all Google accounts hang below; it has no metrics of its own. */
  readonly manager: AdAccount
  readonly accounts: readonly WorldAccount[]
}

const demoAccounts = [
  { currency: 'KRW', zone: 'Asia/Seoul', name: '밀레이스 코리아' },
  { currency: 'USD', zone: 'America/Los_Angeles', name: 'Millrace US' },
  { currency: 'EUR', zone: 'Europe/Berlin', name: 'Millrace Deutschland GmbH' },
] as const

/** What the demo's nightly run is about. */
const demoPlatforms: readonly SandboxPlatform[] = ['google_ads', 'meta_ads']

/** Three accounts a platform. An account's place is among those of all platforms, so that it is the same whoever else is there. */
function demoPlans(wanted: readonly SandboxPlatform[]): readonly PlacedPlan[] {
  const isNamed = (platform: SandboxPlatform) => wanted.includes(platform)
  return sandboxPlatforms
    .filter(isNamed)
    .flatMap((platform) =>
      demoAccounts.map((account, index) => ({ ...account, platform, place: platforms.indexOf(platform) * 3 + index })),
    )
}

const bulkMoney = [
  ['KRW', 'Asia/Seoul'],
  ['USD', 'America/Los_Angeles'],
  ['EUR', 'Europe/Berlin'],
  ['JPY', 'Asia/Tokyo'],
  ['NZD', 'Pacific/Tongatapu'],
] as const

interface PlacedPlan extends AccountPlan {
  /** Part of the account's seed. */
  readonly place: number
}

function planned({ bulk, accounts, platforms: named = demoPlatforms }: WorldOptions): readonly PlacedPlan[] {
  if (!bulk) return accounts?.map((plan, place) => ({ ...plan, place })) ?? demoPlans(named)
  return Array.from({ length: bulk.accounts }, (_, index) => {
    const [code, zone] = bulkMoney[index % bulkMoney.length]!
    return { platform: bulk.platform ?? 'google_ads', currency: code, zone, name: `Bulk ${index + 1}`, place: index }
  })
}

function makeAccount(seed: number, plan: PlacedPlan, bulk: BulkPlan | undefined): WorldAccount {
  const shape = shapeOf(plan.platform)
  const salt = mixSeed(seed, textSeed(plan.platform), plan.place)
  const random = seededRandom(salt)
  const code = currency(shape.currency ?? plan.currency)
  const scope = { platform: plan.platform, currency: code, digits: currencyDigits(code), salt }
  return {
    ...scope,
    accountId: shape.accountId(random),
    name: plan.name ?? `Account ${plan.place + 1}`,
    zone: timeZone(shape.zone ?? plan.zone),
    campaigns: bulk ? bulkCampaigns(scope, bulk.campaigns) : demoCampaigns(scope),
  }
}

/**
 * The world of a seed: accounts and campaigns, the same for the same seed and options on every machine. It holds no figures:
 * those are computed for any day on its own (figures.ts). Throws the domain's errors for an unknown currency or zone.
 */
export function makeWorld(seed: number, options: WorldOptions = {}): World {
  const accounts = planned(options).map((plan) => makeAccount(seed, plan, options.bulk))
  const manager: AdAccount = {
    platform: 'google_ads',
    accountId: digitsText(10, seededRandom(mixSeed(seed, textSeed('manager')))),
    name: 'Millrace Manager',
    currency: currency('USD'),
    zone: timeZone('America/Los_Angeles'),
  }
  return { seed, manager, accounts }
}
