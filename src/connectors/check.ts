import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import type { Language } from '../domain/errors.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { CheckLine, OnUnavailable } from './connector.ts'

/** What a connection is asked, in this order; a step that fails ends what depends on it. */
export interface CheckSteps {
  readonly platform: Platform
  readonly language: Language | undefined
  readonly signIn: () => Promise<unknown>
  readonly discover: (onUnavailable: OnUnavailable) => Promise<readonly AdAccount[]>
  /** One small question for the account's metrics. */
  readonly account: (account: AdAccount) => Promise<unknown>
}

const words = {
  en: {
    credentials: 'credentials',
    accepted: 'accepted',
    accounts: 'accounts',
    reached: (count: number) => `${count} reached`,
    none: 'Name the accounts in the connection, or give the signed-in user access to one.',
  },
  ko: {
    credentials: '자격 증명',
    accepted: '수락됨',
    accounts: '계정',
    reached: (count: number) => `${count}개 확인`,
    none: '연결에 계정을 적거나, 로그인한 사용자에게 계정 접근 권한을 주세요.',
  },
} as const satisfies Record<Language, unknown>

/** An error as a line of a check, in the reader's language. */
export function failedLine(what: string, error: unknown, language: Language = 'en'): CheckLine {
  if (!isMillraceError(error)) return { what, outcome: 'fail', detail: String(error), fix: null }
  const { what: happened, why, fix } = error.explain(language)
  return { what, outcome: 'fail', detail: `${error.code}: ${happened}. ${why}`, fix }
}

/** Runs the steps; never throws. */
export async function checkLines(steps: CheckSteps): Promise<readonly CheckLine[]> {
  const { platform, language = 'en' } = steps
  const said = words[language]
  const tried = async (what: string, detail: string, step: () => Promise<unknown>): Promise<CheckLine> => {
    try {
      await step()
      return { what, outcome: 'ok', detail, fix: null }
    } catch (error) {
      return failedLine(what, error, language)
    }
  }
  const signedIn = await tried(said.credentials, said.accepted, steps.signIn)
  if (signedIn.outcome === 'fail') return [signedIn]
  const lines = [signedIn]
  let accounts: readonly AdAccount[]
  try {
    accounts = await steps.discover((accountId, error) => {
      lines.push(failedLine(accountKey({ platform, accountId }), error, language))
    })
  } catch (error) {
    return [...lines, failedLine(said.accounts, error, language)]
  }
  lines.push({
    what: said.accounts,
    outcome: accounts.length > 0 ? 'ok' : 'warn',
    detail: said.reached(accounts.length),
    fix: accounts.length > 0 ? null : said.none,
  })
  for (const one of accounts)
    lines.push(await tried(accountKey(one), `${one.name}, ${one.currency}, ${one.zone}`, () => steps.account(one)))
  return lines
}
