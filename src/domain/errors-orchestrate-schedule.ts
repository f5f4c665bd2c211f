import type { ErrorTable } from './error-entry.ts'

/** What can be wrong with when a pipeline works. */
export const orchestrateScheduleErrors = {
  ORCHESTRATE_CRON_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['text', 'field', 'detail'],
    en: {
      what: 'The schedule "{text}" cannot be read: {field}',
      why: 'A schedule has five fields: minute, hour, day of month, month, day of week; here {detail}.',
      fix: 'Try the text with: millrace schedule preview --cron "0 2 * * *"',
    },
    ko: {
      what: '일정 "{text}"을(를) 읽을 수 없습니다: {field}',
      why: '일정은 분, 시, 일, 월, 요일 다섯 칸입니다. 여기서는 {detail}.',
      fix: '다음으로 일정을 시험해 보세요: millrace schedule preview --cron "0 2 * * *"',
    },
  },
  ORCHESTRATE_CRON_NEVER: {
    exit: 'config',
    retryable: false,
    facts: ['text'],
    en: {
      what: 'The schedule "{text}" never fires',
      why: 'No day of the calendar has the day and month that it asks for, so that the pipeline would never run.',
      fix: 'Look at the days it names with: millrace schedule preview --cron "…"; 0 2 L * * is the last day of every month',
    },
    ko: {
      what: '일정 "{text}"은(는) 한 번도 실행되지 않습니다',
      why: '달력에 그 월과 일을 가진 날이 없어서 파이프라인이 영원히 실행되지 않습니다.',
      fix: '다음으로 해당하는 날을 확인하세요: millrace schedule preview --cron "…". 매월 말일은 0 2 L * * 입니다',
    },
  },
  ORCHESTRATE_EXPORT_SCHEDULE: {
    exit: 'config',
    retryable: false,
    facts: ['cron'],
    en: {
      what: 'The schedule "{cron}" cannot be exported to Airflow',
      why: 'A run of an exported DAG is about one day, so that every day needs exactly one fire; days that it leaves out would never be loaded.',
      fix: 'Give the pipeline one fire a day, such as 0 2 * * *, or run it under: millrace up',
    },
    ko: {
      what: '일정 "{cron}"은(는) Airflow로 내보낼 수 없습니다',
      why: '내보낸 DAG의 실행 하나는 하루에 대한 것이므로 매일 정확히 한 번 실행되어야 합니다. 빠진 날은 적재되지 않습니다.',
      fix: '0 2 * * * 처럼 하루 한 번 실행하도록 바꾸거나 millrace up 으로 실행하세요',
    },
  },
} as const satisfies ErrorTable
