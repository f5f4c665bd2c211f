import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings, Tree } from './config-check.ts'
import { loadAdapter } from './config-check.ts'
import { storedName } from './config-references.ts'
import type { SecretKeeper } from './config-secrets.ts'
import { failedLine } from './connectors/check.ts'
import type { Connector } from './connectors/connector.ts'
import type { Clock } from './domain/clock.ts'
import { MillraceError, isMillraceError } from './domain/errors.ts'
import type { ConnectionSecrets } from './domain/secret.ts'
import type { SecretKey } from './warehouse/secret-cipher.ts'
import { secretKey } from './warehouse/secret-cipher.ts'
import { secretsOf } from './warehouse/secrets.ts'
import type { Warehouse } from './warehouse/warehouse.ts'

/** Where the key lies when the configuration names none. */
export function keyFileOf(projectDir: string): string {
  return join(projectDir, '.millrace', 'secrets.key')
}

/** The key for kept secrets: the configured one, else the project's file; undefined when there is neither. Throws WAREHOUSE_SECRET_KEY_INVALID. */
export function keyOf({ secrets, projectDir }: Pick<Settings, 'secrets' | 'projectDir'>): SecretKey | undefined {
  const file = keyFileOf(projectDir)
  const text = secrets.key ?? (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  return text === undefined ? undefined : secretKey(text)
}

/** What a connection has open besides its options: the secrets that those refer to, and the place for those that rotate. */
async function opened(
  settings: Settings,
  { clock, secrets: keeper }: { readonly clock: Clock; readonly secrets?: SecretKeeper },
  warehouse: Warehouse,
  name: string,
): Promise<Tree> {
  const { adapter, options } = settings.connections[name] ?? { adapter: 'file' as const, options: {} }
  const wanted = Object.entries(options).flatMap(([option, value]) => {
    const stored = storedName(value)
    return stored === undefined ? [] : [{ option, stored }]
  })
  const { options: schema } = await loadAdapter('connector', adapter)
  const takesSecrets = Object.hasOwn((schema as { readonly shape?: object }).shape ?? {}, 'secrets')
  if (wanted.length === 0 && !takesSecrets) return {}
  const key = keyOf(settings)
  const secrets: ConnectionSecrets | undefined = key && secretsOf(warehouse, key, clock, name)
  const told: Tree = takesSecrets && secrets ? { secrets } : {}
  for (const { option, stored } of wanted) {
    if (!secrets)
      throw new MillraceError('WAREHOUSE_SECRET_KEY_MISSING', {
        connection: name,
        file: keyFileOf(settings.projectDir),
      })
    const found = await secrets.read(stored)
    if (!found) throw new MillraceError('WAREHOUSE_SECRET_ABSENT', { connection: name, name: stored })
    keeper?.add(found.value)
    told[option] = found.value
  }
  return told
}

/** As `opened`, a secret that does not open being returned and not thrown: it is that connection's failure and no other's. */
export async function openKept(
  settings: Settings,
  context: { readonly clock: Clock; readonly secrets?: SecretKeeper },
  warehouse: Warehouse,
  name: string,
): Promise<Tree | MillraceError> {
  try {
    return await opened(settings, context, warehouse, name)
  } catch (error) {
    if (isMillraceError(error) && error.code.startsWith('WAREHOUSE_SECRET_')) return error
    throw error
  }
}

/** A connection whose secrets do not open: it says so to whoever asks. */
export function lockedConnector(connector: Connector, problem: MillraceError): Connector {
  return {
    spec: connector.spec,
    check: ({ language }) => Promise.resolve([failedLine('secrets', problem, language)]),
    discover: () => Promise.reject(problem),
    extract: () => Promise.reject(problem),
    [Symbol.asyncDispose]: () => connector[Symbol.asyncDispose](),
  }
}
