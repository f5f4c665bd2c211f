import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MillraceError } from '../domain/errors.ts'

const run = promisify(execFile)

/** The release that results are promised for; newer ones need a wheel that the package index does not have. */
export const pinnedDbt = { core: '1.11.16', postgres: '1.11.0' } as const

/**
 * The dbt program inside a virtual environment. Throws TRANSFORM_DBT_CORE_MISSING when it is not there and may not be installed,
 * TRANSFORM_DBT_CORE_VERSION when another release is there, TRANSFORM_DBT_CORE_INSTALL when installing fails.
 */
export async function ensureDbt(folder: string, install: boolean): Promise<string> {
  const program = join(folder, process.platform === 'win32' ? 'Scripts/dbt.exe' : 'bin/dbt')
  const found = installedVersion(folder)
  if (existsSync(program) && found === pinnedDbt.core) return program
  if (found !== undefined && found !== pinnedDbt.core) {
    throw new MillraceError('TRANSFORM_DBT_CORE_VERSION', { path: folder, found, wanted: pinnedDbt.core })
  }
  if (!install) throw new MillraceError('TRANSFORM_DBT_CORE_MISSING', { path: folder })
  await installDbt(folder)
  return program
}

/** The release by the folder's own records: asking dbt itself takes two seconds. */
export function installedVersion(folder: string): string | undefined {
  const library = join(folder, 'lib')
  if (!existsSync(library)) return undefined
  const places = readdirSync(library).map((name) => join(library, name, 'site-packages'))
  const records = places.filter((place) => existsSync(place)).flatMap((place) => readdirSync(place))
  return records.map((name) => /^dbt_core-(.+)\.dist-info$/.exec(name)?.[1]).find((version) => version !== undefined)
}

async function installDbt(folder: string): Promise<void> {
  const packages = [`dbt-core==${pinnedDbt.core}`, `dbt-postgres==${pinnedDbt.postgres}`]
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  try {
    await mkdir(dirname(folder), { recursive: true })
    if (await hasUv()) {
      await run('uv', ['venv', '--quiet', folder])
      await run('uv', [
        'pip',
        'install',
        '--quiet',
        '--python',
        python,
        '--only-binary',
        ':all:',
        '--compile-bytecode',
        ...packages,
      ])
    } else {
      await run('python3', ['-m', 'venv', folder])
      await run(python, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--compile', ...packages])
    }
  } catch (cause) {
    const { stderr } = cause as { stderr?: string }
    const message = stderr?.trim().split('\n').at(-1) ?? (cause instanceof Error ? cause.message : String(cause))
    throw new MillraceError('TRANSFORM_DBT_CORE_INSTALL', { path: folder, message }, { cause })
  }
}

async function hasUv(): Promise<boolean> {
  return run('uv', ['--version']).then(
    () => true,
    () => false,
  )
}
