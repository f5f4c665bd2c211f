import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { PackageFailure } from './package-failure.ts'

interface GitSource {
  readonly git: string
  readonly revision: string
  readonly subdirectory: string | undefined
}

/** A checkout of a revision in the folder of downloads. */
interface GitCheckout {
  /** The package: the repository's folder, or the one inside it that was asked for. */
  readonly folder: string
  readonly commit: string
}

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

/** Clones as dbt clones: shallow, and of a subdirectory only its part. Throws TRANSFORM_PACKAGES_UNREACHABLE and PackageFailure. */
export function checkOut(source: GitSource, downloads: string): GitCheckout {
  const { git: repository, revision, subdirectory } = source
  const name = createHash('md5')
    .update(`${repository}/${subdirectory ?? ''}`)
    .digest('hex')
  const folder = join(downloads, name)
  if (!existsSync(folder)) clone(source, downloads, name)
  const fetched = ['fetch', 'origin', '--depth', '1']
  if (isCommit(revision)) git(folder, [...fetched, revision], source)
  else {
    git(folder, ['remote', 'set-branches', 'origin', revision], source)
    git(folder, [...fetched, '--tags', revision], source)
  }
  const tags = git(folder, ['tag', '--list'], source).trim().split('\n')
  // dbt prefers a tag to a branch of the same name.
  const spec = isCommit(revision) ? revision : tags.includes(revision) ? `tags/${revision}` : `origin/${revision}`
  git(folder, ['reset', '--hard', spec], source)
  const commit = git(folder, ['rev-parse', 'HEAD'], source).trim()
  const inner = join(folder, subdirectory ?? '')
  if (!existsSync(join(inner, 'dbt_project.yml')))
    throw new PackageFailure(
      `There is no dbt_project.yml in ${repository}${subdirectory === undefined ? '' : `/${subdirectory}`} at ${revision}`,
    )
  return { folder: inner, commit }
}

function clone(source: GitSource, downloads: string, name: string): void {
  const sparse = source.subdirectory === undefined ? [] : ['--filter=blob:none', '--sparse']
  git(downloads, ['clone', '--depth', '1', ...sparse, '--', source.git, name], source)
  if (source.subdirectory !== undefined)
    git(join(downloads, name), ['sparse-checkout', 'set', '--', source.subdirectory], source)
}

function git(folder: string, words: readonly string[], source: GitSource): string {
  // Nobody can answer a question for a password here.
  const env = { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
  const done = spawnSync('git', words, { cwd: folder, encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  if (done.status === 0) return done.stdout
  const message = done.error === undefined ? lastLine(done.stderr) : done.error.message
  throw new MillraceError('TRANSFORM_PACKAGES_UNREACHABLE', {
    source: `${source.git} (${source.revision})`,
    message: `git ${words[0] ?? ''}: ${message}`,
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
