import { useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ReactNode, RefObject } from 'react'
import { stringifySearch } from './address.ts'
import { ApiError, call } from './client.ts'
import { count, instant } from './format.ts'
import type { LogLine } from './live-lines.ts'
import { useLiveLines } from './live-lines.ts'
import { ErrorBox } from './panel.tsx'
import { useGo, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

const linePx = 20
const linesOfPage = 500
/** Above and below what is seen, so that a turn of the wheel finds lines there. */
const linesBeyond = 30
const levels = ['debug', 'info', 'warn', 'error'] as const

interface RunLogProps {
  readonly runId: string
  readonly zone: string
  readonly tasks: readonly string[]
}

interface Filter {
  readonly grep: string | undefined
  readonly level: (typeof levels)[number] | undefined
  readonly task: string | undefined
}

/** The lines of a run, searched by the server, only those drawn that are seen, and followed while the run goes on. */
export function RunLog({ runId, zone, tasks }: RunLogProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const filter = useFilter()
  const { line } = useValues()
  // Where the log opens; a line that is chosen later is marked where it stands.
  const [opened] = useState(line)
  const first = useQuery({
    queryKey: ['log', runId, filter],
    queryFn: ({ signal }) =>
      call('GET /api/v1/runs/:runId/logs', {
        params: { runId },
        query: { ...filter, offset: 0, limit: linesOfPage, line: opened },
        signal,
      }),
    staleTime: Infinity,
    // Of another filter: its lines under this one's count would be wrong ones.
    placeholderData: () => undefined,
  })
  const found = first.data?.found
  const live = useLiveLines(runId, found?.last)
  const more = live.lines.filter((one) => matches(one, filter))
  const total = (found?.total ?? 0) + more.length
  return (
    <section className="run-log" aria-label={said.log}>
      <LogFilters filter={filter} tasks={tasks} />
      <p className="sub" role="status">
        {first.data && `${said.lines(count(total, language))} · `}
        {first.data && <span className={`follow follow-${live.state}`}>{said.follow[live.state]}</span>}
      </p>
      {first.error instanceof ApiError && (
        <ErrorBox problem={first.error.problem} onRetry={() => void first.refetch()} />
      )}
      {first.data && found && (
        <Lines
          runId={runId}
          zone={zone}
          filter={filter}
          firstPage={first.data.lines}
          stored={found.total}
          more={more}
          marked={line}
          startAt={opened === undefined ? undefined : found.before}
          isLive={live.state !== 'ended'}
        />
      )}
      <p>
        <a href={`/api/v1/runs/${runId}/logs/text${stringifySearch({ ...filter })}`} download>
          {said.download}
        </a>
      </p>
    </section>
  )
}

function useFilter(): Filter {
  const { grep, level, task } = useValues()
  return {
    grep: grep === '' ? undefined : grep,
    level: levels.find((one) => one === level),
    task: task === '' ? undefined : task,
  }
}

function matches({ message, level, task }: LogLine, filter: Filter): boolean {
  return (
    (filter.grep === undefined || message.includes(filter.grep)) &&
    (filter.level === undefined || level === filter.level) &&
    (filter.task === undefined || task === filter.task)
  )
}

const typedMs = 250

function LogFilters({ filter, tasks }: { readonly filter: Filter; readonly tasks: readonly string[] }): ReactNode {
  const { say } = useSpeech()
  const said = say.runs
  const go = useGo()
  const [typed, setTyped] = useState(filter.grep ?? '')
  useEffect(() => {
    if (typed === (filter.grep ?? '')) return undefined
    const timer = setTimeout(() => go({ grep: typed === '' ? undefined : typed, line: undefined }), typedMs)
    return () => clearTimeout(timer)
  }, [typed, filter.grep, go])
  const choice = (name: 'level' | 'task', label: string, options: readonly string[]) => (
    <label>
      <span className="label">{label}</span>
      <select
        value={filter[name] ?? ''}
        onChange={({ target }) => go({ [name]: target.value || undefined, line: undefined })}
      >
        <option value="">{said.any}</option>
        {options.map((one) => (
          <option key={one} value={one} translate="no">
            {one}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <div className="bar" role="group" aria-label={said.search}>
      <label>
        <span className="label">{said.search}</span>
        <input type="search" maxLength={500} value={typed} onChange={({ target }) => setTyped(target.value)} />
      </label>
      {choice('level', said.level, levels)}
      {choice('task', said.task, tasks)}
    </div>
  )
}

interface LinesProps {
  readonly runId: string
  readonly zone: string
  readonly filter: Filter
  readonly firstPage: readonly LogLine[]
  /** How many the server had when it was asked; `more` have come since. */
  readonly stored: number
  readonly more: readonly LogLine[]
  readonly marked: string | undefined
  readonly startAt: number | undefined
  readonly isLive: boolean
}

function Lines(props: LinesProps): ReactNode {
  const { stored, more, marked, startAt, isLive, zone } = props
  const { say } = useSpeech()
  const said = say.runs
  const go = useGo()
  const box = useRef<HTMLDivElement>(null)
  const { from, until } = useSeen(box)
  const total = stored + more.length
  const lineAt = useLineAt(props, from, Math.min(until, total))
  useFollowing(box, total, isLive && startAt === undefined)
  useLayoutEffect(() => {
    if (startAt !== undefined) box.current?.scrollTo({ top: Math.max(0, startAt - 3) * linePx })
  }, [startAt])
  if (total === 0) return <p className="sub">{said.noLines}</p>
  const places = Array.from({ length: Math.max(0, Math.min(until, total) - from) }, (_, at) => from + at)
  return (
    <div ref={box} className="log lines" translate="no" tabIndex={0} role="group" aria-label={said.log}>
      <div style={{ height: total * linePx }}>
        <ol start={from + 1} style={{ transform: `translateY(${from * linePx}px)` }}>
          {places.map((place) => {
            const one = lineAt(place)
            return (
              <li key={place} className={one && one.id === marked ? 'line marked' : 'line'} style={{ height: linePx }}>
                <button
                  type="button"
                  className="line-number"
                  tabIndex={-1}
                  aria-label={said.linkTo(String(place + 1))}
                  disabled={!one}
                  onClick={() => one && go({ line: one.id })}
                >
                  {place + 1}
                </button>
                {one && (
                  <span className={`level-${one.level}`}>
                    {instant(one.at, zone)} {one.level.toUpperCase()} {one.task}
                    {'  '}
                    {one.message.replaceAll('\n', ' ↵ ')}
                  </span>
                )}
              </li>
            )
          })}
        </ol>
      </div>
    </div>
  )
}

/** Which lines are in the window of the box, with some beyond; follows its scrolling and its size. */
function useSeen(box: RefObject<HTMLDivElement | null>): { readonly from: number; readonly until: number } {
  const [seen, setSeen] = useState({ from: 0, until: 60 })
  useEffect(() => {
    const element = box.current
    if (!element) return undefined
    const look = () => {
      const from = Math.max(0, Math.floor(element.scrollTop / linePx) - linesBeyond)
      const until = Math.ceil((element.scrollTop + element.clientHeight) / linePx) + linesBeyond
      setSeen((now) => (now.from === from && now.until === until ? now : { from, until }))
    }
    look()
    const sizes = new ResizeObserver(look)
    sizes.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      sizes.disconnect()
      element.removeEventListener('scroll', look)
    }
  })
  return seen
}

/** Stays at the newest line while it is the one that is looked at. */
function useFollowing(box: RefObject<HTMLDivElement | null>, total: number, isLive: boolean): void {
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    const element = box.current
    if (element && isLive && atEnd.current) element.scrollTop = element.scrollHeight
  }, [box, total, isLive])
  useEffect(() => {
    const element = box.current
    if (!element) return undefined
    const look = () => {
      atEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - linePx
    }
    element.addEventListener('scroll', look, { passive: true })
    return () => element.removeEventListener('scroll', look)
  })
}

/** Lines by their place: of the pages that the window touches, and of what has come since. */
function useLineAt({ runId, filter, firstPage, stored, more }: LinesProps, from: number, until: number) {
  const firstWanted = Math.max(1, Math.floor(from / linesOfPage))
  const lastWanted = Math.floor(Math.max(0, Math.min(until, stored) - 1) / linesOfPage)
  const wanted = Array.from({ length: Math.max(0, lastWanted - firstWanted + 1) }, (_, at) => firstWanted + at)
  const pages = useQueries({
    queries: wanted.map((page) => ({
      queryKey: ['log', runId, filter, page],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        call('GET /api/v1/runs/:runId/logs', {
          params: { runId },
          query: { ...filter, offset: page * linesOfPage, limit: linesOfPage },
          signal,
        }),
      staleTime: Infinity,
      placeholderData: () => undefined,
    })),
  })
  return (place: number): LogLine | undefined => {
    if (place >= stored) return more[place - stored]
    const page = Math.floor(place / linesOfPage)
    if (page === 0) return firstPage[place]
    return pages[wanted.indexOf(page)]?.data?.lines[place - page * linesOfPage]
  }
}
