import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

export interface MetaErrorWords {
  readonly subcode?: number
  readonly transient?: boolean
  readonly title?: string
  readonly userMessage?: string
  /** What the usage headers say of when to come back: one header in whole minutes, another in seconds. */
  readonly regainSeconds?: number
}

/** What a refused Graph call says. Meta answers nearly all of it with HTTP 400, throttling too: clients go by the code. */
export class MetaRefusal extends Error {
  readonly status: number
  readonly code: number
  readonly words: MetaErrorWords

  constructor(code: number, message: string, words: MetaErrorWords = {}, status = 400) {
    super(message)
    this.name = 'MetaRefusal'
    this.status = status
    this.code = code
    this.words = words
  }
}

export function invalidParameter(message: string): MetaRefusal {
  return new MetaRefusal(100, `(#100) ${message}`)
}

export function throttled(regainSeconds: number): MetaRefusal {
  return new MetaRefusal(
    80000,
    '(#80000) There have been too many calls from this ad-account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
    {
      subcode: 2446079,
      title: '요청 횟수가 너무 많습니다',
      userMessage: '이 광고 계정의 요청이 너무 많습니다. 잠시 후 다시 시도하세요.',
      regainSeconds,
    },
  )
}

export function tooMuchData(): MetaRefusal {
  return new MetaRefusal(1, "Please reduce the amount of data you're asking for, then retry your request", {}, 500)
}

/** Codes above 99 below 1000 that Meta files under OAuthException even where no token is concerned. */
export function metaErrorReply(
  refusal: MetaRefusal,
  traceId: string,
  headers: Readonly<Record<string, string>>,
): Reply {
  const { subcode, transient, title, userMessage } = refusal.words
  const error = {
    message: refusal.message,
    type: refusal.code === 1 ? 'GraphMethodException' : 'OAuthException',
    code: refusal.code,
    ...(subcode !== undefined && { error_subcode: subcode }),
    ...(transient && { is_transient: true }),
    ...(title && { error_user_title: title }),
    ...(userMessage && { error_user_msg: userMessage }),
    fbtrace_id: traceId,
  }
  return jsonReply(refusal.status, { error }, headers)
}
