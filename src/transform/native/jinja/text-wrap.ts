import { characters } from './text.ts'
import { PythonError } from './value.ts'

const WORD = String.raw`[\p{L}\p{N}_!"'&.,?]`
const LETTER = String.raw`[\p{L}_]`
const SPACE = String.raw`[\t\n\v\f\r ]`
/** Where Python's textwrap may break: at spaces, after a hyphen between letters, around a dash. */
const CHUNKS = new RegExp(
  `${SPACE}+|(?<=${WORD})-{2,}(?=[\\p{L}\\p{N}_])|[^\\t\\n\\v\\f\\r ]+?` +
    `(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${WORD}-))(?=${LETTER}-?${LETTER})|(?=${SPACE}|$)|(?<=${WORD})(?=-{2,}[\\p{L}\\p{N}_]))`,
  'gu',
)

export interface WrapStyle {
  readonly width: number
  readonly breakLongWords: boolean
  readonly breakOnHyphens: boolean
}

const isSpace = (chunk: string | undefined): boolean => chunk !== undefined && chunk.trim() === ''
const length = (chunks: readonly string[]): number =>
  chunks.reduce((total, chunk) => total + characters(chunk).length, 0)

/** Python's textwrap.wrap of one line of text, with its spaces kept. */
export function wrapLine(line: string, style: WrapStyle): string[] {
  if (style.width <= 0) throw new PythonError('ValueError', `invalid width ${style.width} (must be > 0)`)
  const pattern = style.breakOnHyphens ? CHUNKS : new RegExp(`${SPACE}+|[^\\t\\n\\v\\f\\r ]+`, 'gu')
  const left = line.match(pattern) ?? []
  const lines: string[] = []
  while (left.length > 0) {
    if (isSpace(left[0]) && lines.length > 0) left.shift()
    const current = oneLine(left, style)
    if (isSpace(current.at(-1))) current.pop()
    if (current.length > 0) lines.push(current.join(''))
  }
  return lines
}

/** Takes from `left` what fits into a line. */
function oneLine(left: string[], style: WrapStyle): string[] {
  const current: string[] = []
  while (left[0] !== undefined && length(current) + length([left[0]]) <= style.width) current.push(left.shift() ?? '')
  if (left[0] === undefined || length([left[0]]) <= style.width) return current
  if (!style.breakLongWords) {
    if (current.length === 0) current.push(left.shift() ?? '')
    return current
  }
  const room = style.width - length(current)
  const chunk = characters(left[0])
  const hyphen = style.breakOnHyphens ? chunk.slice(0, room).lastIndexOf('-') : -1
  const end = hyphen > 0 && chunk.slice(0, hyphen).some((one) => one !== '-') ? hyphen + 1 : room
  current.push(chunk.slice(0, end).join(''))
  left[0] = chunk.slice(end).join('')
  return current
}
