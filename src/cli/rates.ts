import { resolve } from 'node:path'
import { addDays, dayAt, timeZone } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ReferenceRate } from '../domain/reference-rate.ts'
import type { RatePlan } from '../warehouse/rates.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { rangeOf, rangeOptions } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, formats, printRows } from './table.ts'

const actions = ['load', 'list', 'missing'] as const

export const command: CommandSpec = {
  name: 'rates',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[files...]', text: { en: 'With load: files of rates', ko: 'load: 환율 파일' } },
  ],
  options: [
    { flags: '--url <url>', text: { en: 'With load: an address of rates', ko: 'load: 환율 주소' } },
    { flags: '--dry-run', text: { en: 'With load: only say what differs', ko: 'load: 무엇이 다른지만 출력' } },
    ...rangeOptions,
    { flags: '--currency <code>', text: { en: 'With list: only this one', ko: 'list: 이 통화만' }, many: true },
    { flags: '--format <format>', text: { en: 'How rows are printed', ko: '행 출력 형식' }, choices: formats },
  ],
  description: {
    en: 'Daily reference rates against the euro, in the form of the ECB’s eurofxref files. load: takes files, an address, or what hub.rates names, and says what is new and what differs. list: the rates of days, with those that a weekend took from the day before. missing: amounts that no rate can convert.',
    ko: 'ECB eurofxref 형식의 유로 기준 일별 환율. load: 파일, 주소, 또는 hub.rates에 적힌 곳에서 읽고 새로운 값과 달라진 값을 알려 줍니다. list: 날짜별 환율(주말이 이어받은 환율 포함). missing: 환율이 없어 환산할 수 없는 금액.',
  },
  examples: [
    { line: 'millrace rates load eurofxref-hist.csv', text: { en: 'a downloaded history', ko: '내려받은 전체 이력' } },
    { line: 'millrace rates list --currency KRW', text: { en: 'the last 30 days', ko: '최근 30일' } },
    { line: 'millrace rates missing', text: { en: 'what cannot be converted', ko: '환산할 수 없는 것' } },
  ],
  run: (invocation, [action = '', ...files], given) =>
    bodies[action as (typeof actions)[number]](invocation, files, given),
}

const words = {
  en: {
    nowhere: 'rates load wants files, --url, or hub.rates in the configuration',
    changed: (count: number) => `${count} rates were another before; build the models again: millrace dbt build`,
    noneMissing: 'Every published amount has a rate.',
    noRates: 'There is no rate of these days. Load some: millrace rates load FILE',
  },
  ko: {
    nowhere: 'rates load에는 파일, --url, 또는 설정의 hub.rates가 필요합니다',
    changed: (count: number) => `환율 ${count}개가 전과 다릅니다. 모델을 다시 빌드하세요: millrace dbt build`,
    noneMissing: '공개된 모든 금액에 환율이 있습니다.',
    noRates: '이 기간의 환율이 없습니다. 적재하세요: millrace rates load FILE',
  },
} as const

type Body = (invocation: Invocation, files: readonly string[], given: Given) => Promise<number>

const bodies: Readonly<Record<(typeof actions)[number], Body>> = { load, list, missing }

interface Source {
  readonly name: string
  readonly rates: readonly ReferenceRate[]
}

async function load(invocation: Invocation, files: readonly string[], given: Given): Promise<number> {
  const { output, language, projectDir } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const asked = typeof given['url'] === 'string' ? given['url'] : null
  const isNamed = files.length > 0 || asked !== null
  const paths = isNamed ? files.map((file) => resolve(projectDir, file)) : settings.hub.rates.files
  const url = isNamed ? asked : settings.hub.rates.url
  if (paths.length === 0 && url === null)
    throw new MillraceError('CLI_USAGE', { command: 'rates', detail: words[language].nowhere })
  const { ratesOfFile, ratesOfUrl } = await import('../orchestrate/rates.ts')
  const { planRates, storeRates } = await import('../warehouse/rates.ts')
  const { openWarehouse } = await import('../config.ts')
  // Everything is read before anything is written: one bad file leaves the rates as they were.
  const sources: Source[] = []
  for (const path of paths) sources.push({ name: path, rates: await ratesOfFile(path) })
  if (url !== null) sources.push({ name: url, rates: await ratesOfUrl(url, context.fetch) })
  await using warehouse = await openWarehouse(settings, context)
  let changed = 0
  const rows: object[] = []
  for (const { name, rates } of sources) {
    const plan =
      given['dryRun'] === true
        ? await planRates(warehouse, rates)
        : await storeRates(warehouse, rates, { source: name, atMs: context.clock.nowMs() })
    changed += plan.changed.length
    rows.push(planRow(name, plan))
  }
  printRows(output, formatOf(given['format'], output), loadColumns, rows as Readonly<Record<string, unknown>>[])
  if (changed > 0) output.say(words[language].changed(changed))
  return exitCodes.ok
}

const loadColumns = ['source', 'since', 'until', 'added', 'changed', 'unchanged']

function planRow(source: string, { since, until, added, changed, unchanged }: RatePlan): object {
  return { source, since, until, added, changed: changed.length, unchanged }
}

async function list(invocation: Invocation, _files: readonly string[], given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const nowMs = context.clock.nowMs()
  const today = dayAt(nowMs, zone)
  const range = rangeOf(given, 'rates', zone, nowMs) ?? { since: addDays(today, -30), until: today }
  const { openWarehouse } = await import('../config.ts')
  const { readRates } = await import('../warehouse/rates.ts')
  await using warehouse = await openWarehouse(settings, context)
  const currencies = (given['currency'] as readonly string[] | undefined) ?? null
  const rates = await readRates(warehouse, { ...range, currencies })
  if (rates.length === 0) output.say(words[language].noRates)
  const rows = rates.map((one) => ({
    date: one.date,
    currency: one.currency,
    per_euro: normalised(one.perEuro),
    rate_of: one.rateDate,
    filled: one.filled,
    source: one.source,
  }))
  const format = formatOf(given['format'], output)
  const columns = ['date', 'currency', 'per_euro', 'rate_of', 'filled', ...(format === 'table' ? [] : ['source'])]
  printRows(output, format, columns, rows)
  return exitCodes.ok
}

async function missing(invocation: Invocation, _files: readonly string[], given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { readMissingRates } = await import('../warehouse/rates.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const found = await readMissingRates(warehouse)
  if (found.length === 0) output.say(words[language].noneMissing)
  const columns = ['currency', 'since', 'until', 'days', 'accounts', 'facts', 'cost']
  const rows = found.map((one) => ({ ...one, cost: normalised(one.cost) }))
  printRows(output, formatOf(given['format'], output), columns, rows)
  return exitCodes.ok
}
