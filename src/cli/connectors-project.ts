import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { Settings, Tree } from '../config-check.ts'
import { inspectConfig, inspectionError } from '../config-inspect.ts'
import { keyFileOf, keyOf } from '../config-stored.ts'
import { openConnections, openWarehouse } from '../config.ts'
import type { CheckLine, ConnectorContext } from '../connectors/connector.ts'
import type { RotatingSecret } from '../domain/secret.ts'
import type { SecretKey } from '../warehouse/secret-cipher.ts'
import { newKeyText, secretKey } from '../warehouse/secret-cipher.ts'
import { keepSecret } from '../warehouse/secrets.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Invocation } from './command.ts'
import { openContext } from './project.ts'

/** The settings with one connection alone, so that a mistake in another does not stand in the way. Throws CONFIG_*. */
export async function settingsWith(invocation: Invocation, name: string, section?: Tree): Promise<Settings> {
  const { projectDir, env, secrets, language } = invocation
  const only = { name, ...(section && { section }) }
  const inspection = await inspectConfig({ projectDir, env, secrets, language, only })
  if (!inspection.settings) throw inspectionError(inspection)
  return inspection.settings
}

export function connectorContextOf(invocation: Invocation): ConnectorContext {
  const { clock, random, fetch } = openContext(invocation)
  const { signal, language } = invocation
  return { clock, random, fetch, signal, language, log: () => {} }
}

export function warehouseOf(invocation: Invocation, settings: Settings): Promise<Warehouse> {
  return openWarehouse(settings, openContext(invocation))
}

const made = {
  en: (file: string) =>
    `Made ${file}, the key for kept secrets. Keep a copy: without it connections must sign in anew.`,
  ko: (file: string) =>
    `비밀 값 키 ${file}을(를) 만들었습니다. 사본을 보관하세요. 없으면 연결마다 다시 로그인해야 합니다.`,
} as const

/** The key for kept secrets; a project without one gets a file that only its owner may read. */
export function ensuredKey({ output, language, projectDir }: Invocation, settings: Settings): SecretKey {
  const found = keyOf(settings)
  if (found) return found
  const file = keyFileOf(settings.projectDir)
  mkdirSync(dirname(file), { recursive: true })
  const text = newKeyText()
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: existsSync(file) ? 'w' : 'wx' })
  output.warn(made[language](relative(projectDir, file)))
  return secretKey(text)
}

/** All of them or none. */
export function keepAll(
  warehouse: Warehouse,
  key: SecretKey,
  { clock }: ConnectorContext,
  connection: string,
  secrets: ReadonlyMap<string, RotatingSecret>,
): Promise<void> {
  return warehouse.transaction(async (session) => {
    for (const [name, secret] of secrets) await keepSecret(session, key, clock, { connection, name }, secret)
  })
}

/** What the connection says of itself, asked as `doctor` asks it. */
export async function checkedLines(
  invocation: Invocation,
  settings: Settings,
  warehouse: Warehouse,
): Promise<readonly CheckLine[]> {
  await using opening = new AsyncDisposableStack()
  const quiet = { ...openContext(invocation), onOpening: () => {} }
  const connections = await openConnections(settings, quiet, opening, warehouse)
  const lines = await Promise.all(connections.map(({ connector }) => connector.check(connectorContextOf(invocation))))
  return lines.flat()
}
