import { accountKey } from '../domain/account.ts'
import { addDays, dayAt, timeZone } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { platform } from '../domain/platform.ts'
import type { Refusal } from '../quality/result.ts'
import type { AccountReload, ReloadedAccount } from '../orchestrate/reload.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { confirmed } from './ask.ts'
import { choiceOptions, rangeOf, rangeOptions } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { counted } from './summary.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'unify',
  arguments: [],
  options: [
    {
      flags: '--from-lake',
      text: { en: 'Read the lake and ask no platform', ko: '플랫폼이 아니라 레이크에서 읽기' },
      required: true,
    },
    ...rangeOptions,
    { flags: '--from <day>', text: { en: 'The same as --since', ko: '--since와 같음' } },
    { flags: '--to <day>', text: { en: 'The same as --until', ko: '--until과 같음' } },
    ...choiceOptions,
    { flags: '--dry-run', text: { en: 'Only print what would be read', ko: '무엇을 읽을지만 출력' } },
  ],
  description: {
    en: 'Maps raw rows of the lake again, audits and publishes them, without asking a platform: after a change of a mapping, or when published numbers were damaged. What differs is recorded as a restatement. Prints the plan and asks; without days the last 30. Then build the models: millrace dbt build.',
    ko: '플랫폼에 묻지 않고 레이크의 원본 행을 다시 매핑하고 감사하고 공개합니다. 매핑을 바꾼 뒤나 공개된 값이 손상되었을 때 씁니다. 달라진 값은 수정 내역에 남습니다. 계획을 보여 주고 묻습니다. 날짜를 주지 않으면 최근 30일입니다. 그 뒤 모델을 빌드하세요: millrace dbt build.',
  },
  examples: [
    {
      line: 'millrace unify --from-lake --since 2026-10-01 --until 2026-10-31 --dry-run',
      text: { en: 'what a month would read', ko: '한 달에 무엇을 읽는지' },
    },
    { line: 'millrace unify --from-lake --yes', text: { en: 'the last 30 days', ko: '최근 30일' } },
  ],
  run: unify,
}

const words = {
  en: {
    none: 'The lake has nothing of these days.',
    total: (plans: readonly AccountReload[]) =>
      `${counted(plans.length, 'account')}, ${counted(
        sum(plans, (one) => one.extracts.length),
        'extract',
      )}, ${counted(
        sum(plans, (one) => one.rows),
        'row',
      )}`,
    question: (what: string) => `Map ${what} again?`,
    declined: 'Nothing was changed.',
  },
  ko: {
    none: '이 기간의 원본이 레이크에 없습니다.',
    total: (plans: readonly AccountReload[]) =>
      `계정 ${plans.length}개, 추출 ${sum(plans, (one) => one.extracts.length)}개, ${sum(plans, (one) => one.rows)}행`,
    question: (what: string) => `${what}을 다시 매핑할까요?`,
    declined: '아무것도 바꾸지 않았습니다.',
  },
} as const

const sum = (plans: readonly AccountReload[], of: (plan: AccountReload) => number) =>
  plans.reduce((total, one) => total + of(one), 0)

const daysDefault = 30

/** People say from and to as often as since and until; both together are two ranges. */
function spokenRange(given: Given): Given {
  const { from, to, ...rest } = given
  for (const [one, other] of [
    ['from', 'since'],
    ['to', 'until'],
  ] as const)
    if (given[one] !== undefined && given[other] !== undefined)
      throw new MillraceError('CLI_USAGE', {
        command: 'unify',
        detail: `--${one} is the same as --${other}: give one of them`,
      })
  return { ...rest, ...(from !== undefined && { since: from }), ...(to !== undefined && { until: to }) }
}

async function unify(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language, signal } = invocation
  const said = words[language]
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const nowMs = context.clock.nowMs()
  const yesterday = addDays(dayAt(nowMs, zone), -1)
  const list = (name: string) => given[name] as readonly string[] | undefined
  const range = rangeOf(spokenRange(given), 'unify', zone, nowMs) ?? {
    since: addDays(yesterday, 1 - daysDefault),
    until: yesterday,
  }
  const { openPorts } = await import('../config.ts')
  const { planReload, reload } = await import('../orchestrate/reload.ts')
  await using ports = await openPorts(settings, context)
  const plans = await planReload(ports, {
    range,
    platforms: list('platform')?.map(platform),
    accountIds: list('account'),
  })
  printPlans(invocation, plans)
  if (plans.length === 0 || given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question(said.total(plans))))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  let refusal: Refusal | undefined
  const rows: Reloaded[] = []
  for await (const one of reload(ports, plans, signal)) {
    rows.push(reloadedRow(one))
    output.footer([`${rows.length}/${plans.length}`])
    refusal ??= one.loads.flatMap(({ refusals }) => refusals)[0]
  }
  output.footer([])
  printRows(output, formatOf(undefined, output), reloadedColumns, rows)
  if (refusal) throw new MillraceError(refusal.code, refusal.facts)
  return exitCodes.ok
}

function printPlans({ output, language }: Invocation, plans: readonly AccountReload[]): void {
  if (plans.length === 0) return output.say(words[language].none)
  const rows = plans.map(({ account, extracts, rows: count }) => ({
    account: accountKey(account),
    extracts: extracts.length,
    rows: count,
    since: extracts.map((one) => one.since).sort()[0],
    until: extracts
      .map((one) => one.until)
      .sort()
      .at(-1),
  }))
  printRows(output, formatOf(undefined, output), ['account', 'extracts', 'rows', 'since', 'until'], rows)
  output.say(words[language].total(plans))
}

const reloadedColumns = ['account', 'published', 'unchanged', 'refused', 'superseded', 'rows_changed'] as const

type Reloaded = Readonly<Record<(typeof reloadedColumns)[number], string | number>>

function reloadedRow({ account, loads }: ReloadedAccount): Reloaded {
  const partitions = loads.flatMap((one) => one.partitions)
  const count = (outcome: string) => partitions.filter((one) => one.outcome === outcome).length
  return {
    account: accountKey(account),
    published: count('published'),
    unchanged: count('unchanged'),
    refused: count('refused'),
    superseded: count('superseded'),
    rows_changed: partitions.reduce((total, one) => total + one.inserted + one.updated + one.deleted, 0),
  }
}
