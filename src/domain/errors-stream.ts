import type { ErrorTable } from './error-entry.ts'

const log = {
  STREAM_LOG_UNAVAILABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'The event log does not answer: {place}',
      why: '{reason}. Events that were acknowledged are safe; what was not acknowledged has to be sent again.',
      fix: 'See that the brokers run and can be reached from here, with the right TLS and credentials. Consumers go on by themselves.',
    },
    ko: {
      what: '이벤트 로그가 응답하지 않습니다: {place}',
      why: '{reason}. 확인 응답을 받은 이벤트는 안전합니다. 응답을 받지 못한 이벤트는 다시 보내야 합니다.',
      fix: '브로커가 실행 중인지, 여기서 접속할 수 있는지, TLS와 인증 정보가 맞는지 확인하세요. 소비자는 스스로 다시 시작합니다.',
    },
  },
  STREAM_SEGMENT_DAMAGED: {
    exit: 'run',
    retryable: false,
    facts: ['topic', 'partition', 'offset', 'reason'],
    en: {
      what: 'The segment at offset {offset} of {topic}/{partition} is damaged ({reason})',
      why: 'What the log holds is not what was written to it. The consumer stopped before it, so nothing was counted wrongly.',
      fix: 'Restore the database from a backup taken before the damage. What has landed in the lake can be counted without the log: millrace stream replay.',
    },
    ko: {
      what: '{topic}/{partition}의 오프셋 {offset}에 있는 세그먼트가 손상되었습니다 ({reason})',
      why: '로그에 저장된 내용이 기록한 내용과 다릅니다. 소비자는 그 앞에서 멈췄으므로 잘못 집계된 것은 없습니다.',
      fix: '손상되기 전의 백업에서 데이터베이스를 복원하세요. 레이크에 적재된 이벤트는 로그 없이도 셀 수 있습니다: millrace stream replay.',
    },
  },
  STREAM_OFFSET_OUT_OF_RANGE: {
    exit: 'run',
    retryable: false,
    facts: ['topic', 'partition', 'offset', 'first', 'next'],
    en: {
      what: 'Offset {offset} of {topic}/{partition} is not in the log, which holds {first} to {next}',
      why: 'The log was cut below the cursor or lost its end. Going on elsewhere would lose events or count them twice, so the job stopped.',
      fix: 'Count anew from the lake, where older events have landed: millrace stream replay, then --swap. Or restore log and counters from backups of one moment.',
    },
    ko: {
      what: '{topic}/{partition}의 오프셋 {offset}이 로그에 없습니다. 로그의 범위는 {first}부터 {next}까지입니다',
      why: '로그가 커서보다 앞까지 잘렸거나 끝부분을 잃었습니다. 다른 위치에서 계속하면 이벤트를 잃거나 두 번 세게 되므로 작업을 멈췄습니다.',
      fix: '오래된 이벤트가 적재된 레이크에서 다시 세세요: millrace stream replay, 그다음 --swap. 또는 같은 시점의 백업에서 로그와 카운터를 함께 복원하세요.',
    },
  },
  STREAM_PARTITION_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['topic', 'partition', 'partitions'],
    en: {
      what: '{topic} has no partition {partition}',
      why: 'It was made with {partitions} partitions, numbered from 0; their number never changes in the life of a topic.',
      fix: 'Use a partition below {partitions}, or begin a new topic with more of them.',
    },
    ko: {
      what: '{topic}에 파티션 {partition}이(가) 없습니다',
      why: '이 토픽은 0부터 시작하는 파티션 {partitions}개로 만들어졌고, 파티션 수는 바뀌지 않습니다.',
      fix: '{partitions}보다 작은 파티션을 쓰거나 더 많은 파티션으로 새 토픽을 시작하세요.',
    },
  },
  STREAM_PARTITIONS_DIFFER: {
    exit: 'config',
    retryable: false,
    facts: ['topic', 'found', 'wanted'],
    en: {
      what: 'The topic {topic} has {found} partitions, not {wanted}',
      why: 'A campaign belongs to one partition for the life of a topic: with another number its duplicates would no longer meet.',
      fix: 'Set stream.partitions back to {found}, or name a new topic and let the old one be drained.',
    },
    ko: {
      what: '토픽 {topic}의 파티션은 {wanted}개가 아니라 {found}개입니다',
      why: '캠페인은 토픽이 존재하는 동안 한 파티션에 속합니다. 수가 바뀌면 중복 이벤트를 찾을 수 없습니다.',
      fix: 'stream.partitions를 {found}(으)로 되돌리거나, 새 토픽 이름을 쓰고 이전 토픽을 끝까지 처리하세요.',
    },
  },
} as const satisfies ErrorTable

const counters = {
  STREAM_COUNTERS_UNAVAILABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'The live counters do not answer: {place}',
      why: '{reason}. Nothing is lost: what was not committed is read from the log again.',
      fix: 'See that the server runs and can be reached from here. Consumers go on by themselves.',
    },
    ko: {
      what: '실시간 카운터가 응답하지 않습니다: {place}',
      why: '{reason}. 잃은 것은 없습니다. 커밋되지 않은 것은 로그에서 다시 읽습니다.',
      fix: '서버가 실행 중이고 여기서 접속할 수 있는지 확인하세요. 소비자는 스스로 다시 시작합니다.',
    },
  },
  STREAM_COUNTERS_TORN: {
    exit: 'run',
    retryable: false,
    facts: ['job', 'topic', 'partition', 'place'],
    en: {
      what: 'Counters and cursor of the job {job} for {topic}/{partition} in {place} are not of the same moment',
      why: 'The server came back from a damaged file with a part of a step, or with one twice. Going on would keep wrong numbers, so the job stopped.',
      fix: 'Make them again from the lake and the log: millrace stream rebuild. Or restore counters and cursors from a backup of one moment.',
    },
    ko: {
      what: '{place}에서 작업 {job}의 {topic}/{partition} 카운터와 커서가 같은 시점의 것이 아닙니다',
      why: '서버가 손상된 파일에서 복구되면서 한 단계의 일부가 남았거나 두 번 적용되었습니다. 계속하면 틀린 숫자가 남으므로 작업을 멈췄습니다.',
      fix: '레이크와 로그에서 다시 만드세요: millrace stream rebuild. 또는 같은 시점의 백업에서 카운터와 커서를 함께 복원하세요.',
    },
  },
  STREAM_COUNTERS_UNSAFE: {
    exit: 'config',
    retryable: false,
    facts: ['place', 'reason'],
    en: {
      what: '{place} would lose counters: {reason}',
      why: 'Redis would forget keys, or has no functions, without which counters and cursor cannot move in one step.',
      fix: 'Use Redis 7.0 or newer with maxmemory-policy noeviction.',
    },
    ko: {
      what: '{place}은(는) 카운터를 잃을 수 있습니다: {reason}',
      why: 'Redis가 키를 지우거나, 카운터와 커서를 한 번에 옮기는 데 필요한 함수 기능이 없습니다.',
      fix: 'Redis 7.0 이상을 maxmemory-policy noeviction으로 사용하세요.',
    },
  },
  STREAM_CURSOR_MISSING: {
    exit: 'run',
    retryable: false,
    facts: ['job', 'topic', 'partition', 'place'],
    en: {
      what: 'The job {job} has no cursor for {topic}/{partition} in {place}',
      why: 'The job has run before, so its counters were emptied or lost. Starting at the end of the log would lose events without a word.',
      fix: 'Make them again from the lake and the log: millrace stream rebuild. Or restore counters and cursors from a backup of one moment.',
    },
    ko: {
      what: '{place}에 작업 {job}의 {topic}/{partition} 커서가 없습니다',
      why: '이전에 실행된 작업이므로 카운터가 비워졌거나 사라진 것입니다. 로그의 끝에서 시작하면 아무 알림 없이 이벤트를 잃습니다.',
      fix: '레이크와 로그에서 다시 만드세요: millrace stream rebuild. 또는 같은 시점의 백업에서 카운터와 커서를 함께 복원하세요.',
    },
  },
} as const satisfies ErrorTable

const running = {
  STREAM_SCHEMA_BREAK: {
    exit: 'run',
    retryable: false,
    facts: ['topic', 'partition', 'offset', 'invalid', 'records', 'reason'],
    en: {
      what: '{invalid} of {records} events at offset {offset} of {topic}/{partition} are invalid, most often: {reason}',
      why: 'That many at once are a broken producer, not stray events. The job stopped before them: nothing of them was put aside or lost.',
      fix: 'Correct the producer. If the events really are to be put aside, run: millrace stream run --accept-invalid.',
    },
    ko: {
      what: '{topic}/{partition}의 오프셋 {offset}부터 이벤트 {records}건 중 {invalid}건이 잘못되었습니다. 가장 많은 이유: {reason}',
      why: '한꺼번에 이렇게 많으면 일부 오류가 아니라 생산자가 고장 난 것입니다. 작업은 그 앞에서 멈췄고, 버려지거나 잃은 것은 없습니다.',
      fix: '생산자를 고치세요. 정말로 따로 보관하려면 millrace stream run --accept-invalid를 실행하세요.',
    },
  },
  STREAM_PARTITION_STOPPED: {
    exit: 'run',
    retryable: false,
    facts: ['partition', 'code', 'reason'],
    en: {
      what: 'Partition {partition} was not counted to its end ({code})',
      why: '{reason}',
      fix: 'Do what {code} asks for, then run the same command again; the other partitions are counted.',
    },
    ko: {
      what: '파티션 {partition}을(를) 끝까지 집계하지 못했습니다 ({code})',
      why: '{reason}',
      fix: '{code}의 안내를 따른 다음 같은 명령을 다시 실행하세요. 다른 파티션은 집계되었습니다.',
    },
  },
  STREAM_WORKER_ENDED: {
    exit: 'unexpected',
    retryable: true,
    facts: ['worker', 'reason'],
    en: {
      what: 'Worker {worker} of the stream ended unasked',
      why: '{reason}. What it had not committed is read again by whoever takes its partitions.',
      fix: 'Run the same command again; if it ends again, look at the reason above.',
    },
    ko: {
      what: '스트림 작업자 {worker}가 예기치 않게 끝났습니다',
      why: '{reason}. 커밋되지 않은 것은 파티션을 이어받는 쪽이 다시 읽습니다.',
      fix: '같은 명령을 다시 실행하세요. 반복되면 위의 이유를 확인하세요.',
    },
  },
} as const satisfies ErrorTable

const letters = {
  STREAM_LETTER_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['id'],
    en: {
      what: 'There is no dead letter {id}',
      why: 'A letter is named by partition:offset:place of the record that it keeps, and the live job put none aside there.',
      fix: 'See their ids: millrace dlq list --all.',
    },
    ko: {
      what: '데드 레터 {id}이(가) 없습니다',
      why: '데드 레터의 이름은 보관한 기록의 파티션:오프셋:위치이며, 실시간 작업이 그 위치에서 따로 둔 것이 없습니다.',
      fix: 'id를 확인하세요: millrace dlq list --all.',
    },
  },
} as const satisfies ErrorTable

const replaying = {
  STREAM_REPLAY_BUSY: {
    exit: 'dependency',
    retryable: true,
    facts: ['job', 'partition'],
    en: {
      what: 'Partition {partition} of the job {job} is being filled by somebody else',
      why: 'Two replays into one job would take turns at its cursor. Nothing was counted twice: each range is committed once.',
      fix: 'Wait until the other one ends, or give yours another name: millrace stream replay --into NAME.',
    },
    ko: {
      what: '작업 {job}의 파티션 {partition}은(는) 다른 쪽에서 채우는 중입니다',
      why: '두 재생이 한 작업을 채우면 커서를 번갈아 옮기게 됩니다. 범위마다 한 번만 커밋되므로 두 번 센 것은 없습니다.',
      fix: '다른 재생이 끝날 때까지 기다리거나 다른 이름을 쓰세요: millrace stream replay --into 이름.',
    },
  },
  STREAM_JOB_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['job'],
    en: {
      what: 'There is no job {job}',
      why: 'A job begins with the first replay into it, or, for the live one, with the first count.',
      fix: 'Fill it first: millrace stream replay --into {job}.',
    },
    ko: {
      what: '작업 {job}이(가) 없습니다',
      why: '작업은 그 작업으로 처음 재생할 때, 실시간 작업은 처음 집계할 때 시작됩니다.',
      fix: '먼저 채우세요: millrace stream replay --into {job}.',
    },
  },
  STREAM_SWAP_ELSEWHERE: {
    exit: 'usage',
    retryable: false,
    facts: ['place'],
    en: {
      what: 'Counters in {place} cannot change places with a replayed job',
      why: 'There every reader asks for the keys of the live job by name, so they cannot be changed over in one step.',
      fix: 'Empty that store while nothing counts, then make its counters again from lake and log: millrace stream rebuild.',
    },
    ko: {
      what: '{place}의 카운터는 재생한 작업과 바꿀 수 없습니다',
      why: '그곳의 모든 독자가 실시간 작업의 키를 이름으로 읽으므로 한 번에 바꿀 수 없습니다.',
      fix: '집계를 멈춘 상태에서 저장소를 비운 다음 레이크와 로그에서 다시 만드세요: millrace stream rebuild.',
    },
  },
  STREAM_QUERY_REFUSED: {
    exit: 'usage',
    retryable: false,
    facts: ['reason'],
    en: {
      what: 'DuckDB does not accept the query: {reason}',
      why: 'millrace events query is SQL of DuckDB, not of Postgres, over two views: ad_events_raw and ad_events.',
      fix: 'Correct the query; the columns are in: millrace events query "describe ad_events".',
    },
    ko: {
      what: 'DuckDB가 쿼리를 받아들이지 않습니다: {reason}',
      why: 'millrace events query는 Postgres가 아니라 DuckDB의 SQL이며, ad_events_raw와 ad_events 두 뷰를 읽습니다.',
      fix: '쿼리를 고치세요. 열 목록: millrace events query "describe ad_events".',
    },
  },
  STREAM_REBUILD_NEEDLESS: {
    exit: 'usage',
    retryable: false,
    facts: ['place', 'partitions'],
    en: {
      what: 'The counters in {place} have cursors for {partitions} partitions',
      why: 'A rebuild fills a store that was emptied; filling one that counts already would count everything twice.',
      fix: 'To count anew beside the live counters and compare: millrace stream replay.',
    },
    ko: {
      what: '{place}의 카운터에 파티션 {partitions}개의 커서가 있습니다',
      why: 'rebuild는 비워진 저장소를 채웁니다. 이미 집계 중인 저장소를 채우면 모두 두 번 세게 됩니다.',
      fix: '실시간 카운터 옆에서 다시 세어 비교하려면: millrace stream replay.',
    },
  },
} as const satisfies ErrorTable

/** Errors of the event log, the live counters and what runs between them. */
export const streamErrors = { ...log, ...counters, ...running, ...letters, ...replaying } as const satisfies ErrorTable
