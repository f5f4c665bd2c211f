import type { Readable } from 'node:stream'

/** What is longer is no message any more but data that belongs into the lake. */
const lineLengthMax = 8_192

/**
 * Reads what a program prints line by line, holding no more of a line than may be kept: a gigabyte without an end of line is one cut
 * line, and not a gigabyte in the memory of who reads it. `isEnd` is asked of the last characters of every line; what stands before
 * such an end on the same line is a line of its own. A caller that answers false is given nothing more until `resume`.
 */
export function readLines(
  stream: Readable,
  {
    end,
    onLine,
    onEnd,
  }: { readonly end: () => string; readonly onLine: (line: string) => boolean; readonly onEnd: () => void },
): { readonly resume: () => void } {
  let kept = ''
  /** The last characters of a line that is longer than what is kept of it. */
  let tail = ''
  const tell = (line: string): void => {
    if (!onLine(line)) stream.pause()
  }
  const finish = (): void => {
    const mark = end()
    const isEnd = mark !== '' && (tail === '' ? kept : tail).endsWith(mark)
    const text = isEnd && tail === '' ? kept.slice(0, -mark.length) : kept
    const isCut = tail !== ''
    kept = ''
    tail = ''
    if (text !== '' || !isEnd) tell(isCut ? `${text}…` : text.replace(/\r$/, ''))
    if (isEnd) onEnd()
  }
  const take = (piece: string): void => {
    const room = lineLengthMax - kept.length
    if (tail === '' && piece.length <= room) {
      kept += piece
      return
    }
    // The end of the whole line so far, long enough for any mark.
    tail = `${tail === '' ? kept : tail}${piece}`.slice(-256)
    kept += piece.slice(0, Math.max(0, room))
  }
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    let from = 0
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      take(chunk.slice(from, at))
      finish()
      from = at + 1
    }
    take(chunk.slice(from))
  })
  stream.on('end', () => {
    if (kept !== '') finish()
  })
  return { resume: () => void stream.resume() }
}
