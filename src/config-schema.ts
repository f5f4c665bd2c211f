import { z } from 'zod'
import { adapterNames } from './adapters.ts'
import type { Port } from './adapters.ts'
import { embeddedDefaults, frame, frameKeys, givenOptions, loadAdapter } from './config-check.ts'

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [key: string]: unknown }

type Properties = Readonly<Record<string, JsonSchema>>

const draft = 'https://json-schema.org/draft/2020-12/schema'

const schemaOf = (type: z.ZodType): JsonSchema =>
  z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as JsonSchema

/** Any value may come from outside instead; `stored:` in connections only. */
const reference = { type: 'string', pattern: '^(env|file|stored):.+' }

const orReference = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { $ref: '#/$defs/reference' }] })

/** Options of one adapter, with the word that chooses it. What the program gives it, no person writes. */
async function choiceOf(port: Port, key: string, name: string): Promise<JsonSchema> {
  const { options } = await loadAdapter(port, name)
  const { properties = {}, required = [] } = schemaOf(options) as {
    properties?: Properties
    required?: readonly string[]
  }
  const embedded = embeddedDefaults[`${port}/${name}`] ?? {}
  const isTold = (option: string) => !givenOptions.includes(option) && !frameKeys[port].includes(option)
  const own = Object.entries(properties).filter(([option]) => isTold(option))
  return {
    properties: {
      [key]: { const: name },
      ...Object.fromEntries(own.map(([option, schema]) => [option, orReference(schema)])),
    },
    // The sandbox gives what a connection lacks, and embedded defaults what the others do.
    required: port === 'connector' ? [key] : required.filter((one) => isTold(one) && !(one in embedded)),
  }
}

/** One section: the frame's own keys and, by the adapter that is chosen, that adapter's. */
async function sectionOf(port: Port, key: string, around: JsonSchema): Promise<JsonSchema> {
  const { properties = {} } = around as { properties?: Properties }
  const { [key]: chooser, ...beside } = properties
  const choices = await Promise.all(adapterNames(port).map((name) => choiceOf(port, key, name)))
  const allOf = choices.map((then) => {
    const name = (then['properties'] as Properties)[key]
    // Without the word, the default adapter is meant.
    const isDefault = chooser !== undefined && 'default' in chooser && chooser['default'] === name?.['const']
    // oxlint-disable-next-line unicorn/no-thenable -- The word is JSON Schema's; nobody awaits it.
    return { if: { properties: { [key]: name }, ...(!isDefault && { required: [key] }) }, then }
  })
  return { type: 'object', properties: { [key]: chooser, ...beside }, allOf, unevaluatedProperties: false }
}

const at = (schema: JsonSchema, ...path: readonly string[]): JsonSchema =>
  path.reduce<JsonSchema>((inner, key) => (inner[key] ?? {}) as JsonSchema, schema)

/** Of a file of `connections/`. */
export async function connectionSchema(): Promise<JsonSchema> {
  const whole = schemaOf(frame)
  const one = await sectionOf('connector', 'connector', at(whole, 'properties', 'connections', 'additionalProperties'))
  return { $schema: draft, title: 'A connection of Millrace', ...one, required: ['connector'], $defs: { reference } }
}

/** Of `millrace.config.json` and its kind: the frame with every adapter's options, any of them possibly by reference. */
export async function configSchema(): Promise<JsonSchema> {
  const whole = schemaOf(frame)
  const { connections, notify, lake, warehouse, transform, stream, sandbox, ...plain } = at(
    whole,
    'properties',
  ) as Properties
  const members = at(stream ?? {}, 'properties')
  const transformObject = ((transform?.['anyOf'] ?? []) as readonly JsonSchema[]).find(
    (one) => one['type'] === 'object',
  )
  const named = async (port: Port, key: string, section: JsonSchema | undefined): Promise<JsonSchema> => ({
    type: 'object',
    propertyNames: at(section ?? {}, 'propertyNames'),
    additionalProperties: await sectionOf(port, key, at(section ?? {}, 'additionalProperties')),
  })
  return {
    $schema: draft,
    title: 'A project of Millrace',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      ...plain,
      connections: await named('connector', 'connector', connections),
      lake: await sectionOf('lake', 'adapter', lake ?? {}),
      warehouse: await sectionOf('warehouse', 'adapter', warehouse ?? {}),
      transform: { anyOf: [await sectionOf('runner', 'runner', transformObject ?? {}), { const: false }] },
      notify: await named('notifier', 'notifier', notify),
      stream: {
        ...stream,
        properties: {
          ...members,
          log: await sectionOf('log', 'adapter', at(members, 'log')),
          counters: await sectionOf('counters', 'adapter', at(members, 'counters')),
        },
        required: [],
      },
      sandbox: { anyOf: [...((sandbox?.['anyOf'] ?? []) as readonly JsonSchema[]), { const: false }] },
    },
    $defs: { reference },
  }
}
