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
  UNIFY_RATES_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['source', 'line', 'reason'],
    en: {
      what: 'The reference rates of {source} cannot be read: line {line}: {reason}',
      why: 'An amount that is converted at a wrong rate looks right; a file that is not wholly understood is therefore not taken in at all.',
      fix: 'Give a file in the form of the ECB’s eurofxref-hist.csv or eurofxref-hist.xml (unpacked): units of each currency for one euro, a day a line.',
    },
    ko: {
      what: '{source}의 기준 환율을 읽을 수 없습니다: {line}번째 줄: {reason}',
      why: '잘못된 환율로 환산된 금액은 맞아 보입니다. 그래서 완전히 이해되지 않는 파일은 전혀 받아들이지 않습니다.',
      fix: 'ECB의 eurofxref-hist.csv 또는 eurofxref-hist.xml 형식(압축 해제)의 파일을 주세요. 날짜별로 1유로당 각 통화 금액입니다.',
    },
  },
  UNIFY_RATES_UNREACHABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['source', 'reason'],
    en: {
      what: 'The reference rates of {source} could not be fetched: {reason}',
      why: 'Days without a rate take the last one of at most seven days before; after that, amounts of other currencies are shown as missing.',
      fix: 'Open the address yourself, correct hub.rates.url or the network, then: millrace rates load. A downloaded file does as well: millrace rates load FILE.',
    },
    ko: {
      what: '{source}의 기준 환율을 받아오지 못했습니다: {reason}',
      why: '환율이 없는 날은 최대 7일 전의 마지막 환율을 씁니다. 그 뒤에는 다른 통화의 금액이 없는 것으로 표시됩니다.',
      fix: '주소를 직접 열어 보고 hub.rates.url이나 네트워크를 고친 뒤 millrace rates load를 실행하세요. 내려받은 파일도 됩니다: millrace rates load FILE.',
    },
  },
  UNIFY_NAMING_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['rule', 'reason'],
    en: {
      what: 'The naming rule "{rule}" is not one: {reason}',
      why: 'A rule that reads a name in no way, or in any, says nothing about names.',
      fix: 'Correct it under hub.naming, by the example in docs/guide/hub.md; try it with: millrace naming test NAME.',
    },
    ko: {
      what: '이름 규칙 "{rule}"이(가) 올바르지 않습니다: {reason}',
      why: '이름을 전혀 읽지 못하거나 아무렇게나 읽는 규칙은 이름에 대해 아무것도 말해 주지 않습니다.',
      fix: 'hub.naming에서 고치세요. 예시는 docs/guide/hub.md에 있습니다. millrace naming test NAME으로 시험할 수 있습니다.',
    },
  },
} as const satisfies ErrorTable
