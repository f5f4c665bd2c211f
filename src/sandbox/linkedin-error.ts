import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** A refusal in LinkedIn's words; thrown inside the fake. */
export class LinkedinRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly serviceErrorCode: number | undefined

  constructor(status: number, code: string, message: string, serviceErrorCode?: number) {
    super(message)
    this.status = status
    this.code = code
    this.serviceErrorCode = serviceErrorCode
  }
}

export const wrongArgument = (message: string) => new LinkedinRefusal(400, 'ILLEGAL_ARGUMENT', message)

/** LinkedIn names the kind of limit and no time to come back; those of a day end at midnight UTC. */
export function throttled(retrySeconds: number): LinkedinRefusal {
  const limit = retrySeconds > 300 ? 'APPLICATION DAY limit' : 'limit'
  const message = `Resource level throttle ${limit} for calls to this resource is reached.`
  return new LinkedinRefusal(429, 'TOO_MANY_REQUESTS', message, 101)
}

export function linkedinErrorReply({ status, code, serviceErrorCode, message }: LinkedinRefusal): Reply {
  return jsonReply(status, { status, ...(serviceErrorCode !== undefined && { serviceErrorCode }), code, message })
}
