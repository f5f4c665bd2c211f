import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Answer } from './client.ts'
import { call } from './client.ts'

export type Me = Answer<'GET /api/v1/me'>
export type Role = NonNullable<Me['who']>['role']

const roles: readonly Role[] = ['viewer', 'operator', 'admin']

/** Who looks at this page. Asked once, again whenever an answer says that nobody is known, and until the server is ready. */
export function useMe(): UseQueryResult<Me> {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => call('GET /api/v1/me', { signal }),
    refetchInterval: ({ state }) => (state.data?.login === true && !state.data.ready ? 1_000 : false),
  })
}

/** Nobody has signed in, where somebody has to. */
export const isStranger = (me: Me | undefined): boolean => me?.login === true && me.who === null

/** Whether whoever looks may do what wants a role; until it is known nothing is offered that could be refused. */
export function useMay(wanted: Role): boolean {
  const who = useMe().data?.who
  return who !== undefined && who !== null && roles.indexOf(who.role) >= roles.indexOf(wanted)
}
