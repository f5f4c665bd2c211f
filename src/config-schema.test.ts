import { describe, expect, test } from 'vitest'
import { adapterNames, adapters } from './adapters.ts'
import type { JsonSchema } from './config-schema.ts'
import { configSchema, connectionSchema } from './config-schema.ts'
import type { MillraceConfig } from './config-types.ts'

/** As much of a JSON Schema validator as the schema uses; an unknown word in it fails, so that nothing goes unchecked. */
function problems(schema: JsonSchema, value: unknown, root: JsonSchema, path = ''): readonly string[] {
  return judge(schema, value, root, path).problems
}

const annotations = new Set(['$schema', 'title', 'description', 'default', '$defs', 'format', 'then'])

/** The words of a schema as the checks below need them. */
interface Words extends JsonSchema {
  readonly enum: readonly unknown[]
  readonly pattern: string
  readonly minimum: number
  readonly maximum: number
  readonly exclusiveMinimum: number
  readonly minLength: number
  readonly maxLength: number
  readonly minItems: number
  readonly maxItems: number
  readonly items: JsonSchema
  readonly required: readonly string[]
  readonly propertyNames: JsonSchema
  readonly properties?: JsonSchema
  readonly anyOf: readonly JsonSchema[]
  readonly allOf: readonly JsonSchema[]
}

interface Judged {
  readonly problems: readonly string[]
  readonly seen: ReadonlySet<string>
}

function judge(schema: JsonSchema, value: unknown, root: JsonSchema, path: string): Judged {
  const found: string[] = []
  const seen = new Set<string>()
  const into = ({ problems: inner, seen: keys }: Judged) => {
    found.push(...inner)
    for (const key of keys) seen.add(key)
  }
  const object =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : undefined
  const given = schema as Words
  const sub = (one: unknown, inner: unknown, key: string) => judge(one as JsonSchema, inner, root, `${path}/${key}`)
  const words: Readonly<Record<string, () => void>> = {
    $ref: () => into(judge(at(root, String(given['$ref'])), value, root, path)),
    type: () => isOf(String(given['type']), value) || found.push(`${path} is no ${String(given['type'])}`),
    const: () => value === given['const'] || found.push(`${path} is not ${String(given['const'])}`),
    enum: () => given.enum.includes(value) || found.push(`${path} is none of the choices`),
    pattern: () =>
      typeof value !== 'string' || new RegExp(given.pattern, 'u').test(value) || found.push(`${path} has another form`),
    minimum: () => typeof value !== 'number' || value >= given.minimum || found.push(`${path} is too small`),
    maximum: () => typeof value !== 'number' || value <= given.maximum || found.push(`${path} is too large`),
    exclusiveMinimum: () =>
      typeof value !== 'number' || value > given.exclusiveMinimum || found.push(`${path} is too small`),
    minLength: () => typeof value !== 'string' || value.length >= given.minLength || found.push(`${path} is too short`),
    maxLength: () => typeof value !== 'string' || value.length <= given.maxLength || found.push(`${path} is too long`),
    maxItems: () => !Array.isArray(value) || value.length <= given.maxItems || found.push(`${path} is too long`),
    minItems: () => !Array.isArray(value) || value.length >= given.minItems || found.push(`${path} is too short`),
    items: () => Array.isArray(value) && value.forEach((one, index) => into(sub(given.items, one, String(index)))),
    required: () => object && given.required.forEach((key) => key in object || found.push(`${path}/${key} is missing`)),
    propertyNames: () =>
      object && Object.keys(object).forEach((key) => into({ ...sub(given.propertyNames, key, key), seen: new Set() })),
    properties: () =>
      Object.entries(given.properties ?? {}).forEach(([key, one]) => {
        if (!object || !(key in object)) return
        seen.add(key)
        found.push(...sub(one, object[key], key).problems)
      }),
    additionalProperties: () =>
      object &&
      Object.keys(object).forEach((key) => {
        if (key in (given.properties ?? {})) return
        seen.add(key)
        if (schema['additionalProperties'] === false) found.push(`${path}/${key} is unknown`)
        else found.push(...sub(schema['additionalProperties'], object[key], key).problems)
      }),
    anyOf: () => {
      const each = given.anyOf.map((one) => judge(one, value, root, path))
      into(each.find((one) => one.problems.length === 0) ?? { problems: each[0]?.problems ?? [], seen: new Set() })
    },
    allOf: () => given.allOf.forEach((one) => into(judge(one, value, root, path))),
    if: () => {
      if (judge(schema['if'] as JsonSchema, value, root, path).problems.length === 0)
        into(judge(schema['then'] as JsonSchema, value, root, path))
    },
    unevaluatedProperties: () =>
      schema['unevaluatedProperties'] === false &&
      object &&
      Object.keys(object).forEach((key) => seen.has(key) || found.push(`${path}/${key} is unknown`)),
  }
  const order = ['unevaluatedProperties']
  const keys = Object.keys(schema).sort((a, b) => order.indexOf(a) - order.indexOf(b))
  for (const key of keys.filter((one) => !annotations.has(one))) {
    if (!words[key]) throw new Error(`a word that nobody checks: ${key}`)
    words[key]()
  }
  return { problems: found, seen }
}

function at(root: JsonSchema, pointer: string): JsonSchema {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as JsonSchema)[key], root) as JsonSchema
}

function isOf(type: string, value: unknown): boolean {
  const tests: Readonly<Record<string, boolean>> = {
    object: typeof value === 'object' && value !== null && !Array.isArray(value),
    array: Array.isArray(value),
    null: value === null,
    integer: Number.isInteger(value),
  }
  return tests[type] ?? typeof value === type
}

describe('the schema of a configuration', async () => {
  const schema = await configSchema()
  const found = (value: unknown) => problems(schema, value, schema)

  test('knows every adapter of every section', () => {
    const text = JSON.stringify(schema)
    for (const port of Object.keys(adapters) as (keyof typeof adapters)[])
      for (const name of adapterNames(port)) expect(text).toContain(`"const":"${String(name)}"`)
  })

  test('lets a whole project pass', () => {
    const value: MillraceConfig = {
      sandbox: { seed: 1 },
      connections: { google: { connector: 'google_ads', clientSecret: 'env:GOOGLE_ADS_CLIENT_SECRET' } },
      lake: { adapter: 'folder', root: '.millrace/lake' },
      warehouse: { adapter: 'postgres', url: 'env:MY_POSTGRES_URL' },
      transform: { runner: 'native', project: './dbt', vars: { seed_formulas: false } },
      notify: { mail: { notifier: 'smtp', host: 'mail', from: 'a@b.co', to: ['c@d.co'], language: 'ko' } },
      pipeline: { zone: 'Asia/Seoul', parallelAccounts: 2 },
      stream: { log: { adapter: 'postgres' }, writeKeys: { web: { key: 'env:WEB_KEY' } } },
    }
    expect(found({ $schema: './schema.json', ...value })).toEqual([])
  })

  test('finds a slip, a wrong kind and an option of another adapter, and lets a reference stand for anything', () => {
    expect(found({ lake: { rooot: 'x' } })).toEqual(['/lake/rooot is unknown'])
    expect(found({ pipeline: { parallelAccounts: 'many' } })).toEqual(['/pipeline/parallelAccounts is no integer'])
    expect(found({ connections: { m: { connector: 'meta_ads', clientId: 'x' } } })).toEqual([
      '/connections/m/clientId is unknown',
    ])
    expect(found({ connections: { m: { connector: 'meta_ads', pageLimit: 'env:LIMIT' } }, transform: false })).toEqual(
      [],
    )
    expect(found({ connections: { m: { connector: 'meta_ads', pageLimit: 'x' } } })).not.toEqual([])
  })
})

test('the schema of one connection wants its connector and knows its options', async () => {
  const schema = await connectionSchema()
  expect(
    problems(schema, { connector: 'google_ads', sandbox: false, refreshToken: 'stored:refreshToken' }, schema),
  ).toEqual([])
  expect(problems(schema, { refreshToken: 'x' }, schema)).toContain('/connector is missing')
})
