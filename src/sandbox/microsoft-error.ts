import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** A refusal in Microsoft's words; thrown inside the fake, answered by `microsoftErrorReply`. */
export class MicrosoftRefusal extends Error {
  readonly status: number
  readonly code: number
  readonly errorCode: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: number,
    errorCode: string,
    message: string,
    {
      status = 400,
      headers = {},
    }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.errorCode = errorCode
    this.headers = headers
  }
}

export const nullRequest = () => new MicrosoftRefusal(100, 'NullRequest', 'The request message is null.')

export const notAuthorized = () =>
  new MicrosoftRefusal(106, 'UserIsNotAuthorized', 'The user does not represent a authorized developer.', {
    status: 403,
  })

/** Refusals of signing in come under `Errors`, all others under `OperationErrors`. */
export function microsoftErrorReply(
  { status, code, errorCode, message, headers }: MicrosoftRefusal,
  id: string,
): Reply {
  const error = { Code: code, Details: null, ErrorCode: errorCode, Message: message }
  const isSignIn = code === 105 || code === 109
  const body = isSignIn
    ? { Errors: [error], TrackingId: id, Type: 'AdApiFaultDetail' }
    : { OperationErrors: [error], BatchErrors: [], TrackingId: id, Type: 'ApiFaultDetail' }
  return jsonReply(status, body, headers)
}
