import { isoInstant } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { numberOf, openStreamProject } from './stream-project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['list', 'show', 'retry'] as const

const job = 'live'

export const command: CommandSpec = {
  name: 'dlq',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[id]', text: { en: 'A letter: partition:offset:place', ko: '편지: 파티션:오프셋:위치' } },
  ],
  options: [
    { flags: '--limit <n>', text: { en: 'At most so many; 50 when left out', ko: '최대 개수. 생략하면 50' } },
    { flags: '--all', text: { en: 'With list: also those sent again', ko: 'list: 다시 보낸 것도' } },
    {
      flags: '--with <json>',
      text: { en: 'With retry and an id: the event, corrected', ko: 'retry와 id: 고친 이벤트' },
    },
    { flags: '--dry-run', text: { en: 'With retry: only say what would be sent', ko: 'retry: 무엇을 보낼지만 출력' } },
  ],
  description: {
    en: 'Dead letters: records of the event log that are no events, kept whole with the reason. list: the newest. show: one as it came. retry: sends those again that are events by now, or one corrected by --with; asks first. One that is sent twice is counted once.',
    ko: '데드 레터: 이벤트가 아니어서 이유와 함께 그대로 보관한 기록. list: 최근 것. show: 받은 그대로. retry: 이제 이벤트로 읽히는 것, 또는 --with로 고친 것을 다시 보내며 먼저 묻습니다. 두 번 보내도 한 번만 집계됩니다.',
  },
  examples: [
    { line: 'millrace dlq list', text: { en: 'what was refused and why', ko: '무엇이 왜 거부되었는지' } },
    { line: 'millrace dlq show 0:1274:0', text: { en: 'one of them, whole', ko: '그중 하나를 그대로' } },
    {
      line: 'millrace dlq retry --yes',
      text: { en: 'send again what is valid now', ko: '이제 유효한 것 다시 보내기' },
    },
  ],
  async run(invocation, [action, id], given) {
    if (action === 'show' && id === undefined)
      throw new MillraceError('CLI_USAGE', { command: 'dlq', detail: 'show needs the id of a letter' })
    if (given['with'] !== undefined && (action !== 'retry' || id === undefined))
      throw new MillraceError('CLI_USAGE', { command: 'dlq', detail: '--with goes with retry and an id' })
    const limit = numberOf(given, { command: 'dlq', name: 'limit', min: 1, max: 100_000 }) ?? 50
    if (action === 'retry') return retry(invocation, given, { id, limit })
    return list(invocation, { id, limit, all: given['all'] === true || id !== undefined, whole: action === 'show' })
  },
}

interface Listing {
  readonly id: string | undefined
  readonly limit: number
  readonly all: boolean
  readonly whole: boolean
}

const shownMax = 60

async function list(invocation: Invocation, { id, limit, all, whole }: Listing): Promise<number> {
  const { output } = invocation
  await using project = await openStreamProject(invocation)
  const { readLetters } = await import('../stream/dead-letters.ts')
  const query = { job, topic: project.log.topic, id, limit, waiting: !all }
  const letters = await readLetters(project.warehouse, query)
  const text = (raw: Uint8Array) => Buffer.from(raw).toString('utf8')
  if (whole && !output.json) {
    for (const { raw } of letters) output.data(`${text(raw)}\n`)
    return 0
  }
  const columns = ['id', 'reason', 'at', 'retried_at', 'raw']
  const rows = letters.map(({ raw, at, retriedAt, ...letter }) => ({
    ...letter,
    at: isoInstant(at.getTime()),
    retried_at: retriedAt && isoInstant(retriedAt.getTime()),
    raw: output.isTerminal && !output.json ? text(raw).slice(0, shownMax) : text(raw),
  }))
  printRows(output, formatOf(undefined, output), columns, rows)
  return 0
}

async function retry(
  invocation: Invocation,
  given: Given,
  { id, limit }: { readonly id: string | undefined; readonly limit: number },
): Promise<number> {
  const { output } = invocation
  await using project = await openStreamProject(invocation)
  const { readLetters, retryLetters } = await import('../stream/dead-letters.ts')
  const { confirmed } = await import('./ask.ts')
  const { warehouse, log } = project
  const letters = await readLetters(warehouse, { job, topic: log.topic, id, limit, waiting: id === undefined })
  if (given['dryRun'] === true || letters.length === 0) {
    printRows(
      output,
      formatOf(undefined, output),
      ['id', 'reason'],
      letters.map(({ id: letter, reason }) => ({ id: letter, reason })),
    )
    return 0
  }
  if (!(await confirmed(invocation, questions[invocation.language](letters.length)))) return 99
  const corrected = typeof given['with'] === 'string' ? given['with'] : undefined
  const { sent, refused } = await retryLetters(warehouse, log, job, letters, corrected)
  const rows = [...sent.map((one) => ({ id: one, outcome: 'sent', reason: null })), ...refused.map(refusedRow)]
  printRows(output, formatOf(undefined, output), ['id', 'outcome', 'reason'], rows)
  return 0
}

const refusedRow = ({ id, reason }: { readonly id: string; readonly reason: string }) => ({
  id,
  outcome: 'refused',
  reason,
})

const questions = {
  en: (count: number) => `Send ${count} dead letter(s) again?`,
  ko: (count: number) => `데드 레터 ${count}건을 다시 보낼까요?`,
} as const
