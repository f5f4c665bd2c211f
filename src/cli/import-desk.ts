import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createWriteStream, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FilePlan } from '../connectors/file-plan.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError, explain } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { platform } from '../domain/platform.ts'
import type { OpenConnection, Ports } from '../orchestrate/ports.ts'
import type { ImportDesk } from '../server/imports.ts'
import type { Invocation } from './command.ts'

type Ask = Parameters<ImportDesk['plan']>[1]
type Taken = Awaited<ReturnType<ImportDesk['take']>>

interface Desk {
  readonly invocation: Invocation
  readonly ports: Ports
  /** Of the project’s schedule: that of a file's days, when none is named. */
  readonly zone: string
}

/** Files for the dashboard: what `millrace import` does, with the bytes that a browser sends. */
export function importDesk(desk: Desk): ImportDesk {
  return {
    take: (name, bytes) => take(desk, name, bytes),
    plan: (importId, ask, language) => plan(desk, importId, ask, language),
    load: (importId, ask, language) => load(desk, importId, ask, language),
  }
}

const dayMs = 86_400_000

const folderOf = ({ invocation }: Desk): string => join(invocation.projectDir, '.millrace', 'imports')

/** What was dropped and never loaded goes after a day. */
function sweep(folder: string, nowMs: number): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder))
    if (nowMs - statSync(join(folder, name)).mtimeMs > dayMs) rmSync(join(folder, name), { recursive: true })
}

/** A name that a stranger gave, as one of a file in a folder of its own; its ending may say what it is. */
const safe = (name: string): string =>
  basename(name)
    .replaceAll(/[^\p{L}\p{N}._-]/gu, '_')
    .slice(-100)
    .replace(/^\.+/, '_') || 'file'

async function take(desk: Desk, given: string, bytes: AsyncIterable<Buffer>): Promise<Taken> {
  sweep(folderOf(desk), desk.invocation.clock.nowMs())
  const importId = randomUUID()
  const folder = join(folderOf(desk), importId)
  const file = join(folder, safe(given))
  await mkdir(folder, { recursive: true })
  try {
    await pipeline(Readable.from(bytes), createWriteStream(file))
    return { importId, name: basename(file), bytes: statSync(file).size, ready: await recognized(file) }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** The first ready mapping that finds all of its columns. */
async function recognized(file: string): Promise<Taken['ready']> {
  const { openFile } = await import('../connectors/file-plan.ts')
  const { readyMapping, readyNames } = await import('../connectors/file-ready.ts')
  for (const name of readyNames) {
    const mapping = readyMapping(name)
    assert(mapping, 'a ready mapping is there by its name')
    if ((await openFile(file, mapping)).layout) return name
  }
  return null
}

interface Found {
  readonly folder: string
  readonly file: string
  /** As the connector takes it: a ready one's name, or a path. */
  readonly mapping: string
}

/** Throws SERVER_IMPORT_UNKNOWN. */
async function found(desk: Desk, importId: string, { mapping }: Ask): Promise<Found> {
  const folder = join(folderOf(desk), importId)
  const [file] = existsSync(folder) ? (await readdir(folder)).filter((name) => name !== mappingFile) : []
  if (file === undefined) throw new MillraceError('SERVER_IMPORT_UNKNOWN', { import: importId })
  if ('ready' in mapping) return { folder, file: join(folder, file), mapping: mapping.ready }
  const path = join(folder, mappingFile)
  await writeFile(path, mapping.text)
  return { folder, file: join(folder, file), mapping: path }
}

const mappingFile = '.mapping.yaml'

async function planOf({ file, mapping }: Found): Promise<FilePlan> {
  const { readMapping } = await import('../connectors/file.ts')
  const { previewFile } = await import('../connectors/file-plan.ts')
  return previewFile([file], await readMapping(mapping))
}

const problemsTold = 20

async function plan(desk: Desk, importId: string, ask: Ask, language: Language): ReturnType<ImportDesk['plan']> {
  const { ports } = desk
  checked(ask)
  const { rows, totals, days, firstRows, problems, problemCount } = await planOf(await found(desk, importId, ask))
  const replaced = await ports.warehouse.query<{ readonly day: string }>(
    `select date::text as day from partition_state
     where platform = $1 and account_id = $2 and level = 'campaign' and breakdown_key = '' and date = any ($3::date[]) and rows > 0 order by date`,
    [ask.platform, ask.account, days],
  )
  return {
    rows,
    totals,
    days: [...days],
    replaced: replaced.map(({ day }) => day),
    firstRows: firstRows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value]))),
    problems: problems.slice(0, problemsTold).map(({ code, facts }) => ({ code, what: told(code, facts, language) })),
    problemCount,
  }
}

/** Where the file lies on this machine is nothing to its reader. */
function told(code: Parameters<typeof explain>[0], facts: Parameters<typeof explain>[1], language: Language): string {
  const shown = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, name === 'file' ? basename(String(value)) : value]),
  )
  const { what, why } = explain(code, shown, language)
  return code === 'FILES_COLUMN_UNKNOWN' ? `${what}. ${why}` : what
}

/** What is wrong with the question itself is told before a file is read. */
function checked(ask: Ask): void {
  platform(ask.platform)
  currency(ask.currency)
  if (ask.zone !== undefined) timeZone(ask.zone)
}

async function load(desk: Desk, importId: string, ask: Ask, language: Language): ReturnType<ImportDesk['load']> {
  checked(ask)
  const at = await found(desk, importId, ask)
  const { days, problems, problemCount } = await planOf(at)
  const [since, until] = [days[0], days.at(-1)]
  if (problemCount > 0 || since === undefined || until === undefined)
    throw new MillraceError('FILES_NOT_UNDERSTOOD', {
      count: problemCount,
      list: problems
        .slice(0, problemsTold)
        .map(({ code, facts }) => told(code, facts, language))
        .join('\n'),
    })
  const { openImport } = await import('./import-connection.ts')
  const { runPipeline } = await import('../orchestrate/run.ts')
  const zone = timeZone(desk.zone)
  await using connector = await openImport({ ...ask, zone: ask.zone ?? zone, files: [at.file], mapping: at.mapping })
  const connection: OpenConnection = { name: 'import', connector, accountIds: [] }
  const summary = await runPipeline(
    { ...desk.ports, connections: [connection] },
    { range: { since, until }, days, kind: 'repair', zone },
    () => {},
    desk.invocation.signal,
  )
  rmSync(at.folder, { recursive: true, force: true })
  const { runId, state, rows, rowsChanged } = summary
  return { runId, state, days: summary.days, rows, rowsChanged }
}
