import { adapterNames } from '../adapters.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { formats } from './table.ts'

const actions = ['list', 'add', 'auth', 'test', 'rotate', 'remove'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'connectors',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[name]', text: { en: 'The connection; all but list need one', ko: '연결 이름. list 외에는 필요' } },
  ],
  options: [
    {
      flags: '--connector <name>',
      text: { en: 'With add: the platform', ko: 'add: 플랫폼' },
      choices: adapterNames('connector'),
    },
    {
      flags: '--from <file>',
      text: {
        en: 'google-ads.yaml, an OAuth client’s JSON, or a service account’s key',
        ko: 'google-ads.yaml, OAuth 클라이언트 JSON 또는 서비스 계정 키',
      },
    },
    {
      flags: '--option <name=value>',
      text: { en: 'An option; secrets as env:NAME or file:PATH', ko: '옵션. 비밀 값은 env:이름 또는 file:경로' },
      many: true,
    },
    {
      flags: '--accounts <ids>',
      text: { en: 'With add: only these, by commas; all when left out', ko: 'add: 쉼표로 나눈 계정. 생략하면 모두' },
    },
    {
      flags: '--reach',
      text: {
        en: 'With list: asks the platforms for their accounts, by manager',
        ko: 'list: 플랫폼에 물어 관리자별 계정을 보여 줌',
      },
    },
    { flags: '--no-test', text: { en: 'The platform is not asked afterwards', ko: '끝난 뒤 플랫폼에 확인하지 않음' } },
    {
      flags: '--format <format>',
      text: { en: 'With list: how it is printed', ko: 'list: 출력 형식' },
      choices: formats,
    },
  ],
  description: {
    en: 'Ways to platforms, each a file of connections/ without any secret. add: signs in and writes it. auth: signs in anew, also when the key of kept secrets is lost. test: asks one small thing of each account. rotate: a new credential in place of the old. remove: the file and what is kept; loaded data stays. list: all, with what they keep and when it ends; with --reach the accounts below each manager or business.',
    ko: '플랫폼 연결을 다룹니다. 연결마다 비밀 값 없는 connections/ 파일 하나입니다. add: 로그인하고 파일을 씁니다. auth: 다시 로그인합니다(비밀 값 키를 잃었을 때도). test: 계정마다 작은 질문 하나를 합니다. rotate: 자격 증명을 새것으로 바꿉니다. remove: 파일과 보관된 비밀 값을 지웁니다(적재된 데이터는 남음). list: 모든 연결과 만료일. --reach는 관리자나 비즈니스 아래의 계정.',
  },
  examples: [
    {
      line: 'millrace connectors add google --connector google_ads \\\n    --from client_secret.json',
      text: { en: 'sign in with a browser', ko: '브라우저로 로그인' },
    },
    {
      line: 'millrace connectors add google --connector google_ads \\\n    --from google-ads.yaml',
      text: { en: 'take over what is there', ko: '있는 설정 가져오기' },
    },
    {
      line: 'millrace connectors add meta --connector meta_ads \\\n    --option accessToken=env:META_TOKEN --accounts act_42',
      text: { en: 'a token by variable', ko: '환경 변수의 토큰' },
    },
    {
      line: 'millrace connectors list google --reach',
      text: { en: 'accounts below the manager', ko: '관리자 아래 계정' },
    },
    { line: 'millrace connectors rotate meta', text: { en: 'sixty days more', ko: '60일 연장' } },
  ],
  run: connectors,
}

async function connectors(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const [action, name] = [args[0] as Action, args[1]]
  if (action === 'list' && given['reach'] === true)
    return (await import('./connection-accounts.ts')).listAccounts(invocation, given, name)
  if (action === 'list') return (await import('./connections-list.ts')).listConnections(invocation, given)
  if (name === undefined || !/^[A-Za-z][A-Za-z0-9_-]*$/.test(name))
    throw new MillraceError('CLI_USAGE', {
      command: 'connectors',
      detail: `${action} needs the name of a connection: a letter, then letters, digits, _ and -`,
    })
  const bodies = await import('./connectors-actions.ts')
  const body = {
    add: bodies.addConnection,
    auth: bodies.signInAnew,
    test: bodies.testConnection,
    rotate: bodies.rotateConnection,
    remove: bodies.forgetConnection,
  } as const satisfies Record<Exclude<Action, 'list'>, unknown>
  return body[action](invocation, name, given)
}
