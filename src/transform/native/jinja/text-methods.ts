import { bind } from './arguments.ts'
import { indexOf } from './number.ts'
import { items, truth } from './operators.ts'
import { SPACE_CLASS, characters, guardSize, textLength, trimEnd, trimStart, typeName } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PyTuple, PythonError } from './value.ts'

export type TextMethod = (text: string, call: CallArguments) => Value

const SPACES = new RegExp(`[${SPACE_CLASS}]+`, 'u')
// oxlint-disable-next-line no-control-regex -- Python ends lines at these separators too
const LINE_ENDS = new RegExp('\\r\\n|[\\n\\r\\v\\f\\u001c-\\u001e\\u0085\\u2028\\u2029]')

function text(value: Value | undefined, method: string): string {
  if (typeof value === 'string') return value
  throw new PythonError(
    'TypeError',
    `${method}: expected str, got ${value === undefined ? 'nothing' : typeName(value)}`,
  )
}

/** str.strip and its kin: without `strippable`, whitespace; else any of its characters. */
export function strip(subject: string, strippable: Value | undefined, sides: 'both' | 'left' | 'right'): string {
  if (strippable === undefined || strippable === null) {
    const left = sides === 'right' ? subject : trimStart(subject)
    return sides === 'left' ? left : trimEnd(left)
  }
  const set = new Set(characters(text(strippable, 'strip')))
  const list = characters(subject)
  let [start, end] = [0, list.length]
  if (sides !== 'right') while (start < end && set.has(list[start] ?? '')) start += 1
  if (sides !== 'left') while (end > start && set.has(list[end - 1] ?? '')) end -= 1
  return list.slice(start, end).join('')
}

export function capitalize(subject: string): string {
  const [first = '', ...rest] = characters(subject)
  // A letter whose capital is two letters (ß) keeps the second one small.
  const [head = '', ...tail] = characters(first.toUpperCase())
  return head + tail.join('').toLowerCase() + rest.join('').toLowerCase()
}

export function replaceText(subject: string, from: string, to: string, count: number): string {
  if (count < 0) {
    if (from === '')
      return (
        to +
        characters(subject)
          .map((character) => character + to)
          .join('')
      )
    return subject.split(from).join(to)
  }
  const parts = subject.split(from)
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join('')
  )
}

function split(subject: string, call: CallArguments, fromRight: boolean): Value {
  const { sep = null, maxsplit = -1 } = bind(call, ['sep', 'maxsplit'], 'split')
  const limit = indexOf(maxsplit)
  if (sep === null) return splitSpaces(subject, limit, fromRight)
  const separator = text(sep, 'split')
  if (separator === '') throw new PythonError('ValueError', 'empty separator')
  const parts = subject.split(separator)
  if (limit < 0 || parts.length <= limit + 1) return parts
  if (!fromRight) return [...parts.slice(0, limit), parts.slice(limit).join(separator)]
  const kept = parts.length - limit
  return [parts.slice(0, kept).join(separator), ...parts.slice(kept)]
}

function splitSpaces(subject: string, limit: number, fromRight: boolean): Value {
  const words = trimEnd(trimStart(subject))
    .split(SPACES)
    .filter((word) => word !== '')
  if (limit < 0 || words.length <= limit + 1) return words
  if (fromRight) return words
  let rest = trimStart(subject)
  for (let index = 0; index < limit; index++) rest = trimStart(rest.slice((words[index] ?? '').length))
  return [...words.slice(0, limit), rest]
}

/** A letter after another is small, any other is large: by character, as Python does it, not by word. */
function title(subject: string): string {
  let inWord = false
  return characters(subject)
    .map((character) => {
      const [lower, upper] = [character.toLowerCase(), character.toUpperCase()]
      const shown = inWord ? lower : capitalize(character)
      inWord = lower !== upper
      return shown
    })
    .join('')
}

function startsOrEnds(method: 'startsWith' | 'endsWith'): TextMethod {
  return (subject, call) => {
    const [wanted] = call.positional
    const candidates = wanted instanceof PyTuple ? wanted.items : [wanted]
    const begin = call.positional[1] === undefined ? subject : subject.slice(indexOf(call.positional[1]))
    return candidates.some((candidate) => begin[method](text(candidate, method.toLowerCase())))
  }
}

function find(subject: string, call: CallArguments, last: boolean): number {
  const [wanted, start] = call.positional
  const needle = text(wanted, 'find')
  const at = last ? subject.lastIndexOf(needle) : subject.indexOf(needle, start === undefined ? 0 : indexOf(start))
  return at < 0 ? -1 : textLength(subject.slice(0, at))
}

function justified(subject: string, call: CallArguments, side: 'left' | 'right' | 'both'): string {
  const { width = 0, fillchar = ' ' } = bind(call, ['width', 'fillchar'], 'just')
  const missing = indexOf(width) - textLength(subject)
  if (missing <= 0) return subject
  guardSize(missing)
  const fill = text(fillchar, 'just')
  if (side === 'left') return subject + fill.repeat(missing)
  if (side === 'right') return fill.repeat(missing) + subject
  // CPython puts the odd one left when both the gap and the width are odd.
  const left = Math.floor(missing / 2) + (missing & indexOf(width) & 1)
  return fill.repeat(left) + subject + fill.repeat(missing - left)
}

function partition(subject: string, call: CallArguments, last: boolean): PyTuple {
  const separator = text(call.positional[0], 'partition')
  const at = last ? subject.lastIndexOf(separator) : subject.indexOf(separator)
  if (at < 0) return new PyTuple(last ? ['', '', subject] : [subject, '', ''])
  return new PyTuple([subject.slice(0, at), separator, subject.slice(at + separator.length)])
}

function matches(pattern: RegExp): TextMethod {
  return (subject) => pattern.test(subject)
}

function isCase(upper: boolean): TextMethod {
  return (subject) => (subject !== subject.toLowerCase()) === upper && (subject !== subject.toUpperCase()) !== upper
}

function joined(subject: string, call: CallArguments): string {
  return items(call.positional[0] ?? null)
    .map((item, index) => {
      if (typeof item === 'string') return item
      throw new PythonError('TypeError', `sequence item ${index}: expected str instance, ${typeName(item)} found`)
    })
    .join(subject)
}

function index(subject: string, call: CallArguments, last: boolean): number {
  const at = find(subject, call, last)
  if (at < 0) throw new PythonError('ValueError', 'substring not found')
  return at
}

function count(subject: string, call: CallArguments): number {
  const needle = text(call.positional[0], 'count')
  return needle === '' ? textLength(subject) + 1 : subject.split(needle).length - 1
}

function replaced(subject: string, call: CallArguments): string {
  const [from, to, times] = call.positional
  return replaceText(subject, text(from, 'replace'), text(to, 'replace'), times === undefined ? -1 : indexOf(times))
}

export function splitLines(subject: string, keepEnds: boolean): string[] {
  const lines = keepEnds
    ? subject.split(new RegExp(`(?<=${LINE_ENDS.source})(?<!\\r(?=\\n))`))
    : subject.split(LINE_ENDS)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** A tab goes to the next multiple of the size, counted from the last line end. */
function expandTabs(subject: string, size: number): string {
  guardSize(size * subject.length)
  let [column, out] = [0, '']
  for (const character of characters(subject)) {
    const shown = character === '\t' ? ' '.repeat(size > 0 ? size - (column % size) : 0) : character
    column = character === '\n' || character === '\r' ? 0 : column + shown.length
    out += shown
  }
  return out
}

function swapCase(subject: string): string {
  return characters(subject)
    .map((character) => (character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase()))
    .join('')
}

/** The methods of str that templates may call; `format` is in access.ts because it walks into its arguments. */
export const textMethods: Readonly<Record<string, TextMethod>> = {
  lower: (subject) => subject.toLowerCase(),
  upper: (subject) => subject.toUpperCase(),
  casefold: (subject) => subject.toLowerCase().replaceAll('ß', 'ss'),
  title,
  capitalize,
  swapcase: swapCase,
  strip: (subject, call) => strip(subject, call.positional[0], 'both'),
  lstrip: (subject, call) => strip(subject, call.positional[0], 'left'),
  rstrip: (subject, call) => strip(subject, call.positional[0], 'right'),
  startswith: startsOrEnds('startsWith'),
  endswith: startsOrEnds('endsWith'),
  replace: replaced,
  split: (subject, call) => split(subject, call, false),
  rsplit: (subject, call) => split(subject, call, true),
  splitlines: (subject, call) => splitLines(subject, truth(bind(call, ['keepends'], 'splitlines').keepends ?? false)),
  join: joined,
  find: (subject, call) => find(subject, call, false),
  rfind: (subject, call) => find(subject, call, true),
  index: (subject, call) => index(subject, call, false),
  rindex: (subject, call) => index(subject, call, true),
  count,
  zfill: (subject, call) => {
    const missing = indexOf(call.positional[0] ?? 0) - textLength(subject)
    if (missing <= 0) return subject
    guardSize(missing)
    const [, signText = '', rest = ''] = /^([+-]?)([\s\S]*)$/.exec(subject) ?? []
    return signText + '0'.repeat(missing) + rest
  },
  ljust: (subject, call) => justified(subject, call, 'left'),
  rjust: (subject, call) => justified(subject, call, 'right'),
  center: (subject, call) => justified(subject, call, 'both'),
  partition: (subject, call) => partition(subject, call, false),
  rpartition: (subject, call) => partition(subject, call, true),
  removeprefix: (subject, call) => {
    const prefix = text(call.positional[0], 'removeprefix')
    return subject.startsWith(prefix) ? subject.slice(prefix.length) : subject
  },
  removesuffix: (subject, call) => {
    const suffix = text(call.positional[0], 'removesuffix')
    return suffix !== '' && subject.endsWith(suffix) ? subject.slice(0, -suffix.length) : subject
  },
  isdigit: matches(/^\p{Nd}+$/u),
  isdecimal: matches(/^\p{Nd}+$/u),
  isnumeric: matches(/^\p{N}+$/u),
  isalpha: matches(/^\p{L}+$/u),
  isalnum: matches(/^[\p{L}\p{N}]+$/u),
  isspace: matches(new RegExp(`^[${SPACE_CLASS}]+$`, 'u')),
  isidentifier: matches(/^[\p{L}_][\p{L}\p{N}_]*$/u),
  isascii: (subject) => characters(subject).every((character) => character <= '\u007f'),
  isupper: isCase(true),
  islower: isCase(false),
  istitle: (subject) => subject.toLowerCase() !== subject.toUpperCase() && title(subject) === subject,
  encode: (subject) => subject,
  expandtabs: (subject, call) => expandTabs(subject, indexOf(bind(call, ['tabsize'], 'expandtabs').tabsize ?? 8)),
}
