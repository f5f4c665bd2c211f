import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { MillraceError } from '../domain/errors.ts'
import type { FileRecord } from './file-record.ts'

/** A line longer than this is no record of a report. */
const lineCharactersMax = 4_000_000

type Flat = ReadonlyMap<string, { readonly text: string; readonly typed: boolean }>

/**
 * The scalar members of a JSON object by their paths (`metrics.clicks`), numbers as the digits that were written: a double would
 * drop digits of ids and money. Lists are kept as JSON text.
 */
function flattened(
  line: string,
  where: { readonly file: string; readonly line: number },
  within: readonly string[] = [],
): Flat {
  const flat = new Map<string, { text: string; typed: boolean }>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') return void flat.set(path, { text: value, typed: false })
    if (value instanceof Digits) return void flat.set(path, { text: value.text, typed: true })
    if (value === null || value === undefined) return void flat.set(path, { text: '', typed: false })
    if (typeof value !== 'object' || Array.isArray(value))
      return void flat.set(path, { text: JSON.stringify(value), typed: false })
    for (const [name, member] of Object.entries(value)) walk(member, path === '' ? name : `${path}.${name}`)
  }
  let value: unknown = parsed(line, where)
  for (const name of within) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name]
  walk(value, '')
  return flat
}

class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): string {
    return this.text
  }
}

function parsed(line: string, where: { readonly file: string; readonly line: number }): object {
  try {
    const value: unknown = JSON.parse(line, (_name, member: unknown, context?: { readonly source?: string }) =>
      typeof member === 'number' ? new Digits(context?.source ?? String(member)) : member,
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw new SyntaxError('a line must be one object')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('FILES_JSON_BROKEN', { ...where, reason }, { cause })
  }
}

/** The names that the objects of the beginning of a file have, in the order of their first appearance. */
export function jsonNames(text: string, file: string, whole: boolean): readonly string[] {
  const lines = text.split('\n').slice(0, whole ? undefined : -1)
  const names = new Set<string>()
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    for (const name of flattened(line, { file, line: index + 1 }).keys()) names.add(name)
  }
  return [...names]
}

/** The records of a file of JSON lines, streamed; cells are in the order of `names`. Throws FILES_JSON_BROKEN. */
export async function* jsonRecords(
  file: string,
  encoding: string,
  names: readonly string[],
): AsyncGenerator<FileRecord, void, undefined> {
  const stream = createReadStream(file, { encoding: encoding === 'utf-16le' ? 'utf16le' : 'utf8' })
  let line = 0
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1
      const bare = line === 1 ? text.replace(/^\ufeff/, '') : text
      if (bare.trim() === '') continue
      if (bare.length > lineCharactersMax)
        throw new MillraceError('FILES_JSON_BROKEN', { file, line, reason: 'a line is longer than 4 MB' })
      yield jsonRecord(bare, { file, line }, names)
    }
  } finally {
    stream.destroy()
  }
}

/**
 * The record of one JSON object, its cells in the order of `names`; `within` leads to an object inside of it. Throws FILES_JSON_BROKEN.
 */
export function jsonRecord(
  text: string,
  where: { readonly file: string; readonly line: number },
  names: readonly string[],
  within: readonly string[] = [],
): FileRecord {
  const flat = flattened(text, where, within)
  const typed = new Set(names.flatMap((name, index) => (flat.get(name)?.typed ? [index] : [])))
  return { cells: names.map((name) => flat.get(name)?.text ?? ''), raw: text, line: where.line, typed }
}
