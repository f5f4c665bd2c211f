import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { storedName } from '../config-references.ts'
import { keyOf } from '../config-stored.ts'
import type { Settings } from '../config-check.ts'
import { endOf } from '../connectors/token-line.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { KeptSecret } from '../warehouse/secrets.ts'
import { keptSecrets } from '../warehouse/secrets.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { connectionFile } from './connection-file.ts'
import { connectorContextOf, warehouseOf } from './connectors-project.ts'
import { projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const columns = ['name', 'connector', 'place', 'accounts', 'keeps', 'ends', 'state'] as const

/** A connection with where it stands, what is kept for it and when the first of that ends. */
interface ConnectionFacts {
  readonly name: string
  readonly connector: string
  readonly place: string
  readonly hasFile: boolean
  /** Empty: all that the credentials reach. */
  readonly accounts: readonly string[]
  readonly keeps: readonly string[]
  readonly endsAtMs: number | null
  readonly state: 'sandbox' | 'live' | 'ends_soon' | 'ended' | 'not_signed_in' | 'locked'
}

export async function connectionFacts(
  invocation: Invocation,
  settings: Settings,
  warehouse: Warehouse,
): Promise<readonly ConnectionFacts[]> {
  const { projectDir } = invocation
  const kept = await keptSecrets(warehouse)
  const keyId = keyOf(settings)?.id
  const nowMs = connectorContextOf(invocation).clock.nowMs()
  return Object.entries(settings.connections).map(([name, one]) => {
    const file = connectionFile(projectDir, name)
    const own = kept.filter(({ connection }) => connection === name)
    const ends = own.flatMap(({ expiresAtMs }) => expiresAtMs ?? []).sort((a, b) => a - b)[0]
    const hasFile = existsSync(file)
    return {
      name,
      connector: one.adapter,
      place: hasFile ? relative(projectDir, file) : 'millrace.config',
      hasFile,
      accounts: (one.options['accounts'] as readonly string[] | undefined) ?? one.accountIds,
      keeps: own.map((secret) => secret.name),
      endsAtMs: ends ?? null,
      state: one.sandboxed ? 'sandbox' : stateOf(one, own, keyId, ends, nowMs),
    }
  })
}

/** Every connection, for a person or as rows. */
export async function listConnections(invocation: Invocation, given: Given): Promise<number> {
  const { output } = invocation
  const settings = await projectSettings(invocation)
  await using warehouse = await warehouseOf(invocation, settings)
  const rows = (await connectionFacts(invocation, settings, warehouse)).map(
    ({ accounts, keeps, endsAtMs, ...one }) => ({
      ...one,
      accounts: accounts.length > 0 ? accounts.join(' ') : 'all',
      keeps: keeps.join(' '),
      ends: endsAtMs === null ? '' : new Date(endsAtMs).toISOString().slice(0, 10),
    }),
  )
  printRows(output, formatOf(given['format'], output), columns, rows)
  return exitCodes.ok
}

const states = { ok: 'live', warn: 'ends_soon', fail: 'ended' } as const

function stateOf(
  { options }: Settings['connections'][string],
  own: readonly KeptSecret[],
  keyId: string | undefined,
  ends: number | undefined,
  nowMs: number,
): ConnectionFacts['state'] {
  const wanted = Object.values(options).flatMap((value) => storedName(value) ?? [])
  const missing = wanted.filter((name) => !own.some((secret) => secret.name === name))
  if (missing.length > 0) return 'not_signed_in'
  if (wanted.length > 0 && own.some((secret) => secret.keyId !== keyId)) return 'locked'
  return states[endOf(ends ?? null, nowMs).outcome]
}
