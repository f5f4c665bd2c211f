import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { storedName } from '../config-references.ts'
import { keyOf } from '../config-stored.ts'
import type { Settings } from '../config-check.ts'
import { endOf } from '../connectors/token-line.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { KeptSecret } from '../warehouse/secrets.ts'
import { keptSecrets } from '../warehouse/secrets.ts'
import type { Given, Invocation } from './command.ts'
import { connectionFile } from './connection-file.ts'
import { connectorContextOf, warehouseOf } from './connectors-project.ts'
import { projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const columns = ['name', 'connector', 'place', 'accounts', 'keeps', 'ends', 'state'] as const

/** Every connection with where it stands, what is kept for it and when the first of that ends. */
export async function listConnections(invocation: Invocation, given: Given): Promise<number> {
  const { output, projectDir } = invocation
  const settings = await projectSettings(invocation)
  await using warehouse = await warehouseOf(invocation, settings)
  const kept = await keptSecrets(warehouse)
  const keyId = keyOf(settings)?.id
  const nowMs = connectorContextOf(invocation).clock.nowMs()
  const rows = Object.entries(settings.connections).map(([name, one]) => {
    const file = connectionFile(projectDir, name)
    const own = kept.filter(({ connection }) => connection === name)
    const ends = own.flatMap(({ expiresAtMs }) => expiresAtMs ?? []).sort((a, b) => a - b)[0]
    const ids = (one.options['accounts'] as readonly string[] | undefined) ?? one.accountIds
    return {
      name,
      connector: one.adapter,
      place: existsSync(file) ? relative(projectDir, file) : 'millrace.config',
      accounts: ids.length > 0 ? ids.join(' ') : 'all',
      keeps: own.map((secret) => secret.name).join(' '),
      ends: ends === undefined ? '' : new Date(ends).toISOString().slice(0, 10),
      state: one.sandboxed ? 'sandbox' : stateOf(one, own, keyId, ends, nowMs),
    }
  })
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
): string {
  const wanted = Object.values(options).flatMap((value) => storedName(value) ?? [])
  const missing = wanted.filter((name) => !own.some((secret) => secret.name === name))
  if (missing.length > 0) return 'not_signed_in'
  if (wanted.length > 0 && own.some((secret) => secret.keyId !== keyId)) return 'locked'
  return states[endOf(ends ?? null, nowMs).outcome]
}
