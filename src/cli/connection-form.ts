import { z } from 'zod'
import { adapterNames } from '../adapters.ts'
import type { Tree } from '../config-check.ts'
import { loadAdapter } from '../config-check.ts'
import { isSecretName } from '../config-secrets.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ConnectionDesk } from '../server/connections.ts'
import type { Invocation } from './command.ts'
import { googlePaste, present } from './connection-draft.ts'
import type { Draft } from './connection-draft.ts'
import { readConnection } from './connection-file.ts'
import { projectSettings } from './project.ts'

export type Filled = Parameters<ConnectionDesk['preview']>[0]
type Form = Awaited<ReturnType<ConnectionDesk['forms']>>['forms'][number]

/** Files have the import, and sources of Airbyte a command: neither is a form. */
export const asked = adapterNames('connector').filter((name) => name !== 'file' && name !== 'airbyte')

/** Addresses and versions are no business of a form: whoever may fill it in must not send credentials elsewhere. */
const isAsked = (name: string): boolean => !/Url$|^apiVersion$|^secrets$/.test(name)

const isSecret = (name: string): boolean => isSecretName(name) || /key$/i.test(name)

export async function formOf(connector: string): Promise<Form> {
  const { options } = await loadAdapter('connector', connector)
  const shape = options instanceof z.ZodObject ? (options.shape as Readonly<Record<string, z.ZodType>>) : {}
  const fields = Object.entries(shape).filter(([name, schema]) => isAsked(name) && isText(schema))
  return {
    connector,
    takesPaste: connector === 'google_ads',
    fields: fields.map(([name, schema]) => ({
      name,
      secret: isSecret(name),
      required: !schema.safeParse(undefined).success,
      hint: schema.description ?? '',
    })),
  }
}

/** A text without a default: what somebody has to know, unlike what is well as it is. */
function isText(schema: z.ZodType): boolean {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema
  return inner instanceof z.ZodString || inner instanceof z.ZodStringFormat
}

/** The section and the secrets of what was filled in. Throws SERVER_CONNECTION_VALUE, CONNECTORS_CREDENTIAL_FILE. */
export async function draftFilled(invocation: Invocation, filled: Filled): Promise<Draft> {
  const { connector, accounts, values, paste = '' } = filled
  const { fields } = await formOf(asked.find((one) => one === connector) ?? refuse('connector', connector))
  const pasted: Draft = paste.trim() === '' ? { section: {}, kept: new Map() } : await googlePaste(paste)
  const kept = new Map(pasted.kept)
  const own: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values).map(([key, text]) => [key, text.trim()] as const)) {
    if (value === '') continue
    if (!fields.some((field) => field.name === name)) refuse(name, 'the form has no such field')
    if (/^(file|stored):/.test(value)) refuse(name, `it begins with ${value.split(':')[0]}:`)
    const isKept = isSecret(name) && !value.startsWith('env:')
    if (isKept) kept.set(name, value)
    own[name] = isKept ? `stored:${name}` : value
  }
  for (const secret of kept.values()) invocation.secrets.add(secret)
  const before = filled.replaces ? ((await sectionNow(invocation, filled.name)) ?? {}) : {}
  return {
    section: present({
      connector,
      sandbox: false,
      levels: before['levels'],
      ...pasted.section,
      ...own,
      accounts: accounts.length > 0 ? accounts : undefined,
    }),
    kept,
  }
}

function refuse(option: string, detail: string): never {
  throw new MillraceError('SERVER_CONNECTION_VALUE', { option, detail })
}

/** What the project says of it now; undefined: nothing. */
export async function sectionNow(invocation: Invocation, name: string): Promise<Tree | undefined> {
  const own = readConnection(invocation.projectDir, name)
  if (own) return own
  const one = (await projectSettings(invocation)).connections[name]
  return (
    one && { connector: one.adapter, ...(one.options['levels'] !== undefined && { levels: one.options['levels'] }) }
  )
}
