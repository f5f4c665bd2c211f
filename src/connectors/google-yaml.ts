import { parseDocument } from 'yaml'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'

/** What other tools of Google Ads are told, in the file that all of Google's own client libraries read. */
const yamlSchema = z.looseObject({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  refresh_token: z.string().optional(),
  login_customer_id: z.coerce.string().optional(),
  json_key_file_path: z.string().optional(),
  impersonated_email: z.string().optional(),
})

/** The OAuth client as Google Cloud lets one download it: `client_secret_….json`. */
const clientSchema = z.object({
  installed: z.object({ client_id: z.string(), client_secret: z.string() }).optional(),
  web: z.unknown().optional(),
})

/** Options of a `google_ads` connection that a file of Google's gives; absent ones are not in it. */
export interface GoogleCredentials {
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly refreshToken?: string | undefined
  readonly loginCustomerId?: string | undefined
  /** A file with a service account's key, as it is written. */
  readonly serviceAccountFile?: string | undefined
  readonly impersonate?: string | undefined
}

const unreadable = (file: string, detail: string) => new MillraceError('CONNECTORS_CREDENTIAL_FILE', { file, detail })

/** An existing google-ads.yaml. The developer token in it is left out: Google has ignored it since 9 September 2026. */
export function readGoogleYaml(file: string, text: string): GoogleCredentials {
  const document = parseDocument(text)
  const broken = document.errors[0]
  if (broken) throw unreadable(file, `line ${text.slice(0, broken.pos[0]).split('\n').length} is no YAML`)
  const read = yamlSchema.safeParse(document.toJS())
  if (!read.success) throw unreadable(file, 'it does not look like google-ads.yaml')
  const { data } = read
  const account = data.json_key_file_path
  if (account === undefined && (data.client_id === undefined || data.client_secret === undefined))
    throw unreadable(file, 'it has neither client_id and client_secret nor json_key_file_path')
  return {
    clientId: data.client_id,
    clientSecret: data.client_secret,
    refreshToken: data.refresh_token,
    loginCustomerId: data.login_customer_id?.replaceAll('-', ''),
    serviceAccountFile: account,
    impersonate: data.impersonated_email,
  }
}

/** A downloaded OAuth client. One of the type "Web application" is refused, because Google lets it go back to fixed addresses only. */
export function readGoogleClient(file: string, text: string): GoogleCredentials {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(file, 'it is no JSON')
    throw error
  }
  const read = clientSchema.safeParse(value)
  if (!read.success) throw unreadable(file, 'it does not look like client_secret.json')
  const { installed, web } = read.data
  if (!installed)
    throw unreadable(
      file,
      web === undefined
        ? 'it has no client of the type Desktop app'
        : 'it is a client of the type Web application; make one of the type Desktop app',
    )
  return { clientId: installed.client_id, clientSecret: installed.client_secret }
}
