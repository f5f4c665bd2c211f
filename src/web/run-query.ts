import { queryOptions } from '@tanstack/react-query'
import { call } from './client.ts'

/** The newest runs against their tasks. */
export const gridQuery = queryOptions({
  queryKey: ['grid'],
  queryFn: ({ signal }) => call('GET /api/v1/runs/grid', { query: { limit: 90 }, signal }),
})

/** One run with its tasks: the same answer for who opens it and for who is about to. */
export function runQuery(runId: string, language: string) {
  return queryOptions({
    queryKey: ['run', runId, language],
    queryFn: ({ signal }) => call('GET /api/v1/runs/:runId', { params: { runId }, lang: language, signal }),
    staleTime: 2_000,
  })
}
