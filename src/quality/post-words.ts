import type { Language } from '../domain/errors.ts'
import type { CheckWords } from './builtin-words.ts'
import type { PostId } from './post-checks.ts'

const english: Readonly<Record<PostId, CheckWords>> = {
  'ads.missing_campaign_days': {
    rule: 'Campaigns that are not paused and spent on 4 of the last 7 days have a row; fails above 5 % of the usual spend',
    found: (f) =>
      `${f['missing']} of ${f['expected']} campaigns have no row, ${f['sharePercent']} % of the usual spend`,
    fix: 'See on the platform whether they were paused or cannot be reached any more, then load the day again: millrace backfill.',
  },
  'ads.zero_delivery': {
    rule: 'A campaign with a budget that has been spending has impressions',
    found: (f) => `${f['still']} of ${f['running']} running campaigns have no impression`,
    fix: 'Look at the campaigns on the platform: a rejected ad, an ended payment or a bid that is too low.',
  },
  'ads.restatement': {
    rule: 'A later version of a day moves its cost by at most 2 %, or by what is usual at that age',
    found: (f) =>
      `cost moved by ${f['sharePercent']} % at an age of ${f['age']} days; usual is up to ${f['usualPercent']} %`,
    fix: 'millrace restatements shows which metric changed by how much.',
  },
  'ads.reconcile_platform': {
    rule: 'What readers see of an extract’s days agrees with the platform’s totals within the tolerance',
    found: (f) =>
      `${f['metric']} is ${f['sum']}, the platform said ${f['total']} (${f['offPercent']} % off, ${f['tolerancePercent']} % allowed)`,
    fix: 'Somebody changed published rows, or a load is missing: load the days again with millrace backfill.',
  },
  'ads.orphan_campaign': {
    rule: 'Every campaign of a fact is one that the platform described',
    found: (f) =>
      `${f['orphans']} of ${f['tested']} rows are of campaigns that nobody described, such as ${f['example']}`,
    fix: 'They may be removed campaigns that the credentials do not list. Run the day again; names come with the next listing.',
  },
  'ads.budget_pacing': {
    rule: 'Spend of the month is at most 1.2 times a campaign’s daily budgets and at least a quarter of the account’s; on Google no day spends more than twice its budget',
    found: (f) =>
      `${f['above']} campaigns are above and ${f['below']} below their pace; ${f['impossible']} spent more than twice a day’s budget`,
    fix: 'Look at the campaigns’ budgets on the platform.',
  },
  'ads.freshness_sla': {
    rule: 'A day is published by its hour in the account’s time zone',
    found: (f) =>
      `due ${f['dueAt']}, ${f['published'] ? 'published' : 'still not published'} ${f['lateHours']} hours late`,
    fix: 'millrace status and millrace runs list show what kept it.',
  },
  'ads.stream_vs_batch': {
    rule: 'Live impressions and clicks of a campaign’s day differ from the loaded ones by at most 2 % or four times the root',
    found: (f) =>
      `${f['apart']} of ${f['compared']} counts are apart; impressions live ${f['stream']}, loaded ${f['batch']}`,
    fix: 'Events are missing or doubled at the source: millrace stream lag, millrace dlq list.',
  },
  'ads.mart_reconcile': {
    rule: 'Loaded rows, staged model and mart have the same sums, to the last digit',
    found: (f) =>
      f['place'] === undefined
        ? `${f['metric']} is ${f['sum']} everywhere`
        : `${f['metric']} is ${f['sum']} in the ${f['place'] === 'mart' ? 'mart' : 'staged model'} and ${f['loaded']} loaded`,
    fix: 'Build the models again: millrace dbt build. If it stays, a model drops or doubles rows.',
  },
  'ads.derived_identity': {
    rule: 'Ratios of the mart are those of its sums, and null where there is nothing to divide by',
    found: (f) => `${f['wrong']} of ${f['rows']} rows of the mart have another ratio than their sums`,
    fix: 'A model computes a ratio from ratios, or 0 where it should be null: see the model’s SQL.',
  },
  'ads.level_reconcile': {
    rule: 'Ad groups, ads and asset groups sum to their campaigns: cost 0.5 %, impressions and clicks 1 %, conversions 2 %',
    found: (f) =>
      f['example'] === null
        ? `${f['compared']} campaigns are the sums of their parts`
        : `${f['apart']} of ${f['compared']} campaigns are not the sum of what is below them, such as ${f['example']}: they cost ${f['cost']}, their parts ${f['partCost']} (${f['way']})`,
    fix: 'Load the days again on all levels: millrace backfill. A campaign that stays apart has spend that the platform reports at campaign level only.',
  },
  'ads.dst_day': {
    rule: 'A local day has 23, 24 or 25 hours, as its time zone says',
    found: (f) => `${f['failed']} hours are double or missing`,
    fix: 'Load the day again.',
  },
}

const korean: Readonly<Record<PostId, CheckWords>> = {
  'ads.missing_campaign_days': {
    rule: '일시중지되지 않았고 최근 7일 중 4일에 지출한 캠페인에는 행이 있습니다. 평소 지출의 5 %를 넘으면 실패',
    found: (f) =>
      `캠페인 ${f['expected']}개 가운데 ${f['missing']}개에 행이 없습니다. 평소 지출의 ${f['sharePercent']} %`,
    fix: '플랫폼에서 중지되었거나 접근할 수 없게 되었는지 확인한 뒤 다시 적재하세요: millrace backfill.',
  },
  'ads.zero_delivery': {
    rule: '예산이 있고 지출해 온 캠페인에는 노출이 있습니다',
    found: (f) => `진행 중인 캠페인 ${f['running']}개 가운데 ${f['still']}개에 노출이 없습니다`,
    fix: '플랫폼에서 광고 거부, 결제, 입찰가를 확인하세요.',
  },
  'ads.restatement': {
    rule: '나중 버전은 비용을 2 %까지, 또는 그 경과일에 흔한 만큼만 바꿉니다',
    found: (f) => `${f['age']}일 뒤 비용이 ${f['sharePercent']} % 바뀌었습니다. 평소에는 ${f['usualPercent']} %까지`,
    fix: 'millrace restatements에서 어떤 지표가 얼마나 바뀌었는지 확인하세요.',
  },
  'ads.reconcile_platform': {
    rule: '공개된 값은 추출의 날짜들에 대한 플랫폼 합계와 허용 범위 안에서 같습니다',
    found: (f) =>
      `${f['metric']}이(가) ${f['sum']}이고 플랫폼 합계는 ${f['total']}입니다 (${f['offPercent']} % 차이, 허용 ${f['tolerancePercent']} %)`,
    fix: '누군가 공개된 행을 바꾸었거나 적재가 빠졌습니다. millrace backfill로 다시 적재하세요.',
  },
  'ads.orphan_campaign': {
    rule: '팩트의 모든 캠페인은 플랫폼이 설명한 것입니다',
    found: (f) => `${f['tested']}행 가운데 ${f['orphans']}행의 캠페인은 설명이 없습니다. 예: ${f['example']}`,
    fix: '인증 정보로 보이지 않는 삭제된 캠페인일 수 있습니다. 다시 실행하면 다음 목록에서 이름이 옵니다.',
  },
  'ads.budget_pacing': {
    rule: '이번 달 지출은 캠페인 일 예산 합의 1.2배 이하, 계정 예산 합의 4분의 1 이상이고, Google에서는 하루에 예산의 두 배를 넘지 않습니다',
    found: (f) =>
      `캠페인 ${f['above']}개가 속도보다 빠르고 ${f['below']}개가 느립니다. ${f['impossible']}개가 하루 예산의 두 배를 넘었습니다`,
    fix: '플랫폼에서 캠페인 예산을 확인하세요.',
  },
  'ads.freshness_sla': {
    rule: '하루는 계정 시간대의 정한 시각까지 공개됩니다',
    found: (f) =>
      `기한 ${f['dueAt']}, ${f['lateHours']}시간 늦게 ${f['published'] ? '공개되었습니다' : '아직 공개되지 않았습니다'}`,
    fix: 'millrace status와 millrace runs list에서 이유를 확인하세요.',
  },
  'ads.stream_vs_batch': {
    rule: '캠페인·날짜의 실시간 노출과 클릭은 적재된 값과 2 % 또는 제곱근의 네 배까지만 다릅니다',
    found: (f) =>
      `${f['compared']}개 가운데 ${f['apart']}개가 다릅니다. 노출 실시간 ${f['stream']}, 적재 ${f['batch']}`,
    fix: '이벤트가 빠졌거나 겹쳤습니다: millrace stream lag, millrace dlq list.',
  },
  'ads.mart_reconcile': {
    rule: '적재된 행, 스테이징 모델, 마트의 합은 끝자리까지 같습니다',
    found: (f) =>
      f['place'] === undefined
        ? `${f['metric']}은(는) 모두 ${f['sum']}입니다`
        : `${f['metric']}이(가) ${f['place'] === 'mart' ? '마트' : '스테이징 모델'}에서 ${f['sum']}, 적재에서 ${f['loaded']}입니다`,
    fix: '모델을 다시 만드세요: millrace dbt build. 그래도 다르면 모델이 행을 빼거나 겹칩니다.',
  },
  'ads.derived_identity': {
    rule: '마트의 비율은 합에서 계산되고 나눌 것이 없으면 null입니다',
    found: (f) => `마트 ${f['rows']}행 가운데 ${f['wrong']}행의 비율이 합과 다릅니다`,
    fix: '비율에서 비율을 계산했거나 null 대신 0을 쓴 모델의 SQL을 확인하세요.',
  },
  'ads.level_reconcile': {
    rule: '광고그룹, 광고, 애셋 그룹의 합은 캠페인과 같습니다: 비용 0.5 %, 노출과 클릭 1 %, 전환 2 %',
    found: (f) =>
      f['example'] === null
        ? `캠페인 ${f['compared']}개가 하위 합과 같습니다`
        : `캠페인 ${f['compared']}개 가운데 ${f['apart']}개가 하위 합과 다릅니다. 예: ${f['example']}. 비용 ${f['cost']}, 하위 합 ${f['partCost']} (${f['way']})`,
    fix: '모든 단계를 다시 적재하세요: millrace backfill. 그래도 다르면 캠페인 단계에서만 보고되는 지출입니다.',
  },
  'ads.dst_day': {
    rule: '현지 하루는 시간대에 따라 23, 24 또는 25시간입니다',
    found: (f) => `${f['failed']}시간이 겹치거나 빠졌습니다`,
    fix: '그날을 다시 적재하세요.',
  },
}

const words: Readonly<Record<Language, Readonly<Record<string, CheckWords>>>> = { en: english, ko: korean }

/** The words of a later check; undefined for any other. */
export function postWordsOf(checkId: string, language: Language): CheckWords | undefined {
  return Object.hasOwn(words[language], checkId) ? words[language][checkId] : undefined
}
