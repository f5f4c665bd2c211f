import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { CheckLine, OnUnavailable } from './connector.ts'

/** What a connection is asked, in this order; a step that fails ends what depends on it. */
export interface CheckSteps {
  readonly platform: Platform
  readonly signIn: () => Promise<unknown>
  readonly discover: (onUnavailable: OnUnavailable) => Promise<readonly AdAccount[]>
  /** One small question for the account's metrics. */
  readonly account: (account: AdAccount) => Promise<unknown>
}

function failed(what: string, error: unknown): CheckLine {
  if (!isMillraceError(error)) return { what, outcome: 'fail', detail: String(error), fix: null }
  const { what: happened, why, fix } = error.explain('en')
  return { what, outcome: 'fail', detail: `${error.code}: ${happened}. ${why}`, fix }
}

async function tried(what: string, detail: string, step: () => Promise<unknown>): Promise<CheckLine> {
  try {
    await step()
    return { what, outcome: 'ok', detail, fix: null }
  } catch (error) {
    return failed(what, error)
  }
}

/** Runs the steps; never throws. */
export async function checkLines({ platform, signIn, discover, account }: CheckSteps): Promise<readonly CheckLine[]> {
  const signedIn = await tried('credentials', 'accepted', signIn)
  if (signedIn.outcome === 'fail') return [signedIn]
  const lines = [signedIn]
  let accounts: readonly AdAccount[]
  try {
    accounts = await discover((accountId, error) => {
      lines.push(failed(accountKey({ platform, accountId }), error))
    })
  } catch (error) {
    return [...lines, failed('accounts', error)]
  }
  lines.push({
    what: 'accounts',
    outcome: accounts.length > 0 ? 'ok' : 'warn',
    detail: `${accounts.length} reached`,
    fix: accounts.length > 0 ? null : 'Name the accounts in the connection, or give the signed-in user access to one.',
  })
  for (const one of accounts) {
    lines.push(await tried(accountKey(one), `${one.name}, ${one.currency}, ${one.zone}`, () => account(one)))
  }
  return lines
}
