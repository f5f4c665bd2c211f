import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { lastClosedDay, timeZone } from '../domain/day.ts'
import type { DayRange } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import { platform } from '../domain/platform.ts'
import type { AirbyteMessage, AirbyteStream } from './airbyte-messages.ts'
import { schemaPaths } from './airbyte-messages.ts'
import type { AirbyteCommand, AirbyteFiles, AirbyteSource } from './airbyte-process.ts'
import { failureOf, runAirbyte } from './airbyte-process.ts'
import { readAirbyte } from './airbyte-reading.ts'
import { failedLine } from './check.ts'
import type { CheckLine, Connector, ConnectorContext, ConnectorSpec } from './connector.ts'
import { defineConnector } from './connector.ts'
import { layoutOf } from './file-header.ts'
import { told } from './file-check.ts'
import type { FileMapping } from './file-mapping.ts'
import { rawMappingOf } from './file-mapping.ts'
import { readMapping } from './file.ts'
import { redactor } from './redact.ts'
import { withRetry } from './retry.ts'
import { limits } from './settings.ts'

const options = z.object({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe('The source and how it is started: program and arguments, no shell.'),
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('The source’s own configuration; {since} and {until} in its texts are the days that are read.'),
  environment: z.record(z.string(), z.string()).default({}).describe('Variables that the source is to see.'),
  stream: z.string().min(1).describe('Name of the stream with campaigns by day.'),
  platform: z.string().transform(platform).describe('The platform that the numbers come from.'),
  account: z.string().min(1).describe('Id of the ad account.'),
  name: z.string().min(1).optional().describe('Name of the account; left out: its id.'),
  currency: z.string().transform(currency).describe('ISO 4217 code of the account.'),
  zone: z.string().default('UTC').transform(timeZone).describe('Time zone in which the stream’s days are counted.'),
  mapping: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .describe('Path of the mapping, or the mapping itself: the same as for files, members named by their path.'),
  rangeDaysMax: z.int().min(1).max(36_500).default(31).describe('Days that one run of the source spans at most.'),
  lookbackDays: z.int().min(0).max(365).default(28).describe('How many days back numbers still change.'),
  retentionDays: z.int().min(1).max(36_500).default(1_110).describe('How far back the source answers.'),
  settleHours: z.number().min(0).max(72).default(6).describe('How long after midnight a day is whole.'),
  ...limits,
})

export type AirbyteOptions = z.output<typeof options>

const hourMs = 3_600_000

function specOf(given: AirbyteOptions, mapping: FileMapping): ConnectorSpec<typeof options> {
  return {
    platform: given.platform,
    summary: 'Campaign metrics from a stream of an Airbyte source.',
    options,
    levels: ['campaign'],
    apiVersion: 'airbyte',
    rangeDaysMax: given.rangeDaysMax,
    retentionDays: given.retentionDays,
    lookbackDays: given.lookbackDays,
    settleMs: given.settleHours * hourMs,
    mapping: rawMappingOf(mapping),
    ownMapping: true,
  }
}

export const adapter = defineConnector({
  name: 'airbyte',
  summary: 'Reads campaign metrics from a stream of an Airbyte source, run as a process.',
  options,
  open: async (given) => openAirbyte(given, await readMapping(given.mapping)),
})

/** A connection to a source. Nothing is started before it is asked something. */
function openAirbyte(given: AirbyteOptions, mapping: FileMapping): Connector {
  const account: AdAccount = {
    platform: given.platform,
    accountId: given.account,
    name: given.name ?? given.account,
    currency: given.currency,
    zone: given.zone,
  }
  const source: AirbyteSource = {
    command: given.command,
    environment: given.environment,
    silenceMsMax: given.timeoutSeconds * 1000,
    // Which of its values are secret only the source knows: none of them is told.
    redact: redactor([...textsOf(given.config), ...Object.values(given.environment)]),
    platform: given.platform,
    account: given.account,
  }
  const policy = { attemptsMax: given.attemptsMax, quotaWaitMsMax: given.quotaWaitSecondsMax * 1000 }
  const config = (range: DayRange) => withDays(given.config, range)
  const spec = specOf(given, mapping)
  let stream: Promise<AirbyteStream> | undefined
  return {
    spec,
    discover: () => Promise.resolve([account]),
    check: (context) =>
      checkAirbyte({ source, given, mapping, config: config(probeDay(given, spec, context)) }, context),
    async extract({ level, since, until }, of, context, sink) {
      assert.equal(level, 'campaign', 'only slices of a level that the spec names are asked for')
      const range = { since, until }
      // Once for a connection: a source does not change its streams while it is used. A failure is asked anew.
      stream ??= withRetry(() => discovered(source, given.stream, config(range), context), policy, context)
      const found = await stream.catch((error: unknown) => {
        stream = undefined
        throw error
      })
      const sourceKey = createHash('sha256')
        .update(JSON.stringify([given.command, given.config, given.stream, given.account]))
        .digest('hex')
      const reading = { source, stream: found, config, mapping, policy, sourceKey }
      const { rows, runs } = await readAirbyte(reading, { range, account: of, context, sink })
      return { rows, apiVersion: spec.apiVersion, requestIds: [], controlTotals: null, operations: runs }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function probeDay(
  { zone }: AirbyteOptions,
  { settleMs }: Pick<ConnectorSpec, 'settleMs'>,
  { clock }: ConnectorContext,
): DayRange {
  const day = lastClosedDay(zone, clock.nowMs(), settleMs)
  return { since: day, until: day }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** The configuration with the days in the places that wait for them. */
function withDays(value: unknown, range: DayRange): unknown {
  if (typeof value === 'string') return value.replaceAll('{since}', range.since).replaceAll('{until}', range.until)
  if (Array.isArray(value)) return value.map((one) => withDays(one, range))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withDays(member, range)]))
}

/** The first message of a kind; a source that ends without one has a defect. */
async function answered<Kind extends AirbyteMessage['type']>(
  source: AirbyteSource,
  { command, kind, files }: { readonly command: AirbyteCommand; readonly kind: Kind; readonly files: AirbyteFiles },
  context: ConnectorContext,
): Promise<Extract<AirbyteMessage, { type: Kind }>> {
  let found: AirbyteMessage | undefined
  for await (const { message } of runAirbyte(source, command, files, context))
    if (message.type === kind) found ??= message
  if (found) return found as Extract<AirbyteMessage, { type: Kind }>
  throw failureOf(source, { failure_type: 'system_error', message: `${command} ended without ${kind}` })
}

async function discovered(
  source: AirbyteSource,
  name: string,
  config: unknown,
  context: ConnectorContext,
): Promise<AirbyteStream> {
  const { catalog } = await answered(source, { command: 'discover', kind: 'CATALOG', files: { config } }, context)
  const found = catalog.streams.find((one) => one.name === name)
  if (found) return found
  const known = catalog.streams.map((one) => one.name).join(', ')
  const detail = `it has no stream "${name}"; it has ${known || 'none'}`
  throw new MillraceError('CONNECTORS_SOURCE_REFUSED', { platform: source.platform, account: source.account, detail })
}

interface Checked {
  readonly source: AirbyteSource
  readonly given: AirbyteOptions
  readonly mapping: FileMapping
  readonly config: unknown
}

const words = {
  en: {
    starts: 'source starts',
    accepted: 'configuration accepted',
    stream: (name: string) => `stream ${name}`,
    members: (count: number) => `${count} members`,
  },
  ko: {
    starts: '소스 시작',
    accepted: '설정 수락됨',
    stream: (name: string) => `스트림 ${name}`,
    members: (count: number) => `항목 ${count}개`,
  },
} as const

/** `spec`, `check`, `discover`, one after the other; what fails ends it. Never throws. */
async function checkAirbyte(of: Checked, context: ConnectorContext): Promise<readonly CheckLine[]> {
  const { source, given, mapping, config } = of
  const { language = 'en' } = context
  const said = words[language]
  const steps: readonly (readonly [string, () => Promise<string>])[] = [
    [
      said.starts,
      async () => (
        await answered(source, { command: 'spec', kind: 'SPEC', files: {} }, context),
        given.command[0] ?? ''
      ),
    ],
    [
      said.accepted,
      async () => {
        const { connectionStatus } = await answered(
          source,
          { command: 'check', kind: 'CONNECTION_STATUS', files: { config } },
          context,
        )
        if (connectionStatus.status === 'SUCCEEDED') return connectionStatus.message ?? ''
        throw failureOf(source, { failure_type: 'config_error', message: connectionStatus.message ?? 'check FAILED' })
      },
    ],
    [
      said.stream(given.stream),
      async () => {
        const paths = schemaPaths((await discovered(source, given.stream, config, context)).json_schema)
        const { layout, problems } = layoutOf({ file: given.stream, delimiter: '', headerLine: 0 }, paths, mapping)
        if (layout) return said.members(paths.length)
        const list = problems.map((one) => told(one, language)).join('; ')
        throw new MillraceError('FILES_NOT_UNDERSTOOD', { count: problems.length, list })
      },
    ],
  ]
  const lines: CheckLine[] = []
  for (const [what, step] of steps) {
    try {
      lines.push({ what, outcome: 'ok', detail: await step(), fix: null })
    } catch (error) {
      return [...lines, failedLine(what, error, language)]
    }
  }
  return lines
}
