import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { TemplateContext } from '../jinja/macro.ts'
import { fromHost, toJson } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { renderConfiguration } from './configuration-context.ts'
import { PackageFailure } from './package-failure.ts'
import { Reader, isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'
import { YamlFile } from './yaml-file.ts'

/** One entry of packages.yml or package-lock.yml. `written` is the entry before its Jinja was rendered. */
export type PackageSpec =
  | { readonly kind: 'local'; readonly local: string; readonly entry: Mapping; readonly written: Mapping }
  | {
      readonly kind: 'tarball'
      readonly tarball: string
      readonly name: string
      readonly entry: Mapping
      readonly written: Mapping
    }
  | {
      readonly kind: 'git'
      readonly git: string
      readonly revisions: readonly string[]
      readonly subdirectory: string | undefined
      readonly warnsUnpinned: boolean
      readonly entry: Mapping
      readonly written: Mapping
    }
  | {
      readonly kind: 'hub'
      readonly package: string
      readonly versions: readonly string[]
      readonly prerelease: boolean
      readonly entry: Mapping
      readonly written: Mapping
    }
  | { readonly kind: 'private'; readonly private: string; readonly entry: Mapping; readonly written: Mapping }

export interface WantedPackages {
  readonly specs: readonly PackageSpec[]
  /** `packages.yml` or `dependencies.yml`. */
  readonly file: string
}

/**
 * The packages that a folder asks for. dbt renders the Jinja of packages.yml and leaves that of dependencies.yml alone.
 * Throws TRANSFORM_PACKAGES_UNRESOLVED for what dbt refuses.
 */
export function wantedPackages(folder: string, context: TemplateContext): WantedPackages {
  const packages = yamlMapping(folder, 'packages.yml')
  const dependencies = yamlMapping(folder, 'dependencies.yml')
  if (packages?.value['packages'] !== undefined && dependencies?.value['packages'] !== undefined)
    throw failure("The 'packages' key cannot be specified in both packages.yml and dependencies.yml")
  if (packages?.value['projects'] !== undefined) throw failure("The 'projects' key cannot be specified in packages.yml")
  const chosen = dependencies?.value['packages'] === undefined ? packages : dependencies
  if (chosen === undefined) return { specs: [], file: 'packages.yml' }
  const { value, file, name } = chosen
  const entries = new Reader(file).list(value['packages'], ['packages'])
  const specs = entries.map((written) =>
    specOf(name === 'packages.yml' ? renderConfiguration(written, context, name) : written, written, name),
  )
  return { specs, file: name }
}

function yamlMapping(folder: string, name: string): { value: Mapping; file: YamlFile; name: string } | undefined {
  const path = join(folder, name)
  if (!existsSync(path)) return undefined
  const file = YamlFile.read(path, name)
  return { value: new Reader(file).mapping(file.value ?? {}, []), file, name }
}

/** Reads one entry. Throws TRANSFORM_PACKAGES_UNRESOLVED for one that is none of the five kinds. */
export function specOf(entry: unknown, written: unknown, file: string): PackageSpec {
  if (!isMapping(entry) || !isMapping(written)) throw failure(`${file}: an entry under 'packages' is no mapping`)
  const common = { entry, written }
  if (typeof entry['local'] === 'string') return { kind: 'local', local: present('local', entry['local']), ...common }
  if (typeof entry['tarball'] === 'string') {
    if (typeof entry['name'] !== 'string') throw failure(`${file}: a tarball package needs a 'name'`)
    return { kind: 'tarball', tarball: entry['tarball'], name: entry['name'], ...common }
  }
  if (typeof entry['git'] === 'string') return gitSpec(entry, written, present('git', entry['git']))
  if (typeof entry['private'] === 'string') return { kind: 'private', private: entry['private'], ...common }
  if (entry['package'] === '') throw failure('A hub package is missing the value. It is a required property.')
  if (typeof entry['package'] !== 'string')
    throw failure(`${file}: ${JSON.stringify(entry)} is no package from a hub, git, a tarball or this machine`)
  return hubSpec(entry, written, entry['package'])
}

function present(kind: 'local' | 'git', value: string): string {
  if (value === '') throw failure(`A ${kind} package is missing the value. It is a required property.`)
  return value
}

function gitSpec(entry: Mapping, written: Mapping, git: string): PackageSpec {
  const { revision, subdirectory } = entry
  return {
    kind: 'git',
    git,
    revisions: revision === undefined || revision === null ? [] : [versionWord(revision)],
    subdirectory: typeof subdirectory === 'string' ? subdirectory : undefined,
    warnsUnpinned: entry['warn-unpinned'] !== false,
    entry,
    written,
  }
}

function hubSpec(entry: Mapping, written: Mapping, name: string): PackageSpec {
  const { version } = entry
  if (version === undefined || version === null || version === '')
    throw failure(
      `${name} is missing the version. When installing from the Hub package index, version is a required property`,
    )
  if (!name.includes('/'))
    throw failure(
      `${name} was not found in the package index. Packages on the index require a namespace, e.g dbt-labs/dbt_utils`,
    )
  return {
    kind: 'hub',
    package: name,
    versions: (Array.isArray(version) ? version : [version]).map(versionWord),
    prerelease: entry['install_prerelease'] === true,
    entry,
    written,
  }
}

function versionWord(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

export function failure(message: string): MillraceError {
  return new MillraceError('TRANSFORM_PACKAGES_UNRESOLVED', { message })
}

/** Turns dbt's words about packages into the coded error. */
export function coded<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof PackageFailure) throw failure(error.message)
    throw error
  }
}

/**
 * dbt's sha1 of what a project asks for: package-lock.yml carries it, and a lock with another one is written anew. The sum is over the JSON of
 * every entry as dbt's own classes print it, absent fields included.
 */
export function packagesHash(specs: readonly PackageSpec[]): string {
  const lines = specs.map((spec) => toJson(hashed(spec), { sortKeys: true })).sort()
  return createHash('sha1').update(lines.join('\n')).digest('hex')
}

const FIELDS: Readonly<Record<PackageSpec['kind'], readonly (readonly [string, Value])[]>> = {
  local: [['local', null]],
  tarball: [
    ['tarball', null],
    ['name', null],
  ],
  git: [
    ['git', null],
    ['revision', null],
    ['subdirectory', null],
    ['warn-unpinned', null],
  ],
  hub: [
    ['package', null],
    ['version', null],
    ['install_prerelease', false],
  ],
  private: [
    ['private', null],
    ['provider', null],
    ['revision', null],
    ['subdirectory', null],
    ['warn-unpinned', null],
  ],
}

function hashed(spec: PackageSpec): PyDict {
  const dict = new PyDict([['unrendered', fromHost(spec.written)]])
  for (const [field, absent] of FIELDS[spec.kind])
    dict.set(field, spec.entry[field] === undefined ? absent : fromHost(spec.entry[field]))
  if (typeof spec.entry['name'] === 'string') dict.set('name', spec.entry['name'])
  return dict
}
