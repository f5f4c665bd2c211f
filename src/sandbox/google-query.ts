import { checkQuery } from './gaql-check.ts'
import type { CheckedQuery } from './gaql-check.ts'
import { parseQuery } from './gaql-parse.ts'
import { GoogleRefusal, queryRefusal } from './google-error.ts'
import type { GoogleRow, QuerySource, RowScan } from './google-rows.ts'
import { rowWriter, scanRows, sortRows } from './google-rows.ts'
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
  next(): GoogleRow | undefined
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
  const scan = scanRows(query, source, writer, daysFirst)
  const summary = () => writer.summary(scan.context)
  const limit = query.query.limit ?? Infinity
  if (streams && limit === Infinity) {
    scan.seek(from)
    return { fieldMask: writer.fieldMask, next: () => scan.next(), position: () => scan.position(), summary }
  }
  const rows = streams ? firstRows(scan, limit) : sortRows(allRows(scan), query, source.version).slice(0, limit)
  let at = from
  return { fieldMask: writer.fieldMask, next: () => rows[at++], position: () => at, summary }
}

function firstRows(scan: RowScan, limit: number): GoogleRow[] {
  const rows: GoogleRow[] = []
  while (rows.length < limit) {
    const row = scan.next()
    if (!row) break
    rows.push(row)
  }
  return rows
}

const allRows = (scan: RowScan) => firstRows(scan, Infinity)

/** Takes up to a page of rows as JSON text, without the first `skip` of them. */
function pageText(open: OpenQuery, skip: number): { readonly text: string; readonly rows: number } {
  let text = ''
  let rows = 0
  while (rows < pageRows) {
    const row = open.next()
    if (!row) break
    if (rows++ >= skip) text += text ? `,${row.text}` : row.text
  }
  return { text, rows }
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

function* streamChunks(open: OpenQuery, context: QueryContext, setting: string): Generator<string> {
  const { fired, requestId } = context
  const tail = (rows: number) =>
    `"fieldMask":${JSON.stringify(open.fieldMask)},"requestId":"${requestId}","queryResourceConsumption":"${consumption(rows)}"}`
  let written = 0
  let skip = fired.has('missing_rows') ? (fired.get('missing_rows')!.rows ?? 1) : 0
  for (;;) {
    const page = pageText(open, skip)
    skip = 0
    if (page.rows === 0 && written > 0) break
    if (setting !== 'SUMMARY_ROW_ONLY') {
      const chunk = `{${page.text ? `"results":[${page.text}],` : ''}${tail(page.rows)}`
      const repeated = written === 0 && fired.has('duplicate_page') ? `,\n${chunk}` : ''
      yield `${written === 0 ? '[' : ',\n'}${chunk}${repeated}`
      written++
    }
    if (page.rows < pageRows) break
  }
  if (setting !== 'NO_SUMMARY_ROW')
    yield `${written === 0 ? '[' : ',\n'}{"summaryRow":${summaryText(open, fired)},${tail(0)}`
  yield ']'
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
    while (all.next());
    return { text: `"summaryRow":${summaryText(all, fired)},`, rows: 0, fieldMask: all.fieldMask, next: undefined }
  }
  const open = openQuery(query, source, from)
  const count = settings.returnTotalResultsCount ? `"totalResultsCount":"${countRows(query, source)}",` : ''
  if (fired.has('empty_page')) return { text: count, rows: 0, fieldMask: open.fieldMask, next: from }
  const { text, rows } = pageText(open, fired.get('missing_rows')?.rows ?? (fired.has('missing_rows') ? 1 : 0))
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
  while (open.next()) rows++
  return rows
}
