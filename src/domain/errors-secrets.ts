import type { ErrorTable } from './error-entry.ts'

/** Of secrets that the warehouse keeps closed. */
export const secretErrors = {
  WAREHOUSE_SECRET_KEY_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['connection', 'file'],
    en: {
      what: 'Connection {connection} keeps a secret in the warehouse, and there is no key to open it',
      why: 'Kept secrets are closed with a key that is never in the database: secrets.key of the configuration, or else the file {file}.',
      fix: 'Put the key file back, or set secrets.key to env:NAME or file:PATH. If the key is gone: millrace connectors auth {connection}',
    },
    ko: {
      what: '연결 {connection}의 비밀 값이 웨어하우스에 있지만 이를 열 키가 없습니다',
      why: '보관된 비밀 값은 데이터베이스에 없는 키로 잠급니다. 설정의 secrets.key 또는 파일 {file}입니다.',
      fix: '키 파일을 되돌려 놓거나 secrets.key를 env:이름 또는 file:경로로 지정하십시오. 키를 잃었다면: millrace connectors auth {connection}',
    },
  },
  WAREHOUSE_SECRET_KEY_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['length'],
    en: {
      what: 'The key for kept secrets is not usable: its text has {length} characters',
      why: 'It must be 32 bytes, written as base64 (44 characters) or as 64 hex digits.',
      fix: 'Make one with: openssl rand -base64 32. Secrets that another key closed have to be given again: millrace connectors auth NAME',
    },
    ko: {
      what: '비밀 값 키를 쓸 수 없습니다. 글자 수가 {length}입니다',
      why: '키는 32바이트여야 하며 base64(44자) 또는 16진수 64자리로 적습니다.',
      fix: '만들기: openssl rand -base64 32. 다른 키로 잠근 비밀 값은 다시 입력해야 합니다: millrace connectors auth 이름',
    },
  },
  WAREHOUSE_SECRET_LOCKED: {
    exit: 'auth',
    retryable: false,
    facts: ['connection', 'name'],
    en: {
      what: 'The secret {name} of connection {connection} was closed with another key than the one at hand',
      why: 'The key was lost, exchanged, or belongs to another project; without it nobody can open the secret.',
      fix: 'Put the old key back, or sign in again, which replaces the secret: millrace connectors auth {connection}',
    },
    ko: {
      what: '연결 {connection}의 비밀 값 {name}은(는) 지금과 다른 키로 잠겨 있습니다',
      why: '키를 잃었거나 바꿨거나 다른 프로젝트의 키입니다. 그 키 없이는 아무도 열 수 없습니다.',
      fix: '이전 키를 되돌려 놓거나, 다시 로그인해 비밀 값을 교체하십시오: millrace connectors auth {connection}',
    },
  },
  WAREHOUSE_SECRET_BROKEN: {
    exit: 'auth',
    retryable: false,
    facts: ['connection', 'name'],
    en: {
      what: 'The secret {name} of connection {connection} was altered in the database',
      why: 'Its authentication does not fit: the row was changed, cut, or copied from another connection.',
      fix: 'Sign in again, which replaces the secret: millrace connectors auth {connection}',
    },
    ko: {
      what: '연결 {connection}의 비밀 값 {name}이(가) 데이터베이스에서 변경되었습니다',
      why: '인증 값이 맞지 않습니다. 행이 바뀌었거나 잘렸거나 다른 연결에서 복사되었습니다.',
      fix: '다시 로그인해 비밀 값을 교체하십시오: millrace connectors auth {connection}',
    },
  },
  WAREHOUSE_SECRET_ABSENT: {
    exit: 'auth',
    retryable: false,
    facts: ['connection', 'name'],
    en: {
      what: 'Connection {connection} refers to a kept secret {name}, and none is kept under that name',
      why: 'It was never signed in on this warehouse, or what it kept was removed.',
      fix: 'Sign in: millrace connectors auth {connection}',
    },
    ko: {
      what: '연결 {connection}이(가) 보관된 비밀 값 {name}을(를) 가리키지만 그 이름으로 보관된 것이 없습니다',
      why: '이 웨어하우스에서 로그인한 적이 없거나 보관된 값이 삭제되었습니다.',
      fix: '로그인하십시오: millrace connectors auth {connection}',
    },
  },
} as const satisfies ErrorTable
