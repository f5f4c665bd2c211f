import { isoInstant } from '../domain/clock.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { Warehouse } from './warehouse.ts'

type Named = Pick<RemoteJob, 'platform' | 'accountId' | 'question'>

const keyOf = ({ platform, accountId, question }: Named) => [platform, accountId, question]

/** Reports under way, kept where every process of the project finds them. */
export function remoteJobsOf(warehouse: Pick<Warehouse, 'query'>) {
  return {
    async find(of: Named): Promise<RemoteJob | undefined> {
      const [row] = await warehouse.query<{ jobId: string; submittedAtMs: number }>(
        `select job_id as "jobId", (extract(epoch from submitted_at) * 1000)::float8 as "submittedAtMs"
         from remote_job where platform = $1 and account_id = $2 and question = $3`,
        keyOf(of),
      )
      return row && { ...of, jobId: row.jobId, submittedAtMs: row.submittedAtMs }
    },
    async keep(job: RemoteJob): Promise<void> {
      await warehouse.query(
        `insert into remote_job (platform, account_id, question, job_id, submitted_at) values ($1, $2, $3, $4, $5)
         on conflict (platform, account_id, question) do update set job_id = excluded.job_id, submitted_at = excluded.submitted_at`,
        [...keyOf(job), job.jobId, isoInstant(job.submittedAtMs)],
      )
    },
    /** Only the very job: another process may have asked anew meanwhile. */
    async forget(job: RemoteJob): Promise<void> {
      await warehouse.query(
        'delete from remote_job where platform = $1 and account_id = $2 and question = $3 and job_id = $4',
        [...keyOf(job), job.jobId],
      )
    },
  }
}
