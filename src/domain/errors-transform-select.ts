import type { ErrorTable } from './error-entry.ts'

/** Selecting nodes of a dbt project. */
export const transformSelectErrors = {
  TRANSFORM_SELECTOR_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['method', 'expression', 'known'],
    en: {
      what: "'{method}' is not a method of selection ({expression})",
      why: 'The methods are {known}.',
      fix: 'Use one of these; a name without a method selects by fqn, a path by path.',
    },
    ko: {
      what: "'{method}'은(는) 선택 방법이 아닙니다 ({expression})",
      why: '쓸 수 있는 방법은 {known}입니다.',
      fix: '그중 하나를 쓰세요. 방법 없이 이름만 쓰면 fqn, 경로를 쓰면 path로 선택합니다.',
    },
  },
  TRANSFORM_SELECTOR_VALUE: {
    exit: 'usage',
    retryable: false,
    facts: ['method', 'value', 'expected'],
    en: {
      what: "'{value}' is nothing that {method} can select by",
      why: 'It takes {expected}.',
      fix: 'Correct the expression.',
    },
    ko: {
      what: "'{value}'은(는) {method}(으)로 선택할 수 있는 값이 아닙니다",
      why: '받는 값: {expected}.',
      fix: '선택 표현식을 고치세요.',
    },
  },
  TRANSFORM_SELECTOR_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['name', 'known'],
    en: {
      what: "selectors.yml has no selector named '{name}'",
      why: 'It names: {known}.',
      fix: 'Use one of these, or add it to selectors.yml beside dbt_project.yml.',
    },
    ko: {
      what: "selectors.yml에 '{name}' 선택자가 없습니다",
      why: '정의된 선택자: {known}.',
      fix: '그중 하나를 쓰거나 dbt_project.yml 옆의 selectors.yml에 추가하세요.',
    },
  },
  TRANSFORM_SELECTORS_FILE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'expected'],
    en: {
      what: '{file}:{line}:{column} does not read as a selector: it wants {expected}',
      why: 'A selector is text, a mapping with method and value, a union or an intersection.',
      fix: 'Correct the place.',
    },
    ko: {
      what: '{file}:{line}:{column}을(를) 선택자로 읽을 수 없습니다. 필요한 것: {expected}',
      why: '선택자는 글, method와 value가 있는 매핑, union 또는 intersection입니다.',
      fix: '해당 위치를 고치세요.',
    },
  },
  TRANSFORM_STATE_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'folder'],
    en: {
      what: 'There is no earlier {file} ({folder})',
      why: 'Deferral, retry, clone and the methods state:, result: and source_status: need the artifacts of an earlier invocation.',
      fix: 'Pass --state with a folder that holds it, such as a copy of an earlier target folder.',
    },
    ko: {
      what: '이전 {file}이(가) 없습니다 ({folder})',
      why: '--defer, retry, clone과 state:, result:, source_status:에는 이전 실행의 산출물이 필요합니다.',
      fix: '이전 target 폴더의 사본처럼 그 파일이 있는 폴더를 --state로 지정하세요.',
    },
  },
  TRANSFORM_STATE_UNREADABLE: {
    exit: 'config',
    retryable: false,
    facts: ['path'],
    en: {
      what: '{path} does not read as an artifact of dbt',
      why: 'It is cut off, or it has another version than manifest 12, run-results 6 or sources 3.',
      fix: 'Write it again with a current dbt.',
    },
    ko: {
      what: '{path}을(를) dbt 산출물로 읽을 수 없습니다',
      why: '파일이 잘렸거나 manifest 12, run-results 6, sources 3과 다른 버전입니다.',
      fix: '최신 dbt로 다시 만드세요.',
    },
  },
} as const satisfies ErrorTable
