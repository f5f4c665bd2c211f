import type { ErrorTable } from './error-entry.ts'

export const seriesErrors = {
  QUALITY_SERIES_OPTION_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['missing'],
    en: {
      what: 'The back test does not know its series',
      why: '{missing} was not given.',
      fix: 'For example: millrace quality backtest --csv cost.csv --time day --value cost --detector daily.',
    },
    ko: {
      what: '백테스트할 시계열을 알 수 없습니다',
      why: '{missing} 옵션이 없습니다.',
      fix: '예: millrace quality backtest --csv cost.csv --time day --value cost --detector daily',
    },
  },
  QUALITY_SERIES_COLUMN_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['column', 'file', 'found'],
    en: {
      what: '{file} has no column "{column}"',
      why: 'Its first line names these: {found}.',
      fix: 'Name one of them, written as it stands there; a file without a header needs one first.',
    },
    ko: {
      what: '{file}에 "{column}" 열이 없습니다',
      why: '첫 줄에 있는 열: {found}.',
      fix: '그중 하나를 쓰인 그대로 지정하세요. 헤더가 없는 파일이면 먼저 헤더를 넣으세요.',
    },
  },
  QUALITY_SERIES_TIME_UNREADABLE: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'text'],
    en: {
      what: '"{text}" in line {line} of {file} is no time',
      why: 'A detector needs to know the weekday and the hour of every row.',
      fix: 'Write 2026-11-26, 2026-11-26 13:05, 11/26/2026, 20261126, Unix seconds or milliseconds, or plain whole numbers for rows that only follow one another.',
    },
    ko: {
      what: '{file} {line}번째 줄의 "{text}"은(는) 시각이 아닙니다',
      why: '탐지기는 모든 행의 요일과 시각을 알아야 합니다.',
      fix: '2026-11-26, 2026-11-26 13:05, 11/26/2026, 20261126, 유닉스 초·밀리초 중 하나로 쓰거나, 순서만 있는 행이면 정수를 쓰세요.',
    },
  },
  QUALITY_HOLIDAYS_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['country'],
    en: {
      what: 'No calendar of holidays is known for "{country}"',
      why: 'Countries are named by two letters (ISO 3166), a region behind a hyphen.',
      fix: 'For example KR, US or DE-BY.',
    },
    ko: {
      what: '"{country}"의 공휴일 달력이 없습니다',
      why: '국가는 두 글자(ISO 3166)로, 지역은 하이픈 뒤에 씁니다.',
      fix: '예: KR, US, DE-BY',
    },
  },
} as const satisfies ErrorTable
