import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

/** Answers of 4xx are final; everything else may pass. */
export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that is over: who looks is asked anew, and the sign-in is shown.
    onError(error, { queryKey }) {
      if (error instanceof ApiError && error.problem.status === 401 && queryKey[0] !== 'me')
        void queries.invalidateQueries({ queryKey: ['me'] })
    },
  }),
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
