import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseDocument } from 'yaml'
import { MillraceError } from './domain/errors.ts'
import type { Locate, Position } from './config-locate.ts'
import { locateInScript, locateInYaml, positionAt } from './config-locate.ts'

/** In the order in which they are looked for. */
export const configFileNames = [
  'millrace.config.ts',
  'millrace.config.js',
  'millrace.config.mjs',
  'millrace.config.json',
  'millrace.config.yaml',
  'millrace.config.yml',
] as const

export interface ConfigFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
  /** What the file says, unchecked. */
  readonly value: unknown
  readonly locate: Locate
}

/** The configuration file of a folder, or undefined when it has none. */
export function findConfigFile(projectDir: string): string | undefined {
  return configFileNames.map((name) => join(resolve(projectDir), name)).find((path) => existsSync(path))
}

/** Reads a configuration file. Throws CONFIG_SYNTAX and CONFIG_FAILED with the file's line and column. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = readFileSync(path, 'utf8')
  if (/\.(json|ya?ml)$/.test(path)) return { path, text, value: readYaml(path, text), locate: locateInYaml(text) }
  const value = await importScript(path, text)
  return { path, text, value, locate: locateInScript(text) }
}

/** The folder of a project in which each connection has a file of its own. */
export const connectionsFolder = 'connections'

/**
 * Connections by the names of their files, `connections/google.yaml` being `google`; such a file takes the place of a connection of
 * that name in the configuration. Throws CONFIG_SYNTAX.
 */
export function readConnectionFiles(projectDir: string): ReadonlyMap<string, ConfigFile> {
  const folder = join(projectDir, connectionsFolder)
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : []
  return new Map(
    names.sort().map((name) => {
      const path = join(folder, name)
      const text = readFileSync(path, 'utf8')
      return [name.replace(/\.ya?ml$/, ''), { path, text, value: readYaml(path, text), locate: locateInYaml(text) }]
    }),
  )
}

function readYaml(path: string, text: string): unknown {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error) {
    const position = positionAt(text, error.pos[0])
    throw new MillraceError(
      'CONFIG_SYNTAX',
      { file: path, ...position, detail: error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? error.code },
      { cause: error },
    )
  }
  return document.toJS() as unknown
}

/** This installation's own entry: `.ts` in a checkout, `.js` in the package. */
const ownEntry = new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url).href

/**
 * Runs the file with `import … from 'millrace'` leading to the running installation, whatever is or is not installed beside it.
 * Node refuses TypeScript below a node_modules folder; the template that the package ships lies there, and is plain enough to be
 * taken as JavaScript.
 */
async function importScript(path: string, text: string): Promise<unknown> {
  const url = pathToFileURL(path).href
  try {
    return await importAs(url, formatOf(path), text)
  } catch (error) {
    // Of JavaScript, Node's error does not say where it broke; its parser of TypeScript, which contains JavaScript, does.
    const located =
      error instanceof SyntaxError && !arrowPosition(error.stack ?? '')
        ? await importAs(`${url}?located`, 'module-typescript', text).catch((again: unknown) => again)
        : error
    throw explained(path, text, located instanceof Error ? located : error)
  }
}

async function importAs(url: string, format: 'module' | 'module-typescript', source: string): Promise<unknown> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'millrace' ? { url: ownEntry, shortCircuit: true } : next(specifier, context),
    load: (wanted, context, next) => (wanted === url ? { format, source, shortCircuit: true } : next(wanted, context)),
  })
  try {
    const module = (await import(url)) as { readonly default?: unknown }
    return module.default
  } finally {
    hooks.deregister()
  }
}

function formatOf(path: string): 'module' | 'module-typescript' {
  return path.endsWith('.ts') && !/[\\/]node_modules[\\/]/.test(path) ? 'module-typescript' : 'module'
}

function explained(path: string, text: string, error: unknown): MillraceError {
  const detail = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const syntax = error instanceof SyntaxError
  const position = (syntax ? arrowPosition(stack) : undefined) ?? framePosition(path, stack) ?? { line: 1, column: 1 }
  const clamped = position.line > text.split('\n').length ? { line: 1, column: 1 } : position
  return new MillraceError(
    syntax ? 'CONFIG_SYNTAX' : 'CONFIG_FAILED',
    { file: path, ...clamped, detail },
    { cause: error },
  )
}

/** Node prints a syntax error as `file:line`, some lines up to that one, and a row of carets under the place. */
function arrowPosition(stack: string): Position | undefined {
  const line = /^[^\n]*:(\d+)\n/.exec(stack)?.[1]
  const arrow = /\n( *)\^+(?=\n|$)/.exec(stack)?.[1]
  return line === undefined || arrow === undefined ? undefined : { line: Number(line), column: arrow.length + 1 }
}

/** The first frame of the stack that lies in the file. */
function framePosition(path: string, stack: string): Position | undefined {
  const url = pathToFileURL(path).href
  for (const frame of stack.split('\n')) {
    const [, place = '', line, column] = /\(?((?:file:\/\/)?[^()\s][^()]*):(\d+):(\d+)\)?$/.exec(frame.trim()) ?? []
    if (place.endsWith(url) || place.endsWith(path)) return { line: Number(line), column: Number(column) }
  }
  return undefined
}
