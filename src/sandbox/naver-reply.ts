import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** What a refused call says: `{"code":1018,"message":"…"}`, or the gate's own words when no service was reached. */
export class NaverRefusal extends Error {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(body))
    this.name = 'NaverRefusal'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** Codes and words of the table in naver/searchad-apidoc. */
export function naverCoded(status: number, code: number, message: string): NaverRefusal {
  return new NaverRefusal(status, { code, message })
}

/** The gate before the services answers in the form of RFC 7807. */
export function naverGate(title: string, given: string | undefined): NaverRefusal {
  const type = `urn:naver:api:problem:${title.toLowerCase().replaceAll(' ', '-')}`
  return new NaverRefusal(403, { type, title, status: 403, detail: null, signature: given ?? null })
}

export function naverRefusalReply({ status, body, headers }: NaverRefusal): Reply {
  return jsonReply(status, body, headers)
}
