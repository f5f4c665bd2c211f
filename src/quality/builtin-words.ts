import type { Facts, Language } from '../domain/errors.ts'
import type { BuiltinId } from './builtin.ts'

/** What people read of a check: its rule, what it found (with the stored facts), and what to do about it. */
export interface CheckWords {
  readonly rule: string
  readonly found: (facts: Facts) => string
  readonly fix: string
}

const again =
  'Run the day again: millrace backfill, or for a file millrace import. If it is refused again, compare the day with the platform’s own screen.'
const againKo =
  '해당 날짜를 다시 실행하세요: millrace backfill, 파일이면 millrace import. 다시 거부되면 플랫폼 화면의 숫자와 비교하세요.'

const english: Readonly<Record<BuiltinId, CheckWords>> = {
  'ads.unique_grain': {
    rule: 'One row per campaign and day; a row without a campaign id counts as a double',
    found: (f) => `${f['failed']} of ${f['tested']} rows have no campaign id or one that another row of the day has`,
    fix: 'A file finer than campaign and day needs grain: finer in its mapping. From an API it is a doubled page: run the day again.',
  },
  'ads.empty_partition': {
    rule: 'A day is not empty when the median of the 7 days before it has rows, unless the same extract has rows of a later day',
    found: (f) => `no rows, while the 7 days before have a median of ${f['median']}`,
    fix: 'See on the platform whether the account really delivered nothing and whether the credentials still reach its campaigns, then run the day again.',
  },
  'ads.control_total': {
    rule: 'The rows of an extract sum to the totals that the platform sent with them, to the last digit',
    found: (f) =>
      `${f['metric']} of the rows sums to ${f['sum']}, the platform says ${f['total']} (difference ${f['difference']})`,
    fix: 'Rows were lost or doubled on the way. Run the days again; every day of the extract waits until the sum is right.',
  },
  'ads.currency': {
    rule: 'Every row is in the account’s currency, the currency exists, and cost per click keeps its order of magnitude',
    found: (f) => {
      if (f['problem'] === 'unknown') return `the account’s currency ${f['currency']} is not in ISO 4217`
      if (f['problem'] === 'magnitude') return `median cost per click is ${f['ratio']} times that of the last 28 days`
      return `${f['failed']} of ${f['tested']} rows are not in the account’s currency ${f['currency']}`
    },
    fix: 'Correct the account’s currency, or the mapping: a factor near 1,000,000 is cost in micros that was not converted.',
  },
  'ads.nonneg': {
    rule: 'Impressions, clicks and conversions are not negative; a negative cost is a credit: kept, and warned of',
    found: (f) =>
      Number(f['failed']) > 0
        ? `${f['failed']} of ${f['tested']} rows have negative impressions, clicks or conversions`
        : `${f['warned']} rows have a negative cost (credit)`,
    fix: again,
  },
  'ads.ctr_range': {
    rule: 'Clicks / impressions lies in 0 to 1; up to 0.1 % of the rows may be over, by at most 10 clicks',
    found: (f) => `${f['failed']} of ${f['tested']} rows have a ctr above 1, the worst by ${f['excessMax']} clicks`,
    fix: again,
  },
  'ads.clicks_le_impressions': {
    rule: 'Clicks are not more than impressions; up to 0.1 % of the rows may be over, by at most 10 clicks',
    found: (f) =>
      `${f['failed']} of ${f['tested']} rows have more clicks than impressions, the worst by ${f['excessMax']}`,
    fix: again,
  },
  'ads.date_boundary': {
    rule: 'The day has ended in the account’s time zone and the platform has had its time to settle',
    found: (f) => `the day closes at ${f['closesAt']} (${f['zone']})`,
    fix: 'Nothing: the next run after that instant loads the day.',
  },
  'ads.future_or_old_date': {
    rule: 'Every row is of a day that was asked for, and of none in the future',
    found: (f) => `${f['failed']} rows are outside ${f['since']} to ${f['until']} or after ${f['today']}`,
    fix: 'Correct the date format of the mapping, or the account’s time zone, then run the days again.',
  },
  'ads.schema_drift': {
    rule: 'The columns are those of the source’s contract: a removed or retyped one refuses; an added one, and an optional one that is gone, warn',
    found: (f) =>
      `missing: ${f['removed']}; wrong type: ${f['mistyped']}; new: ${f['added']}; known no more: ${f['vanished'] ?? '–'}`,
    fix: 'The platform or the file changed its columns: correct the mapping, or update Millrace. The raw rows stay in the lake.',
  },
  'ads.fx_present': {
    rule: 'The account’s currency has a reference rate on the day, its own or one of at most 7 days before',
    found: (f) => `no reference rate of ${f['currency']} for ${f['date']}: its amounts cannot be converted`,
    fix: 'Load rates that have the currency: millrace rates load FILE. See what is missing: millrace rates missing.',
  },
  'ads.utm_coverage': {
    rule: 'The share of clicks that lead back to their campaign by UTM source and campaign falls by at most 10 points from the week before',
    found: (f) => `${f['share']} % of the clicks lead back to a campaign, ${f['before']} % in the week before`,
    fix: 'See which campaigns lost their parameters: millrace sql "select campaign_name, parameters, unknown_macros from campaign_utm where not is_resolved".',
  },
  'ads.bot_like': {
    rule: 'Ctr above 0.5 with at least 100 impressions looks like robots or a wrong metric',
    found: (f) => `${f['warned']} rows have a ctr above 0.5`,
    fix: 'Look at the campaigns on the platform; nothing was refused.',
  },
}

const korean: Readonly<Record<BuiltinId, CheckWords>> = {
  'ads.unique_grain': {
    rule: '캠페인과 날짜마다 한 행; 캠페인 ID가 없는 행은 중복으로 셉니다',
    found: (f) => `${f['tested']}행 가운데 ${f['failed']}행에 캠페인 ID가 없거나 같은 날 다른 행과 겹칩니다`,
    fix: '파일이 캠페인·날짜보다 잘게 나뉘었다면 매핑에 grain: finer를 적으세요. API라면 페이지가 겹친 것이니 다시 실행하세요.',
  },
  'ads.empty_partition': {
    rule: '앞선 7일의 중앙값에 행이 있으면 그날도 비어 있지 않습니다. 같은 추출에 더 늦은 날의 행이 있으면 예외입니다',
    found: (f) => `행이 없습니다. 앞선 7일의 중앙값은 ${f['median']}행입니다`,
    fix: '정말 노출이 없었는지, 인증 정보로 캠페인을 볼 수 있는지 플랫폼에서 확인한 뒤 다시 실행하세요.',
  },
  'ads.control_total': {
    rule: '추출한 행의 합은 플랫폼이 함께 보낸 합계와 끝자리까지 같습니다',
    found: (f) => `${f['metric']} 합이 ${f['sum']}이고 플랫폼 합계는 ${f['total']}입니다 (차이 ${f['difference']})`,
    fix: '도중에 행이 빠졌거나 겹쳤습니다. 다시 실행하세요. 합이 맞을 때까지 이 추출의 모든 날짜가 기다립니다.',
  },
  'ads.currency': {
    rule: '모든 행은 계정 통화이고, 통화는 실제로 있으며, 클릭당 비용의 자릿수가 유지됩니다',
    found: (f) => {
      if (f['problem'] === 'unknown') return `계정 통화 ${f['currency']}은(는) ISO 4217에 없습니다`
      if (f['problem'] === 'magnitude') return `클릭당 비용 중앙값이 최근 28일의 ${f['ratio']}배입니다`
      return `${f['tested']}행 가운데 ${f['failed']}행이 계정 통화 ${f['currency']}이(가) 아닙니다`
    },
    fix: '계정 통화나 매핑을 고치세요. 1,000,000배에 가까우면 마이크로 단위 비용을 변환하지 않은 것입니다.',
  },
  'ads.nonneg': {
    rule: '노출·클릭·전환은 음수가 아닙니다. 음수 비용은 크레딧이므로 보관하고 알립니다',
    found: (f) =>
      Number(f['failed']) > 0
        ? `${f['tested']}행 가운데 ${f['failed']}행의 노출, 클릭 또는 전환이 음수입니다`
        : `${f['warned']}행의 비용이 음수입니다 (크레딧)`,
    fix: againKo,
  },
  'ads.ctr_range': {
    rule: '클릭 / 노출은 0과 1 사이; 행의 0.1 %까지, 10클릭까지는 넘을 수 있습니다',
    found: (f) =>
      `${f['tested']}행 가운데 ${f['failed']}행의 CTR이 1보다 큽니다. 가장 큰 차이는 ${f['excessMax']}클릭입니다`,
    fix: againKo,
  },
  'ads.clicks_le_impressions': {
    rule: '클릭은 노출보다 많지 않습니다; 행의 0.1 %까지, 10클릭까지는 넘을 수 있습니다',
    found: (f) =>
      `${f['tested']}행 가운데 ${f['failed']}행의 클릭이 노출보다 많습니다. 가장 큰 차이는 ${f['excessMax']}입니다`,
    fix: againKo,
  },
  'ads.date_boundary': {
    rule: '계정 시간대에서 하루가 끝났고 플랫폼이 집계를 마칠 시간이 지났습니다',
    found: (f) => `그날은 ${f['closesAt']}에 마감됩니다 (${f['zone']})`,
    fix: '할 일이 없습니다. 그 시각 뒤의 실행이 적재합니다.',
  },
  'ads.future_or_old_date': {
    rule: '모든 행은 요청한 날짜의 것이고 미래의 행은 없습니다',
    found: (f) => `${f['failed']}행이 ${f['since']}부터 ${f['until']}까지를 벗어났거나 ${f['today']} 이후입니다`,
    fix: '매핑의 날짜 형식이나 계정 시간대를 고친 뒤 다시 실행하세요.',
  },
  'ads.schema_drift': {
    rule: '열은 소스 계약과 같습니다. 빠지거나 형이 바뀐 열은 거부하고, 새 열과 사라진 선택 열은 알립니다',
    found: (f) =>
      `없음: ${f['removed']}; 형 다름: ${f['mistyped']}; 새 열: ${f['added']}; 플랫폼에서 사라짐: ${f['vanished'] ?? '–'}`,
    fix: '플랫폼이나 파일의 열이 바뀌었습니다. 매핑을 고치거나 Millrace를 갱신하세요. 원본 행은 레이크에 남아 있습니다.',
  },
  'ads.fx_present': {
    rule: '계정 통화에 그 날의 기준 환율이 있다(당일 또는 최대 7일 전)',
    found: (f) => `${f['date']} ${f['currency']}의 기준 환율이 없어 금액을 환산할 수 없습니다`,
    fix: '그 통화가 있는 환율을 적재하세요: millrace rates load FILE. 빠진 것 보기: millrace rates missing.',
  },
  'ads.utm_coverage': {
    rule: 'UTM 소스와 캠페인으로 캠페인을 찾을 수 있는 클릭의 비율이 지난주보다 10포인트 넘게 떨어지지 않는다',
    found: (f) => `클릭의 ${f['share']} %만 캠페인을 찾을 수 있습니다(지난주 ${f['before']} %)`,
    fix: '매개변수를 잃은 캠페인을 보세요: millrace sql "select campaign_name, parameters, unknown_macros from campaign_utm where not is_resolved".',
  },
  'ads.bot_like': {
    rule: '노출 100 이상에서 CTR이 0.5를 넘으면 봇이거나 잘못된 지표로 보입니다',
    found: (f) => `${f['warned']}행의 CTR이 0.5보다 큽니다`,
    fix: '플랫폼에서 캠페인을 확인하세요. 거부된 것은 없습니다.',
  },
}

const words: Readonly<Record<Language, Readonly<Record<string, CheckWords>>>> = { en: english, ko: korean }

/** The words of a built-in check; undefined for a check of a project's own, which brings its own. */
export function wordsOf(checkId: string, language: Language): CheckWords | undefined {
  return Object.hasOwn(words[language], checkId) ? words[language][checkId] : undefined
}
