import type { ErrorTable } from './error-entry.ts'

/** What the collector refuses, and why; each is an HTTP status as well. */
export const streamCollectErrors = {
  STREAM_WRITE_KEYS_NONE: {
    exit: 'config',
    retryable: false,
    facts: [],
    en: {
      what: 'The collector has no write key',
      why: 'Without one nobody could send anything to it, and anybody could not be told apart from you.',
      fix: 'Name one in the configuration: stream: { writeKeys: { web: { key: "env:MILLRACE_WRITE_KEY" } } }.',
    },
    ko: {
      what: '수집기에 쓰기 키가 없습니다',
      why: '키가 없으면 아무도 이벤트를 보낼 수 없고, 누가 보냈는지 구별할 수도 없습니다.',
      fix: '설정에 키를 적으세요: stream: { writeKeys: { web: { key: "env:MILLRACE_WRITE_KEY" } } }.',
    },
  },
  STREAM_KEY_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: [],
    en: {
      what: 'The write key is missing or not known',
      why: 'Events are taken from known senders only. None of this request was kept.',
      fix: 'Send the key as the user of Basic authorization, as X-Write-Key, as writeKey of a JSON body, or as k of a pixel.',
    },
    ko: {
      what: '쓰기 키가 없거나 알 수 없는 키입니다',
      why: '등록된 발신자의 이벤트만 받습니다. 이 요청에서 저장된 것은 없습니다.',
      fix: '키를 Basic 인증의 사용자, X-Write-Key, JSON 본문의 writeKey, 또는 픽셀의 k로 보내세요.',
    },
  },
  STREAM_TOKEN_REFUSED: {
    exit: 'auth',
    retryable: false,
    facts: ['reason'],
    en: {
      what: 'The click link is not one of ours ({reason})',
      why: 'It was not signed by this sender’s click secret, was changed since, or leads to no web address. Nobody is sent anywhere by it.',
      fix: 'Make the link anew with the sender’s clickSecret and an absolute http or https address of ASCII text.',
    },
    ko: {
      what: '우리가 만든 클릭 링크가 아닙니다 ({reason})',
      why: '이 발신자의 클릭 비밀로 서명되지 않았거나, 바뀌었거나, 웹 주소로 이어지지 않습니다. 이 링크로는 이동하지 않습니다.',
      fix: '발신자의 clickSecret과 ASCII로 된 절대 http(s) 주소로 링크를 다시 만드세요.',
    },
  },
  STREAM_BODY_REFUSED: {
    exit: 'usage',
    retryable: false,
    facts: ['reason'],
    en: {
      what: 'The request cannot be read ({reason})',
      why: 'It is no UTF-8 JSON object, no lines of JSON, or packed in a way that is not known. None of it was kept.',
      fix: 'Send JSON as Segment’s API has it, or application/x-ndjson with one event a line; gzip, br, deflate and zstd are unpacked.',
    },
    ko: {
      what: '요청을 읽을 수 없습니다 ({reason})',
      why: 'UTF-8 JSON 객체도, 줄 단위 JSON도 아니거나 알 수 없는 방식으로 압축되었습니다. 저장된 것은 없습니다.',
      fix: 'Segment API 형식의 JSON, 또는 한 줄에 이벤트 하나인 application/x-ndjson으로 보내세요. gzip, br, deflate, zstd를 풉니다.',
    },
  },
  STREAM_BODY_TOO_LARGE: {
    exit: 'usage',
    retryable: false,
    facts: ['bytesMax'],
    en: {
      what: 'The request is larger than {bytesMax} bytes',
      why: 'A request is held in memory until it is durable, so its size has a bound, packed and unpacked. None of it was kept.',
      fix: 'Send smaller batches.',
    },
    ko: {
      what: '요청이 {bytesMax}바이트보다 큽니다',
      why: '요청은 저장될 때까지 메모리에 있으므로 압축 전후 모두 크기 제한이 있습니다. 저장된 것은 없습니다.',
      fix: '더 작은 묶음으로 나누어 보내세요.',
    },
  },
  STREAM_BATCH_TOO_LARGE: {
    exit: 'usage',
    retryable: false,
    facts: ['events', 'eventsMax'],
    en: {
      what: 'The request has {events} events, more than {eventsMax}',
      why: 'A batch is kept whole or refused whole, and is answered when it is durable. None of it was kept.',
      fix: 'Send at most {eventsMax} events a request.',
    },
    ko: {
      what: '요청의 이벤트가 {events}건으로 {eventsMax}건보다 많습니다',
      why: '묶음은 전체가 저장되거나 전체가 거부되며 저장된 뒤에 응답합니다. 저장된 것은 없습니다.',
      fix: '요청당 이벤트를 {eventsMax}건 이하로 보내세요.',
    },
  },
  STREAM_RATE_LIMITED: {
    exit: 'temporary',
    retryable: true,
    facts: ['name', 'ratePerSecond'],
    en: {
      what: 'The key {name} sends more than {ratePerSecond} events a second',
      why: 'Each sender has its share, so that one cannot take the others’. None of this request was kept.',
      fix: 'Send it again after the time in Retry-After, or raise stream.writeKeys.{name}.ratePerSecond.',
    },
    ko: {
      what: '키 {name}이(가) 초당 {ratePerSecond}건보다 많이 보냅니다',
      why: '한 발신자가 다른 발신자의 몫을 쓰지 않도록 한도가 있습니다. 이 요청에서 저장된 것은 없습니다.',
      fix: 'Retry-After 시간 뒤에 다시 보내거나 stream.writeKeys.{name}.ratePerSecond를 올리세요.',
    },
  },
  STREAM_QUEUE_FULL: {
    exit: 'temporary',
    retryable: true,
    facts: ['bytesMax'],
    en: {
      what: 'More than {bytesMax} bytes wait for the event log',
      why: 'The log is slower than what comes in. Nothing is taken that could be lost: none of this request was kept.',
      fix: 'Send it again after the time in Retry-After; when it lasts, look at the log’s disk or add partitions.',
    },
    ko: {
      what: '이벤트 로그를 기다리는 데이터가 {bytesMax}바이트를 넘었습니다',
      why: '로그가 들어오는 속도보다 느립니다. 잃을 수 있는 것은 받지 않으므로 이 요청에서 저장된 것은 없습니다.',
      fix: 'Retry-After 시간 뒤에 다시 보내세요. 계속되면 로그의 디스크를 확인하거나 파티션을 늘리세요.',
    },
  },
} as const satisfies ErrorTable
