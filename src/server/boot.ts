import { MillraceError } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'

/** One step of the start as the boot page shows it. */
export interface BootStage {
  readonly part: string
  readonly state: 'opening' | 'open' | 'failed'
  readonly place: string
  readonly seconds: number
}

/** How far a long piece of work is: rows of the first load, for one. */
export interface BootProgress {
  readonly done: number
  readonly total: number
  readonly rows: number
}

export interface BootState {
  /** The database answers and its schema is there. */
  readonly ready: boolean
  readonly stages: readonly BootStage[]
  /** Null when nothing is being loaded. */
  readonly progress: BootProgress | null
  /** Grows with every change: whoever follows asks for what is newer. */
  readonly version: number
  readonly error: MillraceError | null
}

/** What the start has come to; whoever follows it is called at every change. */
export class BootBoard {
  #state: BootState = { ready: false, stages: [], progress: null, version: 0, error: null }
  readonly #followers = new Set<() => void>()

  get state(): BootState {
    return this.#state
  }

  follow(onChange: () => void): () => void {
    this.#followers.add(onChange)
    return () => this.#followers.delete(onChange)
  }

  stage(stage: BootStage): void {
    const others = this.#state.stages.filter((one) => one.part !== stage.part)
    this.#change({ stages: [...others, stage] })
  }

  progress(progress: BootProgress | null): void {
    this.#change({ progress })
  }

  ready(): void {
    this.#change({ ready: true })
  }

  fail(error: MillraceError): void {
    this.#change({ error })
  }

  /** The error of a request that came too early. */
  tooEarly(): MillraceError {
    return (
      this.#state.error ??
      new MillraceError(
        'SERVER_STARTING',
        { stage: this.#state.stages.at(-1)?.part ?? 'http' },
        { retryAfterMs: 1_000 },
      )
    )
  }

  #change(change: Partial<BootState>): void {
    this.#state = { ...this.#state, ...change, version: this.#state.version + 1 }
    for (const follower of this.#followers) follower()
  }
}

/** The board as the API sends it. */
export function bootView({ ready, stages, progress, version, error }: BootState, language: Language): object {
  return { ready, stages, progress, version, error: error ? error.explain(language) : null }
}
