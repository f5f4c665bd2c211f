import type { ErrorTable } from './error-entry.ts'

/** What keeps an invocation of dbt from being carried out, whatever the project says. */
export const transformRunErrors = {
  TRANSFORM_PROJECT_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['path'],
    en: {
      what: 'There is no dbt project at {path}',
      why: 'The folder holds no dbt_project.yml.',
      fix: 'Run inside the project, or give --project-dir.',
    },
    ko: {
      what: '{path}에 dbt 프로젝트가 없습니다',
      why: '폴더에 dbt_project.yml이 없습니다.',
      fix: '프로젝트 안에서 실행하거나 --project-dir을 지정하세요.',
    },
  },
  TRANSFORM_PACKAGES_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['wanted', 'found', 'folder'],
    en: {
      what: 'The project asks for {wanted} packages and {found} are in {folder}',
      why: 'A package that is not there lacks its macros and models; the project cannot be read without them.',
      fix: 'Install them with `dbt deps` (runner dbt-core), or put each package into a folder of its own there.',
    },
    ko: {
      what: '프로젝트가 패키지 {wanted}개를 요구하지만 {folder}에는 {found}개만 있습니다',
      why: '패키지가 없으면 그 매크로와 모델이 없어 프로젝트를 읽을 수 없습니다.',
      fix: '`dbt deps`(dbt-core 실행기)로 설치하거나 패키지마다 폴더 하나씩 그곳에 두세요.',
    },
  },
  TRANSFORM_PROFILE_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['path', 'profile'],
    en: {
      what: "The profile '{profile}' is not in {path}",
      why: 'dbt finds the database through a profile.',
      fix: 'Add the profile to that file, or give --profiles-dir or --profile.',
    },
    ko: {
      what: "{path}에 프로필 '{profile}'이 없습니다",
      why: 'dbt는 프로필로 데이터베이스를 찾습니다.',
      fix: '파일에 프로필을 추가하거나 --profiles-dir 또는 --profile을 지정하세요.',
    },
  },
  TRANSFORM_SEED_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'message'],
    en: {
      what: 'The seed {file} cannot be read: {message}',
      why: 'A seed is a CSV file with one line of column names.',
      fix: 'Mend the file at the place that the message names.',
    },
    ko: {
      what: '시드 {file}을 읽을 수 없습니다: {message}',
      why: '시드는 첫 줄에 열 이름이 있는 CSV 파일입니다.',
      fix: '메시지가 가리키는 곳을 고치세요.',
    },
  },
  TRANSFORM_TARGET_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['path', 'profile', 'target', 'targets'],
    en: {
      what: "The profile '{profile}' has no target '{target}' ({path})",
      why: 'Its targets are: {targets}.',
      fix: 'Give one of them with --target.',
    },
    ko: {
      what: "프로필 '{profile}'에 타깃 '{target}'이 없습니다 ({path})",
      why: '있는 타깃: {targets}.',
      fix: '--target으로 그중 하나를 지정하세요.',
    },
  },
  TRANSFORM_TARGET_UNSUPPORTED: {
    exit: 'config',
    retryable: false,
    facts: ['path', 'target', 'type'],
    en: {
      what: "The target '{target}' is for {type} ({path})",
      why: 'The native runner builds on Postgres only.',
      fix: 'Use a postgres target, or run with --runner dbt-core and that adapter installed.',
    },
    ko: {
      what: "타깃 '{target}'은 {type}용입니다 ({path})",
      why: '내장 러너는 Postgres만 지원합니다.',
      fix: 'postgres 타깃을 쓰거나 --runner dbt-core로 실행하세요.',
    },
  },
  TRANSFORM_DATABASE_AWAY: {
    exit: 'dependency',
    retryable: true,
    facts: ['host', 'port', 'database', 'message'],
    en: {
      what: 'The database {database} at {host}:{port} cannot be reached: {message}',
      why: 'dbt builds inside the database, so nothing can run without it.',
      fix: 'Start it, or correct host, port, user and password of the profile.',
    },
    ko: {
      what: '{host}:{port}의 데이터베이스 {database}에 연결할 수 없습니다: {message}',
      why: 'dbt는 데이터베이스 안에서 실행됩니다.',
      fix: '데이터베이스를 시작하거나 프로필의 주소와 계정을 고치세요.',
    },
  },
  TRANSFORM_ENV_VAR_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['variable'],
    en: {
      what: 'The environment variable {variable} is not set',
      why: 'env_var was called without a default.',
      fix: 'Set {variable}, or give env_var a default.',
    },
    ko: {
      what: '환경 변수 {variable}이 없습니다',
      why: 'env_var에 기본값이 없습니다.',
      fix: '{variable}을 설정하거나 기본값을 주세요.',
    },
  },
  TRANSFORM_COMMAND_UNSUPPORTED: {
    exit: 'usage',
    retryable: false,
    facts: ['command', 'runner'],
    en: {
      what: "The runner {runner} has no command '{command}'",
      why: 'Each runner declares the commands that it carries out.',
      fix: 'Run it with --runner dbt-core.',
    },
    ko: {
      what: "러너 {runner}에는 '{command}' 명령이 없습니다",
      why: '러너마다 지원하는 명령이 정해져 있습니다.',
      fix: '--runner dbt-core로 실행하세요.',
    },
  },
  TRANSFORM_ARGUMENT_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['argument'],
    en: {
      what: "'{argument}' is not understood",
      why: "millrace dbt takes dbt's own commands and flags as far as it covers them.",
      fix: 'See `millrace dbt --help`, or run real dbt with --runner dbt-core.',
    },
    ko: {
      what: "'{argument}'을(를) 이해할 수 없습니다",
      why: 'millrace dbt는 지원하는 범위의 dbt 명령과 옵션만 받습니다.',
      fix: '`millrace dbt --help`를 보거나 --runner dbt-core로 실행하세요.',
    },
  },
  TRANSFORM_SEED_TOO_LARGE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'sizeMb', 'limitMb'],
    en: {
      what: '{file} has {sizeMb} MB, and a seed may have {limitMb}',
      why: 'A seed is read into memory whole: it is for lists that a person keeps, not for data.',
      fix: "Load the file with psql's \\copy and declare the table as a source, or disable the seed.",
    },
    ko: {
      what: '{file}의 크기가 {sizeMb} MB입니다. 시드는 {limitMb} MB까지입니다',
      why: '시드는 메모리에 통째로 읽습니다. 데이터가 아니라 사람이 관리하는 목록을 위한 것입니다.',
      fix: 'psql의 \\copy로 적재하고 테이블을 source로 선언하거나 시드를 끄세요.',
    },
  },
  TRANSFORM_CLEAN_OUTSIDE: {
    exit: 'usage',
    retryable: false,
    facts: ['path'],
    en: {
      what: 'clean will not remove {path}',
      why: 'It lies outside the project.',
      fix: 'Give a --target-path inside the project, or allow it with --no-clean-project-files-only.',
    },
    ko: {
      what: '{path}는 지우지 않습니다',
      why: '프로젝트 밖에 있습니다.',
      fix: '프로젝트 안의 --target-path를 지정하거나 --no-clean-project-files-only로 허용하세요.',
    },
  },
  TRANSFORM_DBT_CORE_MISSING: {
    exit: 'dependency',
    retryable: false,
    facts: ['path'],
    en: {
      what: 'dbt-core is not installed at {path}',
      why: 'The runner dbt-core starts real dbt, which needs Python.',
      fix: "Set install to true in the runner's options, or run: scripts/services.sh install dbt.",
    },
    ko: {
      what: '{path}에 dbt-core가 없습니다',
      why: 'dbt-core 러너는 Python의 실제 dbt를 실행합니다.',
      fix: '러너 옵션에서 install을 true로 하거나 scripts/services.sh install dbt를 실행하세요.',
    },
  },
  TRANSFORM_DBT_CORE_VERSION: {
    exit: 'dependency',
    retryable: false,
    facts: ['path', 'found', 'wanted'],
    en: {
      what: 'dbt at {path} is {found}, not {wanted}',
      why: 'Results are promised for the pinned release only.',
      fix: "Remove that folder and install again, or point the runner's folder elsewhere.",
    },
    ko: {
      what: '{path}의 dbt는 {found}이며 {wanted}가 아닙니다',
      why: '고정된 버전의 결과만 보장합니다.',
      fix: '폴더를 지우고 다시 설치하거나 다른 폴더를 지정하세요.',
    },
  },
  TRANSFORM_DBT_CORE_INSTALL: {
    exit: 'dependency',
    retryable: true,
    facts: ['path', 'message'],
    en: {
      what: 'dbt-core could not be installed into {path}: {message}',
      why: 'Python 3.10 or newer with pip or uv, and its package index, are needed.',
      fix: 'Correct what the message says and try again.',
    },
    ko: {
      what: '{path}에 dbt-core를 설치하지 못했습니다: {message}',
      why: 'Python 3.10 이상과 pip 또는 uv, 패키지 저장소 접속이 필요합니다.',
      fix: '메시지의 문제를 해결하고 다시 시도하세요.',
    },
  },
  TRANSFORM_DBT_CORE_REFUSED: {
    exit: 'run',
    retryable: false,
    facts: ['message'],
    en: {
      what: 'dbt-core could not carry out the command: {message}',
      why: 'It ended with code 2: the project or the invocation is wrong.',
      fix: "Do what dbt's message asks.",
    },
    ko: {
      what: 'dbt-core가 명령을 수행하지 못했습니다: {message}',
      why: '종료 코드 2: 프로젝트나 명령이 잘못되었습니다.',
      fix: 'dbt의 메시지를 따르세요.',
    },
  },
} as const satisfies ErrorTable
