import { resolve } from 'node:path'
import type { Settings } from '../config-check.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CarePlan } from '../lake/care.ts'
import { carryOutCare, copyLake, planCare, verifyFiles } from '../lake/care.ts'
import { readInventory } from '../lake/inventory.ts'
import type { Lake } from '../lake/lake.ts'
import { manifestAccounts } from '../lake/manifest.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

type Account = { readonly platform: string; readonly accountId: string }

const dayMs = 24 * 3_600_000

const words = {
  en: {
    none: 'The lake is empty: millrace run.',
    verified: (files: number) => `${files} files are as they were written.`,
    looked: (files: number) => `${files} files read …`,
    nothing: 'Nothing to remove.',
    plan: (extracts: number, files: number, size: string) =>
      `${extracts} superseded extracts and ${files} leftover files, ${size} in all`,
    question: (what: string) => `Remove ${what}?`,
    declined: 'Nothing was removed.',
    removed: (what: string) => `Removed ${what}.`,
    copied: (files: number, there: number, place: string) => `${files} files copied to ${place}, ${there} were there.`,
  },
  ko: {
    none: '레이크가 비어 있습니다: millrace run.',
    verified: (files: number) => `파일 ${files}개가 쓴 그대로입니다.`,
    looked: (files: number) => `파일 ${files}개 확인 …`,
    nothing: '지울 것이 없습니다.',
    plan: (extracts: number, files: number, size: string) =>
      `대체된 추출 ${extracts}개와 잔여 파일 ${files}개, 모두 ${size}`,
    question: (what: string) => `${what}를 지울까요?`,
    declined: '아무것도 지우지 않았습니다.',
    removed: (what: string) => `${what}를 지웠습니다.`,
    copied: (files: number, there: number, place: string) =>
      `${place}(으)로 파일 ${files}개 복사, ${there}개는 이미 있음.`,
  },
} as const satisfies Record<Language, unknown>

/** Whether an account was asked for by `--platform` and `--account`; everything is when neither was given. */
function wanted(given: Given): (account: Account) => boolean {
  const list = (name: string) => given[name] as readonly string[] | undefined
  const [platforms, accounts] = [list('platform'), list('account')]
  return ({ platform, accountId }) => (platforms?.includes(platform) ?? true) && (accounts?.includes(accountId) ?? true)
}

export async function openProjectLake(
  invocation: Invocation,
): Promise<{ readonly lake: Lake; readonly settings: Settings }> {
  const settings = await projectSettings(invocation)
  const { openLake } = await import('../config.ts')
  return { lake: await openLake(settings), settings }
}

export async function listLake(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  await using lake = (await openProjectLake(invocation)).lake
  const isWanted = wanted(given)
  const accounts = (await Array.fromAsync(readInventory(lake))).filter(isWanted)
  if (given['size'] === true) accounts.sort((a, b) => b.sizeBytes - a.sizeBytes)
  const columns = ['account', 'extracts', 'files', 'rows', 'size_bytes', 'superseded_bytes', 'since', 'until']
  if (accounts.length === 0) output.say(words[language].none)
  const rows = accounts.map(({ platform, accountId, extracts, files, rows: count, sizeBytes, ...rest }) => ({
    account: `${platform}/${accountId}`,
    extracts,
    files,
    rows: count,
    size_bytes: sizeBytes,
    superseded_bytes: rest.supersededBytes,
    since: rest.since,
    until: rest.until,
  }))
  const format = formatOf(undefined, output)
  printRows(
    output,
    format,
    format === 'table' ? columns.filter((one) => one !== 'superseded_bytes' && one !== 'files') : columns,
    rows,
  )
  return exitCodes.ok
}

export async function showFile(invocation: Invocation, given: Given, key: string): Promise<number> {
  const { output } = invocation
  await using lake = (await openProjectLake(invocation)).lake
  const { readColumns, readRawRows } = await import('../lake/parquet.ts')
  await using file = await lake.open(key)
  const columns = await readColumns(file.path)
  const limit = limitOf(given['limit'])
  for await (const rows of readRawRows(file.path, columns, limit)) {
    printRows(
      output,
      formatOf(undefined, output),
      columns.map(({ name }) => name),
      rows,
    )
    break
  }
  return exitCodes.ok
}

function limitOf(given: Given[string]): number {
  const limit = Number(given ?? 10)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 10_000) return limit
  throw new MillraceError('CLI_USAGE', { command: 'lake', detail: '--limit wants 1 to 10000' })
}

/** Progress in tens: a line a file would be redrawn faster than it can be read. */
function tens(files: number): number {
  return files - (files % 10)
}

export async function verifyLake(invocation: Invocation, given: Given): Promise<number> {
  const { output, language, signal } = invocation
  await using lake = (await openProjectLake(invocation)).lake
  const accounts = (await Array.fromAsync(manifestAccounts(lake))).filter(wanted(given))
  const counts = { whole: 0, damaged: 0, missing: 0 }
  let example = ''
  for await (const finding of verifyFiles(lake, accounts)) {
    signal.throwIfAborted()
    counts[finding.outcome] += 1
    if (finding.outcome === 'whole') output.footer([words[language].looked(tens(counts.whole))])
    else {
      example ||= finding.key
      output.record({ event: 'file', ...finding })
    }
  }
  output.footer([])
  const files = counts.whole + counts.damaged + counts.missing
  if (counts.damaged + counts.missing > 0)
    throw new MillraceError('LAKE_FILES_LOST', { place: lake.place, files, ...counts, example })
  if (output.json) output.record({ event: 'verified', files })
  output.say(words[language].verified(files))
  return exitCodes.ok
}

export async function collectGarbage(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const { lake: opened, settings } = await openProjectLake(invocation)
  await using lake = opened
  const context = openContext(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, context)
  const { extractsInUse } = await import('../warehouse/partition-state.ts')
  const nowMs = context.clock.nowMs()
  const plan = await planCare(lake, {
    nowMs,
    beforeMs: nowMs - settings.retention.raw * dayMs,
    inUse: await extractsInUse(warehouse),
  })
  printCarePlan(invocation, plan)
  const what = careText(plan, language)
  if (what === null) return exitCodes.ok
  if (given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question(what)))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  await carryOutCare(lake, plan)
  output.say(said.removed(what))
  return exitCodes.ok
}

function printCarePlan({ output, language }: Invocation, { retirements, leftovers }: CarePlan): void {
  const rows = [
    ...retirements.flatMap(({ account, extracts }) =>
      extracts.map(({ extractId, since, until, files }) => ({
        what: 'superseded',
        of: `${account.platform}/${account.accountId} ${since}…${until}`,
        id: extractId,
        size_bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      })),
    ),
    ...leftovers.map(({ key, sizeBytes }) => ({ what: 'leftover', of: key, id: null, size_bytes: sizeBytes })),
  ]
  if (rows.length === 0) output.say(words[language].nothing)
  else printRows(output, formatOf(undefined, output), ['what', 'of', 'id', 'size_bytes'], rows)
}

function careText({ retirements, leftovers }: CarePlan, language: Language): string | null {
  const extracts = retirements.reduce((sum, one) => sum + one.extracts.length, 0)
  if (extracts + leftovers.length === 0) return null
  const sizeBytes =
    retirements.reduce((sum, one) => sum + one.sizeBytes, 0) + leftovers.reduce((sum, one) => sum + one.sizeBytes, 0)
  return words[language].plan(extracts, leftovers.length, `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`)
}

export async function copyToLake(invocation: Invocation, given: Given): Promise<number> {
  const { output, language, signal } = invocation
  const endpoint = typeof given['endpoint'] === 'string' ? given['endpoint'] : undefined
  await using from =
    typeof given['from'] === 'string'
      ? await openPlace(given['from'], endpoint)
      : (await openProjectLake(invocation)).lake
  await using to = await openPlace(String(given['to']), endpoint)
  const counts = { copied: 0, there: 0 }
  for await (const { outcome } of copyLake(from, to)) {
    signal.throwIfAborted()
    counts[outcome] += 1
    output.footer([words[language].looked(tens(counts.copied + counts.there))])
  }
  output.footer([])
  if (output.json) output.record({ event: 'copied', ...counts })
  output.say(words[language].copied(counts.copied, counts.there, to.place))
  return exitCodes.ok
}

/** A lake by its address: a folder, or `s3://bucket/prefix` whose keys the AWS SDK finds in the environment. */
export async function openPlace(place: string, endpoint: string | undefined): Promise<Lake> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place) ?? []
  const { loadAdapter } = await import('../config-check.ts')
  const adapter = await loadAdapter('lake', bucket === undefined ? 'folder' : 's3')
  const options = bucket === undefined ? { root: resolve(place) } : { bucket, prefix, ...(endpoint && { endpoint }) }
  return (await adapter.open(adapter.options.parse(options))) as Lake
}
