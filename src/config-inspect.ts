import { resolve } from 'node:path'
import type { Finding, Settings, Tree, Words } from './config-check.ts'
import { wordsOf } from './config-check.ts'
import type { EnvironmentInput, Origin, Override } from './config-layers.ts'
import { copied, environmentOverrides, readEnvironment, setAt } from './config-layers.ts'
import type { ConfigPath, Position } from './config-locate.ts'
import { codeFrame } from './config-locate.ts'
import type { ConfigFile } from './config-read.ts'
import { configFileNames, findConfigFile, readConfigFile, readConnectionFiles } from './config-read.ts'
import type { Resolved } from './config-references.ts'
import { missingVariables, pathText, readAs, resolveReferences } from './config-references.ts'
import { goesToSandbox, sandboxOptions } from './config-sandbox.ts'
import type { SecretKeeper } from './config-secrets.ts'
import { masked } from './config-secrets.ts'
import type { Checked } from './config-settings.ts'
import { checkTree } from './config-settings.ts'
import type { Language } from './domain/errors.ts'
import { MillraceError } from './domain/errors.ts'

export interface ConfigRequest {
  readonly projectDir: string
  /** The process's variables; `.env.local` and `.env` of the project come below them. */
  readonly env: EnvironmentInput
  /** Learns every secret that is read, before anything else is done with it. */
  readonly secrets: SecretKeeper
  readonly language: Language
  /** Values of flags, over everything else. */
  readonly flags?: readonly Override[]
  /** A configuration file from elsewhere; the project's own when left out. */
  readonly file?: string
  /** Only this connection is looked at: as it is configured, or as `section` says it, which need not be written anywhere yet. */
  readonly only?: { readonly name: string; readonly section?: Tree }
}

/** One thing that is wrong, with the place where it was written. */
export interface Problem {
  readonly key: string
  readonly message: string
  /** `path:line:column` in the configuration, or the variable's name. */
  readonly place: string
  /** The lines around it; empty for a variable. */
  readonly frame: string
}

/** One value as it is in force, masked where it is secret. */
export interface ConfigValue {
  readonly key: string
  readonly value: unknown
  readonly source: string
}

export interface Inspection {
  readonly file: string
  /** Undefined when anything is wrong. */
  readonly settings: Settings | undefined
  readonly problems: readonly Problem[]
  /** Names of variables that are referred to and not set. */
  readonly missing: readonly string[]
  readonly values: readonly ConfigValue[]
}

/**
 * Reads, layers and checks a project's configuration and says all that is wrong with it at once. Precedence: flag, environment,
 * `.env.local`, `.env`, file, default. Throws CONFIG_NOT_FOUND, CONFIG_SYNTAX and CONFIG_FAILED; everything else is a problem in the result.
 */
export async function inspectConfig(request: ConfigRequest): Promise<Inspection> {
  const projectDir = resolve(request.projectDir)
  const path = request.file ?? findConfigFile(projectDir)
  if (path === undefined)
    throw new MillraceError('CONFIG_NOT_FOUND', { folder: projectDir, names: configFileNames.join(', ') })
  const file = await readConfigFile(path)
  const layered = layer(file, projectDir, request)
  const first = await check(layered, projectDir, undefined)
  // zod's words in another language are loaded only when there is something to say.
  const checked =
    first.findings.length > 0 && request.language !== 'en'
      ? await check(layered, projectDir, await wordsOf(request.language))
      : first
  const findings = dropConsequences([...layered.resolved.findings, ...checked.findings])
  return {
    file: path,
    settings: findings.length === 0 ? checked.settings : undefined,
    problems: findings.map((finding) => problemOf(finding, file, layered)),
    missing: layered.resolved.missing,
    values: valuesOf(checked.shown, file, layered),
  }
}

/** The settings of a project. Throws what `inspectConfig` throws, CONFIG_ENV_MISSING and CONFIG_INVALID with every problem. */
export async function loadConfig(request: ConfigRequest): Promise<Settings> {
  const inspection = await inspectConfig(request)
  if (inspection.settings) return inspection.settings
  throw inspectionError(inspection)
}

/** The error that an unusable configuration is: its `problems` fact lists all, one a line, with place. */
export function inspectionError({ file, problems, missing }: Inspection): MillraceError {
  if (missing.length > 0 && missing.length === problems.length) return missingVariables(missing)
  const lines = problems.map(({ place, key, message, frame }) => `${place}  ${key}: ${message}${frame && `\n${frame}`}`)
  return new MillraceError('CONFIG_INVALID', { file, count: problems.length, problems: lines.join('\n') })
}

interface Layered {
  /** Everything but defaults, references still as written. */
  readonly tree: Tree
  readonly resolved: Resolved
  readonly origins: ReadonlyMap<string, Origin>
  readonly sandboxed: ReadonlySet<string>
  /** Connections that stand in a file of their own, by name. */
  readonly apart: ReadonlyMap<string, ConfigFile>
}

function layer(file: ConfigFile, projectDir: string, request: ConfigRequest): Layered {
  const { env, secrets, language, flags = [], only } = request
  const isObject = typeof file.value === 'object' && file.value !== null && !Array.isArray(file.value)
  if (!isObject) {
    const position = file.locate([])
    throw new MillraceError('CONFIG_FAILED', {
      file: file.path,
      ...position,
      detail: 'it does not export an object by default, as in: export default defineConfig({ … })',
    })
  }
  const tree = copied(file.value) as Tree
  const apart = readConnectionFiles(projectDir)
  for (const [name, one] of apart) setAt(tree, ['connections', name], copied(one.value))
  if (only) keepOnly(tree, only)
  const environment = readEnvironment(projectDir, env)
  const origins = new Map<string, Origin>()
  for (const override of [...environmentOverrides(tree, environment), ...flags]) {
    setAt(tree, override.path, override.value)
    origins.set(pathText(override.path), override.origin)
  }
  const sandboxed = enterSandbox(tree)
  const resolved = resolveReferences(tree, environment, { projectDir, secrets, language })
  return { tree, origins, sandboxed, apart, resolved }
}

function keepOnly(tree: Tree, { name, section }: NonNullable<ConfigRequest['only']>): void {
  const found = section ?? ((tree['connections'] ?? {}) as Tree)[name]
  tree['connections'] = found === undefined ? {} : { [name]: copied(found) }
}

/** Credentials of a platform that the sandbox plays are neither looked up nor asked for. */
function enterSandbox(tree: Tree): ReadonlySet<string> {
  const connections = Object.entries((tree['connections'] ?? {}) as Record<string, Tree>)
  const hasSandbox = typeof tree['sandbox'] === 'object' && tree['sandbox'] !== null
  const inside = connections.filter(
    ([, section]) => typeof section === 'object' && section !== null && goesToSandbox(section, hasSandbox),
  )
  for (const [, section] of inside)
    for (const key of Object.keys(sandboxOptions(String(section['connector'])))) delete section[key]
  return new Set(inside.map(([name]) => name))
}

/** Checks, reads texts from outside as what was wanted instead, and checks again: a variable cannot say 4, only "4". */
async function check(layered: Layered, projectDir: string, words: Words | undefined): Promise<Checked> {
  const tree = copied(layered.resolved.tree) as Tree
  const first = await checkTree(tree, layered.sandboxed, projectDir, words)
  const fromOutside = (path: ConfigPath) =>
    layered.resolved.texts.has(pathText(path)) || originOf(path, layered.origins).kind !== 'config'
  let changed = false
  for (const { path, expected } of first.findings) {
    if (expected === undefined || !fromOutside(path)) continue
    const value = readAs(path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], tree))
    if (value === undefined) continue
    setAt(tree, path, value)
    changed = true
  }
  return changed ? checkTree(tree, layered.sandboxed, projectDir, words) : first
}

/** A value that could not be resolved is also one that is missing; said once. */
function dropConsequences(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ path }) => {
    const key = pathText(path)
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

function originOf(path: ConfigPath, origins: ReadonlyMap<string, Origin>): Origin {
  for (let length = path.length; length > 0; length--) {
    const found = origins.get(pathText(path.slice(0, length)))
    if (found) return found
  }
  return { kind: 'config' }
}

/** The file in which a value was written, and its path there. */
function writtenIn(path: ConfigPath, file: ConfigFile, { apart }: Layered): readonly [ConfigFile, ConfigPath] {
  const own = path[0] === 'connections' ? apart.get(String(path[1])) : undefined
  return own ? [own, path.slice(2)] : [file, path]
}

const placeText = (file: string, { line, column }: Position): string => `${file}:${line}:${column}`

function problemOf(finding: Finding, main: ConfigFile, layered: Layered): Problem {
  const origin = originOf(finding.path, layered.origins)
  const key = pathText(finding.path)
  const { message } = finding
  if (origin.kind === 'env' || origin.kind === 'flag') return { key, message, place: origin.name, frame: '' }
  if (origin.kind === 'dotenv') return { key, message, place: `${origin.file}:${origin.line}:1`, frame: '' }
  const [file, path] = writtenIn(finding.path, main, layered)
  const position = file.locate(path)
  return { key, message, place: placeText(file.path, position), frame: codeFrame(file.text, position) }
}

function valuesOf(shown: Tree, file: ConfigFile, layered: Layered): readonly ConfigValue[] {
  const leaves = (value: unknown, path: ConfigPath): readonly { path: ConfigPath; value: unknown }[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]))
      : [{ path, value }]
  return leaves(shown, [])
    .filter(({ value }) => value !== undefined)
    .map(({ path, value }) => ({
      key: pathText(path),
      value: layered.resolved.written.get(pathText(path)) ?? masked(String(path.at(-1)), value),
      source: sourceOf(path, file, layered),
    }))
}

function sourceOf(path: ConfigPath, main: ConfigFile, layered: Layered): string {
  const { tree, origins } = layered
  const origin = originOf(path, origins)
  if (origin.kind === 'env' || origin.kind === 'flag') return `${origin.kind} ${origin.name}`
  if (origin.kind === 'dotenv') return `${origin.file}:${origin.line}`
  const written = path.reduce<unknown>((at, key) => (at as Tree | null | undefined)?.[key], tree)
  const [file, inFile] = writtenIn(path, main, layered)
  return written === undefined ? 'default' : placeText(file.path, file.locate(inFile))
}
