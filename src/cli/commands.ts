import type { CommandSpec } from './command.ts'
import type { Said } from './language.ts'

interface Listed {
  readonly summary: Said
  readonly load: () => Promise<{ readonly command: CommandSpec }>
}

/** Every command, in the order in which a person meets them. Only the one that is called is loaded. */
export const commands = {
  demo: {
    summary: { en: 'The whole job on 30 days of sandbox data', ko: '샌드박스 데이터 30일로 전체 작업 실행' },
    load: () => import('./demo.ts'),
  },
  init: {
    summary: { en: 'Make a project that runs as it is', ko: '바로 실행되는 프로젝트 만들기' },
    load: () => import('./init.ts'),
  },
  run: {
    summary: { en: 'Run the pipeline for one day or a range', ko: '하루 또는 기간에 대해 파이프라인 실행' },
    load: () => import('./run.ts'),
  },
  backfill: {
    summary: { en: 'Plan a range of days, ask, and load it', ko: '기간을 계획하고 확인한 뒤 적재' },
    load: () => import('./backfill.ts'),
  },
  import: {
    summary: { en: 'Load exports of a platform', ko: '플랫폼에서 내보낸 파일 적재' },
    load: () => import('./import.ts'),
  },
  connectors: {
    summary: { en: 'Accounts: add, sign in, test, rotate', ko: '계정 연결: 추가, 로그인, 점검, 교체' },
    load: () => import('./connectors.ts'),
  },
  schedule: {
    summary: { en: 'When the pipeline works next', ko: '파이프라인의 다음 실행 시각' },
    load: () => import('./schedule.ts'),
  },
  up: {
    summary: { en: 'Scheduler, workers and server in one', ko: '스케줄러·워커·서버를 한 번에' },
    load: () => import('./up.ts'),
  },
  open: {
    summary: { en: 'Open the dashboard that runs', ko: '실행 중인 대시보드 열기' },
    load: () => import('./open.ts'),
  },
  worker: {
    summary: { en: 'More hands on the same Postgres', ko: '같은 Postgres의 추가 일손' },
    load: () => import('./worker.ts'),
  },
  runs: {
    summary: { en: 'Runs: list, show, cancel, clear', ko: '실행: 목록, 보기, 취소, 다시' },
    load: () => import('./runs.ts'),
  },
  logs: {
    summary: { en: 'What the tasks of a run printed', ko: '실행의 작업이 출력한 줄' },
    load: () => import('./logs.ts'),
  },
  simulate: {
    summary: { en: 'The schedule on a clock that jumps', ko: '건너뛰는 시계로 일정 실행' },
    load: () => import('./simulate.ts'),
  },
  gc: {
    summary: { en: 'Remove old runs and lines', ko: '오래된 실행과 로그 지우기' },
    load: () => import('./gc.ts'),
  },
  task: {
    summary: { en: 'One task, for another scheduler', ko: '다른 스케줄러를 위한 작업 하나' },
    load: () => import('./task.ts'),
  },
  export: {
    summary: { en: 'The pipeline for Airflow', ko: 'Airflow용 파이프라인' },
    load: () => import('./export.ts'),
  },
  status: {
    summary: { en: 'Partitions, refused data, runs, outbox', ko: '파티션, 거부된 데이터, 실행, 보낼 편지함' },
    load: () => import('./status.ts'),
  },
  lake: {
    summary: { en: 'Raw files: list, verify, tidy, copy', ko: '원본 파일: 목록, 검증, 정리, 복사' },
    load: () => import('./lake.ts'),
  },
  unify: {
    summary: { en: 'Map raw rows of the lake again', ko: '레이크의 원본을 다시 매핑' },
    load: () => import('./unify.ts'),
  },
  restatements: {
    summary: { en: 'What platforms changed afterwards', ko: '플랫폼이 나중에 바꾼 값' },
    load: () => import('./restatements.ts'),
  },
  conversions: {
    summary: { en: 'What counts as a conversion', ko: '전환의 정의' },
    load: () => import('./conversions.ts'),
  },
  naming: {
    summary: { en: 'Names of campaigns by their rules', ko: '캠페인 이름 규칙 점검' },
    load: () => import('./naming.ts'),
  },
  rates: {
    summary: { en: 'Reference rates of currencies', ko: '통화 기준 환율' },
    load: () => import('./rates.ts'),
  },
  brief: {
    summary: { en: 'In? Right? How are we doing?', ko: '아침 브리핑: 네 가지 질문' },
    load: () => import('./brief.ts'),
  },
  incidents: {
    summary: { en: 'What is wrong, until it is right', ko: '인시던트: 보기, 담당, 종료' },
    load: () => import('./incidents.ts'),
  },
  alerts: {
    summary: { en: 'Messages: look, test, silence, send', ko: '알림: 목록, 시험, 무음, 보내기' },
    load: () => import('./alerts.ts'),
  },
  quality: {
    summary: { en: 'Checks, scores, mutes, backtests', ko: '검사, 점수, 알림 끄기, 백테스트' },
    load: () => import('./quality.ts'),
  },
  publish: {
    summary: { en: 'Publish a refused day, with a reason', ko: '거부된 날을 이유와 함께 공개' },
    load: () => import('./publish.ts'),
  },
  users: {
    summary: { en: 'People who sign in', ko: '로그인하는 사용자' },
    load: () => import('./users.ts'),
  },
  keys: {
    summary: { en: 'Keys for programs and the collector', ko: '프로그램과 수집기용 키' },
    load: () => import('./keys.ts'),
  },
  audit: {
    summary: { en: 'Who did what, and when', ko: '감사 기록' },
    load: () => import('./audit.ts'),
  },
  bi: {
    summary: { en: 'Let analysts’ tools read', ko: '분석 도구의 읽기 권한' },
    load: () => import('./bi.ts'),
  },
  backup: {
    summary: { en: 'Backups: create, verify, restore', ko: '백업: 만들기, 검증, 복원' },
    load: () => import('./backup.ts'),
  },
  move: {
    summary: { en: 'To your own Postgres and S3', ko: '내 Postgres와 S3로 옮기기' },
    load: () => import('./move.ts'),
  },
  upgrade: {
    summary: { en: 'Back up, then migrate', ko: '백업 후 마이그레이션' },
    load: () => import('./upgrade.ts'),
  },
  sql: {
    summary: { en: 'Read the warehouse with one query', ko: '쿼리 하나로 웨어하우스 읽기' },
    load: () => import('./sql.ts'),
  },
  dbt: {
    summary: { en: 'Run dbt with its own arguments', ko: 'dbt를 그 인자 그대로 실행' },
    load: () => import('./dbt.ts'),
  },
  sandbox: {
    summary: { en: 'Serve the fake ad platforms', ko: '가짜 광고 플랫폼 서버 띄우기' },
    load: () => import('./sandbox.ts'),
  },
  stream: {
    summary: { en: 'Count live ad events', ko: '실시간 광고 이벤트 집계' },
    load: () => import('./stream.ts'),
  },
  events: {
    summary: { en: 'Send ad events, or follow them', ko: '광고 이벤트 보내기 또는 따라 보기' },
    load: () => import('./events.ts'),
  },
  dlq: {
    summary: { en: 'Dead letters: list, show, send again', ko: '데드 레터: 목록, 보기, 다시 보내기' },
    load: () => import('./dlq.ts'),
  },
  doctor: {
    summary: { en: 'Check this machine and the project', ko: '이 컴퓨터와 프로젝트 점검' },
    load: () => import('./doctor.ts'),
  },
  config: {
    summary: { en: 'Print or check the configuration', ko: '설정 출력 또는 점검' },
    load: () => import('./config.ts'),
  },
  completion: {
    summary: { en: 'Let the shell complete commands', ko: '셸 자동 완성' },
    load: () => import('./completion.ts'),
  },
  errors: {
    summary: { en: 'What an error code means', ko: '오류 코드의 뜻' },
    load: () => import('./errors.ts'),
  },
} as const satisfies Readonly<Record<string, Listed>>

export type CommandName = keyof typeof commands

export const commandNames = Object.keys(commands) as readonly CommandName[]

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}
