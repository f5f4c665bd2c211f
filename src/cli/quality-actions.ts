import { loadSuite } from '../config-quality.ts'
import { accountKey } from '../domain/account.ts'
import { isoInstant } from '../domain/clock.ts'
import { addDays, day, dayAt, timeZone } from '../domain/day.ts'
import type { DayRange } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import { qualityJsonSchema } from '../quality/config-schema.ts'
import { postChecks } from '../quality/post-checks.ts'
import type { CheckResult } from '../quality/result.ts'
import { foundText, wordsOf } from '../quality/result.ts'
import { axes } from '../quality/score.ts'
import type { Suite } from '../quality/suite.ts'
import { groupScores, groupings, readScores } from '../quality/scores.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { rangeOf } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows, tableText } from './table.ts'

interface Opened extends AsyncDisposable {
  readonly warehouse: Warehouse
  readonly suite: Suite
  readonly range: DayRange
  readonly nowMs: number
  readonly platforms: readonly string[] | undefined
  readonly accountIds: readonly string[] | undefined
}

/** The project's warehouse and checks, and the days that were asked for; yesterday when none were. */
async function opened(invocation: Invocation, given: Given): Promise<Opened> {
  const settings = await projectSettings(invocation)
  const suite = await loadSuite(settings.projectDir)
  const context = openContext(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const nowMs = context.clock.nowMs()
  const yesterday = addDays(dayAt(nowMs, zone), -1)
  const range = rangeOf(given, 'quality', zone, nowMs) ?? { since: yesterday, until: yesterday }
  const { openWarehouse } = await import('../config.ts')
  const warehouse = await openWarehouse(settings, context)
  const list = (name: string) => given[name] as readonly string[] | undefined
  return {
    warehouse,
    suite,
    range,
    nowMs,
    platforms: list('platform'),
    accountIds: list('account'),
    [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
  }
}

const words = {
  en: {
    nothing: 'No published day in this range.',
    noScores: 'Nothing has been checked in this range.',
    summary: (days: number, fails: number, warns: number, errors: number) =>
      `${days} account days checked: ${fails} failed, ${warns} warned, ${errors} could not be carried out`,
    noMutes: 'Nothing is muted.',
    unheard: 'This check has not run in this range.',
    ended: (count: number) => `${count} ended.`,
    rule: 'rule',
    fix: 'fix',
    needs: 'mute needs --reason and --expires',
    past: 'is not in the future',
  },
  ko: {
    nothing: '이 기간에 공개된 날이 없습니다.',
    noScores: '이 기간에 검사한 것이 없습니다.',
    summary: (days: number, fails: number, warns: number, errors: number) =>
      `계정·날짜 ${days}개 검사: 실패 ${fails}, 경고 ${warns}, 수행하지 못함 ${errors}`,
    noMutes: '알리지 않는 것이 없습니다.',
    unheard: '이 기간에 실행되지 않은 검사입니다.',
    ended: (count: number) => `${count}개를 끝냈습니다.`,
    rule: '규칙',
    fix: '조치',
    needs: 'mute에는 --reason과 --expires가 필요합니다',
    past: '미래가 아닙니다',
  },
} as const

/** Checks what is published; ends with the quality gate's code when anything failed or could not be carried out. */
export async function runChecks(invocation: Invocation, given: Given, check: string | undefined): Promise<number> {
  const { output, language } = invocation
  await using at = await opened(invocation, given)
  const { runPostChecks } = await import('../quality/post.ts')
  if (check !== undefined && !postChecks.some((one) => one.id === check))
    throw new MillraceError('CLI_USAGE', {
      command: 'quality',
      detail: `${check} ≠ ${postChecks.map((one) => one.id).join(', ')}`,
    })
  const runs = await runPostChecks(at.warehouse, {
    ...at.range,
    platforms: at.platforms,
    accountIds: at.accountIds,
    ...(check !== undefined && { checkIds: [check] }),
    nowMs: at.nowMs,
    suite: at.suite,
  })
  if (runs.length === 0) output.say(words[language].nothing)
  const all = runs.flatMap(({ key, results }) => results.map((one) => ({ account: accountKey(key), one })))
  const shown = output.json || !output.isTerminal ? all : all.filter(({ one }) => isTrouble(one))
  printResults(invocation, shown)
  const count = (...outcomes: readonly string[]) => all.filter(({ one }) => outcomes.includes(one.outcome)).length
  output.say(words[language].summary(runs.length, count('fail'), count('warn'), count('error')))
  return count('fail', 'error') > 0 ? exitCodes.quality : exitCodes.ok
}

function isTrouble({ outcome }: CheckResult): boolean {
  return outcome === 'fail' || outcome === 'warn' || outcome === 'error' || outcome === 'muted'
}

interface Shown {
  readonly account: string
  readonly one: CheckResult
}

function printResults({ output, language }: Invocation, shown: readonly Shown[]): void {
  const rows = shown.map(({ account, one }) => ({
    account,
    date: one.date,
    check: one.checkId,
    outcome: one.outcome,
    severity: one.severity,
    found: foundText(one, language),
    ...(output.json && { tested: one.tested, failed: one.failed, facts: one.facts }),
  }))
  const columns = ['account', 'date', 'check', 'outcome', 'severity', 'found']
  if (output.isTerminal && !output.json) {
    for (const row of rows)
      output.data(`${row.outcome.padEnd(7)} ${row.check}  ${row.account}  ${row.date}\n        ${row.found}\n`)
    return
  }
  printRows(
    output,
    formatOf(undefined, output),
    output.json ? [...columns, 'tested', 'failed', 'facts'] : columns,
    rows,
  )
}

/** Every check there is, with what a failure does and, as far as there is room, its rule. */
export async function listChecks(invocation: Invocation): Promise<number> {
  const { output, language, projectDir } = invocation
  const suite = await loadSuite(projectDir)
  const rows = [
    ...suite.checks.map((one) => ({ ...one, when: 'load', rule: one.words?.rule ?? wordsOf(one.id, language)?.rule })),
    ...suite.sqlChecks.map((one) => ({ ...one, when: 'load', rule: one.config.description ?? one.config.query })),
    ...postChecks.map((one) => ({ ...one, when: 'after', rule: wordsOf(one.id, language)?.rule })),
  ].map(({ id, dimension, severity, blocking, onFail, when, rule }) => ({
    check: id,
    dimension,
    severity,
    on_fail: onFail ?? (blocking ? 'block' : 'warn'),
    when,
    rule: rule ?? '',
  }))
  const columns = ['check', 'dimension', 'severity', 'on_fail', 'when', 'rule']
  if (output.isTerminal && !output.json)
    output.data(tableText(columns, rows, { columnsMax: Math.min(80, output.columns), cut: ['rule', 'check'] }))
  else printRows(output, formatOf(undefined, output), columns, rows)
  return exitCodes.ok
}

/** Scores by account, platform or day, or over everything. */
export async function showScores(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  await using at = await opened(invocation, given)
  const partitions = await readScores(at.warehouse, { ...at.range, platforms: at.platforms, accountIds: at.accountIds })
  if (partitions.length === 0) output.say(words[language].noScores)
  const by = groupings.find((one) => one === given['by']) ?? 'account'
  const rows = groupScores(partitions, by).map((one) => ({
    [by]: one.name,
    overall: one.overall,
    score: one.overall,
    ...one.axes,
    ...Object.fromEntries(axes.map((axis) => [short[axis], one.axes[axis]])),
    measured: one.measured,
    defined: one.defined,
    run: `${one.measured}/${one.defined}`,
  }))
  const narrow = [by, 'score', ...axes.map((axis) => short[axis]), 'run']
  const wide = [by, 'overall', ...axes, 'measured', 'defined']
  const format = formatOf(undefined, output)
  printRows(output, format, format === 'table' ? narrow : wide, rows)
  return exitCodes.ok
}

/** What 80 columns have room for. */
const short = {
  completeness: 'compl',
  accuracy: 'accur',
  consistency: 'consi',
  timeliness: 'timel',
  validity: 'valid',
  uniqueness: 'uniqu',
} as const

/** What one check found in the range: its rule, every partition that it had trouble with, its numbers, and some of the rows. */
export async function explainCheck(invocation: Invocation, given: Given, check: string | undefined): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  await using at = await opened(invocation, given)
  const { readExplanations } = await import('../quality/explain.ts')
  const found = await readExplanations(at.warehouse, {
    ...at.range,
    checkId: check ?? '',
    platforms: at.platforms,
    accountIds: at.accountIds,
  })
  if (output.json) {
    for (const one of found) output.record({ ...one, found: foundText(one.result, language) })
    return exitCodes.ok
  }
  const rule = wordsOf(check ?? '', language)
  if (rule) output.say(`${said.rule}  ${rule.rule}`)
  if (found.length === 0) output.say(said.unheard)
  for (const { account, result, difference, samples } of found) {
    output.data(`${result.outcome.padEnd(7)} ${account}  ${result.date}  ${foundText(result, language)}\n`)
    if (!isTrouble(result)) continue
    for (const line of difference) output.data(`        ${line}\n`)
    for (const line of numberLines(result)) output.data(`        ${line}\n`)
    for (const row of samples) output.data(`        ${JSON.stringify(row)}\n`)
  }
  if (rule && found.some(({ result }) => isTrouble(result))) output.say(`${said.fix}  ${rule.fix}`)
  return exitCodes.ok
}

/** Every number of a result, as many a line as 80 columns hold. */
function numberLines({ facts, value, expectedLow, expectedHigh }: CheckResult): readonly string[] {
  const all = { value, expectedLow, expectedHigh, ...facts }
  const lines: string[] = []
  for (const [name, fact] of Object.entries(all)) {
    if (fact === null || fact === undefined) continue
    const text = `${name}=${fact}`
    const last = lines.at(-1)
    if (last !== undefined && last.length + text.length < 70) lines[lines.length - 1] = `${last}  ${text}`
    else lines.push(text)
  }
  return lines
}

/** Mutes a check until a day, ends its mutes, or lists those in force. */
export async function muteCheck(invocation: Invocation, given: Given, check: string | undefined): Promise<number> {
  const { output, language, env } = invocation
  const said = words[language]
  await using at = await opened(invocation, given)
  const { addMute, endMutes, readMutes } = await import('../quality/mute.ts')
  if (check === undefined) {
    const rows = await readMutes(at.warehouse, at.suite, at.nowMs)
    if (rows.length === 0) output.say(said.noMutes)
    if (rows.length === 0 && output.isTerminal) return exitCodes.ok
    const columns = ['check', 'platform', 'account', 'until', 'by', 'reason']
    printRows(
      output,
      formatOf(undefined, output),
      columns,
      rows.map((one) => ({ ...one })),
    )
    return exitCodes.ok
  }
  requireKnown(at.suite, check, language)
  const [platform, account] = [at.platforms?.[0], at.accountIds?.[0]]
  if (given['end'] === true) {
    output.say(said.ended(await endMutes(at.warehouse, { checkId: check, platform, accountId: account }, at.nowMs)))
    return exitCodes.ok
  }
  const { reason, expires } = given
  if (typeof reason !== 'string' || typeof expires !== 'string' || reason.trim() === '')
    throw new MillraceError('CLI_USAGE', { command: 'quality', detail: said.needs })
  const untilMs = Date.parse(`${day(expires)}T23:59:59.999Z`)
  if (untilMs <= at.nowMs)
    throw new MillraceError('CLI_USAGE', { command: 'quality', detail: `${expires} ${said.past}` })
  const by = env['USER'] ?? env['USERNAME'] ?? 'cli'
  await addMute(at.warehouse, { checkId: check, platform, accountId: account, reason, by, untilMs }, at.nowMs)
  output.record({ event: 'muted', check, platform, account, until: isoInstant(untilMs), reason, by })
  return exitCodes.ok
}

function requireKnown({ checks, sqlChecks }: Suite, check: string, language: Language): void {
  const ids = [...checks, ...sqlChecks, ...postChecks].map((one) => one.id)
  if (ids.includes(check)) return
  const detail = language === 'ko' ? `"${check}" 검사가 없습니다` : `there is no check "${check}"`
  throw new MillraceError('CLI_USAGE', { command: 'quality', detail })
}

/** The JSON Schema of a file of checks. */
export async function printSchema({ output }: Invocation): Promise<number> {
  output.data(`${JSON.stringify(qualityJsonSchema(), null, 2)}\n`)
  return Promise.resolve(exitCodes.ok)
}
