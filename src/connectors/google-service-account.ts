import { createPrivateKey, createSign } from 'node:crypto'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'

/** As much of a key file as is needed: Google Cloud → IAM → Service accounts → Keys → JSON. */
const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.string().optional(),
})

export type ServiceAccount = z.output<typeof keyFile>

export const adwordsScope = 'https://www.googleapis.com/auth/adwords'

/** Google refuses assertions that live longer. */
const lifeSeconds = 3_600

/** Reads a key file's text. Throws CONNECTORS_AUTH_MISSING without a word of its content. */
export function serviceAccount(text: string): ServiceAccount {
  const refused = (detail: string) =>
    new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'google_ads', account: null, detail })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw refused('the service account key is no JSON')
    throw error
  }
  const read = keyFile.safeParse(value)
  if (!read.success) {
    const fields = read.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw refused(`the service account key is not one of Google Cloud: look at ${fields || 'it'}`)
  }
  try {
    createPrivateKey(read.data.private_key)
  } catch {
    // The cause may quote the key.
    throw refused('the private_key of the service account key cannot be read')
  }
  return read.data
}

/** The form that a service account is given an access token for (RFC 7523); `subject` is the person it stands for, if any. */
export function assertionForm(
  account: ServiceAccount,
  {
    tokenUrl,
    subject,
    nowMs,
  }: { readonly tokenUrl: string; readonly subject: string | undefined; readonly nowMs: number },
): Readonly<Record<string, string>> {
  const iat = Math.floor(nowMs / 1000)
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = encoded({ alg: 'RS256', typ: 'JWT', ...(account.private_key_id && { kid: account.private_key_id }) })
  const claims = encoded({
    iss: account.client_email,
    scope: adwordsScope,
    aud: account.token_uri ?? tokenUrl,
    iat,
    exp: iat + lifeSeconds,
    ...(subject !== undefined && { sub: subject }),
  })
  const signature = createSign('RSA-SHA256').update(`${head}.${claims}`).sign(account.private_key).toString('base64url')
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${head}.${claims}.${signature}`,
  }
}
