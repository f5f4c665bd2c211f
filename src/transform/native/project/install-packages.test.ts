import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingClock } from '../../../domain/clock.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { defaultDbtFolder } from '../../dbt-core.ts'
import { parseDbtArguments } from '../../dbt-command.ts'
import { installedVersion, pinnedDbt } from '../../dbt-install.ts'
import { nativeRunner } from '../../native.ts'

const dbtFolder = defaultDbtFolder(process.env)
const absent = installedVersion(dbtFolder) !== pinnedDbt.core
const long = process.env['MILLRACE_LONG'] === '1'
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

const work = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-packages-')))
let hub: Server
let hubUrl: string
/** What was asked of the hub, so that a test can say that nothing was. */
const asked: string[] = []

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function git(folder: string, ...words: string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  }
  return execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words], {
    cwd: folder,
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

interface Release {
  readonly name: string
  readonly version: string
  readonly packages?: readonly object[]
  readonly requires?: readonly string[]
}

/** A tiny world of packages: tools has a prerelease and one that needs a dbt of the future; base needs tools and helper of its own. */
const releases: readonly Release[] = [
  ...['0.9.0', '1.0.0', '1.1.0', '1.2.0', '2.0.0-b1'].map((version) => ({ name: 'tools', version })),
  { name: 'tools', version: '3.0.0', requires: ['>=9.0.0'] },
  { name: 'base', version: '0.1.0', packages: [{ package: 'acme/tools', version: ['>=1.0.0', '<1.2.0'] }] },
  {
    name: 'base',
    version: '0.2.0',
    packages: [{ package: 'acme/tools', version: ['>=1.2.0', '<2.0.0'] }],
    requires: ['>=1.3.0', '<2.0.0'],
  },
]

function tarball(name: string, version: string): Buffer {
  const folder = mkdtempSync(join(work, 'release-'))
  write(join(folder, `${name}-${version}`), {
    'dbt_project.yml': `name: ${name}\nversion: "${version}"\n`,
    [`macros/${name}.sql`]: `{% macro version_of_${name}() %}${version}{% endmacro %}`,
    [`models/${'long_folder_name/'.repeat(8)}one.sql`]: 'select 1 as id',
  })
  return execFileSync('tar', ['-cz', '-C', folder, `${name}-${version}`])
}

function answer(path: string): string | Buffer | undefined {
  if (path === '/api/v1/index.json') return JSON.stringify(['acme/tools', 'acme/base'])
  const archive = /^\/archive\/(\w+)-(.+)\.tar\.gz$/.exec(path)
  if (archive !== null) return tarball(archive[1] ?? '', archive[2] ?? '')
  const name = /^\/api\/v1\/acme\/(\w+)\.json$/.exec(path)?.[1]
  const all = releases.filter((release) => release.name === name)
  if (name === undefined || all.length === 0) return undefined
  const versions = all.map(({ version, packages = [], requires = [] }) => [
    version,
    {
      id: `acme/${name}/${version}`,
      name,
      version,
      packages,
      require_dbt_version: requires,
      downloads: { tarball: `${hubUrl}archive/${name}-${version}.tar.gz`, format: 'tgz', sha1: '' },
    },
  ])
  return JSON.stringify({ name, namespace: 'acme', versions: Object.fromEntries(versions) as object })
}

beforeAll(async () => {
  hub = createServer((request, response) => {
    asked.push(request.url ?? '')
    const body = answer(request.url ?? '')
    if (body === undefined) response.writeHead(404).end()
    else response.end(body)
  })
  await new Promise<void>((done) => hub.listen(0, '127.0.0.1', done))
  hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}/`
  const repository = join(work, 'repository')
  write(repository, {
    'dbt_project.yml': 'name: whole\n',
    'macros/whole.sql': 'one',
    'inner/dbt_project.yml': 'name: inner_part\n',
    'inner/packages.yml': 'packages:\n  - package: acme/tools\n    version: 1.1.0\n',
  })
  git(repository, 'init', '-q', '-b', 'main')
  git(repository, 'config', 'uploadpack.allowFilter', 'true')
  git(repository, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
  git(repository, 'add', '-A')
  git(repository, 'commit', '-q', '-m', 'one')
  git(repository, 'tag', 'v1')
  write(repository, { 'macros/whole.sql': 'two' })
  git(repository, 'commit', '-q', '-a', '-m', 'two')
  write(join(work, 'beside'), {
    'dbt_project.yml': 'name: beside\n',
    'packages.yml': 'packages:\n  - local: ../second\n',
  })
  write(join(work, 'second'), { 'dbt_project.yml': 'name: second\n' })
})

afterAll(async () => {
  await new Promise((done) => hub.close(done))
  rmSync(work, { recursive: true })
})

function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(work, 'project-'))
  write(folder, {
    'dbt_project.yml': 'name: root\nprofile: p\n',
    'profiles.yml':
      'p: {target: t, outputs: {t: {type: postgres, host: h, port: 1, user: u, password: p, dbname: d, schema: s}}}\n',
    ...files,
  })
  return folder
}

async function deps(folder: string, words = '', env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const lines: string[] = []
  const request = parseDbtArguments(
    ['deps', ...words.split(' ').filter(Boolean)],
    { DBT_PACKAGE_HUB_URL: hubUrl, ...env },
    folder,
  )
  await nativeRunner(standingClock(0)).invoke(request, (event) => {
    if (event.kind === 'output') lines.push(event.line)
  })
  return lines
}

async function refusal(folder: string, words = '', env: Readonly<Record<string, string>> = {}): Promise<string> {
  const error: unknown = await deps(folder, words, env).catch((thrown: unknown) => thrown)
  if (!(error instanceof MillraceError)) throw new Error('deps was not refused')
  return `${error.code}: ${String(error.facts['message'] ?? '')}`
}

const lockOf = (folder: string): string => readFileSync(join(folder, 'package-lock.yml'), 'utf8')
const installed = (folder: string): string[] => readdirSync(join(folder, 'dbt_packages')).sort()

/** Every installed file with its text, without git's own. */
function contents(folder: string): string[] {
  return installed(folder).flatMap((name) => {
    const top = join(folder, 'dbt_packages', name)
    const entries = readdirSync(realpathSync(top), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.git'))
      .map((entry) => `${name}/${entry.name}: ${readFileSync(join(entry.parentPath, entry.name), 'utf8')}`)
      .sort()
  })
}

/** Every kind at once. */
const everything = (): string => `packages:
  - package: acme/base
    version: [">=0.1.0", "<1.0.0"]
  - git: "{{ env_var('REPOSITORY') }}"
    revision: v1
  - git: file://${join(work, 'repository')}
    revision: main
    subdirectory: inner
  - local: ../beside
  - tarball: ${hubUrl}archive/loose-1.0.0.tar.gz
    name: loose
`

describe('deps', () => {
  test('every kind of package is resolved, locked and installed, with what each asks for itself', async () => {
    const folder = project({
      'packages.yml': everything().replace('acme/base', 'acme/base').replace('[">=0.1.0", "<1.0.0"]', '0.1.0'),
    })
    const lines = await deps(folder, '', { REPOSITORY: `file://${join(work, 'repository')}` })
    expect(installed(folder)).toEqual(['base', 'beside', 'inner_part', 'loose', 'second', 'tools', 'whole'])
    expect(readFileSync(join(folder, 'dbt_packages/whole/macros/whole.sql'), 'utf8')).toBe('one')
    expect(readFileSync(join(folder, 'dbt_packages/tools/macros/tools.sql'), 'utf8')).toContain('1.1.0')
    expect(lines).toContain('Installed from version 1.1.0')
    expect(lines).toContain('Updated version available: 1.2.0')
    expect(lockOf(folder)).toContain('  - name: tools\n    package: acme/tools\n    version: 1.1.0\n')
    expect(lockOf(folder)).toContain(`git: '{{ env_var(''REPOSITORY'') }}'`)
    // A second call finds the lock in order: the versions are not sought again.
    const before = lockOf(folder)
    await deps(folder, '', { REPOSITORY: `file://${join(work, 'repository')}` })
    expect(lockOf(folder)).toBe(before)
  })

  test('the newest version that all askers and this dbt accept is taken; prereleases only when asked for', async () => {
    const wanted = async (version: string, more = ''): Promise<string> => {
      const folder = project({ 'packages.yml': `packages:\n  - package: acme/tools\n    version: ${version}\n${more}` })
      await deps(folder, '--lock')
      return /version: (.*)/.exec(lockOf(folder))?.[1] ?? ''
    }
    expect(await wanted('">=1.0.0"')).toBe('1.2.0')
    expect(await wanted('[">0.9.0", "<1.1.0"]')).toBe('1.0.0')
    expect(await wanted('"<=1.1.0"')).toBe('1.1.0')
    expect(await wanted('">=1.0.0"', '    install_prerelease: true\n')).toBe('2.0.0-b1')
    expect(await wanted('[">=1.0.0", "<2.0.0"]', '    install_prerelease: true\n')).toBe('1.2.0')
    expect(await wanted('2.0.0-b1')).toBe('2.0.0-b1')
  })

  test('the lock holds until it is upgraded or the list changes', async () => {
    const folder = project({
      'packages.yml': 'packages:\n  - package: acme/tools\n    version: [">=1.0.0", "<9.0.0"]\n',
    })
    await deps(folder)
    const older = lockOf(folder).replace('1.2.0', '1.0.0')
    writeFileSync(join(folder, 'package-lock.yml'), older)
    const lines = await deps(folder)
    expect(lockOf(folder)).toBe(older)
    expect(lines).toContain('Updated version available: 1.2.0')
    await deps(folder, '--upgrade')
    expect(lockOf(folder)).toContain('version: 1.2.0')
    await deps(folder, '--add-package acme/base@0.1.0').catch(() => undefined)
    expect(readFileSync(join(folder, 'packages.yml'), 'utf8')).toBe(
      "packages:\n  - package: acme/tools\n    version:\n      - '>=1.0.0'\n      - <9.0.0\n  - package: acme/base\n    version: 0.1.0\n",
    )
    expect(lockOf(folder)).toContain('version: 1.1.0')
  })

  test('dependencies.yml is read when packages.yml asks for none, and its Jinja is left alone', async () => {
    const folder = project({ 'dependencies.yml': 'packages:\n  - package: acme/tools\n    version: 1.0.0\n' })
    await deps(folder)
    expect(installed(folder)).toEqual(['tools'])
    writeFileSync(join(folder, 'packages.yml'), 'packages: []\n')
    expect(await refusal(folder)).toContain('both packages.yml and dependencies.yml')
  })

  test.for<[string, string, RegExp]>([
    [
      'a version that nobody has',
      'package: acme/tools\n    version: 7.0.0',
      /UNRESOLVED: Could not find a matching compatible version for package acme\/tools\n {2}Requested range: =7.0.0, =7.0.0\n {2}Compatible versions: \['0.9.0', '1.0.0', '1.1.0', '1.2.0'\]/,
    ],
    [
      'versions that exclude each other',
      'package: acme/tools\n    version: 0.9.0\n  - package: acme/base\n    version: 0.1.0',
      /UNRESOLVED: Version error for package acme\/tools: Could not find a satisfactory version from options: \['=0.9.0', '>=1.0.0', '<1.2.0'\]/,
    ],
    [
      'a package that is not on the hub',
      'package: acme/nothing\n    version: 1.0.0',
      /UNRESOLVED: Package acme\/nothing was not found in the package index/,
    ],
    ['no version', 'package: acme/tools', /UNRESOLVED: acme\/tools is missing the version/],
    [
      'no namespace',
      'package: tools\n    version: 1.0.0',
      /UNRESOLVED: tools was not found in the package index\. Packages on the index require a namespace/,
    ],
    [
      'a version that is none',
      'package: acme/tools\n    version: newest',
      /UNRESOLVED: "newest" is not a valid semantic version/,
    ],
    ['a private package', 'private: acme/secret', /UNRESOLVED: Cannot resolve private package acme\/secret/],
    ['a folder without a project', 'local: ../nowhere', /UNRESOLVED: no dbt_project.yml found/],
    ['a revision that is not there', 'git: file://REPO\n    revision: v9', /UNREACHABLE: git (?:fetch|clone)/],
    [
      'two revisions of one repository',
      'git: file://REPO\n    revision: v1\n  - git: file://REPO\n    revision: main',
      /UNRESOLVED: git dependencies should contain exactly one version/,
    ],
    ['an archive that is not there', 'tarball: HUBnothing.tar.gz\n    name: n', /UNREACHABLE: HTTP 404/],
    [
      'a name that the project has itself',
      'local: ../twin',
      /UNRESOLVED: Found a dependency with the same name as the root project "root"/,
    ],
  ])('%s is refused, and what was installed stays', async ([, entry, expected]) => {
    write(join(work, 'twin'), { 'dbt_project.yml': 'name: root\n' })
    const text = entry.replaceAll('REPO', join(work, 'repository')).replaceAll('HUB', hubUrl)
    const folder = project({
      'packages.yml': `packages:\n  - ${text}\n`,
      'dbt_packages/kept/dbt_project.yml': 'name: kept\n',
    })
    expect(await refusal(folder)).toMatch(expected)
    expect(installed(folder)).toEqual(['kept'])
  })

  test('a hub that is away is a coded refusal that says how to go on', async () => {
    const folder = project({ 'packages.yml': 'packages:\n  - package: acme/tools\n    version: 1.0.0\n' })
    expect(await refusal(folder, '', { DBT_PACKAGE_HUB_URL: 'http://127.0.0.1:9/' })).toMatch(
      /TRANSFORM_PACKAGES_UNREACHABLE: .*(?:ECONNREFUSED|bad port)/,
    )
  })

  test('an archive whose member leaves its folder is refused', async () => {
    const evil = mkdtempSync(join(work, 'evil-'))
    write(evil, { 'a/dbt_project.yml': 'name: a\n', x: 'out' })
    const bytes = execFileSync('tar', ['-cz', '-P', '--transform', 's,^x,../../x,', '-C', evil, 'a', 'x'])
    const server = createServer((_request, response) => response.end(bytes))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const folder = project({
      'packages.yml': `packages:\n  - tarball: http://127.0.0.1:${port}/a.tar.gz\n    name: a\n`,
    })
    expect(await refusal(folder)).toContain('outside its folder')
    await new Promise((done) => server.close(done))
  })

  test('real dbt-core locks and installs the same', { timeout: 120_000 }, async ({ skip }) => {
    if (!required)
      skip(
        absent || !long,
        long ? 'dbt-core is not installed: scripts/services.sh install dbt' : 'MILLRACE_LONG=1 asks dbt-core',
      )
    const files = { 'packages.yml': everything().replace('[">=0.1.0", "<1.0.0"]', '0.1.0') }
    const [ours, theirs] = [project(files), project(files)]
    const env = {
      REPOSITORY: `file://${join(work, 'repository')}`,
      DBT_PACKAGE_HUB_URL: hubUrl,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
    }
    await deps(ours, '', env)
    // The hub lives in this process, so dbt must not hold it up.
    const words = ['deps', '--project-dir', theirs, '--profiles-dir', theirs]
    const code = await new Promise((done) =>
      spawn(join(dbtFolder, 'bin/dbt'), words, { env: { ...process.env, ...env }, stdio: 'ignore' }).on('close', done),
    )
    expect(code).toBe(0)
    expect(lockOf(ours)).toBe(lockOf(theirs))
    expect(installed(ours)).toEqual(installed(theirs))
    expect(contents(ours)).toEqual(contents(theirs))
  })
})
