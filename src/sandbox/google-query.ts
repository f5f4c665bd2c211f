import { checkQuery } from './gaql-check.ts'
import type { CheckedQuery } from './gaql-check.ts'
import { parseQuery } from './gaql-parse.ts'
import { GoogleRefusal, queryRefusal } from './google-error.ts'
import type { QuerySource } from './google-row-text.ts'
import { rowWriter } from './google-row-text.ts'
import { RowScan, sortRows } from './google-rows.ts'
import type { SortableRow } from './google-rows.ts'
import { textSeed } from './hash.ts'
import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { FiredFaults } from './scenario.ts'

const pageRows = 10_000
const tokenLifeMs = 2 * 3_600_000

export interface QueryContext {
  readonly nowMs: number
  readonly requestId: string
  readonly fired: FiredFaults
  /** The account's data as reports stood at that instant: all pages of one query see one state of the world. */
  readonly source: (nowMs: number) => QuerySource
  /** Counts one operation; throws the 429. */
  readonly spend: (nowMs: number) => void
}

interface SearchBody {
  readonly query?: unknown
  readonly pageToken?: unknown
  readonly pageSize?: unknown
  readonly validateOnly?: unknown
  readonly summaryRowSetting?: unknown
  readonly searchSettings?: {
    readonly returnTotalResultsCount?: boolean
    readonly returnSummaryRow?: boolean
    readonly omitResults?: boolean
  }
}

function readBody(text: string): SearchBody & { readonly query: string } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new GoogleRefusal(400, 'requestError', 'UNKNOWN', 'Invalid JSON payload received.')
  }
  const { query, ...rest } = (body ?? {}) as SearchBody
  if (typeof query !== 'string' || query.trim() === '') {
    throw new GoogleRefusal(400, 'requestError', 'REQUIRED_FIELD_MISSING', 'Required field is missing: query.')
  }
  return { query, ...rest }
}

function checked(query: string, source: QuerySource): CheckedQuery {
  const parsed = parseQuery(query)
  const gone = source.drift.removedIsError ? parsed.select.find((name) => source.drift.removed.has(name)) : undefined
  if (gone !== undefined) throw queryRefusal('UNRECOGNIZED_FIELD', `Unrecognized field in the query: '${gone}'.`)
  const result = checkQuery(parsed, source.version, source.today)
  if (source.customer.manager && result.hasMetrics) {
    throw queryRefusal(
      'REQUESTED_METRICS_FOR_MANAGER',
      'Metrics cannot be requested for a manager account. To retrieve metrics, issue separate requests against each client account under the manager account.',
    )
  }
  return result
}

/** A query opened on one state of the world: rows one by one in the order asked for, from any position on. */
interface OpenQuery {
  readonly fieldMask: string
  /** The next row as JSON; undefined at the end. */
  next(): string | undefined
  /** Where the next row stands; a page token carries it. */
  position(): number
  summary(): string
}

const inDateOrder = ({ query }: CheckedQuery) =>
  query.orderBy.length === 1 && query.orderBy[0]!.field === 'segments.date' && !query.orderBy[0]!.descending

function openQuery(query: CheckedQuery, source: QuerySource, from: number): OpenQuery {
  const writer = rowWriter(query, source)
  const daysFirst = inDateOrder(query)
  const streams = daysFirst || query.query.orderBy.length === 0
  const scan = new RowScan(query, source, writer, daysFirst)
  const { fieldMask } = writer
  const summary = () => scan.summary()
  const limit = query.query.limit ?? Infinity
  if (streams && limit === Infinity) {
    scan.position = from
    return { fieldMask, next: () => scan.next(), position: () => scan.position, summary }
  }
  const rows = streams
    ? firstRows(scan, limit)
    : sortRows(firstRows(scan, Infinity), query, source.version).slice(0, limit)
  let at = from
  const next = () => rows[at++]?.text
  return { fieldMask, next, position: () => at, summary }
}

function firstRows(scan: RowScan, limit: number): SortableRow[] {
  const rows: SortableRow[] = []
  while (rows.length < limit) {
    const text = scan.next()
    if (text === undefined) break
    rows.push({ text, values: scan.sortValues() })
  }
  return rows
}

const pieceRows = 100

/**
 * Up to a page of rows without the first `skip` of them, in pieces of a hundred rows: texts this short die young in memory,
 * where one text of a whole page would be several times slower to build. Returns how many rows there were.
 */
function* pagePieces(open: OpenQuery, skip: number): Generator<string, number> {
  let piece = ''
  let rows = 0
  let comma = ''
  while (rows < pageRows) {
    const row = open.next()
    if (row === undefined) break
    if (rows++ < skip) continue
    piece += comma + row
    comma = ','
    if (rows % pieceRows !== 0) continue
    yield piece
    piece = ''
  }
  if (piece) yield piece
  return rows
}

function pageText(open: OpenQuery, skip: number): { readonly text: string; readonly rows: number } {
  const pieces = pagePieces(open, skip)
  let text = ''
  for (;;) {
    const step = pieces.next()
    if (step.done) return { text, rows: step.value }
    text += step.value
  }
}

/** The summary as its rows make it, or one micro of truth short when a scenario wants a wrong control total. */
function summaryText(open: OpenQuery, fired: FiredFaults): string {
  const text = open.summary()
  if (!fired.has('wrong_control_total')) return text
  return text.replaceAll(
    /"(impressions|clicks|costMicros)":"(-?\d+)"/g,
    (_, name: string, value: string) => `"${name}":"${BigInt(value) + 1_000_000n}"`,
  )
}

const consumption = (rows: number) => String(Math.ceil(rows / 100) + 1)

const missingRows = (fired: FiredFaults) => (fired.has('missing_rows') ? (fired.get('missing_rows')!.rows ?? 1) : 0)

function* streamChunks(open: OpenQuery, context: QueryContext, setting: string): Generator<string> {
  const { fired, requestId } = context
  const tail = (rows: number) =>
    `"fieldMask":${JSON.stringify(open.fieldMask)},"requestId":"${requestId}","queryResourceConsumption":"${consumption(rows)}"}`
  let before = '['
  if (setting === 'SUMMARY_ROW_ONLY') {
    while (skipChunk(open) === pageRows);
  } else {
    for (let skip = missingRows(fired), isFirst = true; ; skip = 0, isFirst = false) {
      const chunk = streamChunk(open, skip, before, tail)
      // Only the chunk that is sent twice is kept whole.
      const rows = isFirst && fired.has('duplicate_page') ? yield* repeated(chunk) : yield* chunk
      before = ',\n'
      if (rows < pageRows) break
    }
  }
  if (setting !== 'NO_SUMMARY_ROW') {
    yield `${before}{"summaryRow":${summaryText(open, fired)},${tail(0)}`
    before = ',\n'
  }
  yield before === '[' ? '[]' : ']'
}

type Chunk = Generator<string, number>

/** `{"results":[…],"fieldMask":…}`; a chunk without rows has no `results` at all, and only the first may have none. */
function* streamChunk(open: OpenQuery, skip: number, before: string, tail: (rows: number) => string): Chunk {
  const pieces = pagePieces(open, skip)
  const first = pieces.next()
  if (first.done) {
    if (before === '[') yield `[{${tail(0)}`
    return first.value
  }
  yield `${before}{"results":[${first.value}`
  const rows = yield* pieces
  yield `],${tail(rows)}`
  return rows
}

/** Walks over a chunk's rows for the sake of the summary and sends none. */
function skipChunk(open: OpenQuery): number {
  let rows = 0
  while (rows < pageRows && open.next() !== undefined) rows++
  return rows
}

function* repeated(chunk: Chunk): Chunk {
  let text = ''
  for (;;) {
    const step = chunk.next()
    if (step.done) {
      yield text
      yield text.replace(/^\[/, ',\n')
      return step.value
    }
    text += step.value
  }
}

const summarySettings = ['NO_SUMMARY_ROW', 'SUMMARY_ROW_WITH_RESULTS', 'SUMMARY_ROW_ONLY']

/** `:searchStream`: an array of chunks of up to 10,000 rows; the summary row comes alone, in the last. */
export function answerStream(text: string, context: QueryContext): Reply {
  const body = readBody(text)
  const setting = typeof body.summaryRowSetting === 'string' ? body.summaryRowSetting : 'NO_SUMMARY_ROW'
  if (!summarySettings.includes(setting)) {
    throw new GoogleRefusal(
      400,
      'requestError',
      'INVALID_ENUM_VALUE',
      `Invalid value for summaryRowSetting: '${setting}'.`,
    )
  }
  const source = context.source(context.nowMs)
  const query = checked(body.query, source)
  if (setting !== 'NO_SUMMARY_ROW') checkSummary(query)
  context.spend(context.nowMs)
  const open = openQuery(query, source, 0)
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8', 'request-id': context.requestId },
    body: streamChunks(open, context, setting),
  }
}

function checkSummary(query: CheckedQuery): void {
  if (query.query.select.some((name) => name.startsWith('metrics.'))) return
  throw new GoogleRefusal(
    400,
    'requestError',
    'CANNOT_RETURN_SUMMARY_ROW_FOR_REQUEST_WITHOUT_METRICS',
    'A summary row needs metrics in the query.',
  )
}

/** What a page token says: the query it belongs to, when its first page was asked for, and where the next page begins. */
interface PageToken {
  readonly query: number
  readonly nowMs: number
  /** −1: all rows were sent and only the summary row is left. */
  readonly from: number
}

const writeToken = (token: PageToken) => Buffer.from(JSON.stringify(token)).toString('base64url')

function readToken(text: unknown, query: number, nowMs: number): PageToken | undefined {
  if (text === undefined || text === '') return undefined
  let token: PageToken
  try {
    token = JSON.parse(Buffer.from(typeof text === 'string' ? text : '', 'base64url').toString()) as PageToken
  } catch {
    throw new GoogleRefusal(400, 'requestError', 'INVALID_PAGE_TOKEN', 'The page token is not valid.')
  }
  if (token.query !== query)
    throw new GoogleRefusal(400, 'requestError', 'INVALID_PAGE_TOKEN', 'The page token belongs to another query.')
  if (nowMs > token.nowMs + tokenLifeMs)
    throw new GoogleRefusal(400, 'requestError', 'EXPIRED_PAGE_TOKEN', 'The page token has expired.')
  return token
}

/** `:search`: pages of 10,000 rows. A summary row comes in a page of its own after the last rows. */
export function answerSearch(text: string, context: QueryContext): Reply {
  const body = readBody(text)
  if (body.pageSize !== undefined) {
    throw new GoogleRefusal(
      400,
      'requestError',
      'PAGE_SIZE_NOT_SUPPORTED',
      'Setting the page size is not supported. Search Responses will have fixed page size of 10000 rows.',
    )
  }
  const settings = body.searchSettings ?? {}
  const stamp = textSeed(`${context.source(context.nowMs).customer.id} ${body.query}`)
  const token = readToken(body.pageToken, stamp, context.nowMs)
  const source = context.source(token?.nowMs ?? context.nowMs)
  const query = checked(body.query, source)
  if (settings.returnSummaryRow) checkSummary(query)
  if (body.validateOnly === true) return jsonReply(200, {}, { 'request-id': context.requestId })
  if (!token) context.spend(context.nowMs)
  const page = searchPage(query, source, token?.from ?? 0, settings, context)
  const next =
    page.next === undefined
      ? ''
      : `"nextPageToken":"${writeToken({ query: stamp, nowMs: token?.nowMs ?? context.nowMs, from: page.next })}",`
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8', 'request-id': context.requestId },
    body: `{${page.text}${next}"fieldMask":${JSON.stringify(page.fieldMask)},"queryResourceConsumption":"${consumption(page.rows)}"}`,
  }
}

interface SearchPage {
  readonly text: string
  readonly rows: number
  readonly fieldMask: string
  readonly next: number | undefined
}

function searchPage(
  query: CheckedQuery,
  source: QuerySource,
  from: number,
  settings: NonNullable<SearchBody['searchSettings']>,
  context: QueryContext,
): SearchPage {
  const { fired } = context
  if (from === -1 || settings.omitResults) {
    const all = openQuery(query, source, 0)
    while (all.next() !== undefined);
    return { text: `"summaryRow":${summaryText(all, fired)},`, rows: 0, fieldMask: all.fieldMask, next: undefined }
  }
  const open = openQuery(query, source, from)
  const count = settings.returnTotalResultsCount ? `"totalResultsCount":"${countRows(query, source)}",` : ''
  if (fired.has('empty_page')) return { text: count, rows: 0, fieldMask: open.fieldMask, next: from }
  const { text, rows } = pageText(open, missingRows(fired))
  const end = open.position()
  const last = open.next() === undefined
  const after = last ? (settings.returnSummaryRow ? -1 : undefined) : end
  return {
    text: (text ? `"results":[${text}],` : '') + count,
    rows,
    fieldMask: open.fieldMask,
    next: fired.has('duplicate_page') ? from : after,
  }
}

function countRows(query: CheckedQuery, source: QuerySource): number {
  const open = openQuery(query, source, 0)
  let rows = 0
  while (open.next() !== undefined) rows++
  return rows
}
