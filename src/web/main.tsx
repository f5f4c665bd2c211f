import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './client.ts'
import { router } from './router.tsx'
import './tokens.css'
import './style.css'

/** Answers of 4xx are final; everything else may pass. */
const queries: QueryClient = new QueryClient({
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

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
