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
  SERVER_NO_PROJECT: {
    exit: 'dependency',
    retryable: false,
    facts: [],
    en: {
      what: 'This server has no project’s folder',
      why: 'Connections are written into it and files are loaded by what it says; this server was started without one.',
      fix: 'Start the project with: millrace up.',
    },
    ko: {
      what: '이 서버에는 프로젝트 폴더가 없습니다',
      why: '연결은 프로젝트 폴더에 저장되고 파일은 그 설정으로 적재되는데, 폴더 없이 시작된 서버입니다.',
      fix: '다음으로 프로젝트를 시작하세요: millrace up',
    },
  },
  SERVER_CONNECTION_TAKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['name', 'place'],
    en: {
      what: 'There is a connection {name} already, in {place}',
      why: 'A new one would take its place without anybody having said so.',
      fix: 'Choose another name, or renew the one that is there.',
    },
    ko: {
      what: '연결 {name} 이미 있음 ({place})',
      why: '새 연결이 확인 없이 기존 연결을 대신하게 됩니다.',
      fix: '다른 이름을 고르거나 기존 연결을 갱신하세요.',
    },
  },
  SERVER_CONNECTION_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['name'],
    en: {
      what: 'There is no connection {name}',
      why: 'Neither the configuration nor the folder connections has one of that name.',
      fix: 'See those that there are on the screen Connectors, or with: millrace connectors list',
    },
    ko: {
      what: '연결 {name} 없음',
      why: '설정에도 connections 폴더에도 그 이름의 연결이 없습니다.',
      fix: '커넥터 화면이나 다음 명령으로 확인하세요: millrace connectors list',
    },
  },
  SERVER_CONNECTION_VALUE: {
    exit: 'usage',
    retryable: false,
    facts: ['option', 'detail'],
    en: {
      what: 'The value of {option} is not taken from a browser: {detail}',
      why: 'Only what the form asks for is written, and only as a value or as env:NAME; a browser must not make the program read its files.',
      fix: 'Give the value itself, or env:NAME; anything else goes into the connection’s file by hand.',
    },
    ko: {
      what: '브라우저에서 받을 수 없는 {option} 값: {detail}',
      why: '양식에 있는 항목만, 값 그대로 또는 env:이름으로만 저장합니다. 브라우저가 프로그램에게 파일을 읽게 해서는 안 됩니다.',
      fix: '값 자체나 env:이름을 입력하세요. 그 밖의 것은 연결 파일에 직접 적으세요.',
    },
  },
  SERVER_CONNECTION_FIXED: {
    exit: 'usage',
    retryable: false,
    facts: ['name', 'option'],
    en: {
      what: '{option} of {name} is not kept here',
      why: 'Its value comes from where the configuration points, such as a variable; the warehouse keeps nothing that could be renewed.',
      fix: 'Change it there, or make the connection anew so that it is kept here.',
    },
    ko: {
      what: '{name}의 {option} 값이 여기에 보관되어 있지 않습니다',
      why: '값은 환경 변수처럼 설정이 가리키는 곳에서 옵니다. 웨어하우스에 갱신할 값이 없습니다.',
      fix: '그곳에서 바꾸거나, 여기에 보관되도록 연결을 다시 만드세요.',
    },
  },
  SERVER_IMPORT_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['import'],
    en: {
      what: 'There is no file {import} to import',
      why: 'It was loaded already, or it lay here for a day and was thrown away.',
      fix: 'Drop the file once more.',
    },
    ko: {
      what: '가져올 파일 {import} 없음',
      why: '이미 적재되었거나 하루가 지나 지워졌습니다.',
      fix: '파일을 다시 놓으세요.',
    },
  },
  SERVER_FILE_LARGE: {
    exit: 'usage',
    retryable: false,
    facts: ['megabytesMax'],
    en: {
      what: 'The file is larger than {megabytesMax} MB',
      why: 'A browser sends it whole, and a larger one is better read where it lies.',
      fix: 'Load it with: millrace import FILE --platform … --account … --currency … --map …',
    },
    ko: {
      what: '파일이 {megabytesMax}MB보다 큽니다',
      why: '브라우저는 파일 전체를 보냅니다. 더 큰 파일은 있는 자리에서 읽는 편이 낫습니다.',
      fix: '다음으로 적재하세요: millrace import FILE --platform … --account … --currency … --map …',
    },
  },
  SERVER_SELECTION_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['selection'],
    en: {
      what: 'The pasted list {selection} is not known here',
      why: 'The link is from another project, or the list was removed.',
      fix: 'Take the list out of the filters, or paste it again.',
    },
    ko: {
      what: '붙여 넣은 목록 {selection}을(를) 찾을 수 없습니다',
      why: '다른 프로젝트의 링크이거나 목록이 지워졌습니다.',
      fix: '필터에서 목록을 빼거나 다시 붙여 넣으세요.',
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
