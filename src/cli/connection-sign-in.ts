import type { Tree } from '../config-check.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import { endOf } from '../connectors/token-line.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RotatingSecret } from '../domain/secret.ts'
import type { Invocation } from './command.ts'

/** What a sign-in has: the connection's options with every reference opened, and what the warehouse already keeps for it. */
interface SignIn {
  readonly invocation: Invocation
  readonly options: Tree
  readonly context: ConnectorContext
}

/** Secrets to keep, by the options that they are. */
export type Signed = ReadonlyMap<string, RotatingSecret>

const words = {
  en: {
    google: [
      'Sign in with Google. What people stumble over:',
      '- The OAuth client must be of the type Desktop app (Google Cloud → APIs & Services → Credentials),',
      '  and the Google Ads API must be enabled in that project.',
      '- While the app is in Testing, Google ends each sign-in after 7 days: publish it, or make it Internal',
      '  (Google Auth Platform → Audience). Only listed test users may sign in until then.',
      '- Tick the box for Google Ads: the scope is https://www.googleapis.com/auth/adwords.',
      '- Accounts below a manager are reached through it: give --option loginCustomerId=123-456-7890, and',
      '  sign in as a user of that manager. A manager itself has no metrics.',
    ],
    meta: [
      'A token of Meta. What people stumble over:',
      '- One copied from the Graph API Explorer ends after 1-2 hours. With appId and appSecret it is exchanged',
      '  for one of 60 days, here and at each: millrace connectors rotate.',
      '- One of a system user does not end: Business settings → Users → System users → Generate token,',
      '  with ads_read; the ad accounts must be assigned to that system user.',
    ],
    open: 'Open this address in a browser on this machine:',
    remote: '(over ssh: forward the port of 127.0.0.1 that stands behind redirect_uri)',
    pages: {
      done: 'Signed in',
      refused: 'Not signed in',
      back: 'You can close this page and go back to the terminal.',
    },
    token: 'The token (it is not shown):',
    ends: (end: string) => `This sign-in ${end}.`,
    testing: 'The app is in Testing: publish it, and sign in once more, to be rid of the seven days.',
    extended: 'The token was exchanged for one of sixty days.',
    short: 'It ends soon. Give appId and appSecret to have it exchanged, or a token of a system user.',
    scope: (scopes: string) => `The token lacks ads_read; it has: ${scopes || 'nothing'}.`,
  },
  ko: {
    google: [
      'Google에 로그인합니다. 자주 막히는 점:',
      '- OAuth 클라이언트는 데스크톱 앱 유형이어야 하고(Google Cloud → API 및 서비스 → 사용자 인증 정보),',
      '  그 프로젝트에서 Google Ads API가 사용 설정되어야 합니다.',
      '- 앱이 테스트 상태이면 로그인이 7일 뒤 끝납니다. 게시하거나 내부용으로 바꾸세요',
      '  (Google Auth Platform → 대상). 그전에는 등록된 테스트 사용자만 로그인할 수 있습니다.',
      '- Google Ads 항목에 체크하세요. 범위는 https://www.googleapis.com/auth/adwords 입니다.',
      '- 관리자 계정 아래의 계정은 --option loginCustomerId=123-456-7890 으로 접근하며,',
      '  그 관리자의 사용자로 로그인해야 합니다. 관리자 계정 자체에는 지표가 없습니다.',
    ],
    meta: [
      'Meta 토큰입니다. 자주 막히는 점:',
      '- 그래프 API 탐색기에서 복사한 토큰은 1~2시간 뒤 끝납니다. appId와 appSecret이 있으면 60일짜리로',
      '  바꾸며, millrace connectors rotate 할 때마다 다시 바꿉니다.',
      '- 시스템 사용자의 토큰은 끝나지 않습니다: 비즈니스 설정 → 사용자 → 시스템 사용자 → 토큰 생성,',
      '  ads_read 권한으로. 광고 계정이 그 시스템 사용자에게 할당되어 있어야 합니다.',
    ],
    open: '이 컴퓨터의 브라우저에서 이 주소를 여세요:',
    remote: '(ssh라면 redirect_uri에 있는 127.0.0.1 포트를 포워딩하세요)',
    pages: {
      done: '로그인되었습니다',
      refused: '로그인하지 못했습니다',
      back: '이 페이지를 닫고 터미널로 돌아가세요.',
    },
    token: '토큰(표시되지 않습니다):',
    ends: (end: string) => `이 로그인: ${end}.`,
    testing: '앱이 테스트 상태입니다. 게시한 뒤 다시 로그인하면 7일 제한이 없어집니다.',
    extended: '토큰을 60일짜리로 바꾸었습니다.',
    short: '곧 만료됩니다. appId와 appSecret을 주면 바꿀 수 있습니다. 또는 시스템 사용자 토큰을 쓰세요.',
    scope: (scopes: string) => `토큰에 ads_read가 없습니다. 있는 것: ${scopes || '없음'}.`,
  },
} as const

const textOf = (options: Tree, name: string): string => {
  const value = options[name]
  return typeof value === 'string' ? value : ''
}

/** The end of what was signed in, on stderr. */
function tellEnd({ invocation: { output, language }, context }: SignIn, { expiresAtMs }: RotatingSecret): void {
  output.say(words[language].ends(endOf(expiresAtMs, context.clock.nowMs(), language).detail))
}

async function signInGoogle(asked: SignIn): Promise<Signed> {
  const { invocation, options, context } = asked
  const { output, language } = invocation
  const said = words[language]
  const { signInGoogle: signIn } = await import('../connectors/google-sign-in.ts')
  for (const line of said.google) output.say(line)
  const open = (url: string) => {
    if (output.json) output.record({ event: 'sign_in', url })
    output.warn(`${said.open}\n${url}\n${said.remote}`)
  }
  const token = await signIn(googleApp(options), { words: said.pages, open }, context)
  tellEnd(asked, token)
  if (token.expiresAtMs !== null) output.say(said.testing)
  return new Map([['refreshToken', token]])
}

export function googleApp(options: Tree) {
  const [clientId, clientSecret] = [textOf(options, 'clientId'), textOf(options, 'clientSecret')]
  return {
    clientId,
    clientSecret,
    authorizeUrl: textOf(options, 'authorizeUrl'),
    oauthUrl: textOf(options, 'oauthUrl'),
  }
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'connectors', detail })

/** A token by option, or typed where nobody sees it. */
async function metaToken({ invocation, options }: SignIn): Promise<string> {
  const byOption = textOf(options, 'accessToken')
  if (byOption !== '' && !byOption.startsWith('stored:')) return byOption
  if (!invocation.interactive) throw usage('nobody can be asked: --option accessToken=env:NAME')
  const { isCancel, password } = await import('@clack/prompts')
  const typed = await password({ message: words[invocation.language].token })
  if (isCancel(typed)) throw new MillraceError('CLI_INTERRUPTED')
  invocation.secrets.add(typed.trim())
  return typed.trim()
}

export const metaDoor = (options: Tree) => ({
  baseUrl: textOf(options, 'baseUrl'),
  apiVersion: textOf(options, 'apiVersion'),
})

/** The app that can renew a token; undefined where the connection knows none. */
export function metaApp(options: Tree) {
  const [appId, appSecret] = [textOf(options, 'appId'), textOf(options, 'appSecret')]
  return appId === '' || appSecret === '' || appSecret.startsWith('stored:') ? undefined : { appId, appSecret }
}

async function signInMeta(asked: SignIn): Promise<Signed> {
  const { invocation, options, context } = asked
  const { output, language, secrets } = invocation
  const said = words[language]
  const { describeMetaToken, extendMetaToken } = await import('../connectors/meta-token.ts')
  for (const line of said.meta) output.say(line)
  const token = await metaToken(asked)
  const described = await describeMetaToken(metaDoor(options), token, context)
  if (!described.scopes.some((scope) => scope === 'ads_read' || scope === 'ads_management'))
    output.warn(said.scope(described.scopes.join(', ')))
  const app = metaApp(options)
  const found: RotatingSecret = { value: token, expiresAtMs: described.expiresAtMs }
  const isExtended = described.expiresAtMs !== null && app !== undefined
  const held = isExtended ? await extendMetaToken(metaDoor(options), app, token, context) : found
  secrets.add(held.value)
  if (isExtended) output.say(said.extended)
  tellEnd(asked, held)
  if (!isExtended && endOf(held.expiresAtMs, context.clock.nowMs()).outcome !== 'ok') output.warn(said.short)
  return new Map([['accessToken', held]])
}

export interface Way {
  /** The option that signing in fills. */
  readonly fills: string
  /** Whether a value that is given for it is taken in and kept; otherwise its reference stands and nobody signs in. */
  readonly takesGiven: boolean
  readonly signIn: (asked: SignIn) => Promise<Signed>
}

/** How a platform is signed in to; undefined for those that take their credentials by reference. */
const ways: Readonly<Record<string, Way>> = {
  google_ads: { fills: 'refreshToken', takesGiven: false, signIn: signInGoogle },
  meta_ads: { fills: 'accessToken', takesGiven: true, signIn: signInMeta },
}

export function signInOf({ connector, serviceAccountKey }: Tree): Way | undefined {
  return serviceAccountKey === undefined && Object.hasOwn(ways, String(connector)) ? ways[String(connector)] : undefined
}
