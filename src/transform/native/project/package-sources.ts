import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import type { TemplateContext } from '../jinja/macro.ts'
import { checkOut } from './package-git.ts'
import { Hub } from './package-hub.ts'
import { coded, failure, specOf, wantedPackages } from './package-specs.ts'
import type { PackageSpec } from './package-specs.ts'
import { renderConfiguration } from './configuration-context.ts'
import { Reader } from './shape.ts'
import type { Mapping } from './shape.ts'
import { unpackTarball } from './tar-archive.ts'
import { installable, newestIn, rangeText, readVersion, reduceVersions, versionText } from './version-range.ts'
import { YamlFile } from './yaml-file.ts'

/** A package whose version is settled. `lock` is its entry in package-lock.yml, without the project's name. */
export interface PinnedPackage {
  readonly kind: Exclude<PackageSpec['kind'], 'private'>
  /** How messages call it. */
  readonly label: string
  readonly lock: Mapping
  /** `version 1.0.0`, `revision abc`, as dbt prints it. */
  readonly versionLabel: string
  /** The newest version that could be installed; undefined where there is no such thing. */
  readonly newest?: string | undefined
  readonly subdirectory?: string | undefined
  /** The project's own name and what it asks for itself. */
  metadata(): Promise<PackageMetadata>
  /** Puts it into the packages folder under its name. */
  install(folder: string): Promise<void>
}

interface PackageMetadata {
  readonly name: string
  readonly packages: readonly PackageSpec[]
}

interface SourceOptions {
  readonly projectFolder: string
  readonly context: TemplateContext
  readonly fetch: typeof fetch
  readonly hubUrl: string | undefined
  readonly checksVersion: boolean
  readonly warn: (message: string) => void
}

/** Where packages come from. One lives for one invocation; `close` removes what was downloaded. */
export class PackageSources {
  readonly #options: SourceOptions
  readonly #hub: Hub
  readonly #downloads: string

  constructor(options: SourceOptions) {
    this.#options = options
    this.#hub = new Hub(options.hubUrl, options.fetch)
    this.#downloads = mkdtempSync(join(tmpdir(), 'dbt-downloads-'))
  }

  close(): void {
    rmSync(this.#downloads, { recursive: true, force: true })
  }

  /** Settles the version of what every asker wants of one package. Throws TRANSFORM_PACKAGES_UNRESOLVED. */
  async pin(spec: PackageSpec): Promise<PinnedPackage> {
    if (spec.kind === 'local') return this.#local(spec.local)
    if (spec.kind === 'tarball') return this.#tarball(spec)
    if (spec.kind === 'git') return this.#git(spec)
    if (spec.kind === 'hub') return this.#fromHub(spec)
    throw failure(
      `Cannot resolve private package ${spec.private} because git provider integration is missing. Please use a "git" package instead.`,
    )
  }

  #read(folder: string): PackageMetadata {
    const path = join(folder, 'dbt_project.yml')
    if (!existsSync(path)) throw failure(`no dbt_project.yml found at expected path ${path}`)
    const file = YamlFile.read(path, path)
    const reader = new Reader(file)
    const { name } = reader.mapping(file.value, [])
    return {
      name: reader.text(renderConfiguration(name, this.#options.context, path), ['name']),
      packages: wantedPackages(folder, this.#options.context).specs,
    }
  }

  #local(local: string): PinnedPackage {
    // dbt looks for a package's own local packages beside the root project, too.
    const source = resolve(this.#options.projectFolder, local)
    const metadata = async (): Promise<PackageMetadata> => Promise.resolve(this.#read(source))
    return {
      kind: 'local',
      label: local,
      lock: { local },
      versionLabel: `<local @ ${local}>`,
      metadata,
      install: async (folder) => {
        link(source, await emptied(folder, metadata))
      },
    }
  }

  #tarball({ tarball, name, written }: Extract<PackageSpec, { kind: 'tarball' }>): PinnedPackage {
    const unpacked = once(async () => {
      const into = join(this.#downloads, `${slug(name)}_untarred`)
      mkdirSync(into, { recursive: true })
      const bytes = await this.#hub.download(tarball)
      coded(() => unpackTarball(bytes, into))
      const [only, ...others] = readdirSync(into)
      if (only === undefined || others.length > 0)
        throw failure(
          `Incorrect structure for package extracted from ${tarball}. The extracted package needs to follow the structure ${name}/<package_contents>.`,
        )
      return join(into, only)
    })
    const metadata = async (): Promise<PackageMetadata> => ({ ...this.#read(await unpacked()), name })
    return {
      kind: 'tarball',
      label: name,
      lock: { tarball: written['tarball'] ?? tarball, name },
      versionLabel: `tarball (url: ${tarball})`,
      metadata,
      install: async (folder) => {
        move(await unpacked(), await emptied(folder, metadata))
      },
    }
  }

  #git(spec: Extract<PackageSpec, { kind: 'git' }>): PinnedPackage {
    const { git, subdirectory } = spec
    const wanted = new Set(spec.revisions)
    const label = subdirectory === undefined ? git : `${git}/${subdirectory}`
    if (wanted.size > 1)
      throw failure(`git dependencies should contain exactly one version. ${label} contains: ${[...wanted].join(', ')}`)
    const revision = spec.revisions[0] ?? 'HEAD'
    if (spec.warnsUnpinned && ['HEAD', 'main', 'master'].includes(revision))
      this.#options.warn(
        `The git package "${git}" is not pinned, using ${revision} (default branch). This can introduce breaking changes into your project without warning! See https://docs.getdbt.com/docs/package-management#section-specifying-package-versions`,
      )
    const checkout = once(() => coded(() => checkOut({ git, revision, subdirectory }, this.#downloads)))
    const metadata = async (): Promise<PackageMetadata> => Promise.resolve(this.#read(checkout().folder))
    return {
      kind: 'git',
      label,
      get lock(): Mapping {
        const place = subdirectory === undefined ? {} : { subdirectory }
        return { git: spec.written['git'] ?? git, revision: checkout().commit, ...place }
      },
      versionLabel: revision === 'HEAD' ? 'HEAD (default revision)' : `revision ${revision}`,
      subdirectory,
      metadata,
      install: async (folder) => {
        move(checkout().folder, await emptied(folder, metadata))
      },
    }
  }

  async #fromHub(spec: Extract<PackageSpec, { kind: 'hub' }>): Promise<PinnedPackage> {
    const { package: name } = spec
    if (!(await this.#hub.has(name))) throw failure(`Package ${name} was not found in the package index`)
    const { version, newest } = await this.#version(spec)
    const found = (await this.#hub.versions(name))[version]
    if (found === undefined) throw failure(`Package ${name} has no version ${version}`)
    const metadata = async (): Promise<PackageMetadata> =>
      Promise.resolve({ name: found.name, packages: found.packages.map((one) => specOf(one, one, name)) })
    return {
      kind: 'hub',
      label: name,
      lock: { package: name, version },
      versionLabel: `version ${version}`,
      newest,
      metadata,
      install: async (folder) => {
        const into = mkdtempSync(join(this.#downloads, `${slug(name)}-`))
        const bytes = await this.#hub.download(found.downloads.tarball)
        coded(() => unpackTarball(bytes, into))
        const [top = '', ...others] = readdirSync(into)
        move(others.length === 0 ? join(into, top) : into, await emptied(folder, metadata))
      },
    }
  }

  async #version(spec: Extract<PackageSpec, { kind: 'hub' }>): Promise<{ version: string; newest: string }> {
    const { package: name } = spec
    const checked = this.#options.checksVersion
    const wanted = coded(() => spec.versions.map(readVersion))
    const range = versionRange(name, wanted)
    const prerelease = spec.prerelease || wanted.some((one) => one.prerelease !== undefined)
    const compatible = await this.#hub.compatibleVersions(name, checked)
    const versions = coded(() => installable(compatible, prerelease))
    const [version, newest] = [newestIn(range, versions), versions.at(-1)]
    if (version !== undefined && newest !== undefined) return { version, newest }
    const hidden = checked
      ? '\n  Not shown: package versions incompatible with installed version of dbt-core\n  To include them, run with --no-version-check'
      : ''
    throw failure(
      `Could not find a matching compatible version for package ${name}\n  Requested range: ${rangeText(range)}\n  Compatible versions: [${versions.map((one) => `'${one}'`).join(', ')}]${hidden}`,
    )
  }
}

function versionRange(name: string, wanted: ReturnType<typeof readVersion>[]) {
  try {
    return reduceVersions(wanted)
  } catch (error) {
    const options = wanted.map((one) => `'${versionText(one)}'`).join(', ')
    throw failure(
      error instanceof Error
        ? `Version error for package ${name}: ${error.message}`
        : `Version error for package ${name}: ${options}`,
    )
  }
}

function once<Result>(work: () => Result): () => Result {
  let held: { readonly value: Result } | undefined
  return () => {
    held ??= { value: work() }
    return held.value
  }
}

const slug = (name: string): string => name.replaceAll(/[^\w.-]+/g, '_')

/** Where a package goes, with what was there before gone. Throws TRANSFORM_PACKAGES_UNRESOLVED for a name that leads out of the folder. */
async function emptied(folder: string, metadata: () => Promise<PackageMetadata>): Promise<string> {
  const { name } = await metadata()
  const path = resolve(folder, name)
  if (!path.startsWith(resolve(folder) + sep))
    throw failure(`Invalid package name '${name}': resolves outside of the packages-install-path ('${folder}')`)
  mkdirSync(folder, { recursive: true })
  if (existsSync(path) || lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    rmSync(path, { recursive: true, force: true })
  return path
}

/** A link, as dbt makes one: a package that is being worked on is always the current one. */
function link(source: string, path: string): void {
  symlinkSync(relative(resolve(path, '..'), source), path, 'dir')
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // The folder of downloads may lie on another disk, where nothing can be renamed to here.
    cpSync(from, to, { recursive: true, verbatimSymlinks: true })
    rmSync(from, { recursive: true, force: true })
  }
}
