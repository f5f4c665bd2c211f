import type { ErrorTable } from './error-entry.ts'

export const cliErrors = {
  CLI_COMMAND_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['name', 'near'],
    en: {
      what: 'There is no command "{name}"',
      why: 'Look among: {near}.',
      fix: 'See them all: millrace --help.',
    },
    ko: {
      what: '"{name}" 명령은 없습니다',
      why: '다음 중에서 찾으세요: {near}.',
      fix: '모든 명령 보기: millrace --help.',
    },
  },
  CLI_OPTION_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['option', 'near', 'command'],
    en: {
      what: 'millrace {command} has no option {option}',
      why: 'Look among: {near}.',
      fix: 'See its options: millrace {command} --help.',
    },
    ko: {
      what: 'millrace {command}에는 {option} 옵션이 없습니다',
      why: '다음 중에서 찾으세요: {near}.',
      fix: '옵션 보기: millrace {command} --help.',
    },
  },
  CLI_USAGE: {
    exit: 'usage',
    retryable: false,
    facts: ['detail', 'command'],
    en: {
      what: 'millrace {command} was called in a way it does not understand',
      why: '{detail}.',
      fix: 'See how it is called: millrace {command} --help.',
    },
    ko: {
      what: 'millrace {command} 호출이 올바르지 않습니다',
      why: '{detail}.',
      fix: '사용법 보기: millrace {command} --help.',
    },
  },
  CLI_FOLDER_NOT_EMPTY: {
    exit: 'usage',
    retryable: false,
    facts: ['folder', 'found'],
    en: {
      what: 'The folder {folder} is not empty',
      why: 'It holds {found}, and a new project must not overwrite your files.',
      fix: 'Name a new folder, or put the project beside what is there with --force; files that exist are kept.',
    },
    ko: {
      what: '{folder} 폴더가 비어 있지 않습니다',
      why: '{found}이(가) 있으며, 새 프로젝트가 기존 파일을 덮어쓰면 안 됩니다.',
      fix: '새 폴더 이름을 주거나 --force로 함께 두세요. 이미 있는 파일은 그대로 둡니다.',
    },
  },
  CLI_CONFIRMATION_NEEDED: {
    exit: 'usage',
    retryable: false,
    facts: ['question'],
    en: {
      what: 'Nothing was done, because nobody could be asked: {question}',
      why: 'There is no terminal to ask at.',
      fix: 'Say yes beforehand with --yes, or look first with --dry-run.',
    },
    ko: {
      what: '물어볼 수 없어서 아무것도 하지 않았습니다: {question}',
      why: '질문할 터미널이 없습니다.',
      fix: '--yes로 미리 동의하거나 --dry-run으로 먼저 확인하세요.',
    },
  },
  CLI_SQL_REFUSED: {
    exit: 'usage',
    retryable: false,
    facts: ['sqlstate', 'reason'],
    en: {
      what: 'Postgres does not accept the query: {reason}',
      why: 'It says SQLSTATE {sqlstate}. Nothing was changed: millrace sql only reads, and one statement at a time.',
      fix: 'Correct the query; the tables are in: select table_name from information_schema.tables.',
    },
    ko: {
      what: 'Postgres가 쿼리를 받아들이지 않습니다: {reason}',
      why: 'SQLSTATE {sqlstate}입니다. 바뀐 것은 없습니다. millrace sql은 한 번에 한 문장만 읽습니다.',
      fix: '쿼리를 고치세요. 테이블 목록: select table_name from information_schema.tables.',
    },
  },
  CLI_SQL_TIMEOUT: {
    exit: 'usage',
    retryable: false,
    facts: ['seconds'],
    en: {
      what: 'The query was stopped after {seconds} s',
      why: 'It took longer than it was allowed to.',
      fix: 'Ask for less, or allow more: --timeout SECONDS.',
    },
    ko: {
      what: '쿼리를 {seconds}초 뒤에 멈췄습니다',
      why: '허용된 시간보다 오래 걸렸습니다.',
      fix: '더 적게 조회하거나 --timeout 초로 시간을 늘리세요.',
    },
  },
  CLI_INTERRUPTED: {
    exit: 'interrupted',
    retryable: true,
    facts: [],
    en: {
      what: 'Stopped as you asked',
      why: 'What was published stays; what was under way left nothing half done.',
      fix: 'Run the same command again to do the rest.',
    },
    ko: {
      what: '요청대로 멈췄습니다',
      why: '공개된 것은 그대로이고, 진행 중이던 것은 반쯤 남지 않았습니다.',
      fix: '같은 명령을 다시 실행하면 나머지를 합니다.',
    },
  },
  CLI_DASHBOARD_MISSING: {
    exit: 'dependency',
    retryable: false,
    facts: ['project'],
    en: {
      what: 'No dashboard runs for {project}',
      why: 'Nothing answers where this project, or its demo, last had one; opening starts nothing by itself.',
      fix: 'Start one and leave it running: millrace up, or millrace demo for 30 days of made-up data.',
    },
    ko: {
      what: '실행 중인 대시보드가 없습니다: {project}',
      why: '이 프로젝트나 그 데모의 대시보드가 있던 주소에서 응답이 없습니다. 이 명령은 아무것도 시작하지 않습니다.',
      fix: '대시보드를 시작한 채로 두세요: millrace up, 또는 데모 데이터 30일이면 millrace demo.',
    },
  },
  CLI_UNEXPECTED: {
    exit: 'unexpected',
    retryable: false,
    facts: ['detail'],
    en: {
      what: 'Something happened that Millrace did not expect',
      why: '{detail}',
      fix: 'Run it again with MILLRACE_DEBUG=1 for the whole trace; millrace doctor checks this machine.',
    },
    ko: {
      what: '예상하지 못한 일이 일어났습니다',
      why: '{detail}',
      fix: 'MILLRACE_DEBUG=1로 다시 실행하면 전체 추적이 나옵니다. millrace doctor로 이 컴퓨터를 점검하세요.',
    },
  },
} as const satisfies ErrorTable
