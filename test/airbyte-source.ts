// A source that speaks Airbyte's protocol, small enough to start in a blink: rows come from its configuration, and it fails as it is told.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

interface Config {
  readonly rows: readonly { readonly day: string }[]
  readonly since?: string
  readonly until?: string
  /** Ends the process before the rows of this day, once. */
  readonly crashOn?: string
  readonly marker?: string
  /** Says this before anything else. */
  readonly noise?: string
  readonly fail?: 'config_error' | 'system_error' | 'transient_error'
  readonly status?: 'FAILED'
  /** Fails so when it is handed a state. */
  readonly refuses?: 'config_error'
  readonly silent?: boolean
  readonly stateless?: boolean
  readonly token?: string
  readonly incomplete?: boolean
}

const [command = '', ...args] = process.argv.slice(2)
const fileOf = (name: string): unknown => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? undefined : JSON.parse(readFileSync(args[at + 1] ?? '', 'utf8'))
}
const say = (message: object | string) =>
  writeFileSync(1, `${typeof message === 'string' ? message : JSON.stringify(message)}\n`)

const number = { type: ['null', 'number'] }
const stream = {
  name: 'days',
  json_schema: {
    properties: {
      day: { type: 'string' },
      campaign: { type: 'object', properties: { id: { type: 'integer' }, name: { type: 'string' } } },
      metrics: {
        type: 'object',
        properties: { shown: number, clicked: number, spend: { type: 'string' }, orders: number },
      },
    },
  },
  supported_sync_modes: ['full_refresh', 'incremental'],
  default_cursor_field: ['day'],
}

function read(config: Config): void {
  const [state] = (fileOf('state') ?? []) as readonly { stream: { stream_state: { day: string } } }[]
  const after = state?.stream.stream_state.day ?? ''
  // Raw text: what stands in the configuration is not rounded on its way through this process either.
  const rows = (fileOf('config') as Config).rows.filter(({ day }) => day > after)
  say({
    type: 'LOG',
    log: { level: 'INFO', message: `tells ${rows.length} rows, ${after === '' ? 'begun' : 'resumed'}` },
  })
  if (config.refuses !== undefined && after !== '') {
    const error = { message: `what is ${after}?`, failure_type: config.refuses }
    say({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: 1, error } })
    process.exit(1)
  }
  for (const row of rows) {
    if (row.day === config.crashOn && config.marker !== undefined && !existsSync(config.marker)) {
      // Half of the day has gone out when it dies.
      say({ type: 'RECORD', record: { stream: 'days', data: row, emitted_at: 1 } })
      writeFileSync(config.marker, '')
      process.exit(1)
    }
    if (JSON.stringify(row).includes('"id":"')) sayRow(row)
    else say({ type: 'RECORD', record: { stream: 'days', data: row, emitted_at: 1 } })
    if (config.stateless) continue
    const stream_descriptor = { name: 'days' }
    say({ type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor, stream_state: { day: row.day } } } })
  }
  if (config.incomplete)
    say({
      type: 'TRACE',
      trace: { type: 'STREAM_STATUS', stream_status: { stream_descriptor: { name: 'days' }, status: 'INCOMPLETE' } },
    })
}

/** An id that is written as text in the configuration goes out as the number of those digits. */
function sayRow(row: object): void {
  const text = JSON.stringify({ type: 'RECORD', record: { stream: 'days', data: row, emitted_at: 1 } })
  say(text.replaceAll(/"id":"(\d+)"/g, '"id":$1'))
}

const config = (fileOf('config') ?? {}) as Config
if (config.noise !== undefined) say(config.noise)
say({ type: 'LOG', log: { level: 'INFO', message: `begins with ${config.token ?? 'nothing'}` } })
if (config.silent && command === 'read') setInterval(() => {}, 1_000)
else if (config.fail !== undefined && command !== 'spec') {
  const error = { message: `it fails over ${config.token ?? 'nothing'}`, failure_type: config.fail }
  say({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: 1, error } })
  process.exitCode = 1
} else if (command === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: {} } })
else if (command === 'check')
  say({ type: 'CONNECTION_STATUS', connectionStatus: { status: config.status ?? 'SUCCEEDED', message: 'as told' } })
else if (command === 'discover') say({ type: 'CATALOG', catalog: { streams: [stream] } })
else read(config)
