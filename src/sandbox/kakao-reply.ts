import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** What a refused call says: most with HTTP 400, so that clients must go by the code. */
export class KakaoRefusal extends Error {
  readonly status: number
  readonly code: number
  readonly extras: object | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: number,
    message: string,
    more: { readonly extras?: object; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.name = 'KakaoRefusal'
    this.status = status
    this.code = code
    this.extras = more.extras
    this.headers = more.headers ?? {}
  }
}

/** Kakao Moment's own refusals have one code; what happened is in the extras. */
export function kakaoRefused(detailCode: number, detailMsg: string): KakaoRefusal {
  return new KakaoRefusal(400, -813, 'KakaoMomentException', { extras: { detailCode, detailMsg } })
}

export function wrongParameter(name: string): KakaoRefusal {
  return new KakaoRefusal(400, -2, `wrong parameter: ${name}`)
}

export function limitExceeded(headers: Readonly<Record<string, string>> = {}): KakaoRefusal {
  return new KakaoRefusal(400, -10, 'API limit has been exceeded.', { headers })
}

export function kakaoRefusalReply({ status, code, message, extras, headers }: KakaoRefusal): Reply {
  return jsonReply(status, { code, msg: message, ...(extras && { extras }) }, headers)
}
