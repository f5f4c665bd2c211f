import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ahead } from './ahead.ts'
import type { Lake } from './lake.ts'
import { duckConnection, quotedText } from './parquet.ts'

/** Lines of some raw files, in their order; or why DuckDB could not make them. */
export type LinesOrFailure = { readonly lines: AsyncIterable<Uint8Array> } | { readonly cause: unknown }

/** Files of one query: enough that opening and planning cost little, few enough that copies of them and their lines fit on any disk. */
const filesAtOnce = 16

/** What is read of the lines at a time. */
const chunkBytes = 1 << 20

const newline = 0x0a

/**
 * What SQL makes of raw files, a line a row and tabs between the fields: no object is made of a row, and no text of a value. Fields
 * are expressions over the files' columns whose text holds no tab, no newline and no quote; null is written `\N`.
 *
 * Files go through many at once, each lot on its own: a lot that DuckDB refuses, because a file lacks a column or a value does not
 * fit, is handed over as a failure with its keys, for whoever knows the long way to name what is wrong. Whole lines only.
 */
export async function* linesOfFiles(
  lake: Lake,
  keys: readonly string[],
  fields: readonly string[],
): AsyncGenerator<LinesOrFailure & { readonly keys: readonly string[] }, void, undefined> {
  const lots = Array.from({ length: Math.ceil(keys.length / filesAtOnce) }, (_, lot) =>
    keys.slice(lot * filesAtOnce, (lot + 1) * filesAtOnce),
  )
  const folder = await mkdtemp(join(tmpdir(), 'millrace-lines-'))
  try {
    using duck = await duckConnection()
    const write = async (lot: number) => {
      const target = join(folder, `${lot}.tsv`)
      await using files = await openAll(lake, lots[lot] ?? [])
      try {
        await duck.run(copyStatement(files.paths, fields, target))
        return { target, cause: undefined }
      } catch (cause) {
        return { target, cause }
      }
    }
    let at = 0
    for await (const { target, cause } of ahead(lots.length, (lot) => write(lot))) {
      const lot = { keys: lots[at] ?? [] }
      at += 1
      if (cause !== undefined) yield { ...lot, cause }
      else yield { ...lot, lines: wholeLines(target) }
      await rm(target, { force: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function openAll(
  lake: Lake,
  keys: readonly string[],
): Promise<{ readonly paths: readonly string[] } & AsyncDisposable> {
  const opened = new AsyncDisposableStack()
  try {
    const paths: string[] = []
    for (const key of keys) paths.push(opened.use(await lake.open(key)).path)
    return { paths, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** By name, so that files whose decimals have other widths are read in the widest type, where the first one's would round. */
function copyStatement(paths: readonly string[], fields: readonly string[], target: string): string {
  const list = paths.map(quotedText).join(', ')
  const columns = fields.map((field, index) => `${field} as f${index}`).join(', ')
  return `copy (select ${columns} from read_parquet([${list}], union_by_name = true)) to ${quotedText(target)}
    (format csv, header false, delimiter '\t', nullstr '\\N', quote '', escape '')`
}

async function* wholeLines(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(newline) + 1
    if (end > 0) yield bytes.subarray(0, end)
    rest = bytes.subarray(end)
  }
  if (rest.length > 0) yield rest
}
