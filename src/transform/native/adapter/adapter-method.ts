import type { Macro } from '../jinja/macro.ts'
import type { Awaitable, CallArguments, Value } from '../jinja/value.ts'
import { PythonError } from '../jinja/value.ts'
import type { Dispatch } from './parse-adapter.ts'
import type { RelationCache } from './relation-cache.ts'
import { Relation } from './relation.ts'
import type { Session } from './session.ts'

export interface RuntimeAdapterOptions {
  readonly session: Session
  readonly cache: RelationCache
  readonly dispatch: Dispatch
  readonly macro: (name: string) => Macro
  /** What a name means in the templates of the node. */
  readonly lookup: (name: string) => Value | undefined
  /** Makes index names of one build differ from those of the relation that it replaces. */
  readonly unique: () => string
}

/** One method of the adapter: its arguments as a template gave them, its answer as a template sees it. */
export type Method = (options: RuntimeAdapterOptions, call: CallArguments) => Awaitable<Value>

export function relationArgument(call: CallArguments, index = 0): Relation {
  const value = call.positional[index] ?? [...call.keyword.values()][index]
  if (value instanceof Relation) return value
  throw new PythonError('TypeError', 'the adapter needs a Relation here')
}
