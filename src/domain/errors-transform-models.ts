import type { ErrorTable } from './error-entry.ts'

/** What is wrong with what a model promises, who may use it and how it is tested. */
export const transformModelErrors = {
  TRANSFORM_ACCESS_DENIED: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'target', 'access', 'scope'],
    en: {
      what: 'Node {node} attempted to reference node {target}, which is not allowed because the referenced node is {access} to the {scope}.',
      why: 'A private model is for its own group, a protected one of a package that restricts access for that package.',
      fix: 'Put the node into the same group, or give the model a wider `access`.',
    },
    ko: {
      what: '{node}가 {target}을(를) 참조할 수 없습니다: 참조된 노드는 {scope}에 {access}입니다.',
      why: 'private 모델은 같은 그룹만, 접근을 제한한 패키지의 protected 모델은 그 패키지만 쓸 수 있습니다.',
      fix: '노드를 같은 그룹에 넣거나 모델의 `access`를 넓히세요.',
    },
  },
  TRANSFORM_GROUP_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'group', 'groups'],
    en: {
      what: "Invalid group '{group}' of {node}, expected one of [{groups}]",
      why: 'A group must be defined under `groups` in a schema file of the package.',
      fix: 'Define the group or correct its name.',
    },
    ko: {
      what: "{node}의 그룹 '{group}'이(가) 없습니다. 가능한 그룹: [{groups}]",
      why: '그룹은 패키지의 스키마 파일 `groups`에 정의되어야 합니다.',
      fix: '그룹을 정의하거나 이름을 고치세요.',
    },
  },
  TRANSFORM_ACCESS_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'access', 'materialized'],
    en: {
      what: "Node {node} with '{materialized}' materialization has an invalid value ({access}) for the access field",
      why: 'Access is private, protected or public, and an ephemeral model cannot be public.',
      fix: 'Correct `access` of the model.',
    },
    ko: {
      what: "{node}('{materialized}')의 access 값({access})이 올바르지 않습니다",
      why: 'access는 private, protected, public 중 하나이고 ephemeral 모델은 public일 수 없습니다.',
      fix: '모델의 `access`를 고치세요.',
    },
  },
  TRANSFORM_CONSTRAINT_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['where', 'type'],
    en: {
      what: 'Invalid constraint type {type} on {where}',
      why: "The type must be one of ['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom'].",
      fix: 'Correct the type of the constraint.',
    },
    ko: {
      what: '{where}의 제약 조건 종류 {type}이(가) 올바르지 않습니다',
      why: "종류는 'check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom' 중 하나입니다.",
      fix: '제약 조건의 종류를 고치세요.',
    },
  },
  TRANSFORM_CONTRACT_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'message'],
    en: {
      what: 'The contract of {file} cannot be kept: {message}',
      why: 'What a model promises must fit together before it is built.',
      fix: 'Correct the constraints of the model in its schema file.',
    },
    ko: {
      what: '{file}의 계약을 지킬 수 없습니다: {message}',
      why: '모델이 약속하는 내용은 만들기 전에 서로 맞아야 합니다.',
      fix: '스키마 파일에서 모델의 제약 조건을 고치세요.',
    },
  },
  TRANSFORM_VERSION_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'model', 'message'],
    en: {
      what: 'The versions of {model} are wrong ({file}): {message}',
      why: 'Every version of a model is there once, and the latest one is one of them.',
      fix: 'Correct `versions` and `latest_version` of the model.',
    },
    ko: {
      what: '{model}의 버전이 올바르지 않습니다 ({file}): {message}',
      why: '각 버전은 한 번씩만 있어야 하고 최신 버전은 그중 하나여야 합니다.',
      fix: '모델의 `versions`와 `latest_version`을 고치세요.',
    },
  },
  TRANSFORM_METRIC_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['node', 'file', 'metric'],
    en: {
      what: "{node} ({file}) names the metric '{metric}', which is not there",
      why: 'A metric must be defined in a schema file of the project or of a package.',
      fix: 'Define the metric or correct its name.',
    },
    ko: {
      what: "{node}({file})이(가) 가리키는 지표 '{metric}'이(가) 없습니다",
      why: '지표는 프로젝트나 패키지의 스키마 파일에 정의되어야 합니다.',
      fix: '지표를 정의하거나 이름을 고치세요.',
    },
  },
  TRANSFORM_MICROBATCH_CONFIG: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'model', 'key', 'message'],
    en: {
      what: '{message} ({file})',
      why: 'A microbatch model is built in batches of time, so the column of its time, its first instant and the size of a batch must be known.',
      fix: 'Correct `{key}` of the model {model}.',
    },
    ko: {
      what: "마이크로배치 모델 {model}의 '{key}' 설정이 올바르지 않습니다 ({file}): {message}",
      why: '마이크로배치 모델은 시간 단위로 나누어 만들므로 시간 열, 시작 시각, 배치 크기를 알아야 합니다.',
      fix: '모델 {model}의 `{key}`를 고치세요.',
    },
  },
  TRANSFORM_CONFIG_TYPE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'node', 'key', 'expected'],
    en: {
      what: "The configuration '{key}' of {node} must be {expected} ({file})",
      why: 'dbt gives this key a fixed type.',
      fix: 'Write {expected} there, or move a value of your own under meta.',
    },
    ko: {
      what: "{node}의 설정 '{key}' 값의 형식이 잘못되었습니다 ({file})",
      why: 'dbt에서 이 키의 형식은 정해져 있습니다: {expected}.',
      fix: '형식에 맞게 고치거나, 자체 값이라면 meta 아래로 옮기세요.',
    },
  },
  TRANSFORM_UNIT_TEST_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'message'],
    en: {
      what: 'A unit test cannot be read ({file}): {message}',
      why: 'A unit test names a model of its package and gives rows for what the model reads.',
      fix: 'Correct the unit test in {file}.',
    },
    ko: {
      what: '단위 테스트를 읽을 수 없습니다 ({file}): {message}',
      why: '단위 테스트는 같은 패키지의 모델을 가리키고 그 모델이 읽는 행을 제공해야 합니다.',
      fix: '{file}의 단위 테스트를 고치세요.',
    },
  },
} as const satisfies ErrorTable
