import { randomBytes } from 'node:crypto'
import type { User } from '../access/users.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Role } from '../domain/role.ts'
import { roles } from '../domain/role.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { clientsOf } from './keys.ts'
import { openContext, projectSettings } from './project.ts'
import { referenced } from './reference.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['add', 'list', 'disable', 'enable', 'password'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'users',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[name]', text: { en: 'What the person signs in with', ko: '로그인 이름' } },
  ],
  options: [
    { flags: '--role <role>', text: { en: 'add: what they may do', ko: 'add: 역할' }, choices: roles },
    {
      flags: '--client <name>',
      text: { en: 'add: rows of this client only; repeated', ko: 'add: 이 클라이언트의 행만. 여러 번 가능' },
      many: true,
    },
    {
      flags: '--password <ref>',
      text: { en: 'env:NAME or file:/path; else made and shown', ko: 'env:이름 또는 file:/경로. 없으면 만들어 표시' },
    },
  ],
  description: {
    en: 'People who sign in on the dashboard of a server that was started with a login. add: with a role, and with --client for an agency’s client; the password is asked for, read from --password, or made and printed once. disable: out everywhere at once; enable: in again. password: a new one, and every session of theirs ends.',
    ko: '로그인을 켠 서버의 대시보드 사용자. add: 역할과 함께 추가(--client는 그 클라이언트만). 비밀번호는 물어보거나 --password에서 읽거나 만들어 한 번 출력합니다. disable: 모든 곳에서 바로 로그아웃, enable: 다시 허용, password: 새 비밀번호(모든 세션 종료).',
  },
  examples: [
    { line: 'millrace users add ada --role admin', text: { en: 'the first one', ko: '첫 관리자' } },
    {
      line: 'millrace users add acme-min --role viewer --client acme',
      text: { en: 'one client’s rows', ko: '한 클라이언트의 행만' },
    },
    { line: 'millrace users disable ada', text: { en: 'out at once', ko: '바로 차단' } },
  ],
  run: users,
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'users', detail })

async function users(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const action = args[0] as Action
  const [, name = ''] = args
  if (action !== 'list' && name === '') throw usage(`${action} needs a name`)
  const role = roles.find((one) => one === given['role'])
  if (action === 'add' && !role) throw usage('add needs --role viewer, operator or admin')
  const password = action === 'add' || action === 'password' ? await passwordOf(invocation, given) : undefined
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action === 'list') return await list(invocation, warehouse)
  const question = words[invocation.language].question(name)
  if (action === 'disable' && !(await confirmed(invocation, question))) return exitCodes.ok
  const wanted = { action, name, role: role ?? 'viewer', clients: clientsOf(given), password: password?.text ?? '' }
  const user = await changed(invocation, warehouse, wanted)
  return told(invocation, user, password?.isMade === true ? password.text : null)
}

const generatedBytes = 15

/** Asked for where a person sits, read from a reference, or made. */
async function passwordOf(
  invocation: Invocation,
  given: Given,
): Promise<{ readonly text: string; readonly isMade: boolean }> {
  if (given['password'] !== undefined) {
    const text = await referenced(given['password'], invocation)
    if (text === undefined) throw usage('--password wants env:NAME or file:/path with a password in it')
    return { text, isMade: false }
  }
  if (!invocation.interactive || invocation.yes)
    return { text: randomBytes(generatedBytes).toString('base64url'), isMade: true }
  const { password, isCancel } = await import('@clack/prompts')
  const text = await password({ message: words[invocation.language].password, output: process.stderr })
  if (isCancel(text)) throw new MillraceError('CLI_INTERRUPTED')
  return { text, isMade: false }
}

interface Wanted {
  readonly action: Exclude<Action, 'list'>
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  readonly password: string
}

/** The change and its line in the log, both or neither. */
async function changed({ clock, deed }: Invocation, warehouse: Warehouse, wanted: Wanted): Promise<User> {
  const { stateHash } = await import('../access/audit.ts')
  return warehouse.transaction(async (session) => {
    const rows = () => session.query('select * from access_user where name = lower($1)', [wanted.name])
    const beforeHash = stateHash(await rows())
    const user = await change(session, wanted, { by: deed.who.name, nowMs: clock.nowMs() })
    await deed.write(session, { outcome: 'done', beforeHash, afterHash: stateHash(await rows()) })
    return user
  })
}

async function change(
  session: Session,
  wanted: Wanted,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Promise<User> {
  const { addUser, setDisabled, setPassword } = await import('../access/users.ts')
  const { action, password, name: user } = wanted
  if (action === 'add') return addUser(session, { ...wanted, by, nowMs })
  if (action === 'password') return setPassword(session, { user, nowMs }, { password })
  return setDisabled(session, { user, nowMs }, action === 'disable')
}

async function list({ output }: Invocation, warehouse: Warehouse): Promise<number> {
  const { listUsers } = await import('../access/users.ts')
  const rows = await listUsers(warehouse)
  printRows(
    output,
    formatOf(undefined, output),
    ['name', 'role', 'clients', 'signsInBy', 'lastSeenAt', 'disabledAt', 'createdBy', 'createdAt'],
    rows.map((one) => ({ ...one, clients: one.clients?.join(' ') ?? null })),
  )
  return exitCodes.ok
}

function told({ output, language }: Invocation, user: User, password: string | null): number {
  if (output.json) {
    output.record({ ...user, password })
    return exitCodes.ok
  }
  output.say(words[language].is(user.name, user.role, user.disabledAt !== null))
  if (password !== null) {
    output.say(words[language].made)
    output.data(`${password}\n`)
  }
  return exitCodes.ok
}

const words = {
  en: {
    password: 'Password (12 characters or more; it is not shown)',
    made: 'The password; it is shown this one time:',
    is: (name: string, role: string, disabled: boolean) => `${name}: ${role}${disabled ? ', disabled' : ''}`,
    question: (name: string) => `Sign ${name} out everywhere and let them in no more?`,
  },
  ko: {
    password: '비밀번호 (12자 이상, 표시되지 않음)',
    made: '비밀번호. 한 번만 표시됩니다:',
    is: (name: string, role: string, disabled: boolean) => `${name}: ${role}${disabled ? ', 비활성' : ''}`,
    question: (name: string) => `${name}을(를) 모든 곳에서 로그아웃하고 로그인을 막을까요?`,
  },
} as const
