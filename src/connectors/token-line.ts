import type { Language } from '../domain/errors.ts'
import type { CheckLine } from './connector.ts'

const dayMs = 86_400_000

/** People are warned of the end of a credential this long before. */
const warnDays = 7

const words = {
  en: {
    token: 'token',
    never: 'does not end by itself',
    ends: (day: string, days: number) => `ends on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}`,
    ended: (day: string) => `ended on ${day}`,
    fix: 'Renew it: millrace connectors rotate NAME; or use a token of a system user, which does not end.',
  },
  ko: {
    token: '토큰',
    never: '만료되지 않음',
    ends: (day: string, days: number) => `${day} 만료, ${days}일 남음`,
    ended: (day: string) => `${day}에 만료됨`,
    fix: '갱신: millrace connectors rotate 이름. 또는 만료되지 않는 시스템 사용자 토큰을 쓰십시오.',
  },
} as const satisfies Record<Language, unknown>

/** How a credential's end stands, in the reader's language: a warning from seven days before. */
export function endOf(
  expiresAtMs: number | null,
  nowMs: number,
  language: Language = 'en',
): Pick<CheckLine, 'outcome' | 'detail'> {
  const said = words[language]
  if (expiresAtMs === null) return { outcome: 'ok', detail: said.never }
  const day = new Date(expiresAtMs).toISOString().slice(0, 10)
  if (expiresAtMs <= nowMs) return { outcome: 'fail', detail: said.ended(day) }
  const days = Math.floor((expiresAtMs - nowMs) / dayMs)
  return { outcome: expiresAtMs - nowMs <= warnDays * dayMs ? 'warn' : 'ok', detail: said.ends(day, days) }
}

/** A line of a check about a token that may end. */
export function tokenLine(expiresAtMs: number | null, nowMs: number, language: Language = 'en'): CheckLine {
  const end = endOf(expiresAtMs, nowMs, language)
  return { what: words[language].token, ...end, fix: end.outcome === 'ok' ? null : words[language].fix }
}
