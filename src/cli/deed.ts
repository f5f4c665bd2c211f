import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { AuditEntry } from '../access/audit.ts'
import type { Principal } from '../access/principal.ts'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Role } from '../domain/role.ts'
import { covers } from '../domain/role.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import { roleOfCall } from './command-roles.ts'
import type { CommandName } from './commands.ts'
import type { CommandDeed, DeedLine, Given } from './command.ts'
import type { Scrubber } from './scrubber.ts'

/** Where a key of the project stands that a command is called with; the command may then do what the key may. */
export const keyVariable = 'MILLRACE_API_KEY'

/** Without a key: whoever has the project's folder has its database too. */
function machineUser(): Principal {
  const { username } = userInfo()
  return { kind: 'local', id: `${username}@${hostname()}`, name: username, role: 'admin', clients: null }
}

export interface DeedOptions {
  readonly name: CommandName
  readonly args: readonly string[]
  readonly given: Given
  readonly secrets: Scrubber
  readonly clock: Pick<Clock, 'nowMs'>
}

export class Deed implements CommandDeed {
  readonly role: 'none' | Role
  readonly #writes: boolean
  readonly #options: DeedOptions
  readonly #id = randomUUID()
  #who = machineUser()
  #isBegun = false

  constructor(options: DeedOptions) {
    this.#options = options
    const { role, writes } = roleOfCall(options.name, options.args[0])
    this.role = role
    this.#writes = writes
  }

  get who(): Principal {
    return this.#who
  }

  /** Does it in the name of a key. Throws ACCESS_KEY_REFUSED, ACCESS_ROLE_WANTED, ACCESS_CLIENTS_ONLY. */
  async doneBy(key: string, warehouse: Warehouse): Promise<void> {
    if (this.role === 'none') return
    const { principalOfKey } = await import('../access/keys.ts')
    const who = await principalOfKey(warehouse, key, this.#options.clock.nowMs())
    if (!who) throw new MillraceError('ACCESS_KEY_REFUSED', { variable: keyVariable })
    this.#who = who
    const problem = !covers(who.role, this.role)
      ? new MillraceError('ACCESS_ROLE_WANTED', { name: who.name, role: who.role, wanted: this.role })
      : who.clients
        ? new MillraceError('ACCESS_CLIENTS_ONLY', { name: who.name, clients: who.clients.join(', ') })
        : undefined
    if (!problem) return
    if (this.#writes)
      await warehouse.transaction((session) =>
        this.write(session, { outcome: 'refused', detail: { error: problem.code } }),
      )
    throw problem
  }

  async begin(warehouse: Warehouse): Promise<void> {
    if (!this.#writes || this.#isBegun) return
    this.#isBegun = true
    await warehouse.transaction((session) => this.write(session, { outcome: 'begun' }))
  }

  async write(session: Session, line: DeedLine): Promise<void> {
    const { appendAudit } = await import('../access/audit.ts')
    await appendAudit(session, { ...this.#line(), ...line })
  }

  #line(): Omit<AuditEntry, 'outcome'> {
    const { name, args, given, secrets, clock } = this.#options
    const [action, ...subject] = args
    // What a person typed may hold what the configuration knows as a secret.
    const covered = JSON.parse(secrets.scrub(JSON.stringify({ args, given }))) as { args: string[]; given: Given }
    return {
      deed: this.#id,
      who: this.#who,
      action: [name, action].filter(Boolean).join(' '),
      subject: secrets.scrub(subject.join(' ')),
      detail: covered.given,
      origin: `command on ${hostname()}`,
      nowMs: clock.nowMs(),
    }
  }
}
