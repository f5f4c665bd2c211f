import type { WantedDefinition } from '../config-check.ts'
import { sameDefinition } from '../domain/conversion-definition.ts'
import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Platform } from '../domain/platform.ts'
import { platforms } from '../domain/platform.ts'
import type { PendingRecount, StoredDefinition } from '../warehouse/definitions.ts'
import type { Recounted } from '../warehouse/recount.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { counted } from './summary.ts'
import { formatOf, formats, printRows } from './table.ts'

const actions = ['list', 'plan', 'apply'] as const

export const command: CommandSpec = {
  name: 'conversions',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions }],
  options: [{ flags: '--format <format>', text: { en: 'How rows are printed', ko: '행 출력 형식' }, choices: formats }],
  description: {
    en: 'What counts as a conversion. list: every version that was ever in force. plan: what hub.conversions of the configuration would change, and how many published days wait to be counted anew. apply: puts it in force and counts them, from the stored actions alone: no platform is asked. Asks before; killed in the middle, it goes on where it stopped. Then build the models: millrace dbt build.',
    ko: '무엇을 전환으로 셀지 정합니다. list: 지금까지의 모든 버전. plan: 설정의 hub.conversions가 무엇을 바꾸고 공개된 며칠이 다시 세어질지. apply: 적용하고 저장된 행동만으로 다시 셉니다. 플랫폼에 묻지 않습니다. 먼저 묻고, 중단되면 이어서 합니다. 그 뒤 모델을 빌드하세요: millrace dbt build.',
  },
  examples: [
    { line: 'millrace conversions plan', text: { en: 'what would change', ko: '무엇이 바뀌는지' } },
    { line: 'millrace conversions apply --yes', text: { en: 'put it in force', ko: '적용' } },
  ],
  run: (invocation, [action = ''], given) => bodies[action as (typeof actions)[number]](invocation, given),
}

const words = {
  en: {
    none: 'No definition was ever written down: each platform counts by its default.',
    nothing: 'Every published day is counted by the definition in force.',
    total: (partitions: number, rows: number) => `${counted(partitions, 'day')} of accounts, ${counted(rows, 'fact')}`,
    without: (days: number) =>
      `${counted(days, 'day')} were loaded before actions were kept; read them from the lake: millrace unify --from-lake`,
    question: (what: string) => `Count ${what} anew?`,
    declined: 'Nothing was changed.',
    models: 'Now build the models: millrace dbt build',
  },
  ko: {
    none: '기록된 정의가 없습니다. 플랫폼마다 기본 정의로 셉니다.',
    nothing: '공개된 모든 날이 현재 정의로 세어져 있습니다.',
    total: (partitions: number, rows: number) => `계정별 ${partitions}일, 지표 ${rows}행`,
    without: (days: number) =>
      `${days}일은 행동을 보관하기 전에 적재되었습니다. 레이크에서 읽으세요: millrace unify --from-lake`,
    question: (what: string) => `${what}을 다시 셀까요?`,
    declined: '아무것도 바꾸지 않았습니다.',
    models: '이제 모델을 빌드하세요: millrace dbt build',
  },
} as const

type Body = (invocation: Invocation, given: Given) => Promise<number>

const bodies: Readonly<Record<(typeof actions)[number], Body>> = { list, plan, apply }

async function opened(invocation: Invocation): Promise<{ warehouse: Warehouse; wanted: readonly WantedDefinition[] }> {
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  return { warehouse: await openWarehouse(settings, openContext(invocation)), wanted: settings.hub.conversions }
}

const described = ({ goal, pick, actionTypes, windows }: ConversionDefinition) => ({
  goal,
  pick,
  actions: actionTypes.join(', '),
  window: windows.join('+'),
})

async function list(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const { warehouse } = await opened(invocation)
  await using _closing = warehouse
  const stored = await storedOf(warehouse)
  if (stored.length === 0) output.say(words[language].none)
  const rows = stored.map((one) => ({
    platform: one.platform,
    account: one.accountId || 'all',
    version: one.version,
    in_force: stored.every((other) => !isLater(other, one)),
    ...described(one.definition),
    since: one.createdAt.toISOString(),
  }))
  const format = formatOf(given['format'], output)
  const columns = ['platform', 'account', 'version', 'in_force', 'goal', 'pick', 'actions', 'window', 'since']
  printRows(output, format, format === 'table' ? columns.filter((one) => one !== 'since') : columns, rows)
  return exitCodes.ok
}

const isLater = (other: StoredDefinition, one: StoredDefinition) =>
  other.platform === one.platform && other.accountId === one.accountId && other.version > one.version

async function storedOf(warehouse: Warehouse): Promise<readonly StoredDefinition[]> {
  const { readDefinitions } = await import('../warehouse/definitions.ts')
  const all = await Promise.all(platforms.map((platform) => readDefinitions(warehouse, platform)))
  return all.flat()
}

interface PlanRow extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly account: string
  readonly state: 'in_force' | 'new_version'
  readonly days: number
  readonly facts: number
  readonly without_actions: number
}

interface Planned {
  readonly rows: readonly PlanRow[]
  readonly changed: readonly WantedDefinition[]
  readonly days: number
  readonly facts: number
  readonly withoutActions: number
}

/** What applying would do: a definition that is not in force yet would count every day of its accounts anew. */
async function planned(warehouse: Warehouse, wanted: readonly WantedDefinition[]): Promise<Planned> {
  const { definitionInForce, pendingRecounts } = await import('../warehouse/definitions.ts')
  const rows: PlanRow[] = []
  const changed: WantedDefinition[] = []
  for (const one of wanted) {
    const { definition } = await definitionInForce(warehouse, one)
    const isChanged = !sameDefinition(definition, one.definition)
    if (isChanged) changed.push(one)
    const pending = isChanged ? await publishedDays(warehouse, one) : await pendingRecounts(warehouse, one.platform)
    const own = pending.filter(({ accountId }) => one.accountId === '' || accountId === one.accountId)
    rows.push({
      platform: one.platform,
      account: one.accountId || 'all',
      state: isChanged ? 'new_version' : 'in_force',
      ...described(one.definition),
      days: sum(own, (each) => each.partitions),
      facts: sum(own, (each) => each.rows),
      without_actions: sum(own, (each) => each.withoutActions),
    })
  }
  return {
    rows,
    changed,
    days: sum(rows, (one) => one.days),
    facts: sum(rows, (one) => one.facts),
    withoutActions: sum(rows, (one) => one.without_actions),
  }
}

type Days = Pick<PendingRecount, 'accountId' | 'partitions' | 'rows' | 'withoutActions'>

function publishedDays(warehouse: Warehouse, { platform }: WantedDefinition): Promise<readonly Days[]> {
  return warehouse.query<Days & Readonly<Record<string, unknown>>>(
    `select account_id as "accountId", count(*) filter (where actions_stored)::int as partitions,
            coalesce(sum(rows) filter (where actions_stored), 0)::int as rows, count(*) filter (where not actions_stored)::int as "withoutActions"
     from partition_state where platform = $1 and published_at is not null group by account_id`,
    [platform],
  )
}

const sum = <One>(all: readonly One[], of: (one: One) => number): number =>
  all.reduce((total, one) => total + of(one), 0)

const planColumns = [
  'platform',
  'account',
  'state',
  'goal',
  'pick',
  'actions',
  'window',
  'days',
  'facts',
  'without_actions',
]

function printPlan({ output, language }: Invocation, given: Given, { rows, withoutActions }: Planned): void {
  printRows(output, formatOf(given['format'], output), planColumns, rows)
  if (withoutActions > 0) output.say(words[language].without(withoutActions))
}

async function plan(invocation: Invocation, given: Given): Promise<number> {
  const { warehouse, wanted } = await opened(invocation)
  await using _closing = warehouse
  const found = await planned(warehouse, wanted)
  printPlan(invocation, given, found)
  if (found.days + found.changed.length === 0) invocation.output.say(words[invocation.language].nothing)
  return exitCodes.ok
}

async function apply(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const { warehouse, wanted } = await opened(invocation)
  await using _closing = warehouse
  const found = await planned(warehouse, wanted)
  printPlan(invocation, given, found)
  if (found.days + found.changed.length === 0) {
    output.say(said.nothing)
    return exitCodes.ok
  }
  if (!(await confirmed(invocation, said.question(said.total(found.days, found.facts))))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  const { putDefinition, recount } = await import('../warehouse/definitions.ts')
  const atMs = openContext(invocation).clock.nowMs()
  for (const one of found.changed) await putDefinition(warehouse, one, one.definition, atMs)
  const done = { partitions: 0, rows: 0, changed: 0 }
  const onDone = (one: PendingRecount & Recounted) => {
    done.partitions += one.partitions
    done.rows += one.rows
    done.changed += one.changed
    output.footer([said.total(done.partitions, done.rows)])
  }
  for (const platform of new Set(wanted.map((one) => one.platform))) await recount(warehouse, platform, atMs, onDone)
  output.footer([])
  output.record({
    event: 'conversions',
    versions: found.changed.length,
    days: done.partitions,
    facts: done.rows,
    changed: done.changed,
  })
  output.say(said.models)
  return exitCodes.ok
}
