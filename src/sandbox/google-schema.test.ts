import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import type { BareAnswer } from './bare-client.ts'
import { BareClient } from './bare-client.ts'
import { googleFields, jsonPath } from './google-fields.ts'
import { startSandbox } from './sandbox.ts'

/*
 * Goal: every body that the Google fake answers is one that the real API could answer. Method: the types of the official
 * discovery document become a JSON Schema in which unknown fields are refused, and every route's answers pass through it.
 */
const beside = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/data/google_ads_rest_schema.json')
const schemaPath = process.env['MILLRACE_GOOGLE_SCHEMA'] ?? beside
const absent = !existsSync(schemaPath)
const reason = `no discovery document at ${schemaPath}; name one with MILLRACE_GOOGLE_SCHEMA`

interface Discovery {
  readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>
}

const prefix = 'GoogleAdsGoogleadsV24'

/** Discovery's dialect to JSON Schema: references by name, int64 as digits, nothing unknown. */
function jsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(jsonSchema)
  if (typeof node !== 'object' || node === null) return node
  const { $ref, id: _, format, readOnly: __, properties, items, ...rest } = node as Record<string, unknown>
  if (typeof $ref === 'string') return { $ref: `#/definitions/${$ref}` }
  return {
    ...rest,
    ...(format === 'int64' && { pattern: String.raw`^-?\d+$` }),
    ...(items !== undefined && { items: jsonSchema(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as object).map(([name, one]) => [name, jsonSchema(one)]),
      ),
      additionalProperties: false,
    }),
  }
}

function validators(): (name: string) => ValidateFunction {
  const { schemas } = JSON.parse(readFileSync(schemaPath, 'utf8')) as Discovery
  const definitions = Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, jsonSchema(one)]))
  const ajv = new Ajv({ strict: false, allErrors: true })
  return (name) => ajv.compile({ definitions, $ref: `#/definitions/${prefix}${name}` })
}

/** What is wrong with a body, with the query that it answers; at most three things, for they come by the row. */
function wrong(validate: ValidateFunction, value: unknown, what: string): readonly string[] {
  validate(value)
  return (validate.errors ?? []).slice(0, 3).map(({ instancePath, message }) => `${what}: ${instancePath} ${message}`)
}

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = "segments.date BETWEEN '2026-10-01' AND '2026-10-31'"

/** Every field that the sandbox knows, asked from a resource that has it. */
const everything = [
  ['campaign', /^(?:campaign|campaign_budget|customer|metrics|segments)\./],
  ['customer_client', /^(?:customer_client|customer)\./],
  ['conversion_action', /^(?:conversion_action|customer)\./],
  ['customer', /^(?:customer|metrics)\.|^segments\.(?!conversion)/],
] as const

function fieldsOf(pattern: RegExp): readonly string[] {
  return Object.entries(googleFields)
    .filter(([name, { until }]) => pattern.test(name) && until === undefined && !name.includes('segments.conversion'))
    .map(([name]) => name)
}

/** Asks every resource for all of its fields, by both routes, and returns what is wrong with the answers. */
async function everyAnswer(
  client: BareClient,
  customers: { readonly manager: string; readonly client: string },
): Promise<readonly string[]> {
  const validator = validators()
  const stream = validator('Services__SearchGoogleAdsStreamResponse')
  const page = validator('Services__SearchGoogleAdsResponse')
  const found: string[] = []
  const streamed = async (customerId: string, query: string, more: object = {}) => {
    for (const chunk of (await client.stream(customerId, query, more)).json as readonly unknown[]) {
      found.push(...wrong(stream, chunk, query))
    }
  }
  for (const [resource, pattern] of everything) {
    const fields = fieldsOf(pattern)
    const isMetrics = fields.some((name) => name.startsWith('metrics.'))
    const query = `SELECT ${fields.join(', ')} FROM ${resource}${isMetrics ? ` WHERE ${range}` : ''}`
    const customerId = resource === 'customer_client' ? customers.manager : customers.client
    await streamed(customerId, query, isMetrics ? { summaryRowSetting: 'SUMMARY_ROW_WITH_RESULTS' } : {})
    const searchSettings = { returnTotalResultsCount: true, returnSummaryRow: isMetrics }
    found.push(...wrong(page, (await client.search(customerId, query, { searchSettings })).json, query))
  }
  const actions = ['conversion_action', 'conversion_action_name', 'conversion_action_category'].map(
    (name) => `segments.${name}`,
  )
  await streamed(
    customers.client,
    `SELECT campaign.id, ${actions.join(', ')}, segments.date, metrics.conversions, metrics.all_conversions_value FROM campaign WHERE ${range}`,
  )
  await streamed(customers.client, 'SELECT campaign.id FROM campaign WHERE campaign.id = 1')
  const listed = await client.google('customers:listAccessibleCustomers')
  found.push(...wrong(validator('Services__ListAccessibleCustomersResponse'), listed.json, 'listAccessibleCustomers'))
  return found
}

const refusedQueries = [
  'SELECT',
  'SELECT x.y FROM campaign',
  'SELECT segments.date FROM campaign',
  "SELECT segments.date FROM campaign WHERE segments.date = '2026-02-30'",
]

const refusals = [
  'status_429',
  'status_500',
  'status_503',
  'token_expired',
  'token_revoked',
  'account_suspended',
  'permission_lost',
  'version_sunset',
] as const

describe('bodies of the Google fake', () => {
  test('of streams and pages are SearchGoogleAdsStreamResponse and SearchGoogleAdsResponse', async ({ skip }) => {
    skip(absent, reason)
    await using sandbox = await startSandbox({ seed: 1, nowMs })
    const client = new BareClient(sandbox)
    const { accountId } = client.account('google_ads', 'EUR')
    const found = await everyAnswer(client, { manager: sandbox.credentials.loginCustomerId, client: accountId })
    expect(found).toEqual([])
  })

  test('of errors are GoogleAdsFailure with codes that the API has', async ({ skip }) => {
    skip(absent, reason)
    const failure = validators()('Errors__GoogleAdsFailure')
    await using sandbox = await startSandbox({ seed: 1, nowMs })
    const client = new BareClient(sandbox)
    const { accountId } = client.account('google_ads', 'USD')
    const answers: BareAnswer[] = []
    for (const kind of refusals) {
      sandbox.scenario({ faults: [{ kind, route: 'google.search' }] })
      await client.token()
      answers.push(await client.search(accountId, 'SELECT campaign.id FROM campaign'))
    }
    sandbox.scenario({ faults: [] })
    await client.token()
    for (const query of refusedQueries) answers.push(await client.search(accountId, query))
    answers.push(await client.search('1', 'SELECT campaign.id FROM campaign'))
    answers.push(await client.search(accountId, 'SELECT campaign.id FROM campaign', { pageSize: 3 }))
    expect(answers.flatMap((answer) => wrongError(failure, answer))).toEqual([])
    expect(answers).toHaveLength(refusals.length + refusedQueries.length + 2)
  })

  test('have only fields of the discovery document', ({ skip }) => {
    skip(absent, reason)
    const { schemas } = JSON.parse(readFileSync(schemaPath, 'utf8')) as Discovery
    const row = schemas[`${prefix}Services__GoogleAdsRow`]!.properties as Record<string, { $ref: string }>
    const unknown = Object.entries(googleFields)
      .filter(([, { until }]) => until === undefined)
      .filter(([name]) => {
        const [group, key] = jsonPath(name)
        let properties: Record<string, unknown> | undefined = row
        for (const member of [group, ...key.split('.')]) {
          const found = properties?.[member] as { $ref?: string } | undefined
          if (!found) return true
          properties = found.$ref === undefined ? undefined : schemas[found.$ref]?.properties
        }
        return false
      })
    expect(unknown.map(([name]) => name)).toEqual([])
  })
})

function wrongError(validate: ValidateFunction, answer: BareAnswer): readonly string[] {
  interface Body {
    readonly error: { readonly code: number; readonly details: readonly Readonly<Record<string, unknown>>[] }
  }
  const { error } = answer.json as Body
  const { '@type': type, ...failure } = error.details[0]!
  const isRight =
    error.code === answer.status && type === 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure'
  return [...(isRight ? [] : [`${answer.status}: ${answer.text}`]), ...wrong(validate, failure, answer.text)]
}
