import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'

/** Both `src/cli` and `dist/cli` lie two folders below the package, which ships the template. */
export const templateDir = fileURLToPath(new URL('../../template', import.meta.url))
const commandFile = fileURLToPath(new URL('../../bin/millrace.cjs', import.meta.url))

/** What dbt and a run leave behind in a project is no part of the template. */
const leftovers: ReadonlySet<string> = new Set(['target', 'logs', 'dbt_packages', '.millrace', 'node_modules'])

export interface CopyOptions {
  /** Language of the notices in the new configuration. */
  readonly language: Language
  /** Whether files that exist are replaced; otherwise they are kept. */
  readonly overwrite: boolean
}

/** Copies the default project into a folder, which is made. */
export function copyTemplate(target: string, { language, overwrite }: CopyOptions): void {
  mkdirSync(target, { recursive: true })
  const isNew = (file: string) => overwrite || !existsSync(join(target, file))
  const writesConfig = isNew('millrace.config.ts')
  cpSync(templateDir, target, {
    recursive: true,
    force: overwrite,
    filter: (source) => source === templateDir || !leftovers.has(basename(source)),
  })
  if (writesConfig) {
    const config = join(target, 'millrace.config.ts')
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll("language: 'en'", `language: '${language}'`))
  }
  // npm leaves .gitignore files out of packages, so that it cannot lie in the template.
  if (isNew('.gitignore'))
    writeFileSync(join(target, '.gitignore'), '.millrace/\n.env\n.env.local\ndbt/target/\ndbt/logs/\n')
}

/** Throws CLI_FOLDER_NOT_EMPTY unless the folder is absent, empty, or holds nothing but a git repository. */
export function requireEmpty(target: string): void {
  const found = existsSync(target) ? readdirSync(target).filter((name) => name !== '.git') : []
  if (found.length > 0) {
    const list = found.slice(0, 3).join(', ') + (found.length > 3 ? ', …' : '')
    throw new MillraceError('CLI_FOLDER_NOT_EMPTY', { folder: target, found: list })
  }
}

/** How this very installation is called from the current folder: what is printed as a next command must work when it is pasted. */
export function millraceCommand(): string {
  if (!import.meta.url.endsWith('.ts')) return 'npx millrace'
  return `node ${quoted(relative(resolve('.'), commandFile))}`
}

/** A path as a shell takes it as one word. */
export function quoted(path: string): string {
  return /^[\w./~@%+:,=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
