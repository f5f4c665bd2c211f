import { mixSeed } from './hash.ts'
import type { FiredFaults } from './scenario.ts'

/** What becomes of an asynchronous report; decided when it is asked for. */
export type JobFate = 'completes' | 'stuck' | 'failed' | 'too_large' | 'skipped'

/** One report that Meta works at: what was asked, by whom, when. */
export interface MetaJob {
  readonly id: string
  readonly account: string
  /** The parameters of the insights call, without the token. */
  readonly query: string
  readonly submittedAtMs: number
  readonly fate: JobFate
  /** How often its state was asked for; a job is not there yet on the first look when its account has just been made to wait. */
  polls: number
}

/** As far as a job has come. */
export interface JobProgress {
  readonly status: 'Job Not Started' | 'Job Started' | 'Job Running' | 'Job Completed' | 'Job Failed' | 'Job Skipped'
  readonly percent: number
}

/** A report takes this long, or this many looks where the clock stands still. */
const workMs = 6_000
const pollsMax = 4

const fates = [
  ['job_stuck', 'stuck'],
  ['job_failed', 'failed'],
  ['job_too_large', 'too_large'],
  ['job_skipped', 'skipped'],
] as const

/** Every report that was asked for, by its run id. Ids are Graph's: digits, like the ids of everything else. */
export class MetaJobs {
  readonly #seed: number
  readonly #jobs = new Map<string, MetaJob>()

  constructor(seed: number) {
    this.#seed = seed
  }

  submit(asked: Pick<MetaJob, 'account' | 'query' | 'submittedAtMs'>, fired: FiredFaults): MetaJob {
    const fate = fates.find(([kind]) => fired.has(kind))?.[1] ?? 'completes'
    const id = `9${String(mixSeed(this.#seed, this.#jobs.size + 1)).padStart(14, '0')}`
    const job: MetaJob = { ...asked, id, fate, polls: 0 }
    this.#jobs.set(id, job)
    return job
  }

  find(id: string | undefined): MetaJob | undefined {
    return this.#jobs.get(id ?? '')
  }
}

/** How far a job is now; looking counts, so that a clock that stands still does not keep it from its end. */
export function progressOf(job: MetaJob, nowMs: number): JobProgress {
  if (job.fate === 'stuck') return { status: 'Job Running', percent: 0 }
  const done = Math.max((nowMs - job.submittedAtMs) / workMs, job.polls / pollsMax)
  if (done < 0.25) return { status: 'Job Not Started', percent: 0 }
  if (done < 0.5) return { status: 'Job Started', percent: 0 }
  if (job.fate === 'failed' || job.fate === 'too_large') return { status: 'Job Failed', percent: Math.round(done * 50) }
  if (job.fate === 'skipped') return { status: 'Job Skipped', percent: 0 }
  // A report that says 100 % and still runs is one that is being written out.
  if (done < 1) return { status: 'Job Running', percent: done < 0.75 ? 60 : 100 }
  return { status: 'Job Completed', percent: 100 }
}

/** What a failed run says of itself since v25. */
export function failureOf({ fate }: MetaJob): object {
  if (fate === 'too_large') {
    const message = "Please reduce the amount of data you're asking for, then retry your request"
    return {
      error_code: 1,
      error_message: message,
      error_user_title: '데이터가 너무 많습니다',
      error_user_msg: message,
    }
  }
  return {
    error_code: -2,
    error_subcode: 2490547,
    error_message: 'Async job failed',
    error_user_title: '보고서 실패',
    error_user_msg: '보고서를 만들지 못했습니다. 다시 시도하세요.',
  }
}
