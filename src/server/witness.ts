import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { appendAudit, stateHash } from '../access/audit.ts'
import type { AuditEntry } from '../access/audit.ts'
import type { Principal } from '../access/principal.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { MillraceError } from '../domain/errors.ts'
import type { SqlValue } from '../warehouse/warehouse.ts'
import { changes } from './changes.ts'
import type { ChangeInput } from './changes.ts'
import type { Door } from './mount.ts'

const secretName = /secret|token|passw|credential|private|key$|^paste$|^before$/i
const mask = '••••'

/** What was asked for, without what must not be kept. */
function covered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(covered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      typeof member === 'string' && secretName.test(name) ? mask : covered(member),
    ]),
  )
}

type Base = Omit<AuditEntry, 'outcome'>

/** Writes down every change: before it is made, so that one whose process dies is known too, and how it ended. */
export class Witness {
  readonly #door: Door

  constructor(door: Door) {
    this.#door = door
  }

  async refused(request: FastifyRequest, who: Principal, { code }: MillraceError): Promise<void> {
    await this.append({ ...this.base(request, who), detail: { error: code }, outcome: 'refused' })
  }

  /** Does the work of a changing route between two lines of the log; those that write their own are left alone. */
  async of(request: FastifyRequest, who: Principal | undefined, work: () => unknown): Promise<unknown> {
    const subject = changes[keyOf(request) as keyof typeof changes]
    if (!who || subject === 'own') return work()
    const input: ChangeInput = {
      params: (request.params ?? {}) as ChangeInput['params'],
      body: (request.body ?? {}) as ChangeInput['body'],
      output: {},
    }
    const stateOf = (asked: ChangeInput) => this.#stateOf(subject?.(asked))
    const beforeHash = await stateOf(input)
    const base = { ...this.base(request, who), beforeHash }
    await this.append({ ...base, outcome: 'begun' })
    try {
      const output = await work()
      const afterHash = await stateOf({ ...input, output: (output ?? {}) as ChangeInput['output'] })
      await this.append({ ...base, afterHash, outcome: 'done' })
      return output
    } catch (error) {
      const detail = { error: isMillraceError(error) ? error.code : 'SERVER_UNEXPECTED' }
      // What went wrong is what the caller is told, also when the database is what is away; `begun` is in the log.
      await this.append({ ...base, detail, outcome: 'failed' }).catch(() => undefined)
      throw error
    }
  }

  async append(entry: AuditEntry): Promise<void> {
    await this.#door.warehouse().transaction((session) => appendAudit(session, entry))
  }

  base(request: FastifyRequest, who: AuditEntry['who']): Base {
    return {
      deed: randomUUID(),
      who,
      action: keyOf(request),
      subject: Object.values((request.params ?? {}) as Readonly<Record<string, string>>).join(' '),
      detail: covered(request.body ?? null),
      origin: request.ip,
      nowMs: this.#door.clock.nowMs(),
    }
  }

  async #stateOf(asked: StateQuery | null | undefined): Promise<string | null> {
    return asked ? stateHash(await this.#door.warehouse().query(asked.query, asked.values)) : null
  }
}

interface StateQuery {
  readonly query: string
  readonly values: readonly SqlValue[]
}

function keyOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? request.url.split('?')[0]}`
}
