import type { ErrorTable } from './error-entry.ts'
import { transformCommandErrors } from './errors-transform-commands.ts'
import { transformModelErrors } from './errors-transform-models.ts'
import { transformRunErrors } from './errors-transform-run.ts'

/** What is wrong in a dbt project, and what keeps an invocation from being carried out. */
export const transformErrors = {
  ...transformRunErrors,
  ...transformCommandErrors,
  ...transformModelErrors,
  TRANSFORM_JINJA_SYNTAX: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'message'],
    en: {
      what: 'The template does not parse: {message} ({file}:{line}:{column})',
      why: 'Jinja could not read the tag or expression that begins there.',
      fix: 'Correct {file} at line {line}, column {column}.',
    },
    ko: {
      what: '템플릿을 해석할 수 없습니다: {message} ({file}:{line}:{column})',
      why: 'Jinja가 그 위치의 태그나 표현식을 읽지 못했습니다.',
      fix: '{file}의 {line}행 {column}열을 고치세요.',
    },
  },
  TRANSFORM_JINJA_RUNTIME: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'kind', 'message', 'stack'],
    en: {
      what: 'The template failed: {kind}: {message} ({file}:{line}:{column})',
      why: 'The expression there cannot be evaluated. Macro stack: {stack}.',
      fix: 'Correct {file} at line {line}, or the value that it was given.',
    },
    ko: {
      what: '템플릿 실행에 실패했습니다: {kind}: {message} ({file}:{line}:{column})',
      why: '그 위치의 표현식을 계산할 수 없습니다. 매크로 호출 순서: {stack}.',
      fix: '{file}의 {line}행, 또는 전달된 값을 고치세요.',
    },
  },
  TRANSFORM_YAML_SYNTAX: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'message'],
    en: {
      what: 'The file is not YAML: {message} ({file}:{line}:{column})',
      why: "dbt's files are YAML 1.1.",
      fix: 'Correct {file} at line {line}, column {column}.',
    },
    ko: {
      what: 'YAML이 아닙니다: {message} ({file}:{line}:{column})',
      why: 'dbt 파일은 YAML 1.1이어야 합니다.',
      fix: '{file}의 {line}행 {column}열을 고치세요.',
    },
  },
  TRANSFORM_YAML_SHAPE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'key', 'expected'],
    en: {
      what: "'{key}' must be {expected} ({file}:{line}:{column})",
      why: 'dbt gives this key a fixed shape.',
      fix: 'Write {expected} there.',
    },
    ko: {
      what: "'{key}'의 형식이 잘못되었습니다 ({file}:{line}:{column})",
      why: 'dbt에서 이 키의 형식은 정해져 있습니다: {expected}.',
      fix: '형식에 맞게 고치세요.',
    },
  },
  TRANSFORM_KEY_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'key'],
    en: {
      what: "dbt has no key '{key}' here ({file}:{line}:{column})",
      why: 'A key that nothing reads is a spelling mistake or belongs elsewhere.',
      fix: 'Remove it, correct it, or move it under meta.',
    },
    ko: {
      what: "dbt에 '{key}' 키가 없습니다 ({file}:{line}:{column})",
      why: '아무도 읽지 않는 키는 오타이거나 위치가 틀린 것입니다.',
      fix: '지우거나 고치거나 meta 아래로 옮기세요.',
    },
  },
  TRANSFORM_TEST_SHAPE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column'],
    en: {
      what: 'The data test is not in a form that dbt knows ({file}:{line}:{column})',
      why: 'A test is a name, or one name with its arguments.',
      fix: 'Write `- not_null` or `- accepted_values: {arguments: …}`.',
    },
    ko: {
      what: '데이터 테스트의 형식이 잘못되었습니다 ({file}:{line}:{column})',
      why: '테스트는 이름 하나, 또는 인자를 가진 이름 하나입니다.',
      fix: '`- not_null` 또는 `- accepted_values: {arguments: …}` 형식으로 쓰세요.',
    },
  },
  TRANSFORM_VAR_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['variable'],
    en: {
      what: "The variable '{variable}' has no value",
      why: 'var was called without a default and neither the project nor --vars sets it.',
      fix: 'Set it under vars in dbt_project.yml, or give --vars.',
    },
    ko: {
      what: "변수 '{variable}'의 값이 없습니다",
      why: 'var에 기본값이 없고 프로젝트와 --vars에도 없습니다.',
      fix: 'dbt_project.yml의 vars에 넣거나 --vars를 지정하세요.',
    },
  },
  TRANSFORM_FEATURE_UNSUPPORTED: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'feature', 'construct'],
    en: {
      what: 'The native runner does not do {feature} ({construct} at {file}:{line}:{column})',
      why: 'It refuses what it would not do exactly as dbt does; nothing has run.',
      fix: 'Run the same command with --runner dbt-core, or remove the construct.',
    },
    ko: {
      what: '내장 러너는 {feature}을(를) 지원하지 않습니다 ({construct}, {file}:{line}:{column})',
      why: 'dbt와 똑같이 할 수 없는 것은 거부합니다. 아무것도 실행되지 않았습니다.',
      fix: '같은 명령을 --runner dbt-core로 실행하거나 그 부분을 지우세요.',
    },
  },
  TRANSFORM_NAME_DOUBLED: {
    exit: 'config',
    retryable: false,
    facts: ['name', 'kind', 'first', 'second'],
    en: {
      what: "Two things are the {kind} '{name}': {first} and {second}",
      why: 'dbt tells them apart by that name alone.',
      fix: 'Rename one of them, or give it an alias.',
    },
    ko: {
      what: "{kind} '{name}'이(가) 두 개 있습니다: {first}, {second}",
      why: 'dbt는 이름으로만 구분합니다.',
      fix: '하나의 이름을 바꾸거나 alias를 주세요.',
    },
  },
  TRANSFORM_REF_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'reference'],
    en: {
      what: "{node} refers to '{reference}', which is not there",
      why: 'No enabled model has that name, or the reference was hidden from parsing.',
      fix: 'Correct the name; if the ref stands in a branch that parsing skips, add `-- depends_on: {{ ref(…) }}`.',
    },
    ko: {
      what: "{node}이(가) 없는 모델 '{reference}'을(를) 참조합니다",
      why: '그 이름의 활성 모델이 없거나 파싱에서 보이지 않았습니다.',
      fix: '이름을 고치거나 `-- depends_on: {{ ref(…) }}`를 추가하세요.',
    },
  },
  TRANSFORM_SOURCE_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'reference'],
    en: {
      what: "{node} uses the source '{reference}', which is not there",
      why: 'No schema file declares that source and table, or it is disabled.',
      fix: 'Declare it under sources in a schema file.',
    },
    ko: {
      what: "{node}이(가) 없는 소스 '{reference}'을(를) 사용합니다",
      why: '스키마 파일에 그 소스와 테이블이 없거나 비활성입니다.',
      fix: '스키마 파일의 sources에 선언하세요.',
    },
  },
  TRANSFORM_MACRO_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['macro'],
    en: {
      what: "The macro '{macro}' is not there",
      why: 'Neither the project nor the library of dbt defines it.',
      fix: "Correct the name, or define the macro; a package's macros need --runner dbt-core.",
    },
    ko: {
      what: "매크로 '{macro}'가 없습니다",
      why: '프로젝트와 dbt 라이브러리 어디에도 없습니다.',
      fix: '이름을 고치거나 매크로를 정의하세요. 패키지의 매크로는 --runner dbt-core가 필요합니다.',
    },
  },
  TRANSFORM_DISPATCH_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['macro', 'namespace'],
    en: {
      what: "No macro carries out '{macro}' for Postgres",
      why: "adapter.dispatch looked for postgres__{macro} and default__{macro} in the project and in '{namespace}'.",
      fix: 'Define one of them.',
    },
    ko: {
      what: "Postgres용 '{macro}' 매크로가 없습니다",
      why: "adapter.dispatch가 프로젝트와 '{namespace}'에서 postgres__{macro}와 default__{macro}를 찾았습니다.",
      fix: '그중 하나를 정의하세요.',
    },
  },
  TRANSFORM_MATERIALIZATION_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['materialization', 'file'],
    en: {
      what: "There is no materialization '{materialization}' ({file})",
      why: 'Neither the project nor the library defines it.',
      fix: 'Use view, table or ephemeral, or define the materialization.',
    },
    ko: {
      what: "'{materialization}' 구체화 방식이 없습니다 ({file})",
      why: '프로젝트와 라이브러리 어디에도 없습니다.',
      fix: 'view, table, ephemeral을 쓰거나 직접 정의하세요.',
    },
  },
  TRANSFORM_DOC_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'doc'],
    en: {
      what: "The docs block '{doc}' is not there ({file})",
      why: 'A description refers to it.',
      fix: 'Write {% docs {doc} %} in a Markdown file of the project.',
    },
    ko: {
      what: "docs 블록 '{doc}'이(가) 없습니다 ({file})",
      why: '설명이 그 블록을 참조합니다.',
      fix: '프로젝트의 Markdown 파일에 {% docs {doc} %}를 쓰세요.',
    },
  },
  TRANSFORM_CYCLE: {
    exit: 'config',
    retryable: false,
    facts: ['cycle'],
    en: {
      what: 'The models refer to each other in a circle: {cycle}',
      why: 'None of them can be built first.',
      fix: 'Take one of the references out.',
    },
    ko: {
      what: '모델이 서로를 순환 참조합니다: {cycle}',
      why: '어느 것도 먼저 만들 수 없습니다.',
      fix: '참조 하나를 없애세요.',
    },
  },
  TRANSFORM_RAISED: {
    exit: 'config',
    retryable: false,
    facts: ['message'],
    en: {
      what: 'The project refused: {message}',
      why: 'A macro raised this error.',
      fix: 'Do what the message asks.',
    },
    ko: {
      what: '프로젝트가 거부했습니다: {message}',
      why: '매크로가 낸 오류입니다.',
      fix: '메시지를 따르세요.',
    },
  },
} as const satisfies ErrorTable
