import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { Slice } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import { platform } from '../domain/platform.ts'
import type { Connector, ConnectorContext, ConnectorSpec, ExtractResult, Sink } from './connector.ts'
import { defineConnector } from './connector.ts'
import { checkFiles, told } from './file-check.ts'
import { newestEntities } from './file-entities.ts'
import type { FileProblem } from './file-header.ts'
import type { FileMapping } from './file-mapping.ts'
import { fileMapping, parseFileMapping, rawMappingOf } from './file-mapping.ts'
import { fileRecords, openFile } from './file-plan.ts'
import { readyMapping } from './file-ready.ts'
import { recordMapper } from './file-rows.ts'

const options = z.object({
  files: z.array(z.string().min(1)).min(1).describe('Files of one account: CSV, TSV, JSON lines or Parquet.'),
  platform: z.string().transform(platform).describe('The platform that the numbers come from.'),
  account: z.string().min(1).describe('Id of the ad account.'),
  name: z.string().min(1).optional().describe('Name of the account; left out: its id.'),
  currency: z.string().transform(currency).describe('ISO 4217 code of the account.'),
  zone: z.string().default('UTC').transform(timeZone).describe('Time zone in which the file’s days were counted.'),
  mapping: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .describe('Path of the mapping, google_ads or meta_ads for their own exports, or the mapping itself.'),
})

type Options = z.output<typeof options>

/** A file has every day that it has: one slice reads it once, however long it is. */
const daysMax = 36_500

/** Rows handed over at once. */
const batchRows = 5_000

/** Problems that an error names; the dry run shows all. */
const problemsToldMax = 20

export const adapter = defineConnector({
  name: 'file',
  summary: 'Reads campaign metrics from exports (CSV, TSV, JSON lines, Parquet) by a mapping of their columns.',
  options,
  async open(given) {
    const mapping = await readMapping(given.mapping)
    const account: AdAccount = {
      platform: given.platform,
      accountId: given.account,
      name: given.name ?? given.account,
      currency: given.currency,
      zone: given.zone,
    }
    const connector: Connector = {
      spec: specOf(mapping),
      check: async ({ language = 'en' }) => checkFiles(given.files, account, mapping, language),
      discover: async () => Promise.resolve([account]),
      extract: async (slice, of, context, sink) => extract(given.files, mapping, { slice, account: of, context, sink }),
      async [Symbol.asyncDispose]() {},
    }
    return connector
  },
})

/** The mapping of a platform's own exports by its name, at a path, or given as it is. Throws FILES_UNREADABLE, FILES_MAPPING_INVALID. */
export async function readMapping(given: Options['mapping']): Promise<FileMapping> {
  if (typeof given !== 'string') return fileMapping(given)
  const ready = readyMapping(given)
  if (ready) return ready
  try {
    return parseFileMapping(await readFile(given, 'utf8'), given)
  } catch (cause) {
    if (isMillraceError(cause)) throw cause
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MillraceError('FILES_UNREADABLE', { file: given, reason }, { cause })
  }
}

function specOf(mapping: FileMapping): ConnectorSpec<typeof options> {
  return {
    platform: 'file',
    summary: 'Campaign metrics of a CSV export.',
    options,
    levels: ['campaign'],
    apiVersion: 'csv',
    rangeDaysMax: daysMax,
    retentionDays: daysMax,
    lookbackDays: 0,
    settleMs: 0,
    mapping: rawMappingOf(mapping),
    ownMapping: true,
  }
}

interface Reading {
  readonly slice: Slice
  readonly account: AdAccount
  readonly context: ConnectorContext
  readonly sink: Sink
}

/** All files, or none of them: one value that is not understood refuses the import, because a sum without it would look right. */
async function extract(files: readonly string[], mapping: FileMapping, reading: Reading): Promise<ExtractResult> {
  const { slice, account, context, sink } = reading
  const map = recordMapper(mapping)
  const entities = newestEntities(account, mapping)
  const problems: FileProblem[] = []
  const requestIds: string[] = []
  const counts = { rows: 0, problems: 0 }
  for (const file of files) {
    context.signal.throwIfAborted()
    const opened = await openFile(file, mapping)
    problems.push(...opened.problems)
    counts.problems += opened.problems.length
    if (!opened.layout) continue
    const { layout } = opened
    let batch: RawRow[] = []
    for await (const record of fileRecords(file, opened, layout)) {
      const mapped = map(record, layout)
      if (mapped.kind === 'problems') {
        counts.problems += mapped.problems.length
        problems.push(...mapped.problems.slice(0, Math.max(0, problemsToldMax - problems.length)))
      }
      if (mapped.kind !== 'row' || mapped.date < slice.since || mapped.date > slice.until) continue
      const row = mapped.row['currency'] === null ? { ...mapped.row, currency: account.currency } : mapped.row
      entities.observe(row, mapped.date)
      batch.push(row)
      if (batch.length === batchRows) {
        counts.rows += batch.length
        await sink.rows(batch)
        context.signal.throwIfAborted()
        batch = []
      }
    }
    counts.rows += batch.length
    if (batch.length > 0) await sink.rows(batch)
    requestIds.push(`sha256:${await sha256Of(file)}`)
  }
  if (problems.length > 0) {
    const list = problems
      .slice(0, problemsToldMax)
      .map((one) => told(one))
      .join('; ')
    throw new MillraceError('FILES_NOT_UNDERSTOOD', { count: counts.problems, list })
  }
  await sink.entities(entities.all())
  return { rows: counts.rows, apiVersion: 'csv', requestIds, controlTotals: null, operations: 0 }
}

/** What a file was when it was read: stands in the extract's record where a platform has its request ids. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
