import type { RunnerRequest } from '../../runner.ts'

/** One invocation whose artifacts are compared. */
export interface Step {
  readonly name: string
  readonly request: Partial<RunnerRequest>
  /** Of the project of models in batches, whose lines are compared too. */
  readonly project?: 'timed' | 'wrong' | 'views'
  /** Rows to compare beside. */
  readonly rows?: string
}
