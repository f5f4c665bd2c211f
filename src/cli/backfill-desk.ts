import type { DayRange } from '../domain/day.ts'
import type { Platform } from '../domain/platform.ts'
import { platform as platformOf } from '../domain/platform.ts'
import type { ReachedAccounts } from '../orchestrate/accounts.ts'
import { reachAccounts } from '../orchestrate/accounts.ts'
import { adGraph } from '../orchestrate/ad-graph.ts'
import type { BackfillAsk } from '../orchestrate/backfill.ts'
import { connectorContext } from '../orchestrate/connector-context.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { Pipeline } from '../orchestrate/pipeline.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { BackfillDesk } from '../server/backfills.ts'

/**
 * Questions of a day that a platform allows, where it names a number: Google's Basic access
 * (https://developers.google.com/google-ads/api/docs/access-levels). The others limit rates, not days.
 */
const perDayMax: Readonly<Record<string, number>> = { google_ads: 15_000 }

export interface BackfillChoice {
  readonly range: DayRange
  readonly reprocess: BackfillAsk['reprocess']
  readonly platforms: readonly Platform[] | undefined
  readonly accountIds: readonly string[] | undefined
}

interface DeskParts {
  readonly ports: Ports
  readonly pipeline: Pipeline
  readonly engine: Pick<Engine, 'deploy'>
  readonly signal: AbortSignal
  readonly say: (message: string) => void
}

function reach({ ports, signal, say }: DeskParts): Promise<ReachedAccounts> {
  return reachAccounts(
    ports,
    {},
    connectorContext(ports, signal, (_level, message) => say(message)),
  )
}

function deployGraph({ engine, pipeline }: DeskParts, reached: ReachedAccounts): Promise<string> {
  return engine.deploy(adGraph({ pipeline, ...reached, manner: 'scheduled' }))
}

/** Asks the platforms for their accounts and returns what a backfill of the choice is about, and the graph of all accounts to deploy. */
export async function askBackfill(
  parts: DeskParts,
  { range, reprocess, platforms, accountIds }: BackfillChoice,
): Promise<{ readonly ask: BackfillAsk; readonly deploy: () => Promise<string> }> {
  const reached = await reach(parts)
  const isChosen = ({ account }: (typeof reached.accounts)[number]) =>
    (!platforms || platforms.includes(account.platform)) && (!accountIds || accountIds.includes(account.accountId))
  return {
    deploy: () => deployGraph(parts, reached),
    ask: {
      pipeline: parts.pipeline.id,
      range,
      reprocess,
      accounts: reached.accounts.filter(isChosen).map(({ account, spec }) => ({
        account,
        settleMs: spec.settleMs,
        retentionDays: spec.retentionDays,
      })),
      nowMs: parts.ports.clock.nowMs(),
    },
  }
}

/** Backfills for the dashboard of a program that has workers. */
export function backfillDesk(parts: DeskParts): BackfillDesk {
  return {
    perDayMax,
    random: parts.ports.random,
    async ask({ range, reprocess, platform, account }) {
      const { ask } = await askBackfill(parts, {
        range,
        reprocess,
        platforms: platform === undefined ? undefined : [platformOf(platform)],
        accountIds: account === undefined ? undefined : [account],
      })
      return ask
    },
    deploy: async () => deployGraph(parts, await reach(parts)),
  }
}
