import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { MillraceError } from './domain/errors.ts'
import type { ConfigPath } from './config-locate.ts'
import { connectionVariables } from './sandbox/connections.ts'

/** Where a value came from; the order is the precedence, the strongest first. */
export type Origin =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'dotenv'; readonly file: string; readonly line: number; readonly name: string }
  | { readonly kind: 'config' }
  | { readonly kind: 'default' }

export interface Variable {
  readonly value: string
  readonly origin: Origin
}

/** The variables that a project sees: the process's, else `.env.local`'s, else `.env`'s; nothing is written into the process. */
export interface Environment {
  /** The variable, or the content of the file that `<NAME>_FILE` names. Throws CONFIG_SECRET_FILE when that cannot be read. */
  get(name: string): Variable | undefined
  /** Names that begin with the prefix, without the `_FILE` of those that are given by file. */
  names(prefix: string): readonly string[]
}

export type EnvironmentInput = Readonly<Record<string, string | undefined>>

export function readEnvironment(projectDir: string, env: EnvironmentInput): Environment {
  const layers: readonly ReadonlyMap<string, Variable>[] = [
    new Map(
      Object.entries(env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, { value, origin: { kind: 'env', name } }] as const],
      ),
    ),
    dotenv(join(projectDir, '.env.local')),
    dotenv(join(projectDir, '.env')),
  ]
  const plain = (name: string) => layers.map((layer) => layer.get(name)).find((found) => found !== undefined)
  return {
    get(name) {
      const byName = plain(name)
      if (byName) return byName
      const byFile = plain(`${name}_FILE`)
      return byFile && { value: readSecretFile(byFile.value, projectDir), origin: byFile.origin }
    },
    names(prefix) {
      const all = layers.flatMap((layer) => [...layer.keys()]).filter((name) => name.startsWith(prefix))
      return [...new Set(all.map((name) => name.replace(/_FILE$/, '')))].sort()
    },
  }
}

function dotenv(file: string): ReadonlyMap<string, Variable> {
  if (!existsSync(file)) return new Map()
  const text = readFileSync(file, 'utf8')
  const lines = text.split('\n')
  const lineOf = (name: string) =>
    lines.findIndex((line) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line)) + 1
  return new Map(
    Object.entries(parseEnv(text)).map(([name, value = '']) => [
      name,
      { value, origin: { kind: 'dotenv', file, line: lineOf(name), name } },
    ]),
  )
}

/** A secret kept in a file; editors and `echo` end it with a line break that is no part of it. */
export function readSecretFile(path: string, projectDir: string): string {
  const file = resolve(projectDir, path)
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new MillraceError(
      'CONFIG_SECRET_FILE',
      { file, detail: (cause as NodeJS.ErrnoException).code ?? '' },
      { cause },
    )
  }
}

/** A value put over what the file says. */
export interface Override {
  readonly path: ConfigPath
  readonly value: unknown
  readonly origin: Origin
}

type Tree = Record<string, unknown>

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy whose objects may be written to; what is no plain data (a function, a date) stays what it is and fails the check later. */
export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied)
  if (!isTree(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copied(member)]))
}

/** Writes the value into the tree, making the objects on the way; a scalar in the way is replaced, because the stronger layer wins. */
export function setAt(tree: Tree, path: ConfigPath, value: unknown): void {
  const [key, ...rest] = path
  if (key === undefined) return
  if (rest.length === 0) {
    tree[key] = value
    return
  }
  if (!isTree(tree[key])) tree[key] = {}
  setAt(tree[key] as Tree, rest, value)
}

/** What the environment puts over the configuration `tree`, weakest first. */
export function environmentOverrides(tree: Tree, environment: Environment): readonly Override[] {
  const named = connectionVariables.flatMap(({ name, connector, option }) => {
    const found = environment.get(name)
    return found
      ? Object.entries(isTree(tree['connections']) ? tree['connections'] : {})
          .filter(([, one]) => isTree(one) && one['connector'] === connector)
          .map(([key]): Override => ({ path: ['connections', key, option], ...found }))
      : []
  })
  const general = environment.names('MILLRACE__').flatMap((name): readonly Override[] => {
    const found = environment.get(name)
    return found ? [{ path: pathOf(tree, name.slice('MILLRACE__'.length).split('__')), ...found }] : []
  })
  return [...databaseOverrides(tree, environment), ...named, ...general]
}

/** A Postgres of one's own is a URL and nothing else: it also chooses the adapter. */
function databaseOverrides(tree: Tree, environment: Environment): readonly Override[] {
  const found = environment.get('MILLRACE_DATABASE_URL')
  if (!found) return []
  const isOwn = isTree(tree['warehouse']) && tree['warehouse']['adapter'] === 'postgres'
  if (isOwn) return [{ path: ['warehouse', 'url'], ...found }]
  // The options of the embedded one mean nothing to yours.
  return [
    { path: ['warehouse'], value: {}, origin: found.origin },
    { path: ['warehouse', 'adapter'], value: 'postgres', origin: found.origin },
    { path: ['warehouse', 'url'], ...found },
  ]
}

const flat = (word: string) => word.toLowerCase().replaceAll(/[_-]/g, '')

/** `CONNECTIONS__GOOGLE_KR__CLIENT_ID` → connections.google_kr.clientId: a key that is there is met in whatever case it has. */
function pathOf(tree: Tree, words: readonly string[]): ConfigPath {
  let level: unknown = tree
  return words.map((word, index) => {
    const known = isTree(level) ? Object.keys(level).find((key) => flat(key) === flat(word)) : undefined
    const isOwnName = index === 1 && /^(CONNECTIONS|NOTIFY)$/i.test(words[0] ?? '')
    const key = known ?? (isOwnName ? word.toLowerCase() : camel(word))
    level = isTree(level) ? level[key] : undefined
    return key
  })
}

function camel(word: string): string {
  return word.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
