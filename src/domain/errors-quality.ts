import type { ErrorTable } from './error-entry.ts'

export const qualityErrors = {
  QUALITY_PARTITION_REFUSED: {
    exit: 'quality',
    retryable: false,
    // What a check found is said by the check itself, in both languages, because its numbers stand inside its sentence.
    facts: ['platform', 'accountId', 'dates', 'checks', 'foundEn', 'foundKo', 'remedyEn', 'remedyKo'],
    en: {
      what: '{platform}/{accountId} {dates} was refused by {checks}',
      why: '{foundEn}. Nothing of it was published; numbers that were there before stay and are marked stale.',
      fix: '{remedyEn} Afterwards millrace status shows whether it passed.',
    },
    ko: {
      what: '{platform}/{accountId} {dates}이(가) {checks} 검사에서 거부되었습니다',
      why: '{foundKo}. 이번 숫자는 게시하지 않았습니다. 전에 있던 숫자는 그대로 두고 오래됨으로 표시합니다.',
      fix: '{remedyKo} 통과했는지는 millrace status로 확인하세요.',
    },
  },
  QUALITY_CONFIG_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['count', 'problems', 'problemsKo'],
    en: {
      what: 'The checks of the project have {count} problem(s)',
      why: '{problems}',
      fix: 'Correct them, then look with: millrace quality list.',
    },
    ko: {
      what: '프로젝트의 검사에 문제가 {count}개 있습니다',
      why: '{problemsKo}',
      fix: '고친 뒤 millrace quality list로 확인하세요.',
    },
  },
  QUALITY_NOTHING_REFUSED: {
    exit: 'usage',
    retryable: false,
    facts: ['platform', 'accountId', 'date', 'reason'],
    en: {
      what: 'There is nothing refused to publish of {platform}/{accountId} {date} ({reason})',
      why: 'published: the last load of the day passed, or none was made. raw_gone: its raw rows are no longer in the lake. not_configured: no connection reaches the account.',
      fix: 'millrace status shows what is refused; millrace backfill loads a day again.',
    },
    ko: {
      what: '{platform}/{accountId} {date}에는 공개할 거부된 데이터가 없습니다 ({reason})',
      why: 'published: 마지막 적재가 통과했거나 적재가 없었습니다. raw_gone: 원본 행이 레이크에 없습니다. not_configured: 계정에 닿는 연결이 없습니다.',
      fix: '거부된 것은 millrace status에서 보고, millrace backfill로 다시 적재하세요.',
    },
  },
  QUALITY_CHECK_ID_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['checkId'],
    en: {
      what: '"{checkId}" cannot be the id of a check',
      why: 'Results are kept under the id for ever: it starts with a letter and has at most 63 of a–z, 0–9, "_" and ".", and no other check has it.',
      fix: 'Give the check another id, for example my_team.ctr_range.',
    },
    ko: {
      what: '"{checkId}"은(는) 검사 ID가 될 수 없습니다',
      why: '결과가 계속 이 ID로 보관됩니다. 글자로 시작하고 a–z, 0–9, "_", "."만 63자까지 쓰며 다른 검사와 겹치지 않아야 합니다.',
      fix: 'my_team.ctr_range처럼 다른 ID를 주세요.',
    },
  },
} as const satisfies ErrorTable
