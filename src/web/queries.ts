import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

/** A session that is over: who looks is asked anew, and the sign-in is shown. */
function askWhoLooks(error: unknown): void {
  if (error instanceof ApiError && error.problem.status === 401) void queries.invalidateQueries({ queryKey: ['me'] })
}

/** Answers of 4xx are final; everything else may pass. */
export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== 'me' && askWhoLooks(error) }),
  mutationCache: new MutationCache({ onError: askWhoLooks }),
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500),
      retryDelay: 500,
      staleTime: 500,
      placeholderData: (before: unknown) => before,
    },
  },
})
