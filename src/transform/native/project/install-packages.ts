import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TemplateContext } from '../jinja/macro.ts'
import { fromHost } from '../jinja/json.ts'
import { configurationContext, renderConfiguration } from './configuration-context.ts'
import type { Environment } from './configuration-context.ts'
import { PackageSources } from './package-sources.ts'
import type { PinnedPackage } from './package-sources.ts'
import { failure, packagesHash, specOf, wantedPackages } from './package-specs.ts'
import type { PackageSpec, WantedPackages } from './package-specs.ts'
import type { Project } from './project-file.ts'
import { Reader, isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'
import { YamlFile } from './yaml-file.ts'
import { toYaml } from './yaml-writer.ts'

const LOCK = 'package-lock.yml'

interface AddedPackage {
  readonly name: string
  readonly version: string | undefined
  readonly source: 'hub' | 'git' | 'local'
}

interface InstallOptions {
  readonly vars: Mapping
  readonly env: Environment
  readonly fetch: typeof fetch
  /** Resolve anew although the lock fits. */
  readonly upgrade: boolean
  /** Write the lock and install nothing. */
  readonly lockOnly: boolean
  readonly add: AddedPackage | undefined
  readonly checksVersion: boolean
  readonly say: (line: string) => void
}

/**
 * dbt's `deps`: resolves what the project asks for when package-lock.yml does not fit it, writes the lock, and installs what the lock says.
 * Throws TRANSFORM_PACKAGES_UNRESOLVED and TRANSFORM_PACKAGES_UNREACHABLE; nothing installed is touched before everything is resolved.
 */
export async function installPackages(root: Project, options: InstallOptions): Promise<void> {
  const context = configurationContext(options.env, options.vars, new Map(), true)
  if (options.add !== undefined) addPackage(root, options.add, options.say)
  const asked = wantedPackages(root.folder, context)
  // dbt counts a package that it has just added without what was written, so that the next `deps` locks once more; so does this.
  const wanted =
    options.add === undefined ? asked : { ...asked, specs: asked.specs.map((spec) => ({ ...spec, written: {} })) }
  const sources = new PackageSources({
    projectFolder: root.folder,
    context,
    fetch: options.fetch,
    hubUrl: options.env['DBT_PACKAGE_HUB_URL'],
    checksVersion: options.checksVersion,
    warn: options.say,
  })
  try {
    if (wanted.specs.length === 0) return options.say('Warning: No packages were found in packages.yml')
    if (options.upgrade || lockHash(root.folder) !== packagesHash(wanted.specs))
      await writeLock(root, wanted, sources, options)
    if (!options.lockOnly) await installLocked(root, context, sources, options.say)
  } finally {
    sources.close()
  }
}

function lockHash(folder: string): unknown {
  const path = join(folder, LOCK)
  if (!existsSync(path)) return undefined
  const { value } = YamlFile.read(path, LOCK)
  return isMapping(value) ? value['sha1_hash'] : undefined
}

async function writeLock(
  root: Project,
  wanted: WantedPackages,
  sources: PackageSources,
  options: InstallOptions,
): Promise<void> {
  const pinned = await resolved(wanted.specs, sources)
  const names = new Set<string>()
  const entries: Mapping[] = []
  for (const one of pinned) {
    const { name } = await one.metadata()
    if (name === root.name)
      throw failure(
        `Found a dependency with the same name as the root project "${name}". Package names must be unique in a project. Please rename one of these packages.`,
      )
    if (names.has(name))
      throw failure(
        `Found duplicate project "${name}". This occurs when a dependency has the same project name as some other dependency.`,
      )
    names.add(name)
    entries.push({ ...one.lock, name })
  }
  const path = join(root.folder, LOCK)
  writeFileSync(path, indented({ packages: entries, sha1_hash: packagesHash(wanted.specs) }))
  options.say(`Updating lock file in file path: ${path}`)
}

/** As dbt writes it: keys in order, the entries of a list a step further in. */
function indented(content: Mapping): string {
  return toYaml(fromHost(content), { sortKeys: true, indentsLists: true })
}

/** The names by which two askers may mean one package: git addresses with and without their ending. */
function keysOf(spec: PackageSpec): string[] {
  if (spec.kind === 'git') {
    const tail = spec.subdirectory === undefined ? '' : `/${spec.subdirectory}`
    const other = spec.git.endsWith('.git') ? spec.git.slice(0, -4) : `${spec.git}.git`
    return [`${spec.git}${tail}`, `${other}${tail}`]
  }
  if (spec.kind === 'hub') return [spec.package]
  return [spec.kind === 'local' ? spec.local : spec.kind === 'tarball' ? spec.tarball : spec.private]
}

class Listing {
  readonly packages = new Map<string, PackageSpec>()

  add(spec: PackageSpec): PackageSpec {
    const keys = keysOf(spec)
    const key = keys.find((one) => this.packages.has(one)) ?? keys[0] ?? ''
    const held = this.packages.get(key)
    const both = held === undefined ? spec : together(held, spec, key)
    this.packages.set(key, both)
    return both
  }
}

function together(held: PackageSpec, added: PackageSpec, key: string): PackageSpec {
  if (held.kind === 'hub' && added.kind === 'hub') return { ...held, versions: [...held.versions, ...added.versions] }
  if (held.kind === 'git' && added.kind === 'git')
    return {
      ...held,
      revisions: [...held.revisions, ...added.revisions],
      warnsUnpinned: held.warnsUnpinned && added.warnsUnpinned,
    }
  if (held.kind !== added.kind)
    throw failure(`Cannot incorporate ${key} (${added.kind}) in ${key} (${held.kind}): mismatched types`)
  return held
}

/** Everything that is asked for, directly or by a package: a round for each step away from the project. */
async function resolved(specs: readonly PackageSpec[], sources: PackageSources): Promise<PinnedPackage[]> {
  const final = new Listing()
  let pending = [...specs]
  while (pending.length > 0) {
    const round = new Listing()
    for (const spec of pending) round.add(spec)
    const next: PackageSpec[] = []
    for (const spec of round.packages.values()) {
      const target = await sources.pin(final.add(spec))
      next.push(...(await target.metadata()).packages)
    }
    pending = next
  }
  const pinned: PinnedPackage[] = []
  for (const spec of final.packages.values()) pinned.push(await sources.pin(spec))
  return pinned
}

async function installLocked(
  root: Project,
  context: TemplateContext,
  sources: PackageSources,
  say: (line: string) => void,
): Promise<void> {
  const file = YamlFile.read(join(root.folder, LOCK), LOCK)
  const { packages } = new Reader(file).mapping(file.value, []) as { packages?: unknown }
  const entries = new Reader(file).list(packages, ['packages'])
  const specs = entries.map((written) => specOf(renderConfiguration(written, context, LOCK), written, LOCK))
  const pinned: PinnedPackage[] = []
  for (const spec of specs) pinned.push(await sources.pin(spec))
  // Only when every package is known to exist does the folder of the old ones go.
  for (const one of pinned) await one.metadata()
  rmSync(root.packagesFolder, { recursive: true, force: true })
  const outdated: string[] = []
  for (const one of pinned) {
    say(`Installing ${one.label}`)
    await one.install(root.packagesFolder)
    say(`Installed from ${one.versionLabel}`)
    if (one.newest !== undefined && one.newest !== one.lock['version']) {
      outdated.push(one.label)
      say(`Updated version available: ${one.newest}`)
    } else if (one.newest !== undefined) say('Up to date!')
    if (one.subdirectory !== undefined) say(`and subdirectory ${one.subdirectory}`)
  }
  if (outdated.length > 0)
    say(
      `Updates available for packages: [${outdated.map((name) => `'${name}'`).join(', ')}]\nUpdate your versions in packages.yml, then run dbt deps`,
    )
}

/** `--add-package`: the entry goes to the end of packages.yml, and others of the same package go out. */
function addPackage(root: Project, added: AddedPackage, say: (line: string) => void): void {
  const name =
    !existsSync(join(root.folder, 'packages.yml')) && asksForPackages(root.folder) ? 'dependencies.yml' : 'packages.yml'
  const path = join(root.folder, name)
  if (!existsSync(path)) {
    writeFileSync(path, 'packages: []\n')
    say('Created packages.yml')
  }
  const { value } = YamlFile.parse(readFileSync(path, 'utf8'), name)
  const content = isMapping(value) ? value : {}
  const held = new Reader(YamlFile.read(path, name)).list(content['packages'], ['packages'])
  const kept = held.filter((entry) => !(isMapping(entry) && means(entry, added.name)))
  for (const entry of held)
    if (!kept.includes(entry)) say(`Found duplicate package in packages.yml, removing: ${JSON.stringify(entry)}`)
  writeFileSync(path, indented({ ...content, packages: [...kept, entryOf(added)] }))
  say(`Added new package ${added.name}@${added.version ?? ''} to ${path}`)
}

function asksForPackages(folder: string): boolean {
  const name = 'dependencies.yml'
  if (!existsSync(join(folder, name))) return false
  const { value } = YamlFile.read(join(folder, name), name)
  return isMapping(value) && value['packages'] !== undefined
}

function entryOf({ name, version, source }: AddedPackage): Mapping {
  const key = source === 'hub' ? 'package' : source
  const versions = version?.includes(',') === true ? version.split(',') : version
  return { [key]: name, ...(version === undefined ? {} : { [source === 'git' ? 'revision' : 'version']: versions }) }
}

/** Whether an entry is the package of that name, with `-` and `_` alike, whole between `/` and `.`. */
function means(entry: Mapping, name: string): boolean {
  const identifier = ['package', 'git', 'local', 'tarball', 'private'].map((key) => entry[key]).find(Boolean)
  if (typeof identifier !== 'string') return false
  const names = [name, name.split('/').at(-1) ?? name]
  const variants = names.flatMap((one) => [one, one.replaceAll('_', '-'), one.replaceAll('-', '_')])
  return variants.some((variant) => {
    const at = identifier.indexOf(variant)
    if (at < 0) return false
    const [before, after] = [identifier[at - 1], identifier[at + variant.length]]
    return (before === undefined || '/.'.includes(before)) && (after === undefined || '/.'.includes(after))
  })
}
