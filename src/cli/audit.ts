import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['list', 'verify'] as const

export const command: CommandSpec = {
  name: 'audit',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions }],
  options: [
    { flags: '--who <name>', text: { en: 'list: of this user or key', ko: 'list: 이 사용자나 키' } },
    { flags: '--action <text>', text: { en: 'list: actions with this in them', ko: 'list: 이 글자가 든 동작' } },
    { flags: '--since <day>', text: { en: 'list: from this day on', ko: 'list: 이 날짜부터' } },
    { flags: '--limit <n>', text: { en: 'list: how many; 100 when left out', ko: 'list: 개수. 생략하면 100' } },
  ],
  description: {
    en: 'The log of every change: who did what, when, from where, and SHA-256 of what was changed, before and after. It is only ever added to; each line holds the hash of the one before. list: newest first. verify: reads it whole, and names the first line that is not what was written; keep the hash that it prints elsewhere.',
    ko: '모든 변경의 기록: 누가, 무엇을, 언제, 어디서, 그리고 변경 전후의 SHA-256. 추가만 되며 각 줄은 앞줄의 해시를 가집니다. list: 최신순. verify: 전체를 읽고 기록과 다른 첫 줄을 알려 줍니다. 출력된 해시는 다른 곳에 보관하세요.',
  },
  examples: [
    { line: 'millrace audit list --who ada --since 2026-11-01', text: { en: 'one person’s', ko: '한 사람의 기록' } },
    { line: 'millrace audit verify', text: { en: 'nobody touched it', ko: '변조 여부 확인' } },
  ],
  async run(invocation, [action], given) {
    return action === 'verify' ? verify(invocation) : list(invocation, given)
  },
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'audit', detail })
const textOf = (value: Given[string]) => (typeof value === 'string' && value !== '' ? value : undefined)

async function list(invocation: Invocation, given: Given): Promise<number> {
  const { output } = invocation
  const limit = Number(textOf(given['limit']) ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) throw usage('--limit wants 1 to 100000')
  const since = textOf(given['since'])
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  if (Number.isNaN(sinceMs)) throw usage('--since wants a day such as 2026-11-01')
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { listAudit } = await import('../access/audit.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const lines = await listAudit(warehouse, {
    who: textOf(given['who']),
    action: textOf(given['action']),
    sinceMs,
    limit,
  })
  const format = formatOf(undefined, output)
  const columns = ['at', 'who', 'action', 'subject', 'outcome', 'origin']
  const whole = [...columns, 'detail', 'beforeHash', 'afterHash', 'deed', 'auditId', 'lineHash']
  printRows(
    output,
    format,
    format === 'table' ? columns : whole,
    lines.map((one) => ({ ...one })),
  )
  return exitCodes.ok
}

async function verify(invocation: Invocation): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { verifyAudit } = await import('../access/audit.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const found = await verifyAudit(warehouse)
  if (found.brokenAt !== null) throw new MillraceError('ACCESS_AUDIT_BROKEN', { line: found.brokenAt })
  if (output.json) output.record(found)
  else output.say(words[language](found.lines, found.lastHash))
  return exitCodes.ok
}

const words = {
  en: (lines: number, hash: string) => `${lines} lines, each as it was written; the last is ${hash}`,
  ko: (lines: number, hash: string) => `${lines}줄 모두 기록된 그대로입니다. 마지막 해시 ${hash}`,
} as const
