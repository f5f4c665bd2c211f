import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import type { Environment } from '../project/configuration-context.ts'
import type { Project } from '../project/project-file.ts'
import { frozen, thawed } from './frozen-manifest.ts'
import type { ParsedProject } from './parse-project.ts'

const FILE = 'partial_parse.millrace'
/** A file changed in the same moment as the cache was written may look the same by its time: its text is compared. */
const RACE_MS = 2_000

interface Stamp {
  readonly size: number
  readonly mtimeMs: number
  readonly hash: string
}

interface Header {
  /** The program and everything of the invocation that a template can see, but files and environment. */
  readonly key: string
  readonly files: ReadonlyMap<string, Stamp>
  /** The environment variables that templates asked for, by a hash of what they held. */
  readonly env: ReadonlyMap<string, string>
}

export interface CacheOptions {
  readonly project: Project
  readonly packages: readonly Project[]
  /** Whatever templates can see beside files and environment: variables, target, flags. */
  readonly seen: unknown
  readonly env: Environment
  readonly unique: string
}

/**
 * The parsed project of the last invocation in the target folder. It holds as long as every file of the project and its packages has the
 * text that it had, the invocation shows templates the same, and the environment variables that they read are the same. Anything else, a
 * file that cannot be read or another program included, is a project to be parsed anew; a cache never makes an invocation fail.
 */
export class ParseCache {
  readonly #options: CacheOptions
  readonly #path: string
  readonly #key: string

  constructor(options: CacheOptions) {
    this.#options = options
    this.#path = join(options.project.targetFolder, FILE)
    this.#key = digest(
      JSON.stringify([program(), options.seen, options.packages.map(({ folder, name }) => [folder, name])]),
    )
  }

  read(): ParsedProject | null {
    if (!existsSync(this.#path)) return null
    try {
      const writtenAtMs = statSync(this.#path).mtimeMs
      const bytes = readFileSync(this.#path)
      const length = bytes.readUInt32LE(0)
      const header = deserialize(bytes.subarray(4, 4 + length)) as Header
      if (header.key !== this.#key || !this.#hasSameEnvironment(header)) return null
      if (!this.#hasSameFiles(header, writtenAtMs - RACE_MS)) return null
      return thawed(bytes.subarray(4 + length), this.#options.project)
    } catch {
      // Cut off, or written by another program: it is made anew.
      return null
    }
  }

  /** `asked` are the environment variables that templates read. */
  write(parsed: ParsedProject, asked: Iterable<string>): void {
    const content = frozen(parsed)
    if (content === null) return
    const stamps = [...inputFiles(this.#options)].map((path): [string, Stamp] => [path, stampOf(path)])
    const env = [...new Set(asked)].map((name): [string, string] => [name, digest(this.#options.env[name])])
    const header: Header = { key: this.#key, files: new Map(stamps), env: new Map(env) }
    const head = serialize(header)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(head.length)
    mkdirSync(dirname(this.#path), { recursive: true })
    const temporary = `${this.#path}.${this.#options.unique}`
    writeFileSync(temporary, Buffer.concat([length, head, content]))
    renameSync(temporary, this.#path)
  }

  #hasSameEnvironment({ env }: Header): boolean {
    return [...env].every(([name, held]) => digest(this.#options.env[name]) === held)
  }

  #hasSameFiles({ files }: Header, settledBeforeMs: number): boolean {
    const now = inputFiles(this.#options)
    if (now.size !== files.size) return false
    for (const path of now) {
      const held = files.get(path)
      if (held === undefined) return false
      const { size, mtimeMs } = statSync(path)
      if (size !== held.size) return false
      const isSettled = mtimeMs === held.mtimeMs && mtimeMs < settledBeforeMs
      if (!isSettled && textHash(path) !== held.hash) return false
    }
    return true
  }
}

/** Every file that parsing may read: those of the folders of all kinds, of whatever ending, and the project files. */
function inputFiles({ project, packages }: CacheOptions): Set<string> {
  const paths = new Set<string>()
  for (const one of [project, ...packages]) {
    paths.add(join(one.folder, 'dbt_project.yml'))
    const folders = new Set([
      ...one.modelPaths,
      ...one.macroPaths,
      ...one.testPaths,
      ...one.seedPaths,
      ...one.snapshotPaths,
      ...one.analysisPaths,
      ...one.docsPaths,
    ])
    for (const folder of folders) addFiles(join(one.folder, folder), paths)
  }
  return paths
}

function addFiles(folder: string, paths: Set<string>): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) paths.add(join(entry.parentPath, entry.name))
}

function stampOf(path: string): Stamp {
  const { size, mtimeMs } = statSync(path)
  return { size, mtimeMs, hash: textHash(path) }
}

function textHash(path: string): string {
  return createHash('sha1').update(readFileSync(path)).digest('base64')
}

function digest(text: string | undefined): string {
  return text === undefined ? 'absent' : createHash('sha256').update(text).digest('base64')
}

let ownProgram: string | undefined

/** This program: another build, or a changed library of macros, parses anew. */
function program(): string {
  if (ownProgram !== undefined) return ownProgram
  const folder = fileURLToPath(new URL('..', import.meta.url))
  const files = new Set<string>()
  addFiles(folder, files)
  const stamps = [...files].sort().map((path) => {
    const { size, mtimeMs } = statSync(path)
    return `${path} ${size} ${mtimeMs}`
  })
  ownProgram = digest(stamps.join('\n'))
  return ownProgram
}
