import { readFileSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import type { Tree } from '../config-check.ts'
import { isSecretName } from '../config-secrets.ts'
import type { GoogleCredentials } from '../connectors/google-yaml.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Given, Invocation } from './command.ts'

/** A connection that is being made: what its file will say, and what the warehouse is to keep for it. */
export interface Draft {
  readonly section: Tree
  /** Values by the name under which they are kept. */
  readonly kept: ReadonlyMap<string, string>
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'connectors', detail })

const reference = /^(env|file|stored):./

/** `name=value` as it was given; a secret may only come by reference, because a command line is read by others and remembered. */
function givenOptions({ option }: Given): Tree {
  const pairs = (Array.isArray(option) ? option : []) as readonly string[]
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      if (at < 1) throw usage(`--option takes name=value, not ${pair.slice(0, 20)}`)
      if (isSecretName(name) && !reference.test(value))
        throw usage(`${name} is a secret: give it as ${name}=env:NAME or ${name}=file:PATH`)
      return [name, optionValue(name, value)]
    }),
  )
}

/** Yes and no, and lists as JSON; all else is text, because ids of digits are ids. */
function optionValue(name: string, value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true'
  if (!value.startsWith('[')) return value
  try {
    return JSON.parse(value)
  } catch {
    throw usage(`${name} begins a list that is no JSON: --option '${name}=["one","two"]'`)
  }
}

/** What a file of Google's gives: google-ads.yaml, an OAuth client's JSON, or a service account's. */
async function googleFile(path: string, projectDir: string): Promise<Draft> {
  const { readGoogleClient, readGoogleYaml } = await import('../connectors/google-yaml.ts')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MillraceError(
      'CONFIG_SECRET_FILE',
      { file: path, detail: (cause as NodeJS.ErrnoException).code ?? '' },
      { cause },
    )
  }
  if (isServiceAccount(text)) return serviceAccount(path, projectDir, {})
  const found = path.endsWith('.json') ? readGoogleClient(path, text) : readGoogleYaml(path, text)
  const { serviceAccountFile } = found
  if (serviceAccountFile !== undefined)
    return serviceAccount(resolve(path, '..', serviceAccountFile), projectDir, found)
  return keptOf(found)
}

const isServiceAccount = (text: string): boolean => /"type"\s*:\s*"service_account"/.test(text)

/** The client's secret and the sign-in are kept; the rest stands in the file. */
function keptOf({ clientId, clientSecret, refreshToken, loginCustomerId }: GoogleCredentials): Draft {
  const secrets = { clientSecret, refreshToken }
  const kept = Object.entries(secrets).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    section: { clientId, loginCustomerId, ...Object.fromEntries(kept.map(([name]) => [name, `stored:${name}`])) },
    kept: new Map(kept),
  }
}

/** The text of such a file, as it is pasted where there is no file: a service account's key is kept whole. Throws CONNECTORS_CREDENTIAL_FILE. */
export async function googlePaste(text: string): Promise<Draft> {
  const { readGoogleClient, readGoogleYaml } = await import('../connectors/google-yaml.ts')
  if (!isServiceAccount(text)) {
    const place = 'what was pasted'
    return keptOf(text.trimStart().startsWith('{') ? readGoogleClient(place, text) : readGoogleYaml(place, text))
  }
  const { serviceAccount: read } = await import('../connectors/google-service-account.ts')
  read(text)
  return { section: { serviceAccountKey: 'stored:serviceAccountKey' }, kept: new Map([['serviceAccountKey', text]]) }
}

/** The key stays where it is: the connection refers to its file. */
async function serviceAccount(path: string, projectDir: string, more: GoogleCredentials): Promise<Draft> {
  const { serviceAccount: read } = await import('../connectors/google-service-account.ts')
  read(readFileSync(path, 'utf8'))
  const near = relative(projectDir, path)
  const place = near.startsWith('..') || isAbsolute(near) ? path : near
  const { loginCustomerId, impersonate } = more
  return { section: { serviceAccountKey: `file:${place}`, loginCustomerId, impersonate }, kept: new Map() }
}

export const present = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined))

/** Reads what the command line and its files say of a connection. Throws CLI_USAGE, CONFIG_SECRET_FILE and CONNECTORS_CREDENTIAL_FILE. */
export async function draftOf({ projectDir }: Invocation, connector: string, given: Given): Promise<Draft> {
  const { from, accounts } = given
  if (typeof from === 'string' && connector !== 'google_ads') throw usage('--from reads files of Google Ads only')
  const file: Draft =
    typeof from === 'string' ? await googleFile(resolve(from), projectDir) : { section: {}, kept: new Map() }
  const ids = typeof accounts === 'string' ? accounts.split(',').map((id) => id.trim()) : undefined
  return {
    section: present({ connector, sandbox: false, ...file.section, ...givenOptions(given), accounts: ids }),
    kept: file.kept,
  }
}
