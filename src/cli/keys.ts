import type { KeyScope } from '../access/keys.ts'
import { isoInstant } from '../domain/clock.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { roles } from '../domain/role.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['create', 'list', 'revoke'] as const

export const command: CommandSpec = {
  name: 'keys',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[name]', text: { en: 'Name of the key; revoke: or its id', ko: '키 이름. revoke는 id도 가능' } },
  ],
  options: [
    { flags: '--role <role>', text: { en: 'create: what it may do', ko: 'create: 역할' }, choices: roles },
    {
      flags: '--scope <scope>',
      text: { en: 'create: collect, to send events only', ko: 'create: collect는 이벤트 전송 전용' },
      choices: ['collect'],
    },
    {
      flags: '--client <name>',
      text: { en: 'create: rows of this client only; repeated', ko: 'create: 이 클라이언트의 행만. 여러 번 가능' },
      many: true,
    },
    { flags: '--expires <when>', text: { en: 'create: 90d, 12h or a day', ko: 'create: 90d, 12h 또는 날짜' } },
    { flags: '--all', text: { en: 'list: revoked ones too', ko: 'list: 폐기한 것도' } },
  ],
  description: {
    en: 'Keys for programs. create: prints a key this one time; the database keeps a hash. It is shown as “Authorization: Bearer KEY” to the server, in MILLRACE_API_KEY to commands, or with --scope collect to the collector. list: who has what, until when, and when it was last used. revoke: from the next request on it opens nothing.',
    ko: '프로그램용 키. create: 키를 한 번만 출력하고 데이터베이스에는 해시만 둡니다. 서버에는 Authorization: Bearer 키로, 명령에는 MILLRACE_API_KEY로, --scope collect 키는 수집기에 씁니다. list: 키와 만료, 마지막 사용 시각. revoke: 다음 요청부터 쓸 수 없게 함.',
  },
  examples: [
    {
      line: 'millrace keys create nightly --role operator --expires 90d',
      text: { en: 'for a program that runs things', ko: '실행용 프로그램 키' },
    },
    {
      line: 'millrace keys create acme-sheet --role viewer --client acme',
      text: { en: 'one client’s rows', ko: '한 클라이언트의 행만' },
    },
    { line: 'millrace keys revoke nightly', text: { en: 'at once', ko: '바로 폐기' } },
  ],
  run: keys,
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'keys', detail })

async function keys(invocation: Invocation, [action, name]: readonly string[], given: Given): Promise<number> {
  if (action !== 'list' && name === undefined) throw usage(`${action} needs a name`)
  const scope = action === 'create' ? scopeOf(given) : 'viewer'
  const expiresAtMs = expiryOf(given['expires'], invocation.clock.nowMs())
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action === 'list') return await list(invocation, warehouse, given['all'] === true)
  if (action === 'revoke') return await revoke(invocation, warehouse, name ?? '')
  return await create(invocation, warehouse, { name: name ?? '', scope, expiresAtMs, clients: clientsOf(given) })
}

function scopeOf({ role, scope }: Given): KeyScope {
  const known = [...roles, 'collect'] as const
  const found = known.find((one) => one === (role ?? scope))
  if (!found || (role !== undefined && scope !== undefined)) throw usage('create needs --role or --scope collect')
  return found
}

export const clientsOf = ({ client }: Given): readonly string[] | null =>
  Array.isArray(client) && client.length > 0 ? (client as readonly string[]) : null

const units = { h: 3_600_000, d: 86_400_000 } as const

function expiryOf(text: unknown, nowMs: number): number | null {
  if (typeof text !== 'string') return null
  const [, amount, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? []
  const atMs = amount === undefined ? Date.parse(text) : nowMs + Number(amount) * units[unit as keyof typeof units]
  if (!Number.isFinite(atMs) || atMs <= nowMs) throw usage('--expires wants 90d, 12h or a day that is to come')
  return atMs
}

interface Wanted {
  readonly name: string
  readonly scope: KeyScope
  readonly clients: readonly string[] | null
  readonly expiresAtMs: number | null
}

async function create({ output, language, clock, deed }: Invocation, warehouse: Warehouse, wanted: Wanted) {
  const { createKey } = await import('../access/keys.ts')
  const { stateHash } = await import('../access/audit.ts')
  const { key, made } = await warehouse.transaction(async (session) => {
    const created = await createKey(session, { ...wanted, by: deed.who.name, nowMs: clock.nowMs() })
    await deed.write(session, { outcome: 'done', afterHash: stateHash([created.made]) })
    return created
  })
  if (output.json) output.record({ key, ...made })
  else {
    output.say(words[language].made(made.name))
    output.data(`${key}\n`)
  }
  return exitCodes.ok
}

async function list({ output }: Invocation, warehouse: Warehouse, all: boolean): Promise<number> {
  const { listKeys } = await import('../access/keys.ts')
  const columns = ['name', 'scope', 'clients', 'expiresAt', 'lastUsedAt', 'createdBy', 'createdAt', 'keyId']
  const rows = await listKeys(warehouse, all)
  printRows(
    output,
    formatOf(undefined, output),
    all ? [...columns, 'revokedAt'] : columns,
    rows.map((one) => ({ ...one, clients: one.clients?.join(' ') ?? null })),
  )
  return exitCodes.ok
}

async function revoke(invocation: Invocation, warehouse: Warehouse, key: string): Promise<number> {
  const { output, language, clock, deed } = invocation
  const said = words[language]
  if (!(await confirmed(invocation, said.question(key)))) return exitCodes.ok
  const { revokeKey } = await import('../access/keys.ts')
  const { stateHash } = await import('../access/audit.ts')
  const revoked = await warehouse.transaction(async (session) => {
    const after = await revokeKey(session, { key, by: deed.who.name, nowMs: clock.nowMs() })
    const [beforeHash, afterHash] = [stateHash([{ ...after, revokedAt: null }]), stateHash([after])]
    await deed.write(session, { outcome: 'done', beforeHash, afterHash })
    return after
  })
  if (output.json) output.record(revoked)
  else output.say(said.revoked(revoked.name, isoInstant(clock.nowMs())))
  return exitCodes.ok
}

const words = {
  en: {
    made: (name: string) => `The key ${name}; it is shown this one time:`,
    question: (key: string) => `Revoke the key ${key}? Whatever uses it is refused from then on.`,
    revoked: (name: string, at: string) => `${name} opens nothing since ${at}.`,
  },
  ko: {
    made: (name: string) => `키 ${name}. 한 번만 표시됩니다:`,
    question: (key: string) => `키 ${key}을(를) 폐기할까요? 이 키를 쓰는 프로그램은 바로 거부됩니다.`,
    revoked: (name: string, at: string) => `${name}은(는) ${at}부터 쓸 수 없습니다.`,
  },
} as const
