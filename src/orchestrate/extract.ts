import { join } from 'node:path'
import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { ColumnDrift } from '../domain/mapping.ts'
import type { ExtractRecord, Slice } from '../domain/metric.ts'
import type { Connector, ConnectorContext, ExtractResult } from '../connectors/connector.ts'
import { mappingAt } from '../connectors/connector.ts'
import { landSpool, rawKeysOf, recordExtract } from '../lake/manifest.ts'
import type { RawSpool } from '../lake/spool.ts'
import { openSpool } from '../lake/spool.ts'
import { observeAccount, observeEntities } from '../warehouse/entities.ts'
import { uuid } from './identity.ts'
import type { Ports } from './ports.ts'

/** How often a slice is begun anew when it broke in the middle; waiting longer than this is the engine's business. */
const restartsMax = 3
const restartDelayMs = 1_000

interface Spooled {
  readonly spool: RawSpool
  readonly result: ExtractResult
  readonly entities: readonly EntityObservation[]
  readonly drift: ColumnDrift
}

/** What a slice is read with. */
interface Reading {
  readonly connector: Connector
  readonly account: AdAccount
  readonly slice: Slice
  readonly context: ConnectorContext
  readonly folder: string
}

/**
 * One slice from the platform into the lake: raw files first, then the manifest that makes them count, then what was seen of
 * account and campaigns. Killed anywhere and run again it is another extract with files of its own; readers trust the manifest only.
 */
export async function extractSlice(ports: Ports, reading: Omit<Reading, 'folder'>): Promise<ExtractRecord> {
  const { connector, account, slice } = reading
  const requestedAtMs = ports.clock.nowMs()
  const extractId = uuid(requestedAtMs, ports.random)
  const { spool, result, entities, drift } = await spoolSlice(ports, {
    ...reading,
    folder: join(ports.scratchDir, extractId),
  })
  await using open = spool
  const files = await landSpool(ports.lake, open, { platform: slice.platform, accountId: account.accountId, extractId })
  const record: ExtractRecord = {
    ...slice,
    extractId,
    requestedAtMs,
    finishedAtMs: ports.clock.nowMs(),
    rows: result.rows,
    apiVersion: result.apiVersion,
    requestIds: result.requestIds,
    operations: result.operations,
    controlTotals: result.controlTotals,
    mapVersion: mappingAt(connector.spec, slice.level).version,
    rawKeys: rawKeysOf(files),
    drift,
    mapping: connector.spec.ownMapping ? mappingAt(connector.spec, slice.level) : undefined,
  }
  await recordExtract(ports.lake, record, files)
  await ports.warehouse.transaction(async (session) => {
    await observeAccount(session, account, requestedAtMs)
    await observeEntities(session, entities, requestedAtMs)
  })
  return record
}

/** Reads the slice; when it breaks in the middle and may be tried again, throws the spool away and begins anew. */
async function spoolSlice(ports: Ports, reading: Reading): Promise<Spooled> {
  for (let restart = 0; ; restart += 1) {
    try {
      return await spoolOnce(reading)
    } catch (error) {
      // A platform that names its own waiting time has been waited for by the connector already, as long as that makes sense here.
      if (!isMillraceError(error) || !error.retryable || error.retryAfterMs !== undefined || restart >= restartsMax)
        throw error
      reading.context.log({ level: 'warn', message: `${accountKey(reading.account)} begins anew after ${error.code}` })
      await ports.clock.sleep(restartDelayMs * 2 ** restart * (0.5 + ports.random() / 2), reading.context.signal)
    }
  }
}

async function spoolOnce({ connector, account, slice, context, folder }: Reading): Promise<Spooled> {
  const { columns, date } = mappingAt(connector.spec, slice.level)
  const spool = await openSpool({ columns, dateColumn: date, folder })
  const entities = new Map<string, EntityObservation>()
  const required = new Set(columns.filter((column) => column.required).map((column) => column.name))
  try {
    const result = await connector.extract(slice, account, context, {
      rows: (batch) => spool.append(batch),
      entities: async (batch) => {
        for (const one of batch) entities.set(`${one.level}|${one.entityId}`, one)
        await Promise.resolve()
      },
    })
    // A value of the wrong type never gets here: the spool refuses it by column and value.
    return {
      spool,
      result,
      entities: [...entities.values()],
      drift: {
        removed: spool.incomplete().filter((name) => required.has(name)),
        mistyped: [],
        added: [],
        ...(result.vanished !== undefined && { vanished: result.vanished }),
      },
    }
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
}
