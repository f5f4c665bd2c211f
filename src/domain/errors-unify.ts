import type { ErrorTable } from './error-entry.ts'

export const unifyErrors = {
  UNIFY_VALUE_INVALID: {
    exit: 'run',
    retryable: false,
    facts: ['column', 'value', 'entityId', 'date'],
    en: {
      what: 'Column "{column}" of {entityId} on {date} holds "{value}", which is not what the mapping expects',
      why: 'A metric must be a number, a day a day, and a list of actions a JSON array of action_type and value.',
      fix: 'Compare the raw row in the lake with what the platform documents; if its form changed, the mapping of the connector must change too.',
    },
    ko: {
      what: '{date} {entityId}의 "{column}" 열 값 "{value}"이(가) 매핑이 기대하는 형식과 다릅니다',
      why: '지표는 숫자, 날짜는 날짜, 행동 목록은 action_type과 value를 가진 JSON 배열이어야 합니다.',
      fix: '레이크의 원본 행을 플랫폼 문서와 비교하세요. 형식이 바뀌었다면 커넥터의 매핑도 바꿔야 합니다.',
    },
  },
  UNIFY_VALUE_MISSING: {
    exit: 'run',
    retryable: false,
    facts: ['column', 'entityId', 'date'],
    en: {
      what: 'A row of entity "{entityId}" on day "{date}" has no value in column "{column}"',
      why: 'Without it the row has no place among the facts, or a number that must be known would be guessed.',
      fix: 'Look at the raw row in the lake; extract the day again with millrace backfill if the platform has it now.',
    },
    ko: {
      what: '"{date}" 날짜 "{entityId}" 개체의 행에 "{column}" 열 값이 없습니다',
      why: '이 값이 없으면 행의 자리를 정할 수 없거나 알아야 할 숫자를 추측하게 됩니다.',
      fix: '레이크의 원본 행을 확인하고, 플랫폼에 값이 있다면 millrace backfill로 다시 추출하세요.',
    },
  },
} as const satisfies ErrorTable
