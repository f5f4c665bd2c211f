import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { MillraceError } from '../domain/errors.ts'
import type { Sendable } from '../stream/send.ts'
import type { CommandSpec, Invocation } from './command.ts'
import { numberOf, openStreamProject } from './stream-project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['send', 'tail', 'query'] as const

export const command: CommandSpec = {
  name: 'events',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    {
      name: '[file]',
      text: {
        en: 'With send: JSON lines; stdin when left out. With query: SQL for DuckDB',
        ko: 'send: JSON 줄. 생략하면 stdin. query: DuckDB SQL',
      },
    },
  ],
  options: [
    {
      flags: '--from <place>',
      text: { en: 'With tail: where to begin', ko: 'tail: 시작 위치' },
      choices: ['start', 'end'],
    },
    {
      flags: '--limit <n>',
      text: {
        en: 'With tail: end after so many; Ctrl-C otherwise',
        ko: 'tail: 이만큼 출력하고 끝. 생략하면 Ctrl-C까지',
      },
    },
  ],
  description: {
    en: 'Ad events into the log and out of it. send: one JSON object a line from a file or stdin, checked against the schema; refused lines are told with their number and reason and nothing of them is sent. tail: the log’s records as they come. query: SQL over what has landed in the lake: ad_events_raw has every record, ad_events each event once.',
    ko: '광고 이벤트를 로그에 넣고 꺼냅니다. send: 파일이나 stdin에서 한 줄에 JSON 객체 하나를 읽어 스키마로 검사합니다. 거부된 줄은 번호와 이유를 알리고 보내지 않습니다. tail: 로그의 기록을 들어오는 대로 출력합니다. query: 레이크에 적재된 이벤트를 SQL로 읽습니다. ad_events_raw는 모든 기록, ad_events는 이벤트마다 한 번입니다.',
  },
  examples: [
    { line: 'millrace events send clicks.ndjson', text: { en: 'a file into the log', ko: '파일을 로그로' } },
    { line: 'millrace events tail --from start --limit 10', text: { en: 'the first ten', ko: '처음 열 건' } },
    {
      line: 'millrace events query "select device, count(*) from ad_events group by all"',
      text: { en: 'what has landed, by device', ko: '적재된 이벤트의 기기별 수' },
    },
  ],
  run: (invocation, [action, file], given) => {
    if (action === 'send') return sendLines(invocation, file)
    return action === 'query'
      ? query(invocation, file)
      : tail(invocation, {
          fromStart: given['from'] === 'start',
          limit:
            numberOf(given, { command: 'events', name: 'limit', min: 1, max: 2 ** 40 }) ?? Number.POSITIVE_INFINITY,
        })
  },
}

/** One query over the lake's events. */
async function query(invocation: Invocation, sql: string | undefined): Promise<number> {
  const { output } = invocation
  if (sql === undefined) throw new MillraceError('CLI_USAGE', { command: 'events', detail: 'query wants SQL' })
  await using project = await openStreamProject(invocation)
  const { openLake } = await import('../config.ts')
  const { openEventViews } = await import('../stream/event-views.ts')
  await using lake = await openLake(project.settings)
  await using views = await openEventViews(lake, project.warehouse, project.log.topic)
  const answer = await views.ask(sql).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('STREAM_QUERY_REFUSED', { reason }, { cause })
  })
  const rows = answer.rows.map((row) => Object.fromEntries(answer.columns.map((name, index) => [name, row[index]])))
  printRows(output, formatOf(undefined, output), answer.columns, rows)
  return 0
}

const pageLines = 5_000

/** Ends with 5 when a line was refused; the others are in the log. */
async function sendLines(invocation: Invocation, file: string | undefined): Promise<number> {
  const { output, signal } = invocation
  await using project = await openStreamProject(invocation)
  const { readEvent } = await import('../stream/read-event.ts')
  const { send } = await import('../stream/send.ts')
  const partitions = await project.log.partitions()
  let page: Sendable[] = []
  const told = { sent: 0, refused: 0 }
  const flush = async () => {
    await send(project.log, partitions, page)
    told.sent += page.length
    page = []
  }
  let number = 0
  for await (const line of linesOf(file)) {
    if (signal.aborted) break
    number += 1
    if (line.trim() === '') continue
    const read = readEvent(Buffer.from(line))
    if ('reason' in read) {
      told.refused += 1
      output.warn(`${file ?? 'stdin'}:${number}  ${read.reason}`)
    } else page.push({ campaignId: read.series.campaignId, line })
    if (page.length >= pageLines) await flush()
  }
  await flush()
  output.record({ event: 'sent', ...told, topic: project.log.topic })
  return told.refused > 0 ? 5 : 0
}

async function* linesOf(file: string | undefined): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: file === undefined ? process.stdin : createReadStream(file), crlfDelay: Infinity })
  } catch (cause) {
    throw new MillraceError('CLI_USAGE', { command: 'events', detail: `${file} cannot be read` }, { cause })
  }
}

interface Tail {
  readonly fromStart: boolean
  readonly limit: number
}

/** Partitions are followed side by side; the order between them is that of arrival. */
async function tail(invocation: Invocation, { fromStart, limit }: Tail): Promise<number> {
  const { output } = invocation
  await using project = await openStreamProject(invocation)
  const { recordsOf } = await import('../stream/records.ts')
  const { log } = project
  const enough = new AbortController()
  const signal = AbortSignal.any([invocation.signal, enough.signal])
  let left = limit
  const follow = async (partition: number): Promise<void> => {
    const bounds = await log.bounds(partition)
    for (let at = fromStart ? bounds.first : bounds.next; !signal.aborted;) {
      const batches = await log.read(partition, at, { bytesMax: 1_000_000, waitMs: 500, signal })
      at = batches.at(-1)?.nextOffset ?? at
      for (const batch of batches)
        for (const { offset, bytes } of recordsOf(batch)) {
          if (left <= 0) return
          left -= 1
          output.data(lineOf(invocation, { partition, offset, text: Buffer.from(bytes).toString('utf8') }))
          if (left === 0) enough.abort()
        }
    }
  }
  const partitions = await log.partitions()
  await Promise.all(Array.from({ length: partitions }, (_, partition) => follow(partition)))
  return invocation.signal.aborted ? 130 : 0
}

/** With `--json` each record has its place beside it; otherwise it is as it lies in the log. */
function lineOf(
  { json }: Invocation,
  record: { readonly partition: number; readonly offset: number; readonly text: string },
): string {
  return json ? `${JSON.stringify(record)}\n` : `${record.text}\n`
}
