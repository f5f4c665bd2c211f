import type { Contract, RouteKey } from '../server/contract.ts'
import type { z } from 'zod'
import { stringifySearch } from './address.ts'

type InputOf<Key extends RouteKey, Name extends string> =
  Contract[Key] extends Readonly<Record<Name, infer Schema extends z.ZodType>> ? z.input<Schema> : undefined

interface CallInput<Key extends RouteKey> {
  readonly query?: InputOf<Key, 'query'>
  readonly params?: InputOf<Key, 'params'>
  readonly body?: InputOf<Key, 'body'>
  /** A file as it is, instead of a body. */
  readonly bytes?: Blob
  readonly lang?: string
  readonly signal?: AbortSignal
}

export type Answer<Key extends RouteKey> = z.output<Contract[Key]['response']>

/** What the server says when it refuses: the same code, reason and remedy as on the command line. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly fix: string
}

export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.title}`)
    this.problem = problem
  }
}

const unreachable: Problem = {
  status: 0,
  code: 'UNREACHABLE',
  title: '',
  detail: '',
  fix: '',
}

/** Asks a route of the contract. Throws ApiError; status 0 when the server did not answer. */
export async function call<Key extends RouteKey>(key: Key, input: CallInput<Key> = {}): Promise<Answer<Key>> {
  const [method = 'GET', path = '/'] = key.split(' ')
  const { params = {}, query = {}, body, bytes, lang, signal } = input as CallInput<RouteKey>
  const url = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String((params as Record<string, unknown>)[name])),
  )
  const search = stringifySearch({ ...query, lang })
  const reply = await fetch(`${url}${search}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(bytes && { body: bytes, headers: { 'content-type': 'application/octet-stream' } }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiError(unreachable)
  })
  if (!reply.ok) throw new ApiError(await problemOf(reply))
  return (await reply.json()) as Answer<Key>
}

async function problemOf(reply: Response): Promise<Problem> {
  const told = (await reply.json().catch(() => undefined)) as Partial<Problem> | undefined
  return { ...unreachable, title: reply.statusText, ...told, status: reply.status }
}
