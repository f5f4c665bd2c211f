import { useEffect, useState } from 'react'
import type { Answer } from './client.ts'

export type LogLine = Answer<'GET /api/v1/runs/:runId/logs'>['lines'][number]

/** `lost`: the server is away and is tried again; `ended`: the run is over and nothing more will come. */
export type FollowState = 'following' | 'lost' | 'ended'

const flushMs = 250
const retryMs = 1_000

/**
 * Lines of a run as they are written, behind the line `after` (undefined: not yet). The browser goes on by itself behind the last line it
 * got when the connection is cut; when it gives up, because the server answered that it is starting, we open a new one there.
 */
export function useLiveLines(
  runId: string,
  after: string | undefined,
): { readonly lines: readonly LogLine[]; readonly state: FollowState } {
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const [state, setState] = useState<FollowState>('following')
  useEffect(() => {
    if (after === undefined) return undefined
    setLines([])
    return follow(runId, after, (more) => setLines((known) => [...known, ...more]), setState)
  }, [runId, after])
  return { lines, state }
}

function follow(
  runId: string,
  after: string,
  onLines: (lines: readonly LogLine[]) => void,
  onState: (state: FollowState) => void,
): () => void {
  let last = BigInt(after)
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  const waiting: LogLine[] = []
  const flush = () => {
    if (waiting.length > 0) onLines(waiting.splice(0))
  }
  const beat = setInterval(flush, flushMs)
  const open = () => {
    source = new EventSource(`/api/v1/runs/${encodeURIComponent(runId)}/logs/stream?after=${last}`)
    source.addEventListener('open', () => onState('following'))
    source.addEventListener('line', ({ data }: MessageEvent<string>) => {
      const line = JSON.parse(data) as LogLine
      // A line that came twice over a cut is one line.
      if (BigInt(line.id) <= last) return
      last = BigInt(line.id)
      waiting.push(line)
    })
    source.addEventListener('end', () => {
      stop()
      flush()
      onState('ended')
    })
    source.addEventListener('error', () => {
      onState('lost')
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, retryMs)
    })
  }
  const stop = () => {
    source?.close()
    clearInterval(beat)
    clearTimeout(retry)
  }
  open()
  return stop
}
