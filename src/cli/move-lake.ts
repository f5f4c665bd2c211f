import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import { copyLake, planCopy, verifyFiles } from '../lake/care.ts'
import type { Lake } from '../lake/lake.ts'
import { manifestAccounts } from '../lake/manifest.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { openPlace, openProjectLake } from './lake-actions.ts'
import { formatOf, printRows } from './table.ts'

/** Files that a person is shown by name; a program gets all of them. */
const linesMax = 20

const mebibytes = (sizeBytes: number) => `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`

const words = {
  en: {
    more: (count: number) => `  … and ${count} more`,
    plan: (files: number, size: string, there: number, place: string) =>
      `${files} files, ${size}, to ${place}; ${there} are there already`,
    question: 'Copy so?',
    declined: 'Nothing was changed.',
    copied: (files: number) => `${files} files copied …`,
    compared: (files: number) => `${files} files compared …`,
    moved: (files: number, place: string) => `${files} files are at ${place}, equal by hash.`,
    next: 'From now on: lake: { adapter: ’s3’, bucket: ’…’ } in millrace.config.ts.',
  },
  ko: {
    more: (count: number) => `  … 그 밖에 ${count}개`,
    plan: (files: number, size: string, there: number, place: string) =>
      `파일 ${files}개(${size})를 ${place}로. ${there}개는 이미 있음`,
    question: '이대로 복사할까요?',
    declined: '아무것도 바꾸지 않았습니다.',
    copied: (files: number) => `파일 ${files}개 복사함 …`,
    compared: (files: number) => `파일 ${files}개 비교함 …`,
    moved: (files: number, place: string) => `파일 ${files}개가 ${place}에 있으며 해시가 같습니다.`,
    next: '이제 millrace.config.ts에 lake: { adapter: ’s3’, bucket: ’…’ } 을 쓰세요.',
  },
} as const satisfies Record<Language, unknown>

/**
 * Every file of the lake: the list first, then the copy, then each file read back from there and compared with the hash of its
 * manifest. Again it copies the rest. Throws LAKE_FILE_DAMAGED, LAKE_COPY_DIFFERS.
 */
export async function moveLake(invocation: Invocation, given: Given, place: string): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const endpoint = typeof given['endpoint'] === 'string' ? given['endpoint'] : undefined
  await using from = (await openProjectLake(invocation)).lake
  await using to = await openPlace(place, endpoint)
  await printPlan(invocation, from, to)
  if (given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  const counts = await copyAll(invocation, from, to)
  const files = await compareAll(invocation, to)
  if (output.json) output.record({ event: 'moved', files, ...counts, place: to.place })
  output.say(said.moved(files, to.place))
  output.say(said.next)
  return exitCodes.ok
}

async function printPlan({ output, language }: Invocation, from: Lake, to: Lake): Promise<void> {
  const said = words[language]
  const files = await Array.fromAsync(planCopy(from, to))
  const rows = files.map(({ key, sizeBytes, state }) => ({ file: key, bytes: sizeBytes, state }))
  const shown = output.isTerminal && !output.json ? rows.slice(0, linesMax) : rows
  printRows(output, formatOf(undefined, output), ['file', 'bytes', 'state'], shown)
  if (shown.length < rows.length) output.say(said.more(rows.length - shown.length))
  const size = mebibytes(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  output.say(said.plan(files.length, size, files.filter(({ state }) => state === 'there').length, to.place))
}

async function copyAll(
  { output, language, signal }: Invocation,
  from: Lake,
  to: Lake,
): Promise<{ readonly copied: number; readonly there: number }> {
  const counts = { copied: 0, there: 0 }
  for await (const { outcome } of copyLake(from, to)) {
    signal.throwIfAborted()
    counts[outcome] += 1
    output.footer([words[language].copied(counts.copied + counts.there)])
  }
  output.footer([])
  return counts
}

async function compareAll({ output, language, signal }: Invocation, to: Lake): Promise<number> {
  let files = 0
  for await (const { key, outcome } of verifyFiles(to, manifestAccounts(to))) {
    signal.throwIfAborted()
    if (outcome !== 'whole') throw new MillraceError('LAKE_FILE_DAMAGED', { key, place: to.place })
    files += 1
    output.footer([words[language].compared(files)])
  }
  output.footer([])
  return files
}
