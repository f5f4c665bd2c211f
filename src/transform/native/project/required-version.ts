import { MillraceError } from '../../../domain/errors.ts'
import { PackageFailure } from './package-failure.ts'
import type { Project } from './project-file.ts'
import { areCompatible, readVersion, versionText } from './version-range.ts'

/**
 * `require-dbt-version` against the dbt that this runner is. Throws TRANSFORM_RAISED in dbt's words for a project that wants another one
 * or writes no version.
 */
export function checkRequiredVersion({ name, requiredVersion }: Project, dbtVersion: string): void {
  if (requiredVersion.length === 0) return
  const refuse = (message: string): never => {
    throw new MillraceError('TRANSFORM_RAISED', { message, file: 'dbt_project.yml' })
  }
  try {
    const installed = readVersion(dbtVersion)
    if (areCompatible([...requiredVersion.map(readVersion), installed])) return
    const wanted = requiredVersion.map((one) => `'${one}'`).join(', ')
    refuse(
      `This version of dbt is not supported with the '${name}' package.\n  Installed version of dbt: ${versionText(installed)}\n  Required version of dbt for '${name}': [${wanted}]\nCheck for a different version of the '${name}' package, or run dbt again with --no-version-check`,
    )
  } catch (error) {
    if (error instanceof PackageFailure) refuse(error.message)
    throw error
  }
}
