import type { ErrorTable } from './error-entry.ts'

/** What can be wrong with graphs, runs and tasks of the engine. */
export const orchestrateEngineErrors = {
  ORCHESTRATE_AIRFLOW: {
    exit: 'dependency',
    retryable: true,
    facts: ['path', 'said'],
    en: {
      what: 'Airflow did not do what it was asked ({path}): {said}',
      why: 'Runs of an exported graph are made, looked at and stopped by Airflow’s own API, and it refused or was not there.',
      fix: 'See that its API server, scheduler and Dag processor are up, and that the token may trigger and clear runs.',
    },
    ko: {
      what: 'Airflow가 요청({path})을 처리하지 않았습니다: {said}',
      why: '내보낸 그래프의 실행은 Airflow의 API로 만들고 보고 멈추는데, 거절했거나 응답이 없었습니다.',
      fix: 'API 서버, 스케줄러, Dag 프로세서가 떠 있는지, 토큰에 실행과 clear 권한이 있는지 확인하세요.',
    },
  },
  ORCHESTRATE_DAY_AHEAD: {
    exit: 'usage',
    retryable: false,
    facts: ['day', 'today'],
    en: {
      what: 'The day {day} is still to come; today is {today}',
      why: 'There is nothing of it yet, and a run of it would wait until there is.',
      fix: 'Ask for a day up to today. The scheduler makes the run of a day when it is due: millrace schedule list',
    },
    ko: {
      what: '{day}은(는) 아직 오지 않은 날입니다. 오늘은 {today}입니다',
      why: '아직 데이터가 없어 그날의 실행은 그때까지 기다리게 됩니다.',
      fix: '오늘까지의 날을 지정하세요. 그날의 실행은 때가 되면 스케줄러가 만듭니다: millrace schedule list',
    },
  },
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
  ORCHESTRATE_SPEC_DIFFERS: {
    exit: 'config',
    retryable: false,
    facts: ['pipeline', 'expected', 'actual'],
    en: {
      what: 'The pipeline {pipeline} is not the one that was exported',
      why: 'The exported graph was made from {expected}; the program here would work by {actual}.',
      fix: 'Export it again and put the new file in place: millrace export airflow --out FILE',
    },
    ko: {
      what: '파이프라인 {pipeline}이(가) 내보낸 것과 다릅니다',
      why: '내보낸 그래프는 {expected}에서 만들어졌는데, 여기 프로그램은 {actual}(으)로 동작합니다.',
      fix: '다시 내보내서 새 파일로 바꾸세요: millrace export airflow --out FILE',
    },
  },
  ORCHESTRATE_BACKFILL_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['backfill'],
    en: {
      what: 'There is no backfill {backfill} that could be changed',
      why: 'No backfill begins with that id, or more than one does, or it was cancelled.',
      fix: 'Look for it with: millrace backfill list',
    },
    ko: {
      what: '바꿀 수 있는 백필 {backfill}이(가) 없습니다',
      why: '그 id로 시작하는 백필이 없거나, 여럿이거나, 이미 취소되었습니다.',
      fix: '다음으로 찾아보세요: millrace backfill list',
    },
  },
  ORCHESTRATE_LAKE_NOT_SHARED: {
    exit: 'config',
    retryable: false,
    facts: ['own', 'shared'],
    en: {
      what: 'This lake is not the one that the others work on: {own}',
      why: 'The database knows another one ({shared}); what one worker extracts, the others could not load.',
      fix: 'Let all of them name the same S3 bucket, or a folder that is one and the same for all.',
    },
    ko: {
      what: '이 레이크는 다른 워커들이 쓰는 것과 다릅니다: {own}',
      why: '데이터베이스가 아는 레이크는 {shared}입니다. 한 워커가 추출한 것을 다른 워커가 적재할 수 없습니다.',
      fix: '모두 같은 S3 버킷이나, 모두에게 하나인 공유 폴더를 쓰게 하세요.',
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
  ORCHESTRATE_TASK_INPUT: {
    exit: 'config',
    retryable: false,
    facts: ['task', 'detail'],
    en: {
      what: 'The task {task} cannot work with its input',
      why: 'What the graph gives it does not have the shape that its body declares: {detail}',
      fix: 'Deploy the pipeline again with the build that runs it: stop and start millrace up',
    },
    ko: {
      what: '작업 {task}이(가) 입력을 처리할 수 없습니다',
      why: '그래프가 준 값이 작업이 선언한 모양과 다릅니다: {detail}',
      fix: '실행하는 빌드로 파이프라인을 다시 배포하세요: millrace up 을 멈췄다 시작하세요',
    },
  },
  ORCHESTRATE_TASK_OUTPUT: {
    exit: 'config',
    retryable: false,
    facts: ['task', 'detail'],
    en: {
      what: 'The task {task} returned what it does not declare',
      why: 'Its output does not have the shape that those who wait for it rely on: {detail}',
      fix: "This is a fault of the task's body; report it with the output of: millrace doctor --json",
    },
    ko: {
      what: '작업 {task}이(가) 선언하지 않은 값을 돌려주었습니다',
      why: '결과가 뒤의 작업이 기대하는 모양과 다릅니다: {detail}',
      fix: '작업 코드의 결함입니다. millrace doctor --json 출력과 함께 알려 주세요.',
    },
  },
  ORCHESTRATE_TASK_KIND: {
    exit: 'config',
    retryable: false,
    facts: ['task', 'kind'],
    en: {
      what: 'This build does not know how to do {task} ({kind})',
      why: 'The run was made by another version of the program, which had such a task; it is not left waiting for ever.',
      fix: 'Run the worker with the version that made the run, or clear the run and make a new one.',
    },
    ko: {
      what: '이 빌드는 {task}({kind}) 작업을 할 줄 모릅니다',
      why: '그 작업이 있던 다른 버전의 프로그램이 만든 실행입니다. 영원히 기다리게 두지 않습니다.',
      fix: '실행을 만든 버전으로 워커를 돌리거나, 새 실행을 만드세요.',
    },
  },
  ORCHESTRATE_TASK_TIMEOUT: {
    exit: 'temporary',
    retryable: true,
    facts: ['timeoutMs'],
    en: {
      what: 'The task took longer than it may ({timeoutMs} ms)',
      why: 'It was asked to stop, then ended; what it had not committed is undone.',
      fix: 'See what it was doing with: millrace logs; give it more time in the pipeline if that is right.',
    },
    ko: {
      what: '작업이 허용된 시간({timeoutMs} ms)을 넘겼습니다',
      why: '멈추라고 알린 뒤 종료했습니다. 커밋하지 않은 것은 취소되었습니다.',
      fix: 'millrace logs 로 무엇을 하고 있었는지 보고, 필요하면 파이프라인에서 시간을 늘리세요.',
    },
  },
  ORCHESTRATE_TASK_STOPPED: {
    exit: 'interrupted',
    retryable: false,
    facts: ['why'],
    en: {
      what: 'The task was stopped ({why})',
      why: 'Its run was cancelled or its worker was told to stop; what it had not committed is undone.',
      fix: 'Nothing to do, or do it again with: millrace runs clear',
    },
    ko: {
      what: '작업이 멈췄습니다 ({why})',
      why: '실행이 취소되었거나 워커가 멈추라는 신호를 받았습니다. 커밋하지 않은 것은 취소되었습니다.',
      fix: '할 일은 없습니다. 다시 하려면: millrace runs clear',
    },
  },
  ORCHESTRATE_TASK_EXITED: {
    exit: 'temporary',
    retryable: true,
    facts: ['task', 'exit'],
    en: {
      what: 'The process of the task {task} ended by itself: {exit}',
      why: "It said no result before it ended. SIGKILL is most often the system's answer to a lack of memory.",
      fix: 'See its last lines with: millrace logs; lower the slots of the worker if memory is short.',
    },
    ko: {
      what: '작업 {task}의 프로세스가 스스로 끝났습니다: {exit}',
      why: '결과를 말하지 않고 끝났습니다. SIGKILL은 대개 메모리가 부족할 때 시스템이 보냅니다.',
      fix: 'millrace logs 로 마지막 줄을 보고, 메모리가 부족하면 워커의 슬롯을 줄이세요.',
    },
  },
} as const satisfies ErrorTable
