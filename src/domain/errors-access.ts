import type { ErrorTable } from './error-entry.ts'

/** Who may do what: users, keys, sessions, roles and the log of what was done. */
export const accessErrors = {
  ACCESS_ROLE_WANTED: {
    exit: 'auth',
    retryable: false,
    facts: ['name', 'role', 'wanted'],
    en: {
      what: '{name} is a {role}; this wants the role {wanted}',
      why: 'A viewer looks, an operator runs things and answers incidents, an admin decides who may.',
      fix: 'Ask an admin to do it, or for the role.',
    },
    ko: {
      what: '{name}의 역할은 {role}이며 이 작업에는 {wanted} 역할이 필요합니다',
      why: 'viewer는 보기, operator는 실행과 인시던트 대응, admin은 권한 관리까지 할 수 있습니다.',
      fix: 'admin에게 작업이나 역할을 요청하세요.',
    },
  },
  ACCESS_CLIENTS_ONLY: {
    exit: 'auth',
    retryable: false,
    facts: ['name', 'clients'],
    en: {
      what: '{name} sees the rows of {clients} alone, and this is about more than them',
      why: 'Where rows cannot be told apart by client, nothing is shown, and nothing can be changed.',
      fix: 'Use a user or a key that is not limited to clients.',
    },
    ko: {
      what: '{name}은(는) {clients}의 행만 볼 수 있으며 이 화면은 그보다 넓은 내용입니다',
      why: '클라이언트별로 나눌 수 없는 내용은 보여 주지도 바꾸지도 않습니다.',
      fix: '클라이언트 제한이 없는 사용자나 키를 쓰세요.',
    },
  },
  ACCESS_SIGN_IN_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: [],
    en: {
      what: 'Nobody is known by this name and password, or this key',
      why: 'One of them is wrong, or the user is disabled, or the key is revoked or over. Which of these is not said to strangers.',
      fix: 'Try again, or ask an admin: millrace users list, millrace keys list.',
    },
    ko: {
      what: '이름과 비밀번호, 또는 키가 맞지 않습니다',
      why: '값이 틀렸거나, 사용자가 비활성화되었거나, 키가 폐기·만료되었습니다. 어느 것인지는 알려 주지 않습니다.',
      fix: '다시 시도하거나 admin에게 문의하세요: millrace users list, millrace keys list.',
    },
  },
  ACCESS_SIGN_IN_LIMITED: {
    exit: 'temporary',
    retryable: true,
    facts: ['perMinuteMax'],
    en: {
      what: 'Too many failed sign-ins; {perMinuteMax} a minute are taken',
      why: 'Whoever may try often enough finds every password.',
      fix: 'Wait for as long as Retry-After says.',
    },
    ko: {
      what: '로그인 실패가 너무 많습니다. 분당 {perMinuteMax}번까지 받습니다',
      why: '시도를 무제한으로 받으면 어떤 비밀번호든 알아낼 수 있습니다.',
      fix: 'Retry-After가 알려 주는 시간만큼 기다리세요.',
    },
  },
  ACCESS_SETUP_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: [],
    en: {
      what: 'This is not the setup token, or the first admin is there already',
      why: 'The token is printed by the start of a server that has no admin, and makes one admin once.',
      fix: 'Read it from the output of millrace up, or run: millrace users add NAME --role admin.',
    },
    ko: {
      what: '설정 토큰이 아니거나 첫 admin이 이미 있습니다',
      why: '토큰은 admin이 없는 서버가 시작할 때 출력되며 admin 한 명을 한 번 만듭니다.',
      fix: 'millrace up의 출력에서 확인하거나 millrace users add 이름 --role admin 을 실행하세요.',
    },
  },
  ACCESS_NAME_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['name'],
    en: {
      what: '“{name}” cannot be the name of a user, a key or a client',
      why: 'A name is 1 to 64 letters, digits and . _ @ + -, and begins with a letter or a digit.',
      fix: 'Choose another name.',
    },
    ko: {
      what: '“{name}”은(는) 사용자, 키, 클라이언트 이름으로 쓸 수 없습니다',
      why: '이름은 글자·숫자와 . _ @ + - 로 된 1~64자이며 글자나 숫자로 시작합니다.',
      fix: '다른 이름을 고르세요.',
    },
  },
  ACCESS_PASSWORD_WEAK: {
    exit: 'usage',
    retryable: false,
    facts: ['reason', 'lengthMin', 'lengthMax'],
    en: {
      what: 'The password is too easy to guess ({reason})',
      why: 'It wants {lengthMin} to {lengthMax} characters, at least five different ones, not the name, and none that every list of guesses begins with.',
      fix: 'Take four or five words that have nothing to do with each other.',
    },
    ko: {
      what: '추측하기 쉬운 비밀번호입니다 ({reason})',
      why: '{lengthMin}~{lengthMax}자, 서로 다른 글자 다섯 개 이상이어야 하며 이름이나 흔한 비밀번호는 쓸 수 없습니다.',
      fix: '서로 관계없는 단어 네댓 개를 쓰세요.',
    },
  },
  ACCESS_USER_TAKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['name'],
    en: {
      what: 'There is a user {name} already',
      why: 'Names stay taken when a user is disabled, because the audit log names them.',
      fix: 'Choose another name, or: millrace users enable {name}.',
    },
    ko: {
      what: '사용자 {name}이(가) 이미 있습니다',
      why: '감사 로그에 남기 때문에 비활성화한 사용자의 이름도 다시 쓸 수 없습니다.',
      fix: '다른 이름을 고르거나 millrace users enable {name} 을 실행하세요.',
    },
  },
  ACCESS_USER_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['user'],
    en: {
      what: 'There is no user {user}',
      why: 'Neither a name nor an id is like this.',
      fix: 'See millrace users list.',
    },
    ko: {
      what: '사용자 {user}이(가) 없습니다',
      why: '이런 이름이나 id가 없습니다.',
      fix: 'millrace users list 를 보세요.',
    },
  },
  ACCESS_LAST_ADMIN: {
    exit: 'usage',
    retryable: false,
    facts: ['user'],
    en: {
      what: 'This is the last admin',
      why: 'Nobody would be left who can let people in.',
      fix: 'Make another admin first: millrace users add NAME --role admin.',
    },
    ko: {
      what: '마지막 admin입니다',
      why: '다른 사람을 들일 수 있는 사람이 남지 않게 됩니다.',
      fix: '먼저 다른 admin을 만드세요: millrace users add 이름 --role admin.',
    },
  },
  ACCESS_KEY_TAKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['name'],
    en: {
      what: 'A key named {name} is in force',
      why: 'The audit log and the events name keys; two of one name could not be told apart.',
      fix: 'Choose another name, or revoke that one: millrace keys revoke {name}.',
    },
    ko: {
      what: '이름이 {name}인 키가 이미 쓰이고 있습니다',
      why: '감사 로그와 이벤트가 키를 이름으로 구별합니다.',
      fix: '다른 이름을 고르거나 그 키를 폐기하세요: millrace keys revoke {name}.',
    },
  },
  ACCESS_KEY_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['key'],
    en: {
      what: 'No key {key} is in force',
      why: 'Neither a name nor an id is like this, or it was revoked before.',
      fix: 'See millrace keys list --all.',
    },
    ko: {
      what: '쓰이고 있는 키 {key}이(가) 없습니다',
      why: '이런 이름이나 id가 없거나 이미 폐기되었습니다.',
      fix: 'millrace keys list --all 을 보세요.',
    },
  },
  ACCESS_KEY_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: ['variable'],
    en: {
      what: 'The key in {variable} is not in force here',
      why: 'It is not of this project, was revoked, is over, or is for the collector alone.',
      fix: 'Take the variable away, or put another key there: millrace keys create.',
    },
    ko: {
      what: '{variable}의 키를 여기서 쓸 수 없습니다',
      why: '이 프로젝트의 키가 아니거나, 폐기·만료되었거나, 수집기 전용입니다.',
      fix: '환경 변수를 지우거나 다른 키를 넣으세요: millrace keys create.',
    },
  },
  ACCESS_AUDIT_BROKEN: {
    exit: 'quality',
    retryable: false,
    facts: ['line'],
    en: {
      what: 'The audit log is broken at line {line}',
      why: 'The line is not what was written, or the one before it is not there any more.',
      fix: 'Compare it with a backup; somebody with the rights of the database’s owner has been there.',
    },
    ko: {
      what: '감사 로그가 {line}번 줄에서 깨졌습니다',
      why: '기록된 내용과 다르거나 앞줄이 없습니다.',
      fix: '백업과 비교하세요. 데이터베이스 소유자 권한으로 누군가 손댔습니다.',
    },
  },
  ACCESS_OIDC_FAILED: {
    exit: 'auth',
    retryable: false,
    facts: ['issuer', 'reason'],
    en: {
      what: 'Signing in by {issuer} came to nothing ({reason})',
      why: 'What came back was not what had been asked for, was not signed by the issuer, or was too late.',
      fix: 'Begin again at the login screen; when it stays so, compare access.oidc with what the issuer says.',
    },
    ko: {
      what: '{issuer} 로그인에 실패했습니다 ({reason})',
      why: '돌아온 응답이 요청과 다르거나, 발급자의 서명이 아니거나, 너무 늦었습니다.',
      fix: '로그인 화면에서 다시 시작하세요. 계속되면 access.oidc 설정을 발급자 설정과 비교하세요.',
    },
  },
  ACCESS_OIDC_NOBODY: {
    exit: 'auth',
    retryable: false,
    facts: ['subject', 'claim'],
    en: {
      what: '{subject} has signed in, but has no role here',
      why: 'No value of the claim {claim} is one that access.oidc.roles names, or the user is disabled.',
      fix: 'Ask an admin for a role, or set access.oidc.roles or access.oidc.everybody.',
    },
    ko: {
      what: '{subject}(으)로 로그인했지만 여기에 역할이 없습니다',
      why: '{claim} 값이 access.oidc.roles에 없거나 사용자가 비활성화되었습니다.',
      fix: 'admin에게 역할을 요청하거나 access.oidc.roles 또는 access.oidc.everybody를 설정하세요.',
    },
  },
} as const satisfies ErrorTable
