import type { ErrorTable } from './error-entry.ts'

export const notifyErrors = {
  NOTIFY_UNAVAILABLE: {
    exit: 'temporary',
    retryable: true,
    facts: ['place', 'reply'],
    en: {
      what: 'The message could not be delivered to {place}: {reply}',
      why: 'The other side did not answer, or asked to be tried later. The message waits in the outbox.',
      fix: 'Nothing at once: it is tried again by itself, seven times within about seven hours. If it stays so, check that {place} is right and reachable.',
    },
    ko: {
      what: '{place}(으)로 메시지를 보내지 못했습니다: {reply}',
      why: '상대가 답하지 않았거나 나중에 다시 보내라고 했습니다. 메시지는 발신함에서 기다립니다.',
      fix: '당장 할 일은 없습니다. 약 7시간 동안 일곱 번 다시 보냅니다. 계속되면 {place}이(가) 맞는지, 연결되는지 확인하세요.',
    },
  },
  NOTIFY_REFUSED: {
    exit: 'run',
    retryable: false,
    facts: ['place', 'reply'],
    en: {
      what: '{place} refused the message: {reply}',
      why: 'The other side will never take this message as it is, so it is not sent again and stays in the outbox as undeliverable.',
      fix: 'Correct the recipients or the sender of the channel; the next message goes out with the correction.',
    },
    ko: {
      what: '{place}이(가) 메시지를 거부했습니다: {reply}',
      why: '상대가 이 메시지를 받지 않으므로 다시 보내지 않고 발신함에 배달 불가로 남깁니다.',
      fix: '채널의 수신자나 발신자를 고치세요. 다음 메시지부터 적용됩니다.',
    },
  },
  NOTIFY_AUTH: {
    exit: 'auth',
    retryable: false,
    facts: ['place', 'reply'],
    en: {
      what: '{place} did not accept the user name or password: {reply}',
      why: 'The credentials of the channel are wrong, expired or not allowed to send.',
      fix: 'Correct user and password of the channel. Waiting messages are tried again until their last attempt.',
    },
    ko: {
      what: '{place}이(가) 사용자 이름 또는 비밀번호를 받아들이지 않았습니다: {reply}',
      why: '채널의 인증 정보가 틀렸거나 만료되었거나 보낼 권한이 없습니다.',
      fix: '채널의 사용자와 비밀번호를 고치세요. 기다리는 메시지는 마지막 시도까지 다시 보냅니다.',
    },
  },
  NOTIFY_CHANNEL_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['channel', 'known'],
    en: {
      what: 'There is no channel "{channel}"',
      why: 'The project has these under notify: {known}.',
      fix: 'Name one of them, or add the channel to millrace.config.ts.',
    },
    ko: {
      what: '"{channel}" 채널이 없습니다',
      why: '프로젝트의 notify에 있는 채널: {known}.',
      fix: '그중 하나를 지정하거나 millrace.config.ts에 채널을 추가하세요.',
    },
  },
} as const satisfies ErrorTable
