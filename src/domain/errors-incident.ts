import type { ErrorTable } from './error-entry.ts'

export const incidentErrors = {
  QUALITY_INCIDENT_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['incident'],
    en: {
      what: 'There is no single incident "{incident}"',
      why: 'An incident is named by its id, or by a beginning of it that no other has.',
      fix: 'See them with: millrace incidents list --all.',
    },
    ko: {
      what: '"{incident}"에 해당하는 인시던트가 하나가 아닙니다',
      why: '인시던트는 id 또는 다른 것과 겹치지 않는 앞부분으로 부릅니다.',
      fix: '목록 보기: millrace incidents list --all',
    },
  },
  QUALITY_INCIDENT_STATE: {
    exit: 'usage',
    retryable: false,
    facts: ['incident', 'state', 'event'],
    en: {
      what: 'Incident {incident} is {state}; "{event}" is not possible now',
      why: 'What is acknowledged is owned already, and what is resolved is over: found again within 72 hours, it opens by itself.',
      fix: 'See what happened to it with: millrace incidents show {incident}.',
    },
    ko: {
      what: '인시던트 {incident}은(는) {state} 상태라 지금 "{event}"할 수 없습니다',
      why: '확인된 것은 이미 담당자가 있고, 해결된 것은 끝났습니다. 72시간 안에 다시 발견되면 저절로 열립니다.',
      fix: '경과 보기: millrace incidents show {incident}',
    },
  },
} as const satisfies ErrorTable
