import type { ErrorTable } from './error-entry.ts'

/** What the HTTP server refuses, and why it would not start. */
export const serverErrors = {
  SERVER_PUBLIC_WITHOUT_KEY: {
    exit: 'config',
    retryable: false,
    facts: ['host'],
    en: {
      what: 'The server would listen on {host} without a key or a login',
      why: 'Anyone who reaches this machine could read your numbers and start runs.',
      fix: 'Let people sign in with --login, give it a key with --key env:MILLRACE_SERVER_KEY, or listen on 127.0.0.1.',
    },
    ko: {
      what: '서버가 키나 로그인 없이 {host}에서 열리게 됩니다',
      why: '이 컴퓨터에 접속할 수 있는 누구나 숫자를 읽고 실행을 시작할 수 있습니다.',
      fix: '--login 으로 로그인을 켜거나 --key env:MILLRACE_SERVER_KEY 로 키를 주거나 127.0.0.1에서 여세요.',
    },
  },
  SERVER_KEY_SHORT: {
    exit: 'config',
    retryable: false,
    facts: ['lengthMin'],
    en: {
      what: 'The server’s key is shorter than {lengthMin} characters',
      why: 'A short key can be guessed by trying.',
      fix: 'Make one with: openssl rand -hex 32',
    },
    ko: {
      what: '서버 키가 {lengthMin}자보다 짧습니다',
      why: '짧은 키는 시도만으로 알아낼 수 있습니다.',
      fix: '다음으로 만드세요: openssl rand -hex 32',
    },
  },
  SERVER_PORT_TAKEN: {
    exit: 'dependency',
    retryable: true,
    facts: ['host', 'port'],
    en: {
      what: 'Port {port} of {host} is taken',
      why: 'Another program, or another Millrace, listens there.',
      fix: 'Stop it, or choose another with --port.',
    },
    ko: {
      what: '{host}의 포트 {port}이(가) 사용 중입니다',
      why: '다른 프로그램이나 다른 Millrace가 그 포트를 쓰고 있습니다.',
      fix: '그 프로그램을 멈추거나 --port 로 다른 포트를 고르세요.',
    },
  },
  SERVER_NO_WORKERS: {
    exit: 'dependency',
    retryable: false,
    facts: [],
    en: {
      what: 'This server can begin no backfill',
      why: 'It was started without the connections that a plan asks and without workers that would carry it out.',
      fix: 'Start the project with: millrace up.',
    },
    ko: {
      what: '이 서버에서는 백필을 시작할 수 없습니다',
      why: '계획에 필요한 연결과 실행할 워커 없이 시작된 서버입니다.',
      fix: '다음으로 프로젝트를 시작하세요: millrace up',
    },
  },
  SERVER_BACKFILL_EMPTY: {
    exit: 'usage',
    retryable: false,
    facts: ['since', 'until'],
    en: {
      what: 'Nothing is to be done from {since} to {until}',
      why: 'No day of these that is closed is one of those asked for: what is missing is there already, or nothing failed.',
      fix: 'Choose other days, or all of them to load them again.',
    },
    ko: {
      what: '{since}에서 {until}까지 할 일이 없습니다',
      why: '마감된 날 중 요청한 종류의 날이 없습니다. 빠진 날이 이미 있거나 실패한 날이 없습니다.',
      fix: '다른 날짜를 고르거나, 전체를 골라 다시 적재하세요.',
    },
  },
  SERVER_STARTING: {
    exit: 'temporary',
    retryable: true,
    facts: ['stage'],
    en: {
      what: 'Millrace is still starting ({stage})',
      why: 'The page is there before the database is, so that you see what happens.',
      fix: 'Ask again in a moment; GET /api/v1/boot says how far it is.',
    },
    ko: {
      what: 'Millrace가 아직 시작 중입니다 ({stage})',
      why: '진행 상황을 볼 수 있도록 데이터베이스보다 화면이 먼저 열립니다.',
      fix: '잠시 뒤 다시 요청하세요. GET /api/v1/boot 가 진행 상황을 알려 줍니다.',
    },
  },
  SERVER_KEY_WANTED: {
    exit: 'auth',
    retryable: false,
    facts: [],
    en: {
      what: 'This server wants a key or a login',
      why: 'The request had none, or not the right one, or the session is over.',
      fix: 'Sign in on the dashboard, or send a key as: Authorization: Bearer KEY',
    },
    ko: {
      what: '이 서버는 키나 로그인을 요구합니다',
      why: '요청에 키가 없거나 맞지 않거나 세션이 끝났습니다.',
      fix: '대시보드에서 로그인하거나 키를 다음과 같이 보내세요: Authorization: Bearer KEY',
    },
  },
  SERVER_HOST_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: ['host'],
    en: {
      what: 'Requests for {host} are not answered here',
      why: 'Without a key the server answers this machine only; a foreign name in Host is how a web page would reach it.',
      fix: 'Open it as http://127.0.0.1 with its port, or start the server with a key.',
    },
    ko: {
      what: '{host}(으)로 온 요청에는 응답하지 않습니다',
      why: '키가 없는 서버는 이 컴퓨터에만 응답합니다. 다른 이름의 Host는 외부 웹 페이지가 접근하는 방법입니다.',
      fix: 'http://127.0.0.1과 포트로 열거나 키를 주고 서버를 시작하세요.',
    },
  },
  SERVER_ORIGIN_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: ['origin'],
    en: {
      what: 'A page of {origin} may not change anything here',
      why: 'A change is taken from this server’s own pages or from a program, never from another site.',
      fix: 'Do it on the dashboard, or from a program without an Origin header.',
    },
    ko: {
      what: '{origin}의 페이지는 여기서 아무것도 바꿀 수 없습니다',
      why: '변경은 이 서버의 화면이나 프로그램에서만 받습니다.',
      fix: '대시보드에서 하거나 Origin 헤더 없이 프로그램에서 요청하세요.',
    },
  },
  SERVER_REQUEST_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['detail'],
    en: {
      what: 'The request is not as the API wants it: {detail}',
      why: 'Every route says in docs/openapi.json what it takes, and takes nothing else.',
      fix: 'Correct the named part.',
    },
    ko: {
      what: '요청이 API가 원하는 형식이 아닙니다: {detail}',
      why: '모든 경로는 docs/openapi.json에 적힌 것만 받습니다.',
      fix: '표시된 부분을 고치세요.',
    },
  },
  SERVER_NOT_FOUND: {
    exit: 'usage',
    retryable: false,
    facts: ['method', 'path'],
    en: {
      what: 'There is nothing at {method} {path}',
      why: 'The address is misspelt, or of another version.',
      fix: 'See docs/openapi.json for what there is.',
    },
    ko: {
      what: '{method} {path}에는 아무것도 없습니다',
      why: '주소를 잘못 썼거나 다른 버전의 주소입니다.',
      fix: '무엇이 있는지는 docs/openapi.json을 보세요.',
    },
  },
  SERVER_TOO_MANY_REQUESTS: {
    exit: 'temporary',
    retryable: true,
    facts: ['perMinuteMax'],
    en: {
      what: 'More than {perMinuteMax} requests a minute',
      why: 'One client must not keep the others from their answers.',
      fix: 'Wait for as long as Retry-After says.',
    },
    ko: {
      what: '분당 요청이 {perMinuteMax}건을 넘었습니다',
      why: '한 클라이언트가 다른 요청을 막아서는 안 됩니다.',
      fix: 'Retry-After가 알려 주는 시간만큼 기다리세요.',
    },
  },
  SERVER_UNEXPECTED: {
    exit: 'unexpected',
    retryable: false,
    facts: ['method', 'path'],
    en: {
      what: '{method} {path} failed unexpectedly',
      why: 'This is a mistake in Millrace; its log has the cause.',
      fix: 'Read the log of the server, and report it with what it says.',
    },
    ko: {
      what: '{method} {path} 처리 중 예상하지 못한 오류가 났습니다',
      why: 'Millrace의 오류이며 원인은 로그에 있습니다.',
      fix: '서버 로그를 읽고 그 내용과 함께 알려 주세요.',
    },
  },
} as const satisfies ErrorTable
