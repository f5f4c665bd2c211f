import type { ErrorTable } from './error-entry.ts'

/** What the credentials do not allow, or no longer. */
const credentials = {
  CONNECTORS_AUTH_MISSING: {
    exit: 'auth',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} misses a credential (account {account})',
      why: 'The platform says: {detail}.',
      fix: 'Complete the credentials of this connection; docs/guide/connections.md says where each of them is found.',
    },
    ko: {
      what: '{platform}: 빠진 자격 증명이 있습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}.',
      fix: '이 연결의 자격 증명을 모두 채우세요. 찾는 곳은 docs/guide/connections.md에 있습니다.',
    },
  },
  CONNECTORS_AUTH_EXPIRED: {
    exit: 'auth',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} says that the access token has expired (account {account})',
      why: 'The platform says: {detail}. A fresh token, where one can be had, was refused too.',
      fix: 'Sign in again and store the new token in the secret of this connection; for Meta a system user token does not expire.',
    },
    ko: {
      what: '{platform}: 액세스 토큰이 만료되었습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 새 토큰을 받을 수 있는 경우에도 거부되었습니다.',
      fix: '다시 로그인해 이 연결의 비밀 값에 새 토큰을 저장하세요. Meta는 만료되지 않는 시스템 사용자 토큰을 쓸 수 있습니다.',
    },
  },
  CONNECTORS_AUTH_REVOKED: {
    exit: 'auth',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} no longer accepts these credentials (account {account})',
      why: 'The platform says: {detail}. Access was revoked, the password changed, or the app removed.',
      fix: 'Authorise Millrace again and store the new token in the secret of this connection.',
    },
    ko: {
      what: '{platform}: 더 이상 이 자격 증명을 받지 않습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 권한이 취소되었거나 비밀번호가 바뀌었거나 앱이 삭제되었습니다.',
      fix: 'Millrace를 다시 승인하고 이 연결의 비밀 값에 새 토큰을 저장하세요.',
    },
  },
  CONNECTORS_PERMISSION: {
    exit: 'auth',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} does not let these credentials read account {account}',
      why: 'The platform says: {detail}.',
      fix: 'Give the signed-in user the right to read the account’s reports; for Google below a manager set loginCustomerId to the manager.',
    },
    ko: {
      what: '{platform}: 이 자격 증명으로는 계정 {account}을(를) 읽을 수 없습니다',
      why: '플랫폼의 답: {detail}.',
      fix: '로그인한 사용자에게 계정의 보고서 읽기 권한을 주세요. Google 관리자 계정 아래라면 loginCustomerId에 관리자 번호를 적으세요.',
    },
  },
} as const satisfies ErrorTable

/** What an account, a version or a question cannot give. */
const refusals = {
  CONNECTORS_ACCOUNT_UNAVAILABLE: {
    exit: 'run',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} account {account} is not available',
      why: 'The platform says: {detail}. The account is suspended, closed or not set up; other accounts go on.',
      fix: 'Settle it in the platform’s own account settings, or take the account out of the connection.',
    },
    ko: {
      what: '{platform}: 계정 {account}을(를) 사용할 수 없습니다',
      why: '플랫폼의 답: {detail}. 계정이 정지되었거나 닫혔거나 설정되지 않았습니다. 다른 계정은 계속됩니다.',
      fix: '플랫폼의 계정 설정에서 해결하거나 연결에서 이 계정을 빼세요.',
    },
  },
  CONNECTORS_MANAGER_ACCOUNT: {
    exit: 'config',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} account {account} is a manager and has no metrics of its own',
      why: 'The platform says: {detail}.',
      fix: 'List the accounts below it under accounts and name the manager in loginCustomerId.',
    },
    ko: {
      what: '{platform}: 계정 {account}은(는) 관리자 계정이라 자체 지표가 없습니다',
      why: '플랫폼의 답: {detail}.',
      fix: '아래 계정들을 accounts에 적고 관리자 번호는 loginCustomerId에 적으세요.',
    },
  },
  CONNECTORS_VERSION_SUNSET: {
    exit: 'config',
    retryable: false,
    facts: ['platform', 'version', 'detail'],
    en: {
      what: '{platform} no longer answers API version {version}',
      why: 'The platform says: {detail}. Platforms switch versions off about a year after they appear.',
      fix: 'Set apiVersion of this connection to one the platform still serves, or update Millrace; also check baseUrl.',
    },
    ko: {
      what: '{platform}: API 버전 {version}은(는) 더 이상 제공되지 않습니다',
      why: '플랫폼의 답: {detail}. 플랫폼은 버전을 내놓은 지 1년쯤 뒤에 종료합니다.',
      fix: '이 연결의 apiVersion을 제공 중인 버전으로 바꾸거나 Millrace를 업데이트하세요. baseUrl도 확인하세요.',
    },
  },
  CONNECTORS_LEVEL_UNKNOWN: {
    exit: 'config',
    retryable: false,
    facts: ['connector', 'level', 'known'],
    en: {
      what: '{connector} has no level {level}',
      why: 'It reads these: {known}.',
      fix: 'Correct levels of the connection.',
    },
    ko: {
      what: '{connector}에는 {level} 단계가 없습니다',
      why: '읽을 수 있는 단계: {known}.',
      fix: '연결의 levels를 고치세요.',
    },
  },
  CONNECTORS_SCHEMA_DRIFT: {
    exit: 'run',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} has changed a field that Millrace reads (account {account})',
      why: 'The platform says: {detail}.',
      fix: 'Update Millrace, or set apiVersion to a version that still has the field. What was published stays as it is.',
    },
    ko: {
      what: '{platform}: Millrace가 읽는 필드가 바뀌었습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}.',
      fix: 'Millrace를 업데이트하거나 그 필드가 있는 apiVersion을 적으세요. 이미 게시된 값은 그대로입니다.',
    },
  },
  CONNECTORS_BAD_REQUEST: {
    exit: 'unexpected',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} refused the request for account {account} as wrong',
      why: 'The platform says: {detail}.',
      fix: 'Check the account ids and apiVersion of this connection; if they are right, report this message.',
    },
    ko: {
      what: '{platform}: 계정 {account}에 대한 요청이 잘못되었다고 거부했습니다',
      why: '플랫폼의 답: {detail}.',
      fix: '이 연결의 계정 번호와 apiVersion을 확인하세요. 맞다면 이 메시지를 알려 주세요.',
    },
  },
  CONNECTORS_RETENTION: {
    exit: 'usage',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} no longer has daily numbers that old (account {account})',
      why: 'The platform says: {detail}. Daily numbers are kept for 37 months.',
      fix: 'Begin the range later.',
    },
    ko: {
      what: '{platform}: 그렇게 오래된 일별 수치는 없습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 일별 수치는 37개월 동안 보관됩니다.',
      fix: '기간의 시작일을 늦추세요.',
    },
  },
  CONNECTORS_TOO_MUCH_DATA: {
    exit: 'run',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} cannot answer so much at once (account {account})',
      why: 'The platform says: {detail}. Smaller pages were tried first.',
      fix: 'Ask for fewer days at a time, for example with --since and --until.',
    },
    ko: {
      what: '{platform}: 한 번에 답하기에는 데이터가 너무 많습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 더 작은 페이지로도 시도했습니다.',
      fix: '--since와 --until 등으로 한 번에 요청하는 날짜 수를 줄이세요.',
    },
  },
} as const satisfies ErrorTable

/** What passes by itself: asking again later may succeed. */
const passing = {
  CONNECTORS_QUOTA: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'account', 'detail', 'waitSeconds'],
    en: {
      what: '{platform} asks for a pause: its quota is used up (account {account})',
      why: 'The platform says: {detail}. It asks to wait {waitSeconds} seconds; that is longer than this run waits, or the waits were used up.',
      fix: 'Run the same command after that time, or ask the platform for a higher quota.',
    },
    ko: {
      what: '{platform}: 할당량을 모두 써서 잠시 쉬라고 합니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 대기 시간 {waitSeconds}초는 이번 실행이 기다리는 시간보다 길거나 대기 횟수를 모두 썼습니다.',
      fix: '그 시간이 지난 뒤 같은 명령을 다시 실행하거나 플랫폼에 할당량 증가를 요청하세요.',
    },
  },
  CONNECTORS_NOT_READY: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'account', 'detail', 'waitSeconds'],
    en: {
      what: '{platform} has not finished the days asked for (account {account})',
      why: 'The platform says: {detail}. Numbers that are still added up are not read.',
      fix: 'Run the same command again in {waitSeconds} seconds; a scheduled run does so by itself.',
    },
    ko: {
      what: '{platform}: 요청한 날짜의 집계가 끝나지 않았습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 집계 중인 수치는 읽지 않습니다.',
      fix: '{waitSeconds}초 뒤에 같은 명령을 다시 실행하세요. 예약된 실행은 스스로 다시 시도합니다.',
    },
  },
  CONNECTORS_TRANSIENT: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: '{platform} had an inner failure (account {account})',
      why: 'The platform says: {detail}. Asking again several times did not help.',
      fix: 'Run the same command later; the platform’s status page may know more.',
    },
    ko: {
      what: '{platform}: 내부 오류가 났습니다 (계정 {account})',
      why: '플랫폼의 답: {detail}. 여러 번 다시 물어도 같았습니다.',
      fix: '나중에 같은 명령을 다시 실행하세요. 플랫폼의 상태 페이지도 확인해 보세요.',
    },
  },
  CONNECTORS_UNREACHABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['platform', 'host', 'detail'],
    en: {
      what: '{platform} cannot be reached at {host}',
      why: 'The connection failed: {detail}.',
      fix: 'Check the network, the proxy and baseUrl of this connection, then run the same command again.',
    },
    ko: {
      what: '{platform}: {host}에 연결할 수 없습니다',
      why: '연결 실패: {detail}.',
      fix: '네트워크, 프록시, 이 연결의 baseUrl을 확인하고 같은 명령을 다시 실행하세요.',
    },
  },
  CONNECTORS_TIMEOUT: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'host', 'seconds'],
    en: {
      what: '{platform} at {host} was silent for {seconds} seconds',
      why: 'The connection stood, but nothing more came over it.',
      fix: 'Run the same command again; for very large accounts raise timeoutSeconds of this connection.',
    },
    ko: {
      what: '{platform}: {host}에서 {seconds}초 동안 아무 응답이 없었습니다',
      why: '연결은 되었지만 더 이상 데이터가 오지 않았습니다.',
      fix: '같은 명령을 다시 실행하세요. 아주 큰 계정이라면 이 연결의 timeoutSeconds를 늘리세요.',
    },
  },
  CONNECTORS_ANSWER_CUT: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'host', 'detail'],
    en: {
      what: 'The answer of {platform} from {host} ended in the middle',
      why: '{detail}. What had arrived is thrown away: part of a report is no report.',
      fix: 'Run the same command again; if it happens often, look at proxies between here and the platform.',
    },
    ko: {
      what: '{platform}: {host}의 응답이 중간에 끊겼습니다',
      why: '{detail}. 일부만 온 보고서는 쓸 수 없으므로 받은 부분은 버립니다.',
      fix: '같은 명령을 다시 실행하세요. 자주 일어나면 중간의 프록시를 확인하세요.',
    },
  },
  CONNECTORS_ANSWER_UNREADABLE: {
    exit: 'temporary',
    retryable: true,
    facts: ['platform', 'host', 'status', 'detail'],
    en: {
      what: '{platform} at {host} answered something that is not its API’s JSON (HTTP {status})',
      why: '{detail}. A gateway or proxy in between usually is the one who speaks.',
      fix: 'Run the same command again; if it stays, check baseUrl of this connection and any proxy.',
    },
    ko: {
      what: '{platform}: {host}의 응답이 API의 JSON이 아닙니다 (HTTP {status})',
      why: '{detail}. 대개 중간의 게이트웨이나 프록시가 보낸 응답입니다.',
      fix: '같은 명령을 다시 실행하세요. 계속되면 이 연결의 baseUrl과 프록시를 확인하세요.',
    },
  },
} as const satisfies ErrorTable

/** While people sign in. */
const signIn = {
  CONNECTORS_SIGN_IN: {
    exit: 'auth',
    retryable: false,
    facts: ['platform', 'detail'],
    en: {
      what: 'The sign-in at {platform} did not come to its end: {detail}',
      why: 'access_denied: someone pressed Cancel, or the user is not among the test users of an app in Testing. A missing scope: its box was not ticked.',
      fix: 'Sign in again and agree to all that is asked; add the user under Google Auth Platform → Audience → Test users, or publish the app.',
    },
    ko: {
      what: '{platform} 로그인이 끝나지 않았습니다: {detail}',
      why: 'access_denied: 취소를 눌렀거나, 테스트 중인 앱의 테스트 사용자가 아닙니다. 범위가 빠졌다면 체크하지 않은 것입니다.',
      fix: '다시 로그인해 요청된 항목에 모두 동의하세요. Google Auth Platform → 대상 → 테스트 사용자에 추가하거나 앱을 게시하세요.',
    },
  },
  CONNECTORS_CREDENTIAL_FILE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'detail'],
    en: {
      what: 'The credential file {file} cannot be used: {detail}',
      why: 'It must be a google-ads.yaml, or the client_secret JSON of an OAuth client of the type Desktop app, as Google Cloud hands it out.',
      fix: 'Download it again (Google Cloud → APIs & Services → Credentials), or give the values by env:NAME.',
    },
    ko: {
      what: '자격 증명 파일 {file}을(를) 쓸 수 없습니다: {detail}',
      why: 'google-ads.yaml 또는 Google Cloud에서 받은 데스크톱 앱 유형 OAuth 클라이언트의 client_secret JSON이어야 합니다.',
      fix: '다시 내려받거나(Google Cloud → API 및 서비스 → 사용자 인증 정보) 값을 env:이름으로 지정하세요.',
    },
  },
} as const satisfies ErrorTable

/** Programs of other people's that are run to read a platform. */
const sources = {
  CONNECTORS_SOURCE_UNSTARTABLE: {
    exit: 'dependency',
    retryable: false,
    facts: ['platform', 'account', 'command', 'detail'],
    en: {
      what: 'The source of {platform} cannot be started: {command}',
      why: 'The system says: {detail}.',
      fix: 'Check command of this connection: the program with its whole path, its arguments one by one, no shell in between.',
    },
    ko: {
      what: '{platform} 소스를 시작할 수 없습니다: {command}',
      why: '시스템의 답: {detail}.',
      fix: '이 연결의 command를 확인하세요. 프로그램의 전체 경로와 인수를 하나씩 적으며 셸은 쓰지 않습니다.',
    },
  },
  CONNECTORS_SOURCE_REFUSED: {
    exit: 'config',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: 'The source of {platform} does not accept what it is told (account {account})',
      why: 'The source says: {detail}.',
      fix: 'Correct config or stream of this connection; what the source wants to be told is in its own documentation.',
    },
    ko: {
      what: '{platform} 소스가 설정을 받아들이지 않습니다 (계정 {account})',
      why: '소스의 답: {detail}.',
      fix: '이 연결의 config나 stream을 고치세요. 소스가 요구하는 값은 소스의 문서에 있습니다.',
    },
  },
  CONNECTORS_SOURCE_DEFECT: {
    exit: 'dependency',
    retryable: false,
    facts: ['platform', 'account', 'detail'],
    en: {
      what: 'The source of {platform} failed (account {account})',
      why: 'The source says: {detail}.',
      fix: 'Update the source, or tell its authors; what was published stays as it is.',
    },
    ko: {
      what: '{platform} 소스에서 오류가 났습니다 (계정 {account})',
      why: '소스의 답: {detail}.',
      fix: '소스를 업데이트하거나 만든 사람에게 알리세요. 이미 게시된 값은 그대로입니다.',
    },
  },
} as const satisfies ErrorTable

/** The lines of ad platforms reached over the network. */
export const connectorsErrors = {
  ...credentials,
  ...refusals,
  ...passing,
  ...signIn,
  ...sources,
} as const satisfies ErrorTable
