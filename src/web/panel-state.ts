import type { Emptiness } from './panel-rules.ts'
import { ApiError } from './client.ts'
import type { Problem } from './client.ts'

export type PanelState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'empty'; readonly why: Emptiness }
  | { readonly kind: 'error'; readonly problem: Problem }
  /** The last good data stays, with how old it is. */
  | { readonly kind: 'stale'; readonly ageSeconds: number }
  | { readonly kind: 'shown' }

export interface Asked {
  readonly hasData: boolean
  readonly error: unknown
  /** Seconds since the data came. */
  readonly ageSeconds: number
  readonly emptiness: Emptiness | null
}

const unexpected = (error: unknown): Problem => ({
  status: -1,
  code: 'WEB_UNEXPECTED',
  title: String(error),
  detail: '',
  fix: '',
})

/** Which of the seven states a panel is in. Pure: data that was good once goes before the error that followed it. */
export function panelState({ hasData, error, ageSeconds, emptiness }: Asked): PanelState {
  if (!hasData)
    return error
      ? { kind: 'error', problem: error instanceof ApiError ? error.problem : unexpected(error) }
      : { kind: 'loading' }
  if (error) return { kind: 'stale', ageSeconds }
  return emptiness === null ? { kind: 'shown' } : { kind: 'empty', why: emptiness }
}
