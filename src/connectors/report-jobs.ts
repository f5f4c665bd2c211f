import { createHash } from 'node:crypto'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { ConnectorContext } from './connector.ts'

/** What a look at a report finds. `failed`: it will not come, for no fault of the question; it may be asked for again. */
export type Look<Ready> =
  | { readonly state: 'pending' }
  | { readonly state: 'ready'; readonly ready: Ready }
  | { readonly state: 'failed'; readonly detail: string }

/** A report that a platform works at by itself. */
export interface ReportJob<Ready> {
  readonly platform: Platform
  readonly account: string
  /** Everything that was asked, so that a process that comes back finds its report and no other. */
  readonly question: unknown
  readonly submit: () => Promise<string>
  readonly look: (jobId: string) => Promise<Look<Ready>>
  /** How long a report may take before it is given up and asked for anew. */
  readonly waitMsMax: number
  /** How old a report may be whose rows are still today's answer. */
  readonly resumableMs: number
}

const firstPollMs = 2_000
const pollMsMax = 30_000

/** How often a report that failed for no fault of ours is asked for again. */
const submitsMax = 3

/**
 * The report, once it is there. One that an earlier process asked for is waited for instead of asked for again; one that failed is
 * known at the next look, not when a deadline is over. `read` takes it; only then is the job forgotten.
 * Throws CONNECTORS_TRANSIENT when it failed, or took too long, again and again.
 */
export async function awaitedReport<Ready, Read>(
  job: ReportJob<Ready>,
  context: ConnectorContext,
  read: (ready: Ready) => Promise<Read>,
): Promise<Read> {
  for (let submit = 1; ; submit += 1) {
    const known = await resumedOrSubmitted(job, context)
    try {
      return await read(await finished(job, known, context))
    } catch (error) {
      context.signal.throwIfAborted()
      if (!isMillraceError(error, 'CONNECTORS_TRANSIENT') || submit >= submitsMax) throw error
      context.log({ level: 'warn', message: `${job.platform} report ${known.jobId} is asked for again: ${error.code}` })
    } finally {
      await context.remoteJobs?.forget(known)
    }
  }
}

async function resumedOrSubmitted<Ready>(job: ReportJob<Ready>, context: ConnectorContext): Promise<RemoteJob> {
  const { platform, account } = job
  const question = createHash('sha256').update(JSON.stringify(job.question)).digest('hex')
  const of = { platform, accountId: account, question }
  const known = await context.remoteJobs?.find(of)
  if (known && context.clock.nowMs() - known.submittedAtMs < job.resumableMs) {
    context.log({ level: 'info', message: `${platform}/${account}: the report ${known.jobId} is waited for` })
    return known
  }
  const submittedAtMs = context.clock.nowMs()
  const jobId = await job.submit()
  const submitted = { ...of, jobId, submittedAtMs }
  await context.remoteJobs?.keep(submitted)
  context.log({ level: 'info', message: `${platform}/${account}: asked for the report ${jobId}` })
  return submitted
}

/** Looks until the report is there, at once and then at growing distances. */
async function finished<Ready>(job: ReportJob<Ready>, { jobId }: RemoteJob, context: ConnectorContext): Promise<Ready> {
  let waitedMs = 0
  for (let poll = 1; ; poll += 1) {
    const seen = await job.look(jobId)
    if (seen.state === 'ready') return seen.ready
    if (seen.state === 'failed') throw transient(job, seen.detail)
    if (waitedMs > job.waitMsMax) throw transient(job, `the report ${jobId} takes longer than ${waitedMs / 1000} s`)
    const delayMs = Math.round(Math.min(pollMsMax, firstPollMs * 1.5 ** (poll - 1)))
    await context.clock.sleep(delayMs, context.signal)
    waitedMs += delayMs
  }
}

function transient<Ready>({ platform, account }: ReportJob<Ready>, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_TRANSIENT', { platform, account, detail })
}
