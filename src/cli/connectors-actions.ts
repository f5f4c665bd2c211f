import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import type { Settings, Tree } from '../config-check.ts'
import { openKept } from '../config-stored.ts'
import type { CheckLine } from '../connectors/connector.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { forgetSecrets, keptSecrets } from '../warehouse/secrets.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { showAccounts } from './connection-accounts.ts'
import { draftOf } from './connection-draft.ts'
import { connectionFile, readConnection, removeConnection, writeConnection } from './connection-file.ts'
import { googleApp, metaApp, metaDoor, signInOf } from './connection-sign-in.ts'
import type { Signed, Way } from './connection-sign-in.ts'
import {
  checkedLines,
  connectorContextOf,
  ensuredKey,
  keepAll,
  settingsWith,
  warehouseOf,
} from './connectors-project.ts'
import { printLines } from './doctor-line.ts'
import { openContext } from './project.ts'

const words = {
  en: {
    wrote: (file: string) => `Wrote ${file}`,
    renewed: (name: string) => `${name} has a new credential.`,
    revoked: 'The old refresh token was taken back at Google.',
    plan: (file: string, secrets: number) => `Remove ${file} and ${secrets} kept secrets? Loaded data stays.`,
    removed: (name: string) => `${name} is removed. The platform still knows the app: revoke its access there.`,
  },
  ko: {
    wrote: (file: string) => `${file} 저장됨`,
    renewed: (name: string) => `${name}의 자격 증명을 새로 바꾸었습니다.`,
    revoked: '이전 리프레시 토큰을 Google에서 회수했습니다.',
    plan: (file: string, secrets: number) =>
      `${file}과(와) 보관된 비밀 값 ${secrets}개를 지울까요? 적재된 데이터는 남습니다.`,
    removed: (name: string) => `${name}을(를) 지웠습니다. 플랫폼에는 앱 권한이 남아 있으니 거기서 해제하세요.`,
  },
} as const

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'connectors', detail })

/** The connection's own file as it is written; CLI_USAGE when it has none. */
function ownSection({ projectDir }: Invocation, name: string): Tree {
  const found = readConnection(projectDir, name)
  if (found) return found
  const file = relative(projectDir, connectionFile(projectDir, name))
  throw usage(`${name} has no file ${file}; make one: connectors add ${name}`)
}

function optionsOf(settings: Settings, name: string): Tree {
  return settings.connections[name]?.options ?? {}
}

/** Prints what the platform said and turns it into an exit code: 7 when it lets nobody in, 4 when anything else fails. */
async function tested(invocation: Invocation, settings: Settings, warehouse: Warehouse): Promise<number> {
  const lines = await checkedLines(invocation, settings, warehouse)
  printLines(invocation, lines)
  if (lines[0]?.outcome !== 'fail') await showAccounts(invocation, settings, warehouse)
  return codeOf(lines)
}

function codeOf(lines: readonly CheckLine[]): number {
  if (lines[0]?.outcome === 'fail') return exitCodes.auth
  return lines.some(({ outcome }) => outcome === 'fail') ? exitCodes.dependency : exitCodes.ok
}

const endless = (values: ReadonlyMap<string, string>): Signed =>
  new Map([...values].map(([option, value]) => [option, { value, expiresAtMs: null }]))

/** Signs in where the platform has a way, keeps what came of it, writes the file last: a sign-in that fails leaves no connection. */
export async function addConnection(invocation: Invocation, name: string, given: Given): Promise<number> {
  const { projectDir, output, language } = invocation
  const { connector } = given
  if (typeof connector !== 'string') throw usage('add needs --connector')
  const path = connectionFile(projectDir, name)
  if (existsSync(path))
    throw usage(`${relative(projectDir, path)} is there already; auth signs in anew, remove removes it`)
  const { section, kept } = await draftOf(invocation, connector, given)
  const way = signInOf(section)
  const asks = way !== undefined && !kept.has(way.fills) && (way.takesGiven || section[way.fills] === undefined)
  const written = { ...section, ...(way && asks && { [way.fills]: `stored:${way.fills}` }) }
  const settings = await settingsWith(invocation, name, { ...written, ...(way && tokenGiven(section, way)) })
  for (const value of kept.values()) invocation.secrets.add(value)
  const context = connectorContextOf(invocation)
  const options = { ...optionsOf(settings, name), ...Object.fromEntries(kept) }
  const signed: Signed = way && asks ? await way.signIn({ invocation, options, context }) : new Map()
  const secrets = new Map([...endless(kept), ...signed])
  await using warehouse = await warehouseOf(invocation, settings)
  if (secrets.size > 0) await keepAll(warehouse, ensuredKey(invocation, settings), context, name, secrets)
  output.say(words[language].wrote(relative(projectDir, writeConnection(projectDir, name, written))))
  if (given['test'] === false) return exitCodes.ok
  return await tested(invocation, await settingsWith(invocation, name), warehouse)
}

/** A token that was given by reference is opened once, to be kept. */
function tokenGiven(section: Tree, { fills }: Way): Tree {
  return section[fills] === undefined ? {} : { [fills]: section[fills] }
}

/** A new sign-in of a connection that is there: the way back when a token was revoked, ended, or its key was lost. */
export async function signInAnew(invocation: Invocation, name: string, given: Given): Promise<number> {
  const section = ownSection(invocation, name)
  const way = signInOf(section)
  if (!way || section[way.fills] !== `stored:${way.fills}`)
    throw usage(`${name} is not signed in to: correct its credentials where its file points`)
  const more = await draftOf(invocation, String(section['connector']), given)
  const settings = await settingsWith(invocation, name, { ...section, ...tokenGiven(more.section, way) })
  await using warehouse = await warehouseOf(invocation, settings)
  const context = connectorContextOf(invocation)
  const anew = [way.fills, ...more.kept.keys()]
  const beside = await heldBeside(invocation, settings, warehouse, name, anew)
  const options = { ...optionsOf(settings, name), ...beside, ...Object.fromEntries(more.kept) }
  const signed = await way.signIn({ invocation, options, context })
  const secrets = new Map([...endless(more.kept), ...signed])
  await keepAll(warehouse, ensuredKey(invocation, settings), context, name, secrets)
  return given['test'] === false
    ? exitCodes.ok
    : await tested(invocation, await settingsWith(invocation, name), warehouse)
}

/** What is kept besides that which is given anew, such as the client's secret. CLI_USAGE when its key is lost as well. */
async function heldBeside(
  invocation: Invocation,
  settings: Settings,
  warehouse: Warehouse,
  name: string,
  anew: readonly string[],
): Promise<Tree> {
  const one = settings.connections[name]
  if (!one) return {}
  const options = Object.fromEntries(Object.entries(one.options).filter(([option]) => !anew.includes(option)))
  const beside = { ...settings, connections: { [name]: { ...one, options } } }
  const kept = await openKept(beside, openContext(invocation), warehouse, name)
  if (!(kept instanceof MillraceError)) return kept
  throw usage(`${kept.code}: the client’s secret does not open either; give it again: --from client_secret.json`)
}

export async function testConnection(invocation: Invocation, name: string): Promise<number> {
  const settings = await settingsWith(invocation, name)
  if (!settings.connections[name]) throw usage(`there is no connection ${name}; see: connectors list`)
  await using warehouse = await warehouseOf(invocation, settings)
  return await tested(invocation, settings, warehouse)
}

/** A new credential while the old one still works; the old one is taken back once the new one is kept. */
export async function rotateConnection(invocation: Invocation, name: string, given: Given): Promise<number> {
  const { output, language } = invocation
  const section = ownSection(invocation, name)
  const settings = await settingsWith(invocation, name)
  await using warehouse = await warehouseOf(invocation, settings)
  const held = await openKept(settings, openContext(invocation), warehouse, name)
  if (held instanceof MillraceError) throw held
  const options = { ...optionsOf(settings, name), ...held }
  const context = connectorContextOf(invocation)
  if (section['connector'] === 'meta_ads' && section['accessToken'] === 'stored:accessToken') {
    const app = metaApp(options)
    if (!app) throw usage(`${name} has no appId and appSecret to renew with; give a new token: connectors auth ${name}`)
    const { extendMetaToken } = await import('../connectors/meta-token.ts')
    const token = await extendMetaToken(metaDoor(options), app, String(options['accessToken']), context)
    invocation.secrets.add(token.value)
    await keepAll(warehouse, ensuredKey(invocation, settings), context, name, new Map([['accessToken', token]]))
  } else if (section['connector'] === 'google_ads' && section['refreshToken'] === 'stored:refreshToken') {
    const code = await signInAnew(invocation, name, { ...given, test: false })
    if (code !== exitCodes.ok) return code
    await revokeOld(invocation, options)
  } else throw usage(`${name} keeps nothing that can be rotated here: change it where its reference points`)
  output.say(words[language].renewed(name))
  return given['test'] === false
    ? exitCodes.ok
    : await tested(invocation, await settingsWith(invocation, name), warehouse)
}

/** Google may have ended the old token already: then there is nothing to take back. */
async function revokeOld(invocation: Invocation, options: Tree): Promise<void> {
  const { revokeGoogle } = await import('../connectors/google-sign-in.ts')
  try {
    await revokeGoogle(googleApp(options), String(options['refreshToken']), connectorContextOf(invocation))
    invocation.output.say(words[invocation.language].revoked)
  } catch (error) {
    if (!isMillraceError(error)) throw error
    invocation.output.warn(error.explain(invocation.language).what)
  }
}

export async function forgetConnection(invocation: Invocation, name: string): Promise<number> {
  const { projectDir, output, language } = invocation
  const section = ownSection(invocation, name)
  // Its own options may be what is wrong with it: only the warehouse is needed.
  const settings = await settingsWith(invocation, '')
  await using warehouse = await warehouseOf(invocation, settings)
  const kept = (await keptSecrets(warehouse)).filter(({ connection }) => connection === name)
  const file = relative(projectDir, connectionFile(projectDir, name))
  if (!(await confirmed(invocation, words[language].plan(file, kept.length)))) return exitCodes.skipped
  removeConnection(projectDir, name)
  await forgetSecrets(warehouse, name)
  if (output.json) output.record({ event: 'removed', name, connector: section['connector'], secrets: kept.length })
  else output.say(words[language].removed(name))
  return exitCodes.ok
}
