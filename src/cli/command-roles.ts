import type { Role } from '../domain/role.ts'
import type { CommandName } from './commands.ts'

/** `none`: nothing of a project's data is touched. `admin reads`: only admins, and nothing is changed. */
type CallRole = 'none' | Role | 'admin reads'

/** A record: by the first argument. */
type CommandRole = CallRole | Readonly<Record<string, CallRole>>

/**
 * The least role of a key that may call each command; a command that is not here does not compile. `viewer` reads, `operator` writes
 * and is written down in the audit log, `admin` decides who may. Without a key in MILLRACE_API_KEY whoever has the project's folder
 * may do everything: they have its database.
 */
export const commandRoles: Readonly<Record<CommandName, CommandRole>> = {
  demo: 'operator',
  init: 'none',
  run: 'operator',
  backfill: {
    plan: 'viewer',
    start: 'operator',
    list: 'viewer',
    pause: 'operator',
    resume: 'operator',
    cancel: 'operator',
  },
  import: 'operator',
  connectors: { list: 'viewer', add: 'admin', auth: 'admin', test: 'operator', rotate: 'admin', remove: 'admin' },
  schedule: { preview: 'viewer', list: 'viewer', pause: 'operator', resume: 'operator' },
  up: 'operator',
  open: 'none',
  worker: 'operator',
  runs: { list: 'viewer', show: 'viewer', cancel: 'operator', clear: 'operator' },
  logs: 'viewer',
  simulate: 'none',
  gc: 'operator',
  task: { run: 'operator', failed: 'operator' },
  export: 'viewer',
  status: 'viewer',
  lake: { ls: 'viewer', show: 'viewer', verify: 'viewer', gc: 'operator', copy: 'operator' },
  unify: 'operator',
  restatements: 'viewer',
  conversions: { list: 'viewer', plan: 'viewer', apply: 'operator' },
  naming: { check: 'viewer', violations: 'viewer', utm: 'viewer', test: 'none' },
  rates: { load: 'operator', list: 'viewer', missing: 'viewer' },
  brief: 'operator',
  incidents: { list: 'viewer', show: 'viewer', ack: 'operator', resolve: 'operator', comment: 'operator' },
  alerts: { list: 'viewer', test: 'operator', silence: 'operator', send: 'operator' },
  quality: {
    run: 'operator',
    list: 'viewer',
    show: 'viewer',
    explain: 'viewer',
    mute: 'operator',
    schema: 'none',
    backtest: 'none',
  },
  publish: 'operator',
  keys: { create: 'admin', list: 'admin reads', revoke: 'admin' },
  users: { add: 'admin', list: 'admin reads', disable: 'admin', enable: 'admin', password: 'admin' },
  audit: { list: 'admin reads', verify: 'admin reads' },
  bi: { grant: 'admin', revoke: 'admin', show: 'viewer' },
  backup: { create: 'operator', list: 'viewer', verify: 'viewer', restore: 'admin' },
  move: 'admin',
  upgrade: 'admin',
  sql: 'viewer',
  dbt: 'operator',
  sandbox: 'none',
  stream: {
    run: 'operator',
    lag: 'viewer',
    simulate: 'operator',
    collect: 'operator',
    land: 'operator',
    replay: 'operator',
    rebuild: 'operator',
    reconcile: 'operator',
  },
  events: { send: 'operator', tail: 'viewer', query: 'viewer' },
  dlq: { list: 'viewer', show: 'viewer', retry: 'operator' },
  doctor: 'viewer',
  config: 'none',
  completion: 'none',
  errors: 'none',
}

/** What a call of a command wants, and whether it is written down; an action that nobody declared wants an admin. */
export function roleOfCall(
  name: CommandName,
  action: string | undefined,
): { readonly role: 'none' | Role; readonly writes: boolean } {
  const declared = commandRoles[name]
  // Where the action may be left out, the command is a person's plan, question and deed in one.
  const call =
    typeof declared === 'string' ? declared : action === undefined ? 'operator' : (declared[action] ?? 'admin')
  if (call === 'admin reads') return { role: 'admin', writes: false }
  return { role: call, writes: call === 'operator' || call === 'admin' }
}
