import { createHash } from 'node:crypto'
import type { Day } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { ConnectorContext } from './connector.ts'
import type { NaverClient } from './naver-searchad-client.ts'
import type { CostBasis, NaverReport } from './naver-searchad-rows.ts'
import { naverRows } from './naver-searchad-rows.ts'

export interface ReportLimits {
  /** A report that is not built for so long is given up and asked for anew. */
  readonly idleMsMax: number
  /** How long a day that is still added up is waited for; after that it is left for a later run. */
  readonly aggregatingMsMax: number
  readonly costBasis: CostBasis
  /** Whether conversions have a control total. */
  readonly conversionTotals: boolean
}

/** One report of one day of one account. */
export interface ReportQuestion {
  readonly report: NaverReport
  readonly date: Day
  readonly accountId: string
}

interface ReportJob {
  readonly status: string
  readonly downloadUrl: string | undefined
}

const firstPollMs = 1_000
const pollMsMax = 30_000

/** A report is of when it was asked for; one of an older run is not today's answer any more. */
const resumableMs = 3_600_000

/** How often a report that failed for no fault of ours is asked for again. */
const submitsMax = 3

/** When Naver adds a day up, it does so for some time: coming back at once is of no use. */
const aggregatedAgainMs = 600_000

/** What a status asks of the one who waits. NONE is no failure: the day has no rows. */
const outcomes: Readonly<Record<string, 'wait' | 'aggregate' | 'read' | 'nothing' | 'failed'>> = {
  REGIST: 'wait',
  RUNNING: 'wait',
  WAITING: 'wait',
  AGGREGATING: 'aggregate',
  BUILT: 'read',
  NONE: 'nothing',
  ERROR: 'failed',
}

/** The report that an earlier process asked for, or a new one. */
export async function naverJob(
  client: NaverClient,
  asked: ReportQuestion,
  context: ConnectorContext,
): Promise<RemoteJob> {
  const { report, date, accountId } = asked
  const question = createHash('sha256').update(`${report} ${date}`).digest('hex')
  const of = { platform: 'naver_searchad', accountId, question } as const
  const known = await context.remoteJobs?.find(of)
  if (known && context.clock.nowMs() - known.submittedAtMs < resumableMs) {
    context.log({ level: 'info', message: `naver_searchad/${accountId}: the report ${known.jobId} is waited for` })
    return known
  }
  const submittedAtMs = context.clock.nowMs()
  const body = { reportTp: report, statDt: date.replaceAll('-', '') }
  const call = { method: 'POST', path: '/stat-reports', body, customerId: accountId } as const
  const { reportJobId } = (await client.json(call, context)) as { reportJobId?: unknown }
  if (typeof reportJobId !== 'number' && typeof reportJobId !== 'string')
    throw failure('CONNECTORS_SCHEMA_DRIFT', accountId, 'a report was accepted without reportJobId')
  const job = { ...of, jobId: String(reportJobId), submittedAtMs }
  await context.remoteJobs?.keep(job)
  return job
}

/**
 * The rows of a report that was asked for. One that failed is known at the next look and asked for again, three times at most.
 * Throws CONNECTORS_NOT_READY while Naver still adds the day up, CONNECTORS_TRANSIENT when the report failed again and again.
 */
export async function naverReportRows(
  client: NaverClient,
  asked: ReportQuestion,
  first: RemoteJob,
  context: ConnectorContext,
  limits: ReportLimits,
): Promise<readonly RawRow[]> {
  let job = first
  for (let submit = 1; ; submit += 1) {
    const end = await ended(client, job, context, limits)
    if (end.kind === 'lost') {
      await context.remoteJobs?.forget(job)
      if (submit >= submitsMax) throw failure('CONNECTORS_TRANSIENT', job.accountId, end.why)
      context.log({ level: 'warn', message: `naver_searchad report ${job.jobId} is asked for again: ${end.why}` })
      job = await naverJob(client, asked, context)
      continue
    }
    const file = { ...asked, costBasis: limits.costBasis }
    const address = { url: end.kind === 'built' ? end.url : '', customerId: asked.accountId }
    const rows =
      end.kind === 'built' ? await client.file(address, context, (text, broken) => naverRows(text, file, broken)) : []
    await context.remoteJobs?.forget(job)
    await client.forget({ path: `/stat-reports/${job.jobId}`, customerId: asked.accountId }, context)
    return rows
  }
}

/** How a report ended: with a file, without rows, or not at all; one that is lost can be asked for again. */
type ReportEnd =
  | { readonly kind: 'built'; readonly url: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'lost'; readonly why: string }

/** Waits until the report is there or will not come. */
async function ended(
  client: NaverClient,
  job: RemoteJob,
  context: ConnectorContext,
  { idleMsMax, aggregatingMsMax }: ReportLimits,
): Promise<ReportEnd> {
  let waitedMs = 0
  for (let poll = 1; ; poll += 1) {
    const { status, downloadUrl } = await seen(client, job, context)
    const outcome = outcomes[status]
    switch (outcome) {
      case undefined:
        throw failure('CONNECTORS_SCHEMA_DRIFT', job.accountId, `a report has the status "${status}"`)
      case 'nothing':
        return { kind: 'nothing' }
      case 'failed':
        return { kind: 'lost', why: `the report ended as ${status}` }
      case 'read':
        if (downloadUrl) return { kind: 'built', url: downloadUrl }
        throw failure('CONNECTORS_SCHEMA_DRIFT', job.accountId, 'a built report came without downloadUrl')
      case 'aggregate':
        if (waitedMs >= aggregatingMsMax) throw notReady(job)
        break
      case 'wait':
        if (waitedMs >= idleMsMax) return { kind: 'lost', why: `it is ${status} for ${Math.round(waitedMs / 1000)} s` }
    }
    const delayMs = Math.min(pollMsMax, firstPollMs * 1.5 ** (poll - 1))
    waitedMs += delayMs
    await context.clock.sleep(delayMs, context.signal)
  }
}

async function seen(client: NaverClient, job: RemoteJob, context: ConnectorContext): Promise<ReportJob> {
  try {
    const call = { method: 'GET', path: `/stat-reports/${job.jobId}`, customerId: job.accountId } as const
    const { status = '', downloadUrl } = (await client.json(call, context)) as Partial<ReportJob>
    return { status, downloadUrl }
  } catch (error) {
    // A report that is gone is as one that failed.
    const isGone =
      isMillraceError(error, 'CONNECTORS_BAD_REQUEST') && /\((?:1001|4601)\)$/.test(String(error.facts['detail']))
    if (isGone) return { status: 'ERROR', downloadUrl: undefined }
    throw error
  }
}

function failure(
  code: 'CONNECTORS_SCHEMA_DRIFT' | 'CONNECTORS_TRANSIENT',
  account: string,
  detail: string,
): MillraceError {
  return new MillraceError(code, { platform: 'naver_searchad', account, detail })
}

function notReady({ accountId: account }: RemoteJob): MillraceError {
  const facts = { platform: 'naver_searchad', account, detail: 'the day is still added up (AGGREGATING)' }
  return new MillraceError(
    'CONNECTORS_NOT_READY',
    { ...facts, waitSeconds: aggregatedAgainMs / 1000 },
    { retryAfterMs: aggregatedAgainMs },
  )
}
