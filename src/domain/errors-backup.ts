import type { ErrorTable } from './error-entry.ts'

export const backupErrors = {
  WAREHOUSE_BACKUP_FOREIGN: {
    exit: 'usage',
    retryable: false,
    facts: ['place', 'command'],
    en: {
      what: '`{command}` is for the embedded Postgres; this warehouse is {place}',
      why: 'A server of your own has its own administrator, its own tools and its own backups.',
      fix: 'Use pg_basebackup or your provider’s snapshots.',
    },
    ko: {
      what: '`{command}`은(는) 내장 Postgres용입니다. 이 웨어하우스: {place}',
      why: '직접 운영하는 서버에는 그 서버의 관리 도구와 백업이 있습니다.',
      fix: 'pg_basebackup 또는 제공 업체의 스냅샷을 사용하세요.',
    },
  },
  WAREHOUSE_BACKUP_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['backup', 'dir'],
    en: {
      what: 'There is no backup "{backup}" in {dir}',
      why: 'A backup is named by its id, or by a beginning of it that no other has; one that was interrupted does not count.',
      fix: 'See them with: millrace backup list.',
    },
    ko: {
      what: '{dir}에 백업 "{backup}" 없음',
      why: '백업은 id 또는 다른 것과 겹치지 않는 앞부분으로 부르며, 중단된 백업은 세지 않습니다.',
      fix: '목록 보기: millrace backup list',
    },
  },
  WAREHOUSE_BACKUP_DAMAGED: {
    exit: 'dependency',
    retryable: false,
    facts: ['backup', 'files', 'example'],
    en: {
      what: '{files} files of backup {backup} are damaged or missing, such as {example}',
      why: 'Their bytes are not those that were written when the backup was made.',
      fix: 'Take another backup: millrace backup list. Make a new one now: millrace backup create.',
    },
    ko: {
      what: '백업 {backup}의 파일 {files}개가 손상되었거나 없습니다. 예: {example}',
      why: '백업을 만들 때 쓴 바이트와 다릅니다.',
      fix: '다른 백업을 고르고(millrace backup list) 지금 새로 만드세요: millrace backup create',
    },
  },
  WAREHOUSE_BACKUP_DIFFERS: {
    exit: 'dependency',
    retryable: false,
    facts: ['backup', 'tables', 'example'],
    en: {
      what: '{tables} tables of backup {backup} do not come back as they were, such as {example}',
      why: 'Its files are whole, but the server that was started from them counts or hashes other rows.',
      fix: 'Keep the folder for a report and make a new backup: millrace backup create.',
    },
    ko: {
      what: '백업 {backup}의 테이블 {tables}개가 원래대로 복원되지 않습니다. 예: {example}',
      why: '파일은 온전하지만 그 파일로 시작한 서버의 행 수나 해시가 다릅니다.',
      fix: '폴더를 보관해 신고하고 새 백업을 만드세요: millrace backup create',
    },
  },
  WAREHOUSE_BACKUP_RUNNING: {
    exit: 'temporary',
    retryable: true,
    facts: ['dir'],
    en: {
      what: 'The Postgres in {dir} is running',
      why: 'A restore replaces its data; another program is using it.',
      fix: 'Stop millrace up, worker and demo of this project, then run it again.',
    },
    ko: {
      what: '{dir}의 Postgres가 실행 중입니다',
      why: '복원은 데이터를 바꾸는데 다른 프로그램이 사용하고 있습니다.',
      fix: '이 프로젝트의 millrace up, worker, demo를 멈춘 뒤 다시 실행하세요.',
    },
  },
  WAREHOUSE_BACKUP_TARGET: {
    exit: 'usage',
    retryable: false,
    facts: ['target', 'reason'],
    en: {
      what: 'The data cannot be brought to {target}: {reason}',
      why: 'A backup reaches from its own end to the last transaction of its archive.',
      fix: 'Take a backup that ended before it (millrace backup list), or leave out --to for all that there is.',
    },
    ko: {
      what: '{target} 시점으로 되돌릴 수 없습니다: {reason}',
      why: '백업은 자신이 끝난 시점부터 아카이브의 마지막 트랜잭션까지 되돌릴 수 있습니다.',
      fix: '그 전에 끝난 백업을 고르거나(millrace backup list) --to를 빼고 모두 복원하세요.',
    },
  },
  WAREHOUSE_BACKUP_GAP: {
    exit: 'dependency',
    retryable: false,
    facts: ['segment', 'dir'],
    en: {
      what: 'The archive lacks the segment {segment}, or it is damaged ({dir})',
      why: 'Transactions are replayed one after another; nothing behind a gap can be reached.',
      fix: 'Restore to a time before it with --to, or make a new backup now: millrace backup create.',
    },
    ko: {
      what: '아카이브에 세그먼트 {segment}이(가) 없거나 손상되었습니다 ({dir})',
      why: '트랜잭션은 차례로 재생되므로 빈 곳 뒤로는 갈 수 없습니다.',
      fix: '--to로 그 전 시점까지 복원하거나 지금 새 백업을 만드세요: millrace backup create',
    },
  },
  WAREHOUSE_MOVE_BUSY: {
    exit: 'temporary',
    retryable: true,
    facts: ['programs'],
    en: {
      what: '{programs} other programs use the warehouse that is to be moved',
      why: 'What they write after a table was copied would be missing at the new place.',
      fix: 'Stop millrace up and worker, then run it again: it goes on where it stopped.',
    },
    ko: {
      what: '옮기려는 웨어하우스를 다른 프로그램 {programs}개가 사용 중입니다',
      why: '테이블을 복사한 뒤에 쓴 내용은 새 위치에 없게 됩니다.',
      fix: 'millrace up과 worker를 멈춘 뒤 다시 실행하면 멈춘 곳부터 이어집니다.',
    },
  },
  WAREHOUSE_MOVE_TAKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['place', 'table'],
    en: {
      what: '{place} already holds rows of another warehouse, such as in {table}',
      why: 'A move fills an empty place, or goes on with a move of the same warehouse; it never mixes two.',
      fix: 'Give another database or schema, or empty this one yourself.',
    },
    ko: {
      what: '{place}에 이미 다른 웨어하우스의 행이 있습니다. 예: {table}',
      why: '이전은 빈 곳을 채우거나 같은 웨어하우스의 이전을 이어갈 뿐, 둘을 섞지 않습니다.',
      fix: '다른 데이터베이스나 스키마를 주거나 직접 비우세요.',
    },
  },
  WAREHOUSE_MOVE_DIFFERS: {
    exit: 'dependency',
    retryable: false,
    facts: ['tables', 'example'],
    en: {
      what: '{tables} tables differ after they were moved, such as {example}',
      why: 'Their counts or hashes are not those of the old place; something writes on one of the two sides.',
      fix: 'Stop what writes and run it again; tables that are equal are not copied twice.',
    },
    ko: {
      what: '옮긴 뒤 테이블 {tables}개가 다릅니다. 예: {example}',
      why: '행 수나 해시가 원래와 다릅니다. 두 곳 중 한 곳에 쓰는 프로그램이 있습니다.',
      fix: '쓰는 프로그램을 멈추고 다시 실행하세요. 같은 테이블은 다시 복사하지 않습니다.',
    },
  },
} as const satisfies ErrorTable
