import { z } from 'zod'

/** A stream that a source offers. Members that nobody here reads pass through: the source wants them back as they were. */
const streamSchema = z.looseObject({
  name: z.string(),
  json_schema: z.record(z.string(), z.unknown()).default({}),
  supported_sync_modes: z.array(z.string()).default(['full_refresh']),
  default_cursor_field: z.array(z.string()).default([]),
})

export type AirbyteStream = z.output<typeof streamSchema>

const errorSchema = z.object({
  message: z.string(),
  failure_type: z
    .enum(['config_error', 'system_error', 'transient_error'])
    .default('system_error')
    .catch('system_error'),
})

export type AirbyteFailure = z.output<typeof errorSchema>

/** What a source says, as far as it is listened to. Source: the Airbyte protocol's airbyte_protocol.yaml. */
const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('SPEC'), spec: z.looseObject({}) }),
  z.object({
    type: z.literal('CONNECTION_STATUS'),
    connectionStatus: z.object({ status: z.enum(['SUCCEEDED', 'FAILED']), message: z.string().nullish() }),
  }),
  z.object({ type: z.literal('CATALOG'), catalog: z.object({ streams: z.array(streamSchema) }) }),
  z.object({ type: z.literal('RECORD'), record: z.object({ stream: z.string() }) }),
  z.object({ type: z.literal('STATE'), state: z.looseObject({}) }),
  z.object({ type: z.literal('LOG'), log: z.object({ level: z.string(), message: z.string() }) }),
  z.object({
    type: z.literal('TRACE'),
    trace: z.union([
      z.object({ type: z.literal('ERROR'), error: errorSchema }),
      z.object({
        type: z.literal('STREAM_STATUS'),
        stream_status: z.object({ stream_descriptor: z.object({ name: z.string() }), status: z.string() }),
      }),
      z.looseObject({ type: z.string() }),
    ]),
  }),
])

export type AirbyteMessage = z.output<typeof messageSchema>

/** A message and the line that it was: a record's numbers are read from there, digit by digit. */
export interface SaidMessage {
  readonly message: AirbyteMessage
  readonly line: string
}

/**
 * The message of a line; undefined for a line that is none. Sources print what they like between their messages, and kinds of message
 * that are not known here (CONTROL, estimates) say nothing that is needed.
 */
export function airbyteMessage(line: string): SaidMessage | undefined {
  if (!line.startsWith('{')) return undefined
  const read = messageSchema.safeParse(jsonOf(line))
  return read.success ? { message: read.data, line } : undefined
}

/** A kept state as it was; undefined for text that is none. */
export function stateOf(text: string): object | undefined {
  const value = jsonOf(text)
  return typeof value === 'object' && value !== null ? value : undefined
}

export const isIncremental = ({ supported_sync_modes: modes }: AirbyteStream): boolean => modes.includes('incremental')

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line, exactly)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Written again, a number is what it was: a cursor beyond 2^53 comes back to the source as it left it. */
function exactly(this: unknown, _: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || Number.isSafeInteger(value)) return value
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source)
}

/** The scalar members that a stream's schema names, by their paths: `metrics.clicks`. */
export function schemaPaths(schema: Readonly<Record<string, unknown>>, above = ''): readonly string[] {
  const properties = schema['properties']
  if (typeof properties !== 'object' || properties === null) return above === '' ? [] : [above]
  return Object.entries(properties).flatMap(([name, member]) =>
    schemaPaths(member as Readonly<Record<string, unknown>>, above === '' ? name : `${above}.${name}`),
  )
}

/** The catalog that a source is told to read: one stream, from its beginning unless a state says otherwise. */
export function configuredCatalog(stream: AirbyteStream): object {
  return {
    streams: [
      {
        stream,
        sync_mode: isIncremental(stream) ? 'incremental' : 'full_refresh',
        cursor_field: stream.default_cursor_field,
        destination_sync_mode: 'append',
      },
    ],
  }
}
