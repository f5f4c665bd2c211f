import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import type { Slice } from '../domain/metric.ts'
import type { Lost } from './accounts.ts'
import { taskNode } from './graph.ts'
import type { Graph, Json, TaskNode } from './graph.ts'
import { canonicalJson, hashOf } from './graph.ts'
import type { Pipeline } from './pipeline.ts'
import { fanOut } from './plan.ts'
import { asMillraceError } from './tally.ts'

/** An account as a task is told of it. */
export interface AccountInput {
  readonly account: AdAccount
  /** Name of the connection that reaches it. */
  readonly connection: string
}

/** What a run loads; part of the run, so that the graph stays the same from night to night. */
export interface AdConf {
  readonly kind: Slice['kind']
  /** Days by `platform/accountId`; null: the run's own day and those that the policy reads again. */
  readonly days: Readonly<Record<string, readonly Day[]>> | null
  /** False: what has not closed is left out instead of waited for. */
  readonly waits: boolean
}

export interface GraphInput {
  readonly pipeline: Pipeline
  readonly accounts: readonly AccountInput[]
  /** Each becomes a task that fails and says why, so that the run names what it did not reach. */
  readonly lost: readonly Lost[]
  /** `foreground`: carried out by the process that made it, one try each, because a person is waiting. */
  readonly manner: 'scheduled' | 'foreground'
}

/** Pure: the pipeline as tasks that an engine carries out. Telling people is not among them: it is done when the run has ended. */
export function adGraph({ pipeline, accounts, lost, manner }: GraphInput): Graph {
  const isForeground = manner === 'foreground'
  const tasks = fanOut(pipeline, accounts)
    .filter(({ step }) => step.kind !== 'notify')
    .map(({ task, step, account, after }) =>
      taskNode({
        id: task,
        kind: step.kind,
        account: account ? accountKey(account.account) : null,
        input: account ? asJson({ account: account.account, connection: account.connection }) : null,
        after,
        when: step.when === 'all' ? 'all_success' : 'all_done',
        pool: isForeground ? 'foreground' : step.kind === 'extract' ? 'ads_api' : 'default',
        triesMax: isForeground ? 1 : step.retries + 1,
        retry: { delayMs: step.retryDelayMs, delayMsMax: 12 * step.retryDelayMs },
      }),
    )
  return {
    pipeline: pipeline.id,
    runsActiveMax: pipeline.runsActiveMax,
    tasks: [...lost.map((one, index) => unreachable(one, index, isForeground)), ...tasks],
  }
}

function unreachable({ platform, accountId, error }: Lost, index: number, isForeground: boolean): TaskNode {
  const { code, facts } = asMillraceError(error)
  const account = platform === null ? null : `${platform}/${accountId ?? '*'}`
  return taskNode({
    id: `reach_accounts:${account ?? index}`,
    kind: 'unreachable',
    account,
    input: asJson({ code, facts, platform, accountId }),
    pool: isForeground ? 'foreground' : 'default',
  })
}

function asJson(value: unknown): Json {
  return JSON.parse(canonicalJson(value)) as Json
}

/** What an exported graph was made from: `millrace task run --expect-spec` refuses another. */
export function specHash(pipeline: Pipeline): string {
  return `sha256:${hashOf(pipeline)}`
}
