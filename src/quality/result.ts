import type { AdAccount } from '../domain/account.ts'
import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Facts, Language } from '../domain/errors.ts'
import { wordsOf as builtinWordsOf } from './builtin-words.ts'
import type { CheckWords } from './builtin-words.ts'
import type { Dimension, OnFail, Outcome, Severity } from './check.ts'
import { postWordsOf } from './post-words.ts'

/** One check on one partition: what is stored, what screens and messages are made from. */
export interface CheckResult {
  readonly checkId: string
  /** Of a check that judges several series of one partition; absent for one that judges it whole. */
  readonly seriesKey?: string
  readonly date: Day
  readonly dimension: Dimension
  readonly severity: Severity
  readonly blocking: boolean
  readonly onFail: OnFail
  readonly outcome: Outcome
  readonly tested: number
  readonly failed: number
  readonly value?: string | null
  readonly expectedLow?: string | null
  readonly expectedHigh?: string | null
  /** How near a measured value came, 0 to 1; absent: failed rows among those tested say it. */
  readonly score?: number
  /** What the words of the check are filled with. */
  readonly facts: Facts
  /** What the database or the rule said when the check could not be carried out. */
  readonly error: string | null
}

/** Whether this result alone keeps its partition from being published: a blocking check that failed, or that could not be carried out. */
export function refuses({ blocking, outcome }: Pick<CheckResult, 'blocking' | 'outcome'>): boolean {
  return blocking && (outcome === 'fail' || outcome === 'error')
}

export interface ResultCount {
  readonly pass: number
  readonly warn: number
  /** Failed, or not to be carried out. */
  readonly fail: number
}

/** How many came out how. A skipped check judged nothing and counts nowhere. */
export function tallied(results: readonly Pick<CheckResult, 'outcome'>[]): ResultCount {
  const count = (...outcomes: readonly Outcome[]) => results.filter((one) => outcomes.includes(one.outcome)).length
  return { pass: count('pass'), warn: count('warn'), fail: count('fail', 'error') }
}

/** The words of one of Millrace's own checks; undefined for a project's own, which brings its own. */
export function wordsOf(checkId: string, language: Language): CheckWords | undefined {
  return builtinWordsOf(checkId, language) ?? postWordsOf(checkId, language)
}

/** What a check found, in a sentence. */
export function foundText(
  result: Pick<CheckResult, 'checkId' | 'outcome' | 'tested' | 'failed' | 'facts' | 'error'>,
  language: Language,
): string {
  if (result.outcome === 'error') {
    return language === 'ko'
      ? `검사를 수행하지 못했습니다: ${result.error}`
      : `the check could not be carried out: ${result.error}`
  }
  if (result.outcome === 'learning') return language === 'ko' ? '아직 학습 중입니다' : 'still learning what is usual'
  if (result.outcome === 'skipped') return skippedText(result.facts['reason'], language)
  if (result.outcome === 'muted') return mutedText(result, language)
  const words = wordsOf(result.checkId, language)
  const { threshold, value, rule } = result.facts
  if (threshold !== undefined) return thresholdFound({ threshold, value, rule }, language)
  if (!words) return `${result.failed}/${result.tested}`
  return words.found(result.facts)
}

function mutedText(result: Parameters<typeof foundText>[0], language: Language): string {
  const { mutedOutcome, muteReason, mutedUntil } = result.facts
  const found = foundText({ ...result, outcome: mutedOutcome === 'warn' ? 'warn' : 'fail' }, language)
  return language === 'ko'
    ? `${found} (${mutedUntil}까지 알리지 않음: ${muteReason})`
    : `${found} (muted until ${mutedUntil}: ${muteReason})`
}

/** Of a check of somebody's own: its sentence, where it has one, the value and what it must be. */
function thresholdFound({ threshold, value, rule }: Facts, language: Language): string {
  const found = language === 'ko' ? `값 ${value}, 기준 ${threshold}` : `found ${value}, ${threshold}`
  return rule === undefined ? found : `${rule}: ${found}`
}

const skipReasons: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  no_details: {
    en: 'no level below the campaign is read',
    ko: '캠페인 아래 단계를 읽지 않습니다',
  },
  no_totals: { en: 'the platform sent no totals', ko: '플랫폼이 합계를 보내지 않았습니다' },
  no_rows: { en: 'the day has no rows', ko: '그날 행이 없습니다' },
  no_active_campaigns: { en: 'no campaign has been spending', ko: '지출해 온 캠페인이 없습니다' },
  restated_since: { en: 'a later extract changed some of its days', ko: '나중 추출이 일부 날짜를 바꾸었습니다' },
  no_entities: { en: 'nobody describes campaigns of this account', ko: '이 계정의 캠페인 설명이 없습니다' },
  no_budgets: { en: 'no campaign has a daily budget', ko: '일 예산이 있는 캠페인이 없습니다' },
  before_account: { en: 'it ended before the account was known', ko: '계정을 알기 전에 끝난 날입니다' },
  not_due: { en: 'it is not due yet', ko: '아직 기한 전입니다' },
  no_stream: { en: 'the account has no live events', ko: '이 계정에는 실시간 이벤트가 없습니다' },
  stream_partial: { en: 'live events cover only a part of it', ko: '실시간 이벤트가 일부만 있습니다' },
  no_mart: { en: 'the models have not been built', ko: '모델이 아직 만들어지지 않았습니다' },
  other_mart: { en: 'the mart has other columns', ko: '마트의 열이 다릅니다' },
  no_hourly_rows: { en: 'no hourly rows are loaded', ko: '시간별 행을 적재하지 않습니다' },
  not_published: { en: 'nothing of it is published', ko: '공개된 것이 없습니다' },
  columns_not_counted: { en: 'the extract did not count its columns', ko: '추출할 때 열을 세지 않았습니다' },
}

function skippedText(reason: Facts[string], language: Language): string {
  const text = skipReasons[String(reason)]?.[language] ?? String(reason ?? '–')
  return language === 'ko' ? `판정하지 않음: ${text}` : `not judged: ${text}`
}

/** Days of one account that the same checks refused, and why: the facts of QUALITY_PARTITION_REFUSED. */
export interface Refusal {
  readonly code: 'QUALITY_PARTITION_REFUSED'
  readonly dates: readonly Day[]
  readonly facts: Facts
}

/** Groups what refused by day and by checks, so that one cause over thirty days is told once. */
export function refusalsOf(
  account: Pick<AdAccount, 'platform' | 'accountId'>,
  results: readonly CheckResult[],
): readonly Refusal[] {
  const refusing = results.filter(refuses)
  const byDay = Map.groupBy(refusing, (one) => one.date)
  const byChecks = Map.groupBy([...byDay.keys()].sort(), (date) =>
    (byDay.get(date) ?? []).map((one) => one.checkId).join(', '),
  )
  return [...byChecks].map(([checks, dates]) => {
    const first = dates[0] ? (byDay.get(dates[0]) ?? []) : []
    const { platform, accountId } = account
    return {
      code: 'QUALITY_PARTITION_REFUSED',
      dates,
      facts: { platform, accountId, dates: rangesText(dates), checks, ...sentences(first) },
    }
  })
}

function sentences(results: readonly CheckResult[]): Facts {
  const all = (text: (one: CheckResult) => string | undefined) =>
    [...new Set(results.map(text))].filter(Boolean).join('; ')
  return {
    foundEn: all((one) => foundText(one, 'en')),
    foundKo: all((one) => foundText(one, 'ko')),
    remedyEn: all((one) => remedyText(one, 'en')),
    remedyKo: all((one) => remedyText(one, 'ko')),
  }
}

/** What to do about a failure, in the words of whoever wrote the check; empty when nobody wrote any. */
function remedyText({ checkId, facts }: Pick<CheckResult, 'checkId' | 'facts'>, language: Language): string {
  const { fix } = facts
  return typeof fix === 'string' ? fix : (wordsOf(checkId, language)?.fix ?? '')
}

function rangesText(dates: readonly Day[]): string {
  const [first, last] = [dates[0], dates.at(-1)]
  if (first === undefined || last === undefined || first === last) return first ?? ''
  const whole = addDays(first, dates.length - 1) === last
  return whole
    ? `${first}..${last}`
    : dates.slice(0, 3).join(', ') + (dates.length > 3 ? ` (+${dates.length - 3})` : '')
}
