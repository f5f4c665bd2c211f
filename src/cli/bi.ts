import { randomBytes } from 'node:crypto'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { platform } from '../domain/platform.ts'
import type { BiAccount, BiGrant } from '../warehouse/bi.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['grant', 'revoke', 'show'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'bi',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions }],
  options: [
    { flags: '--user <login>', text: { en: 'Someone who logs in; made if new', ko: '로그인 사용자. 없으면 만듦' } },
    { flags: '--client <name>', text: { en: 'Only one client’s accounts', ko: '한 고객의 계정만' } },
    {
      flags: '--account <key>',
      text: { en: 'With --client: platform/id; repeated', ko: '--client와 함께: 플랫폼/ID. 여러 번 가능' },
      many: true,
    },
    { flags: '--sql', text: { en: 'Only print the statements', ko: 'SQL 문장만 출력' } },
  ],
  description: {
    en: 'Lets tools of analysts read: views of the schema marts whose columns stay, a role millrace_reader on them and nothing else, and logins that are members of it. With --client a role that sees that client’s accounts only. A new login’s password is printed once. Repeat grant after an update for new columns.',
    ko: '분석 도구의 읽기를 허용합니다. marts 스키마의 고정된 열을 가진 뷰와, 그 뷰만 읽는 millrace_reader 역할, 그 역할의 로그인 사용자를 만듭니다. --client는 그 고객의 계정만 보는 역할입니다. 새 로그인의 비밀번호는 한 번만 출력됩니다. 업데이트 후 grant를 다시 실행하면 새 열이 생깁니다.',
  },
  examples: [
    { line: 'millrace bi grant --user metabase', text: { en: 'a login that sees all', ko: '모두 보는 로그인' } },
    {
      line: 'millrace bi grant --client acme --user acme_sheets \\\n    --account google_ads/1234567890 --account meta_ads/42',
      text: { en: 'one client’s accounts', ko: '한 고객의 계정' },
    },
    { line: 'millrace bi show', text: { en: 'who sees what', ko: '누가 무엇을 보는지' } },
  ],
  run: bi,
}

const words = {
  en: {
    connect: (user: string) => `${user} may read the schema marts. The password is shown once:`,
    known: (user: string) => `${user} was there already and keeps its password.`,
    socket: 'The embedded Postgres listens on a socket only: give it warehouse.port for tools that need TCP.',
    granted: (role: string) => `${role} may read the schema marts.`,
    question: (what: string) => `Take the right to read from ${what}?`,
  },
  ko: {
    connect: (user: string) => `${user}이(가) marts 스키마를 읽을 수 있습니다. 비밀번호는 한 번만 표시됩니다:`,
    known: (user: string) => `${user}은(는) 이미 있으며 비밀번호는 그대로입니다.`,
    socket: '내장 Postgres는 소켓만 엽니다. TCP가 필요한 도구에는 warehouse.port를 지정하세요.',
    granted: (role: string) => `${role}이(가) marts 스키마를 읽을 수 있습니다.`,
    question: (what: string) => `${what}의 읽기 권한을 회수할까요?`,
  },
} as const

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'bi', detail })
const textOf = (value: Given[string]) => (typeof value === 'string' ? value : undefined)

function accountsOf({ account }: Given): readonly BiAccount[] {
  return ((account ?? []) as readonly string[]).map((key) => {
    const [name = '', id = ''] = key.split('/')
    if (id === '') throw usage('--account wants platform/id, such as google_ads/1234567890')
    return { platform: platform(name), accountId: id.replace(/^act_/, '') }
  })
}

function grantOf(given: Given): BiGrant {
  const [client, user] = [textOf(given['client']), textOf(given['user'])]
  const accounts = accountsOf(given)
  if (client !== undefined && accounts.length === 0) throw usage('--client wants at least one --account')
  if (client === undefined && accounts.length > 0) throw usage('--account belongs to --client')
  return {
    client: client === undefined ? undefined : { name: client, accounts },
    login: user === undefined ? undefined : { user, password: randomBytes(18).toString('base64url') },
  }
}

async function bi(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const action = args[0] as Action
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action === 'show') return await show(invocation, warehouse)
  return action === 'revoke' ? await revoke(invocation, warehouse, given) : await grant(invocation, warehouse, given)
}

async function grant(invocation: Invocation, warehouse: Warehouse, given: Given): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const { grantReading, grantStatements, passwordVerifier, roleOf } = await import('../warehouse/bi.ts')
  const asked = grantOf(given)
  const { login } = asked
  if (given['sql'] === true) {
    const { schema } = warehouse.connection
    const statements = [
      `set search_path = ${schema}`,
      ...grantStatements(asked, passwordVerifier(login?.password ?? '')),
    ]
    output.data(`${statements.map((one) => one.trim().replace(/;?$/, ';')).join('\n')}\n`)
    return exitCodes.ok
  }
  const { isNewLogin } = await grantReading(warehouse, asked)
  const { host, port, database } = warehouse.connection
  const password = isNewLogin ? (login?.password ?? null) : null
  const role = roleOf(asked.client?.name)
  if (output.json)
    output.record({
      event: 'granted',
      role,
      user: login?.user ?? null,
      password,
      host,
      port,
      database,
      schema: 'marts',
    })
  else if (login && password !== null) {
    output.say(said.connect(login.user))
    output.data(
      `host ${host}\nport ${port}\ndatabase ${database}\nschema marts\nuser ${login.user}\npassword ${password}\n`,
    )
  } else output.say(login ? said.known(login.user) : said.granted(role))
  if (login && host.startsWith('/')) output.warn(said.socket)
  return exitCodes.ok
}

async function revoke(invocation: Invocation, warehouse: Warehouse, given: Given): Promise<number> {
  const [client, user] = [textOf(given['client']), textOf(given['user'])]
  if (client === undefined && user === undefined) throw usage('revoke wants --user or --client')
  const what = user ?? `client ${client}`
  if (!(await confirmed(invocation, words[invocation.language].question(what)))) return exitCodes.skipped
  const { revokeReading } = await import('../warehouse/bi.ts')
  await revokeReading(warehouse, { ...(client !== undefined && { client }), ...(user !== undefined && { user }) })
  if (invocation.output.json) invocation.output.record({ event: 'revoked', client: client ?? null, user: user ?? null })
  return exitCodes.ok
}

async function show({ output }: Invocation, warehouse: Warehouse): Promise<number> {
  const { readScopes } = await import('../warehouse/bi.ts')
  const rows = (await readScopes(warehouse)).map(({ role, members, accounts }) => ({
    role,
    logins: members.join(' '),
    accounts: accounts?.join(' ') ?? 'all',
  }))
  printRows(output, formatOf(undefined, output), ['role', 'logins', 'accounts'], rows)
  return exitCodes.ok
}
