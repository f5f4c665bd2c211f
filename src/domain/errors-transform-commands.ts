import type { ErrorTable } from './error-entry.ts'

/** What ends a dbt command that was understood and begun. */
export const transformCommandErrors = {
  TRANSFORM_NODE_FAILED: {
    exit: 'run',
    retryable: false,
    facts: ['node', 'message'],
    en: {
      what: '{node} could not be compiled or shown: {message}',
      why: 'A command that only compiles or shows ends with the first node that fails, as dbt does.',
      fix: 'Correct the node, or leave it out with --exclude.',
    },
    ko: {
      what: '{node}를 컴파일하거나 보여 줄 수 없습니다: {message}',
      why: '컴파일만 하거나 결과를 보여 주는 명령은 dbt처럼 첫 번째로 실패한 노드에서 끝납니다.',
      fix: '노드를 고치거나 --exclude로 빼세요.',
    },
  },
  TRANSFORM_RETRY_COMMAND: {
    exit: 'usage',
    retryable: false,
    facts: ['command', 'folder'],
    en: {
      what: 'retry cannot continue the command {command}',
      why: '{folder}/run_results.json was written by a command that dbt does not continue either.',
      fix: 'Run the command again, or give the folder of another run with --state.',
    },
    ko: {
      what: 'retry는 {command} 명령을 이어서 실행할 수 없습니다',
      why: '{folder}/run_results.json을 쓴 명령은 dbt도 이어서 실행하지 않습니다.',
      fix: '명령을 다시 실행하거나 --state로 다른 실행의 폴더를 지정하세요.',
    },
  },
  TRANSFORM_CLEAN_SOURCES: {
    exit: 'usage',
    retryable: false,
    facts: ['path'],
    en: {
      what: 'clean will not remove {path}',
      why: 'The project keeps its own files there, and clean-targets of dbt_project.yml names it.',
      fix: 'Take it out of clean-targets.',
    },
    ko: {
      what: '{path}는 지우지 않습니다',
      why: '프로젝트의 원본 파일이 있는 폴더인데 dbt_project.yml의 clean-targets에 적혀 있습니다.',
      fix: 'clean-targets에서 빼세요.',
    },
  },
  TRANSFORM_WARNING_RAISED: {
    exit: 'config',
    retryable: false,
    facts: ['name', 'message'],
    en: {
      what: '{message}',
      why: 'It is a warning ({name}) that --warn-error or --warn-error-options makes an error.',
      fix: "Correct the project, or list {name} under 'warn' or 'silence' of --warn-error-options.",
    },
    ko: {
      what: '{message}',
      why: '--warn-error 또는 --warn-error-options가 오류로 바꾼 경고({name})입니다.',
      fix: "프로젝트를 고치거나 --warn-error-options의 'warn' 또는 'silence'에 {name}를 적으세요.",
    },
  },
} as const satisfies ErrorTable
