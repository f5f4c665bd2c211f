import { relative } from 'node:path'
import type { Settings, Tree } from '../config-check.ts'
import { openKept } from '../config-stored.ts'
import { isoInstant } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'
import type { RotatingSecret } from '../domain/secret.ts'
import type { ConnectionDesk } from '../server/connections.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Invocation } from './command.ts'
import { reachedAccounts } from './connection-accounts.ts'
import type { Draft } from './connection-draft.ts'
import { connectionFile, connectionText, readConnection, writeConnection } from './connection-file.ts'
import type { Filled } from './connection-form.ts'
import { asked, draftFilled, formOf, sectionNow } from './connection-form.ts'
import { metaApp, metaDoor, signInOf } from './connection-sign-in.ts'
import { connectionFacts } from './connections-list.ts'
import { checkedLines, connectorContextOf, ensuredKey, keepAll, settingsWith } from './connectors-project.ts'
import { openContext, projectSettings } from './project.ts'

type Preview = Awaited<ReturnType<ConnectionDesk['preview']>>
type Tested = Awaited<ReturnType<ConnectionDesk['test']>>
type Signed = ReadonlyMap<string, RotatingSecret>

/** What a desk has at hand: the project, and the warehouse that is open. */
interface Desk {
  readonly invocation: Invocation
  readonly warehouse: Warehouse
  /** Names of the connections that this program opened at its start. */
  readonly open: ReadonlySet<string>
}

/** Connections for the dashboard: what `millrace connectors` does, with values that were typed in instead of references. */
export function connectionDesk(desk: Desk): ConnectionDesk {
  return {
    list: () => listed(desk),
    forms: async () => ({ forms: await Promise.all(asked.map(formOf)) }),
    preview: async (filled) => {
      const draft = await draftFilled(desk.invocation, filled)
      await settingsOf(desk, filled.name, draft)
      return previewOf(desk, filled, draft)
    },
    trial: (filled, language) => tried(desk, filled, language),
    save: (filled) => saved(desk, filled),
    test: (name, language) => tested(desk, name, language),
    renew: (name, values, language) => renewed(desk, name, values, language),
  }
}

async function listed({ invocation, warehouse, open }: Desk): ReturnType<ConnectionDesk['list']> {
  const facts = await connectionFacts(invocation, await projectSettings(invocation), warehouse)
  return {
    connections: facts.map(({ endsAtMs, accounts, keeps, ...one }) => ({
      ...one,
      accounts: [...accounts],
      keeps: [...keeps],
      ends: endsAtMs === null ? null : isoInstant(endsAtMs),
      isOpen: open.has(one.name),
    })),
  }
}

/** What would be written. Throws SERVER_CONNECTION_TAKEN unless it is said to take the place of what is there. */
async function previewOf({ invocation }: Desk, { name, replaces }: Filled, draft: Draft): Promise<Preview> {
  const { projectDir } = invocation
  const file = relative(projectDir, connectionFile(projectDir, name))
  const hasFile = readConnection(projectDir, name) !== undefined
  if (!replaces && (await sectionNow(invocation, name)))
    throw new MillraceError('SERVER_CONNECTION_TAKEN', { name, place: hasFile ? file : 'millrace.config' })
  return { file, text: connectionText(draft.section), keeps: [...draft.kept.keys()], replacesFile: hasFile }
}

/** The settings with the draft as a connection whose values are all there; also the check of what was filled in. Throws CONFIG_INVALID. */
function settingsOf({ invocation }: Desk, name: string, { section, kept }: Draft, more: Tree = {}): Promise<Settings> {
  return settingsWith(invocation, name, { ...section, ...Object.fromEntries(kept), ...more })
}

async function tried(desk: Desk, filled: Filled, language: Language): ReturnType<ConnectionDesk['trial']> {
  const draft = await draftFilled(desk.invocation, filled)
  // Somebody waits for the answer: a platform that does not answer is told at once.
  const settings = await settingsOf(desk, filled.name, draft, { attemptsMax: 1, timeoutSeconds: 20 })
  const invocation = { ...desk.invocation, language }
  const lines = await checkedLines(invocation, settings, desk.warehouse)
  const isIn = lines[0]?.outcome !== 'fail'
  const accounts = isIn ? await reachedAccounts(invocation, settings, desk.warehouse) : []
  return {
    lines: [...lines],
    // One that the platform will not describe is among the lines of the check already.
    accounts: accounts
      .filter(({ state }) => state === 'reached')
      .map(({ account: accountId, name, currency, zone }) => ({ accountId, name, currency, zone })),
  }
}

const endless = (values: ReadonlyMap<string, string>): Signed =>
  new Map([...values].map(([option, value]) => [option, { value, expiresAtMs: null }]))

/** A token of Meta that was typed in is asked for its end, and exchanged for a long one where the app is known. */
async function signed({ invocation }: Desk, settings: Settings, name: string, draft: Draft): Promise<Signed> {
  const way = signInOf(draft.section)
  if (!way?.takesGiven || !draft.kept.has(way.fills)) return endless(draft.kept)
  const options = settings.connections[name]?.options ?? {}
  const context = connectorContextOf(invocation)
  return new Map([...endless(draft.kept), ...(await way.signIn({ invocation, options, context }))])
}

/** Keeps the secrets first and writes the file last, so that a failure leaves no connection that cannot be opened. */
async function saved(desk: Desk, filled: Filled): Promise<Preview> {
  const { invocation, warehouse } = desk
  const { name } = filled
  const draft = await draftFilled(invocation, filled)
  const preview = await previewOf(desk, filled, draft)
  const settings = await settingsOf(desk, name, draft)
  const secrets = await signed(desk, settings, name, draft)
  const key = ensuredKey(invocation, settings)
  if (secrets.size > 0) await keepAll(warehouse, key, connectorContextOf(invocation), name, secrets)
  writeConnection(invocation.projectDir, name, draft.section)
  return preview
}

async function tested({ invocation, warehouse }: Desk, name: string, language: Language): Promise<Tested> {
  const settings = await settingsWith(invocation, name)
  if (!settings.connections[name]) throw new MillraceError('SERVER_CONNECTION_UNKNOWN', { name })
  return { lines: [...(await checkedLines({ ...invocation, language }, settings, warehouse))] }
}

/** New values of what is kept; without any, Meta's token is exchanged. Throws SERVER_CONNECTION_UNKNOWN, SERVER_CONNECTION_FIXED. */
async function renewed(
  desk: Desk,
  name: string,
  values: Readonly<Record<string, string>>,
  language: Language,
): Promise<Tested> {
  const { invocation, warehouse } = desk
  const section = readConnection(invocation.projectDir, name)
  if (!section) throw new MillraceError('SERVER_CONNECTION_UNKNOWN', { name })
  const given = Object.entries(values).map(([option, value]) => [option, value.trim()] as const)
  const kept = new Map(given.filter(([, value]) => value !== ''))
  for (const option of kept.keys())
    if (section[option] !== `stored:${option}`) throw new MillraceError('SERVER_CONNECTION_FIXED', { name, option })
  for (const secret of kept.values()) invocation.secrets.add(secret)
  const settings = await settingsOf(desk, name, { section, kept })
  const secrets =
    kept.size > 0
      ? await signed(desk, settings, name, { section, kept })
      : await exchanged(desk, settings, name, section)
  await keepAll(warehouse, ensuredKey(invocation, settings), connectorContextOf(invocation), name, secrets)
  return tested(desk, name, language)
}

async function exchanged(
  { invocation, warehouse }: Desk,
  settings: Settings,
  name: string,
  section: Tree,
): Promise<Signed> {
  const held = await openKept(settings, openContext(invocation), warehouse, name)
  if (held instanceof MillraceError) throw held
  const options = { ...settings.connections[name]?.options, ...held }
  const app = metaApp(options)
  if (section['connector'] !== 'meta_ads' || section['accessToken'] !== 'stored:accessToken' || !app)
    throw new MillraceError('SERVER_CONNECTION_FIXED', { name, option: 'accessToken' })
  const { extendMetaToken } = await import('../connectors/meta-token.ts')
  const context = connectorContextOf(invocation)
  const token = await extendMetaToken(metaDoor(options), app, String(options['accessToken']), context)
  invocation.secrets.add(token.value)
  return new Map([['accessToken', token]])
}
