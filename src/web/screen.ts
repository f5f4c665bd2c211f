import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect } from 'react'
import type { Address } from './address.ts'
import { addressOf, refreshDefault } from './address.ts'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { isStranger, useMe } from './me.ts'
import { useSpeech } from './words.ts'

/** The part of the address that all screens share. */
export function useAddress(): Address {
  return addressOf(useValues())
}

/** While the start or the first load is under way screens ask every second, and after that as often as the reader chose. */
export function useRefreshMs(): number {
  const { refresh = refreshDefault } = useAddress()
  const boot = useBoot()
  return boot.data && boot.data.ready && boot.data.progress === null ? refresh * 1_000 : 1_000
}

export function useBoot(): UseQueryResult<Answer<'GET /api/v1/boot'>> {
  const { language } = useSpeech()
  const me = useMe().data
  return useQuery({
    enabled: !isStranger(me),
    queryKey: ['boot', language],
    queryFn: ({ signal }) => call('GET /api/v1/boot', { lang: language, signal }),
    // The first rows are waited for most.
    refetchInterval: ({ state: { data } }) =>
      data?.ready && data.progress === null ? 30_000 : (data?.progress?.rows ?? 0) > 0 ? 700 : 250,
  })
}

export function useProject(): UseQueryResult<Answer<'GET /api/v1/project'>> {
  const { language } = useSpeech()
  const boot = useBoot()
  return useQuery({
    queryKey: ['project', language],
    queryFn: ({ signal }) => call('GET /api/v1/project', { lang: language, signal }),
    enabled: boot.data?.ready === true,
    refetchInterval: 30_000,
  })
}

/** Each screen names itself in the browser's tab. */
export function useTitle(title: string): void {
  const { say, language } = useSpeech()
  const project = useProject().data?.name
  useEffect(() => {
    document.title = [title, project, say.product].filter(Boolean).join(' · ')
    document.documentElement.lang = language
  }, [title, project, say, language])
}

/** The whole of the address's values, those of the screen itself too; all text. */
export function useValues(): Readonly<Record<string, string | undefined>> {
  const values: Readonly<Record<string, unknown>> = useSearch({ strict: false })
  return values as Readonly<Record<string, string | undefined>>
}

/** Changes values of the address and stays on the screen; undefined takes one away. */
export function useGo(): (values: Readonly<Record<string, string | undefined>>) => void {
  const navigate = useNavigate()
  return useCallback(
    (values) => {
      const search = (now: object) => ({ ...now, ...values })
      void navigate({ to: '.', search: search as never, replace: true })
    },
    [navigate],
  )
}
