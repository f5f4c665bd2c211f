import type { Language } from '../domain/errors.ts'
import type { SchedulerEvent } from '../orchestrate/scheduler.ts'
import type { WorkerEvent } from '../orchestrate/worker.ts'
import type { BriefEvent } from './brief-send.ts'
import { counted } from './summary.ts'

/** What `up` and `worker` tell while they stay. */
export type UpEvent = SchedulerEvent | WorkerEvent | BriefEvent

type Lines = { readonly [Name in UpEvent['event']]: (event: Extract<UpEvent, { readonly event: Name }>) => string }

/** Run ids are long; every command takes their beginning. */
const short = (runId: string) => runId.slice(0, 8)

const outcomes = {
  en: {
    success: 'done',
    unchanged: 'unchanged',
    skipped: 'skipped',
    failed: 'failed',
    deferred: 'waits, its slot is free',
    fenced: 'taken over by another worker',
  },
  ko: {
    success: '완료',
    unchanged: '변화 없음',
    skipped: '건너뜀',
    failed: '실패',
    deferred: '대기(슬롯은 비움)',
    fenced: '다른 워커가 이어받음',
  },
} as const satisfies Record<Language, Record<Extract<UpEvent, { event: 'task_finished' }>['outcome'], string>>

const lines: Readonly<Record<Language, Lines>> = {
  en: {
    run_created: ({ day, runId }) =>
      `Run ${short(runId)} of ${day}: made, since the day is due. millrace runs show ${short(runId)}`,
    late: ({ day, account }) => `Late: ${account ?? 'the pipeline'}, ${day} is not in by its deadline`,
    accounts: ({ accounts, lost }) =>
      `${counted(accounts, 'account')} found${lost === 0 ? '' : `; ${counted(lost, 'connection')} could not be asked: millrace doctor`}`,
    incidents: ({ opened, resolved }) => `Incidents: ${opened} opened, ${resolved} resolved. millrace incidents list`,
    task_started: ({ task, attempt, runId }) =>
      `  > ${task}${attempt > 1 ? `, try ${attempt}` : ''}  (${short(runId)})`,
    task_finished: ({ task, outcome, runId }) => `  ${task}: ${outcomes.en[outcome]}  (${short(runId)})`,
    brief: ({ day }) => `The brief about ${day} is sent`,
    trouble: ({ code, message }) => `${code} ${message}`,
  },
  ko: {
    run_created: ({ day, runId }) =>
      `${day} 실행 ${short(runId)} 생성(처리할 시각이 됨). millrace runs show ${short(runId)}`,
    late: ({ day, account }) => `지연: ${account ?? '파이프라인'}, ${day} 데이터가 마감까지 들어오지 않음`,
    accounts: ({ accounts, lost }) =>
      `계정 ${accounts}개 확인${lost === 0 ? '' : `, 연결 ${lost}개는 응답 없음: millrace doctor`}`,
    incidents: ({ opened, resolved }) => `인시던트 ${opened}건 열림, ${resolved}건 해결. millrace incidents list`,
    task_started: ({ task, attempt, runId }) =>
      `  > ${task}${attempt > 1 ? `, ${attempt}번째 시도` : ''}  (${short(runId)})`,
    task_finished: ({ task, outcome, runId }) => `  ${task}: ${outcomes.ko[outcome]}  (${short(runId)})`,
    brief: ({ day }) => `${day} 브리핑을 보냄`,
    trouble: ({ code, message }) => `${code} ${message}`,
  },
}

/** One line for a person. */
export function upLine(event: UpEvent, language: Language): string {
  const say = lines[language][event.event] as (told: UpEvent) => string
  return say(event)
}
