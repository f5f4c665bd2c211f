import type { ErrorTable } from './error-entry.ts'

/** What can be wrong with graphs, runs and tasks of the engine. */
export const orchestrateEngineErrors = {
  ORCHESTRATE_TASK_TWICE: {
    exit: 'config',
    retryable: false,
    facts: ['pipeline', 'task'],
    en: {
      what: 'The task {task} is in the pipeline {pipeline} twice',
      why: 'Tasks wait for one another by name, so that a name must say which one is meant.',
      fix: 'Give one of the two another id.',
    },
    ko: {
      what: '파이프라인 {pipeline}에 작업 {task}이(가) 두 번 있습니다',
      why: '작업은 이름으로 서로를 기다리므로 이름은 하나만 가리켜야 합니다.',
      fix: '둘 중 하나에 다른 id를 주세요.',
    },
  },
  ORCHESTRATE_TASK_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['pipeline', 'task', 'before'],
    en: {
      what: 'The task {task} of {pipeline} waits for {before}, which is not there',
      why: 'It would wait for ever and the run would never end.',
      fix: 'Correct the name in `after`, or add the task.',
    },
    ko: {
      what: '{pipeline}의 작업 {task}이(가) 없는 작업 {before}을(를) 기다립니다',
      why: '영원히 기다리게 되어 실행이 끝나지 않습니다.',
      fix: '`after`의 이름을 고치거나 그 작업을 추가하세요.',
    },
  },
  ORCHESTRATE_CYCLE: {
    exit: 'config',
    retryable: false,
    facts: ['pipeline', 'cycle'],
    en: {
      what: 'Tasks of {pipeline} wait for each other in a circle: {cycle}',
      why: 'None of them could ever begin.',
      fix: 'Take one of the dependencies out.',
    },
    ko: {
      what: '{pipeline}의 작업들이 서로를 기다립니다: {cycle}',
      why: '그중 어느 것도 시작할 수 없습니다.',
      fix: '의존 관계 하나를 없애세요.',
    },
  },
  ORCHESTRATE_PIPELINE_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['pipeline'],
    en: {
      what: 'No pipeline {pipeline} is known here',
      why: 'A pipeline is made known by the scheduler when it starts, in the database that the project names.',
      fix: 'Start the scheduler once with: millrace up; see what is known with: millrace schedule list',
    },
    ko: {
      what: '파이프라인 {pipeline}을(를) 알지 못합니다',
      why: '파이프라인은 스케줄러가 시작할 때 프로젝트의 데이터베이스에 등록됩니다.',
      fix: 'millrace up 으로 스케줄러를 한 번 시작하고, millrace schedule list 로 확인하세요.',
    },
  },
  ORCHESTRATE_RUN_LIVE: {
    exit: 'temporary',
    retryable: true,
    facts: ['pipeline', 'partition', 'run'],
    en: {
      what: '{pipeline} already has a run for {partition} that has not ended: {run}',
      why: 'Two runs of one partition would do the same work twice at the same time.',
      fix: 'Wait until it has ended, or stop it with: millrace runs cancel {run}',
    },
    ko: {
      what: '{pipeline}의 {partition}에 대한 실행 {run}이(가) 아직 끝나지 않았습니다',
      why: '한 파티션을 두 실행이 동시에 처리하면 같은 일을 두 번 하게 됩니다.',
      fix: '끝날 때까지 기다리거나 다음으로 멈추세요: millrace runs cancel {run}',
    },
  },
  ORCHESTRATE_RUN_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['run'],
    en: {
      what: 'There is no run {run}',
      why: 'The id is of no run in the database that the project names.',
      fix: 'Look for it with: millrace runs list',
    },
    ko: {
      what: '실행 {run}이(가) 없습니다',
      why: '프로젝트의 데이터베이스에 그 id의 실행이 없습니다.',
      fix: '다음으로 찾아보세요: millrace runs list',
    },
  },
  ORCHESTRATE_RUN_BUSY: {
    exit: 'temporary',
    retryable: true,
    facts: ['run', 'task'],
    en: {
      what: 'The run {run} cannot be cleared now: {task} is under way',
      why: 'Clearing a task that is being worked on would have it done twice at once.',
      fix: 'Wait until it has ended, or stop the run first with: millrace runs cancel {run}',
    },
    ko: {
      what: '실행 {run}을(를) 지금 되돌릴 수 없습니다: {task} 진행 중',
      why: '진행 중인 작업을 되돌리면 같은 일을 동시에 두 번 하게 됩니다.',
      fix: '끝날 때까지 기다리거나 먼저 멈추세요: millrace runs cancel {run}',
    },
  },
  ORCHESTRATE_TASK_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['run', 'task'],
    en: {
      what: 'The run {run} has no task {task}',
      why: 'A run keeps the graph that it was made from; the task may have come later or have another name there.',
      fix: 'See its tasks with: millrace runs show {run}',
    },
    ko: {
      what: '실행 {run}에 작업 {task}이(가) 없습니다',
      why: '실행은 만들어질 때의 그래프를 유지하므로, 작업이 나중에 생겼거나 이름이 다를 수 있습니다.',
      fix: '작업 목록 보기: millrace runs show {run}',
    },
  },
  ORCHESTRATE_TASK_LOST: {
    exit: 'temporary',
    retryable: true,
    facts: ['worker'],
    en: {
      what: 'The worker of the task went away: {worker}',
      why: 'It was killed, stopped or cut off from the database for longer than its lease; what it had not committed is undone.',
      fix: "Nothing to do: another worker takes the task. If that happens three times, look at the task's memory with: millrace logs",
    },
    ko: {
      what: '작업을 맡은 워커가 사라졌습니다: {worker}',
      why: '강제 종료되었거나 임대 기간보다 오래 데이터베이스와 끊겼습니다. 커밋하지 않은 것은 취소되었습니다.',
      fix: '할 일은 없습니다. 다른 워커가 이어받습니다. 세 번 반복되면 millrace logs 로 작업의 메모리를 살펴보세요.',
    },
  },
} as const satisfies ErrorTable
