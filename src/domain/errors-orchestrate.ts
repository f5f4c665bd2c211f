import type { ErrorTable } from './error-entry.ts'

export const orchestrateErrors = {
  ORCHESTRATE_NO_ACCOUNTS: {
    exit: 'config',
    retryable: false,
    facts: ['wanted'],
    en: {
      what: 'There is no account to work on ({wanted})',
      why: 'No connection of the configuration reaches an account that the command asks for.',
      fix: 'Look at the connections with: millrace config print; and at what they reach with: millrace doctor',
    },
    ko: {
      what: '작업할 계정이 없습니다 ({wanted})',
      why: '설정의 어느 연결도 명령이 요구하는 계정에 닿지 않습니다.',
      fix: 'millrace config print 로 연결을, millrace doctor 로 연결이 닿는 계정을 확인하세요.',
    },
  },
  ORCHESTRATE_LEVEL_MISSING: {
    exit: 'quality',
    retryable: false,
    facts: ['account', 'levels', 'code'],
    en: {
      what: '{account}: {levels} could not be read; its campaigns are published',
      why: 'The reason is {code}; the run’s summary has it in full.',
      fix: 'Mend what it names, then load the days again: millrace backfill.',
    },
    ko: {
      what: '{account}: {levels} 단계를 읽지 못했습니다. 캠페인은 공개되었습니다',
      why: '원인은 {code}이며, 실행 요약에 전체 내용이 있습니다.',
      fix: '원인을 해결한 뒤 해당 날짜를 다시 적재하세요: millrace backfill.',
    },
  },
  ORCHESTRATE_NOTHING_DUE: {
    exit: 'skipped',
    retryable: true,
    facts: ['days', 'accounts'],
    en: {
      what: 'Nothing is due for {days}',
      why: 'The day has not closed and settled yet in any account, each by its own clock: {accounts}.',
      fix: 'Ask again when it has, or leave it to the scheduler: millrace up',
    },
    ko: {
      what: '{days}에 대해 처리할 것이 없습니다',
      why: '어느 계정에서도 자기 시간대로 그날이 아직 마감·확정되지 않았습니다: {accounts}.',
      fix: '마감된 뒤 다시 실행하거나 스케줄러에 맡기세요: millrace up',
    },
  },
  ORCHESTRATE_DBT_FAILED: {
    exit: 'run',
    retryable: false,
    facts: ['nodes', 'detail'],
    en: {
      what: 'dbt ended with failures: {nodes}',
      why: 'A model could not be built or a test found rows that it forbids. {detail}',
      fix: 'Repeat that step alone with: millrace dbt build --select NODE',
    },
    ko: {
      what: 'dbt가 실패로 끝났습니다: {nodes}',
      why: '모델을 만들지 못했거나 테스트가 허용하지 않는 행을 찾았습니다. {detail}',
      fix: '그 단계만 다시 실행하세요: millrace dbt build --select NODE',
    },
  },
  ORCHESTRATE_UNEXPECTED: {
    exit: 'unexpected',
    retryable: false,
    facts: ['detail'],
    en: {
      what: 'Something unforeseen went wrong: {detail}',
      why: 'Millrace has no name for this failure, so it is a fault of the program and not of your set-up.',
      fix: 'Run the command again with --json for the whole error, and report it with the output of: millrace doctor --json',
    },
    ko: {
      what: '예상하지 못한 문제가 생겼습니다: {detail}',
      why: 'Millrace가 이름 붙이지 못한 실패이므로 설정이 아니라 프로그램의 결함입니다.',
      fix: '--json을 붙여 명령을 다시 실행해 전체 오류를 보고, millrace doctor --json 출력과 함께 알려 주세요.',
    },
  },
} as const satisfies ErrorTable
