import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** A refusal in TikTok's words; thrown inside the fake, answered with HTTP 200 as TikTok does. */
export class TiktokRefusal extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export const wrongParameter = (message: string) => new TiktokRefusal(40002, message)

/** TikTok names the limit that was passed and no time to come back. */
export function tooManyRequests(retrySeconds: number): TiktokRefusal {
  const limit = retrySeconds <= 5 ? 'QPS' : retrySeconds <= 600 ? 'QPM' : 'QPD'
  return new TiktokRefusal(40100, `Too many requests. Your app has reached the ${limit} limit of this interface.`)
}

export function tiktokReply(code: number, message: string, requestId: string, data: unknown): Reply {
  return jsonReply(200, { code, message, request_id: requestId, data })
}
