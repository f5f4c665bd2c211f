import type { ErrorTable } from './error-entry.ts'

export const domainErrors = {
  DOMAIN_DECIMAL_INVALID: {
    exit: 'unexpected',
    retryable: false,
    facts: ['text'],
    en: {
      what: '"{text}" is not a number',
      why: 'A metric or an amount must be digits with an optional minus, point and exponent.',
      fix: 'Look at the row that carried it; for a file, name the number format in the mapping (numbers.decimal, numbers.group).',
    },
    ko: {
      what: '"{text}"은(는) 숫자가 아닙니다',
      why: '지표와 금액은 숫자, 빼기 기호, 소수점, 지수만 쓸 수 있습니다.',
      fix: '그 값을 가진 행을 확인하세요. 파일이라면 매핑에 숫자 형식(numbers.decimal, numbers.group)을 적으세요.',
    },
  },
  DOMAIN_DECIMAL_SCALE: {
    exit: 'unexpected',
    retryable: false,
    facts: ['value', 'scale'],
    en: {
      what: '{value} has more than {scale} decimals',
      why: 'Storing it would cut digits that are not zero.',
      fix: 'Round the value where it is produced, or widen the column it goes to.',
    },
    ko: {
      what: '{value}의 소수 자릿수가 {scale}자리를 넘습니다',
      why: '저장하면 0이 아닌 자릿수가 잘립니다.',
      fix: '값을 만드는 곳에서 반올림하거나 저장할 열의 자릿수를 늘리세요.',
    },
  },
  DOMAIN_CURRENCY_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['code'],
    en: {
      what: '"{code}" is not a currency',
      why: 'Amounts carry an ISO 4217 code in capitals, for example KRW, USD or EUR.',
      fix: 'Correct the currency of the account or of the import command.',
    },
    ko: {
      what: '"{code}"은(는) 통화가 아닙니다',
      why: '금액에는 KRW, USD, EUR처럼 대문자 ISO 4217 코드가 붙습니다.',
      fix: '계정 또는 import 명령의 통화를 고치세요.',
    },
  },
  DOMAIN_DAY_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['text'],
    en: {
      what: '"{text}" is not a day',
      why: 'A day is written YYYY-MM-DD and must exist in the calendar.',
      fix: 'Write it as in 2026-11-22.',
    },
    ko: {
      what: '"{text}"은(는) 날짜가 아닙니다',
      why: '날짜는 YYYY-MM-DD로 쓰고 달력에 있는 날이어야 합니다.',
      fix: '2026-11-22처럼 쓰세요.',
    },
  },
  DOMAIN_ZONE_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['name'],
    en: {
      what: '"{name}" is not a time zone',
      why: 'Time zones are IANA names, for example Asia/Seoul or America/Los_Angeles.',
      fix: 'Correct the time zone of the account or of the schedule.',
    },
    ko: {
      what: '"{name}"은(는) 시간대가 아닙니다',
      why: '시간대는 Asia/Seoul, America/Los_Angeles 같은 IANA 이름입니다.',
      fix: '계정 또는 일정의 시간대를 고치세요.',
    },
  },
  DOMAIN_RANGE_REVERSED: {
    exit: 'usage',
    retryable: false,
    facts: ['since', 'until'],
    en: {
      what: 'The range {since} to {until} ends before it starts',
      why: 'Both ends are inclusive and the first must not be after the last.',
      fix: 'Swap the two days.',
    },
    ko: {
      what: '{since}부터 {until}까지의 기간은 시작이 끝보다 늦습니다',
      why: '양 끝을 모두 포함하며, 시작은 끝보다 늦을 수 없습니다.',
      fix: '두 날짜를 바꾸세요.',
    },
  },
  DOMAIN_PLATFORM_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['name', 'known'],
    en: {
      what: 'There is no platform "{name}"',
      why: 'Millrace knows these: {known}.',
      fix: 'Use one of those names.',
    },
    ko: {
      what: '"{name}" 플랫폼은 없습니다',
      why: 'Millrace가 아는 플랫폼: {known}.',
      fix: '위 이름 가운데 하나를 쓰세요.',
    },
  },
  DOMAIN_DEFINITION_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['goal', 'reason'],
    en: {
      what: 'The conversion definition of "{goal}" is not one: {reason}',
      why: 'A definition says which actions are counted, and in which attribution windows; each conversion must be counted once.',
      fix: 'Correct it under hub.conversions, or take a preset: preset: "purchase".',
    },
    ko: {
      what: '"{goal}" 전환 정의가 올바르지 않습니다: {reason}',
      why: '전환 정의는 어떤 행동을 어떤 기여 기간에서 셀지 정합니다. 전환 하나는 한 번만 세어야 합니다.',
      fix: 'hub.conversions에서 고치거나 프리셋을 쓰세요: preset: "purchase".',
    },
  },
  DOMAIN_DEFINITION_OVERLAP: {
    exit: 'config',
    retryable: false,
    facts: ['goal', 'one', 'other'],
    en: {
      what: 'The conversion definition of "{goal}" adds {one} and {other}, which count the same conversions',
      why: 'The platform counts one purchase under several names; a sum would count it as often.',
      fix: 'Use pick: "first_of", which takes the first of them that a row has, or leave one of the two out.',
    },
    ko: {
      what: '"{goal}" 전환 정의가 같은 전환을 세는 {one}과(와) {other}을(를) 더합니다',
      why: '플랫폼은 구매 하나를 여러 이름으로 셉니다. 더하면 그만큼 여러 번 셉니다.',
      fix: '행에 있는 첫 번째만 쓰는 pick: "first_of"를 쓰거나 둘 중 하나를 빼세요.',
    },
  },
} as const satisfies ErrorTable
