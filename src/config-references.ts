import type { Language } from './domain/errors.ts'
import { MillraceError, isMillraceError } from './domain/errors.ts'
import type { ConfigPath } from './config-locate.ts'
import type { Environment } from './config-layers.ts'
import { readSecretFile } from './config-layers.ts'
import type { Finding, Tree } from './config-check.ts'
import type { SecretKeeper } from './config-secrets.ts'
import { isSecretName, passwordOf } from './config-secrets.ts'

/** `env:NAME` or `file:PATH`: where a value is kept that should not stand in a configuration. */
const reference = /^(env|file):(?!\/\/)(.+)$/

/** `stored:NAME`: kept closed in the warehouse under that name, for this connection; opened when the connection is. */
const stored = /^stored:([A-Za-z]\w*)$/

/** The name under which the value of an option is kept, if it is. */
export function storedName(value: unknown): string | undefined {
  return typeof value === 'string' ? stored.exec(value)?.[1] : undefined
}

export interface Resolved {
  readonly tree: Tree
  /** Paths whose value came as text from outside, so that a number may be written as text there. */
  readonly texts: ReadonlySet<string>
  /** Path → the reference as it was written. */
  readonly written: ReadonlyMap<string, string>
  readonly findings: readonly Finding[]
  /** Names of variables that are referred to and not set. */
  readonly missing: readonly string[]
}

const notSet: Readonly<Record<Language, (name: string) => string>> = {
  en: (name) => `the variable ${name} is not set`,
  ko: (name) => `환경 변수 ${name}이(가) 없습니다`,
}

export const pathText = (path: ConfigPath): string => path.join('.')

/** Replaces every reference by its value and registers everything secret, so that no output shows it. */
export function resolveReferences(
  tree: Tree,
  environment: Environment,
  {
    projectDir,
    secrets,
    language,
  }: { readonly projectDir: string; readonly secrets: SecretKeeper; readonly language: Language },
): Resolved {
  const texts = new Set<string>()
  const written = new Map<string, string>()
  const findings: Finding[] = []
  const missing: string[] = []

  const leaf = (text: string, path: ConfigPath): unknown => {
    if (path[0] === 'connections' && storedName(text) !== undefined) {
      written.set(pathText(path), text)
      return text
    }
    const [, kind, target = ''] = reference.exec(text) ?? []
    if (kind === undefined) {
      if (isSecretName(String(path.at(-1)))) secrets.add(text)
      addPassword(text, secrets)
      return text
    }
    written.set(pathText(path), text)
    texts.add(pathText(path))
    try {
      const value = kind === 'env' ? environment.get(target)?.value : readSecretFile(target, projectDir)
      if (value === undefined || value === '') {
        missing.push(target)
        findings.push({ path, message: notSet[language](target) })
        return undefined
      }
      secrets.add(value)
      addPassword(value, secrets)
      return value
    } catch (error) {
      if (!isMillraceError(error, 'CONFIG_SECRET_FILE')) throw error
      findings.push({ path, message: error.explain(language).what })
      return undefined
    }
  }

  const walk = (value: unknown, path: ConfigPath): unknown => {
    if (typeof value === 'string') return leaf(value, path)
    if (Array.isArray(value)) return value.map((member, index) => walk(member, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, [...path, key])]))
  }
  return { tree: walk(tree, []) as Tree, texts, written, findings, missing }
}

function addPassword(text: string, secrets: SecretKeeper): void {
  const password = passwordOf(text)
  if (password === undefined) return
  secrets.add(password)
  try {
    secrets.add(decodeURIComponent(password))
  } catch (error) {
    // A stray % is no escape: the password is known as it is written, and that form is covered already.
    if (!(error instanceof URIError)) throw error
  }
}

/** A text from outside where something else was wanted, read as JSON: `4`, `true`, `["a"]`. Undefined when it is not JSON. */
export function readAs(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function missingVariables(names: readonly string[]): MillraceError {
  const list = [...new Set(names)]
  return new MillraceError('CONFIG_ENV_MISSING', { count: list.length, names: list.join(', ') })
}
