import type { ErrorTable } from './error-entry.ts'

export const sandboxErrors = {
  SANDBOX_PORT_TAKEN: {
    exit: 'dependency',
    retryable: false,
    facts: ['port'],
    en: {
      what: 'The sandbox cannot listen on port {port}',
      why: 'Another program listens there.',
      fix: 'Stop it, or name another port with --port; --port 0 takes any free one.',
    },
    ko: {
      what: '샌드박스가 {port} 포트를 쓸 수 없습니다',
      why: '다른 프로그램이 그 포트를 쓰고 있습니다.',
      fix: '그 프로그램을 멈추거나 --port로 다른 포트를 지정하세요. --port 0은 빈 포트를 고릅니다.',
    },
  },
  SANDBOX_FAULT_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['what', 'known'],
    en: {
      what: 'The sandbox knows no fault or route "{what}"',
      why: 'A scenario names faults and routes by fixed words.',
      fix: 'Use one of: {known}.',
    },
    ko: {
      what: '샌드박스에 "{what}"(이)라는 장애나 경로가 없습니다',
      why: '시나리오는 정해진 이름의 장애와 경로만 쓸 수 있습니다.',
      fix: '다음 중 하나를 쓰세요: {known}.',
    },
  },
  SANDBOX_ACCOUNT_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['platform', 'accountId'],
    en: {
      what: 'The sandbox has no account {platform}/{accountId}',
      why: 'Accounts follow from the seed; another seed has others.',
      fix: 'List them with GET /__sandbox/accounts, or start the sandbox with the seed you mean.',
    },
    ko: {
      what: '샌드박스에 {platform}/{accountId} 계정이 없습니다',
      why: '계정은 시드에 따라 정해지며 시드가 다르면 계정도 다릅니다.',
      fix: 'GET /__sandbox/accounts로 목록을 보거나 원하는 시드로 샌드박스를 시작하세요.',
    },
  },
  SANDBOX_PROCESS_ENDED: {
    exit: 'dependency',
    retryable: true,
    facts: ['exitCode', 'output'],
    en: {
      what: 'The sandbox process ended before it was ready (exit code {exitCode})',
      why: '{output}',
      fix: 'Start it by hand with millrace sandbox and read what it says.',
    },
    ko: {
      what: '샌드박스 프로세스가 준비되기 전에 끝났습니다(종료 코드 {exitCode})',
      why: '{output}',
      fix: 'millrace sandbox로 직접 시작해서 메시지를 확인하세요.',
    },
  },
} as const satisfies ErrorTable
