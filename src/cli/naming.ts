import { addDays, dayAt, timeZone } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { addressesUntold } from '../domain/url-tags.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, formats, printRows } from './table.ts'

const actions = ['check', 'violations', 'utm', 'test'] as const

/** Money of so many days says how much a name that cannot be read matters. */
const daysWeighed = 30

export const command: CommandSpec = {
  name: 'naming',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[name]', text: { en: 'With test: a campaign’s name', ko: 'test: 캠페인 이름' } },
  ],
  options: [
    ...choiceOptions,
    { flags: '--format <format>', text: { en: 'How rows are printed', ko: '행 출력 형식' }, choices: formats },
  ],
  description: {
    en: 'Names of campaigns against hub.naming of the configuration. check: how many campaigns, and how much of the last 30 days’ money, bear a name that a rule reads. violations: the others, and where each leaves its rule or is read in two ways. utm: what a click of each campaign tells the landing page, macros expanded, and whether it leads back. test: how one name is read; needs no database. Other rules than before are a new version; its readings are kept beside the old ones.',
    ko: '캠페인 이름을 설정의 hub.naming 규칙으로 읽습니다. check: 규칙이 읽는 이름을 가진 캠페인 수와 최근 30일 금액의 비율. violations: 나머지 이름과 규칙을 벗어난 곳, 또는 두 가지로 읽히는 이름. utm: 클릭이 랜딩 페이지에 알리는 값(매크로 확장)과 캠페인으로 되돌아가는지. test: 이름 하나가 어떻게 읽히는지(데이터베이스 불필요). 규칙이 바뀌면 새 버전이 되고 예전 결과도 남습니다.',
  },
  examples: [
    { line: 'millrace naming check', text: { en: 'coverage by account', ko: '계정별 준수율' } },
    { line: 'millrace naming utm', text: { en: 'UTM parameters of campaigns', ko: '캠페인의 UTM 값' } },
    { line: 'millrace naming test KR_sales_new_202605', text: { en: 'one name', ko: '이름 하나' } },
  ],
  run: (invocation, [action = '', name], given) => bodies[action as (typeof actions)[number]](invocation, given, name),
}

const words = {
  en: {
    noRules: 'There is no rule: write hub.naming into the configuration.',
    noName: 'naming test wants a name',
    clean: 'Every name is read by a rule.',
    noUrls: 'No platform has told where its ads lead to yet: run the pipeline first.',
  },
  ko: {
    noRules: '규칙이 없습니다. 설정에 hub.naming을 쓰세요.',
    noName: 'naming test에는 이름이 필요합니다',
    clean: '모든 이름이 규칙으로 읽힙니다.',
    noUrls: '광고의 랜딩 주소를 알려준 플랫폼이 아직 없습니다. 먼저 파이프라인을 실행하세요.',
  },
} as const

type Body = (invocation: Invocation, given: Given, name: string | undefined) => Promise<number>

const bodies: Readonly<Record<(typeof actions)[number], Body>> = { check, violations, utm, test }

const list = (given: Given, name: string) => given[name] as readonly string[] | undefined

async function check(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { readNames } = await import('../orchestrate/names.ts')
  const { readNamingCoverage } = await import('../warehouse/names.ts')
  await using warehouse = await openWarehouse(settings, context)
  const nowMs = context.clock.nowMs()
  if (settings.hub.naming.length === 0) output.say(words[language].noRules)
  await readNames(warehouse, settings.hub.naming, nowMs)
  const since = addDays(dayAt(nowMs, timeZone(settings.pipeline.zone)), -daysWeighed)
  const question = { since, platforms: list(given, 'platform'), accountIds: list(given, 'account') }
  const rows = (await readNamingCoverage(warehouse, question)).map(
    ({ accountId, platform, costCoverage, ...rest }) => ({
      account: `${platform}/${accountId}`,
      ...rest,
      cost_coverage: costCoverage,
    }),
  )
  const columns = ['account', 'campaigns', 'matched', 'violations', 'ambiguous', 'coverage', 'cost_coverage']
  const format = formatOf(given['format'], output)
  printRows(output, format, format === 'table' ? columns : [...columns, 'version'], rows)
  return exitCodes.ok
}

async function violations(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { readNames } = await import('../orchestrate/names.ts')
  const { readNamingViolations } = await import('../warehouse/names.ts')
  await using warehouse = await openWarehouse(settings, context)
  if (settings.hub.naming.length === 0) output.say(words[language].noRules)
  await readNames(warehouse, settings.hub.naming, context.clock.nowMs())
  const question = { platforms: list(given, 'platform'), accountIds: list(given, 'account') }
  const rows = (await readNamingViolations(warehouse, question)).map(
    ({ accountId, platform, campaignId, ...rest }) => ({
      account: `${platform}/${accountId}`,
      campaign_id: campaignId,
      ...rest,
    }),
  )
  if (rows.length === 0) output.say(words[language].clean)
  const columns = ['account', 'campaign_id', 'name', 'outcome', 'rule', 'segment', 'found']
  const format = formatOf(given['format'], output)
  printRows(output, format, format === 'table' ? ['account', 'name', 'segment', 'found'] : columns, rows)
  return exitCodes.ok
}

async function utm(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { readCampaignUtm, readUntoldAccounts } = await import('../warehouse/names.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const question = { platforms: list(given, 'platform'), accountIds: list(given, 'account') }
  const rows = (await readCampaignUtm(warehouse, question)).map(
    ({ accountId, platform, campaignId, leadsBack, ...rest }) => ({
      account: `${platform}/${accountId}`,
      campaign_id: campaignId,
      ...rest,
      leads_back: leadsBack,
    }),
  )
  const untold = (await readUntoldAccounts(warehouse, question)).map(({ accountId, platform }) => {
    const why = addressesUntold[platform]?.[language]
    output.say(`${platform}/${accountId}: ${why}`)
    return { account: `${platform}/${accountId}`, leads_back: null, why }
  })
  if (rows.length + untold.length === 0) output.say(words[language].noUrls)
  const columns = ['account', 'campaign_id', 'name', 'source', 'medium', 'campaign', 'leads_back', 'unknown', 'why']
  const format = formatOf(given['format'], output)
  if (format === 'table') printRows(output, format, ['name', 'source', 'campaign', 'leads_back'], rows)
  else printRows(output, format, columns, [...rows, ...untold])
  return exitCodes.ok
}

async function test(invocation: Invocation, _given: Given, name: string | undefined): Promise<number> {
  const { output, language } = invocation
  if (name === undefined) throw new MillraceError('CLI_USAGE', { command: 'naming', detail: words[language].noName })
  const { hub } = await projectSettings(invocation)
  if (hub.naming.length === 0) output.say(words[language].noRules)
  const { compileRule, readName } = await import('../unify/naming.ts')
  output.record({ name, ...readName(hub.naming.map(compileRule), name) })
  return exitCodes.ok
}
