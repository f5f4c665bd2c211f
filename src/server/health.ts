import type { FastifyInstance } from 'fastify'
import type { SqlRow } from '../warehouse/warehouse.ts'
import type { BootBoard } from './boot.ts'
import type { Door } from './mount.ts'
import { sql } from './sql.ts'

/** Whoever watches whether the process lives has no key. */
const open = { schema: { hide: true }, config: { role: 'anyone' } } as const

/** For those who watch the process: alive, able to work, and its figures as Prometheus reads them. */
export function watching(app: FastifyInstance, door: Door, board: BootBoard): void {
  app.get('/healthz', open, async () => ({ status: 'ok' }))
  app.get('/readyz', open, async () => {
    if (!board.state.ready) throw board.tooEarly()
    await door.warehouse().query('select 1')
    return { status: 'ready' }
  })
  app.get('/metrics', { schema: { hide: true }, config: { role: 'viewer' } }, async (_request, reply) => {
    const rows = await door.warehouse().query<Sample & SqlRow>(sql('metrics'), [new Date(door.clock.nowMs())])
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(exposition([...ownSamples(), ...rows]))
  })
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>> | null
  /** Text, as the database gives it: Prometheus reads it as it is. */
  readonly value: string
}

const helps: Readonly<Record<string, readonly [type: string, help: string]>> = {
  millrace_process_resident_memory_bytes: ['gauge', 'Memory of this process'],
  millrace_runs_total: ['counter', 'Runs by how they stand'],
  millrace_run_duration_seconds: ['gauge', 'How long the newest ended run of a pipeline took'],
  millrace_partition_freshness_seconds: ['gauge', 'Since the newest published day of the account ended'],
  millrace_partitions: ['gauge', 'Partitions by state'],
  millrace_check_failures_total: ['counter', 'Checks that failed, by check'],
  millrace_outbox_waiting: ['gauge', 'Messages that wait to be delivered, by channel'],
}

function ownSamples(): readonly Sample[] {
  return [{ name: 'millrace_process_resident_memory_bytes', labels: null, value: String(process.memoryUsage.rss()) }]
}

/** The text format: one HELP and TYPE a name, then its samples. */
export function exposition(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, (one) => one.name)
  return [...byName]
    .flatMap(([name, own]) => {
      const [type, help] = helps[name] ?? ['untyped', name]
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...own.map(line)]
    })
    .join('\n')
    .concat('\n')
}

function line({ name, labels, value }: Sample): string {
  const said = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${said.length > 0 ? `{${said.join(',')}}` : ''} ${value}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
