import { createHash } from 'node:crypto'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { ConnectorContext } from './connector.ts'
import type { MetaClient, Node, Page, Parameters } from './meta-ads-client.ts'

export interface JobLimits {
  /** A report whose percentage does not move for so long is given up and asked for anew. */
  readonly idleMsMax: number
}

const firstPollMs = 2_000
const pollMsMax = 30_000

/** A report's rows are those of when it was asked for; one of an older run is not today's answer any more. */
const resumableMs = 3_600_000

/** On the first looks a run may not be there yet: Graph says that it does not exist or may not be seen. */
const unseenPollsMax = 5
const unseen = /\(100\/33\)$/

/** How often a report that failed for no fault of ours is asked for again. */
const submitsMax = 3

/**
 * The pages of an insights call that Meta works at by itself: what is too large for an answer at once. A report that an earlier
 * process asked for is waited for instead of asked for again. A run that failed is known at the next look, not when a deadline is over.
 * Throws CONNECTORS_TOO_MUCH_DATA when the report failed for its size, CONNECTORS_TRANSIENT when it failed again and again.
 */
export async function* jobPages(
  client: MetaClient,
  call: { readonly path: string; readonly parameters: Parameters; readonly account: string },
  context: ConnectorContext,
  limits: JobLimits,
): AsyncGenerator<Page> {
  for (let submit = 1; ; submit += 1) {
    const job = await resumedOrSubmitted(client, call, context)
    try {
      await finished(client, job, context, limits)
    } catch (error) {
      context.signal.throwIfAborted()
      await context.remoteJobs?.forget(job)
      if (!isMillraceError(error, 'CONNECTORS_TRANSIENT') || submit >= submitsMax) throw error
      context.log({ level: 'warn', message: `meta_ads report ${job.jobId} is asked for again: ${error.code}` })
      continue
    }
    yield* client.pages(`${job.jobId}/insights`, {}, call.account, context)
    await context.remoteJobs?.forget(job)
    return
  }
}

async function resumedOrSubmitted(
  client: MetaClient,
  { path, parameters, account }: { readonly path: string; readonly parameters: Parameters; readonly account: string },
  context: ConnectorContext,
): Promise<RemoteJob> {
  const question = createHash('sha256')
    .update(JSON.stringify([path, Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('hex')
  const of = { platform: 'meta_ads', accountId: account, question } as const
  const known = await context.remoteJobs?.find(of)
  if (known && context.clock.nowMs() - known.submittedAtMs < resumableMs) {
    context.log({ level: 'info', message: `meta_ads/${account}: the report ${known.jobId} is waited for` })
    return known
  }
  const submittedAtMs = context.clock.nowMs()
  const { report_run_id: jobId } = await client.submit(path, parameters, account, context)
  if (typeof jobId !== 'string' || jobId === '') throw drift(account, 'a report was accepted without report_run_id')
  const job = { ...of, jobId, submittedAtMs }
  await context.remoteJobs?.keep(job)
  context.log({ level: 'info', message: `meta_ads/${account}: asked for the report ${jobId}` })
  return job
}

/** Waits until the report is there. */
async function finished(
  client: MetaClient,
  job: RemoteJob,
  context: ConnectorContext,
  { idleMsMax }: JobLimits,
): Promise<void> {
  let percent = -1
  let idleMs = 0
  for (let poll = 1; ; poll += 1) {
    const delayMs = Math.min(pollMsMax, firstPollMs * 1.5 ** (poll - 1))
    await context.clock.sleep(delayMs, context.signal)
    const state = await seen(client, job, poll, context)
    if (!state) continue
    const status = state['async_status']
    if (status === 'Job Completed') return
    if (status === 'Job Failed' || status === 'Job Skipped') throw failure(client, job, state, context)
    const now = Number(state['async_percent_completion'] ?? 0)
    idleMs = now > percent ? 0 : idleMs + delayMs
    percent = Math.max(percent, now)
    if (idleMs > idleMsMax) throw transient(job, `the report stands at ${percent} % for ${Math.round(idleMs / 1000)} s`)
  }
}

async function seen(
  client: MetaClient,
  job: RemoteJob,
  poll: number,
  context: ConnectorContext,
): Promise<Node | undefined> {
  try {
    return await client.node(job.jobId, {}, job.accountId, context)
  } catch (error) {
    const isUnseen = isMillraceError(error, 'CONNECTORS_PERMISSION') && unseen.test(String(error.facts['detail']))
    if (isUnseen && poll <= unseenPollsMax) return undefined
    // A job that is gone for good will not come back; the question can be asked again.
    throw isUnseen ? transient(job, 'the report does not exist any more') : error
  }
}

/** Since v25 a failed run carries its reason in fields of its own; before, and when skipped, it has none. */
function failure(client: MetaClient, job: RemoteJob, state: Node, context: ConnectorContext): MillraceError {
  const reason = {
    code: state['error_code'],
    error_subcode: state['error_subcode'],
    message: state['error_message'] ?? String(state['async_status']),
    error_user_msg: state['error_user_msg'],
  }
  const known = reason.code === undefined ? undefined : client.meaning(reason, job.accountId, context)
  return known ?? transient(job, `the report ended as "${String(state['async_status'])}"`)
}

function transient(job: RemoteJob, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_TRANSIENT', { platform: 'meta_ads', account: job.accountId, detail })
}

function drift(account: string, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform: 'meta_ads', account, detail })
}
