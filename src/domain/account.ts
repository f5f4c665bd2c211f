import type { TimeZone } from './day.ts'
import type { Currency } from './money.ts'
import type { Platform } from './platform.ts'

/** `net`: without value-added tax, `gross_vat`: with it. Amounts of the two are not comparable. */
export const costBases = ['net', 'gross_vat'] as const

export type CostBasis = (typeof costBases)[number]

/** One ad account. Its days are days in `zone`, its money is in `currency`; both are the platform's word, not ours. */
export interface AdAccount {
  readonly platform: Platform
  /** As the platform writes it in its API without decoration: Google without dashes, Meta without `act_`. */
  readonly accountId: string
  readonly name: string
  readonly currency: Currency
  readonly zone: TimeZone
  /** Whether its costs bear value-added tax; absent where the platform does not say. */
  readonly costBasis?: CostBasis | undefined
  /** The manager or business that it was found below; absent where it was reached directly or the platform has none. */
  readonly managerId?: string | undefined
}

/** `platform/accountId`: how an account is named in logs, messages and commands. */
export function accountKey(account: Pick<AdAccount, 'platform' | 'accountId'>): string {
  return `${account.platform}/${account.accountId}`
}
