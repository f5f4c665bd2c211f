import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decimal, decimalFromMicros, normalised, sumDecimals } from '../domain/decimal.ts'
import { BareClient, chunks, googleError, googleRows } from './bare-client.ts'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

// 21:00 in Seoul, 04:00 in Los Angeles, 13:00 in Berlin: the running day of each is the 22nd.
const nowMs = Date.parse('2026-11-22T12:00:00Z')
const query = (since: string, until: string) =>
  `SELECT campaign.id, campaign.name, campaign.status, segments.date, metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}'`

let sandbox: Sandbox
let client: BareClient
let usd: string
let krw: string

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, nowMs, tokenLifeSeconds: 1e6 })
  client = new BareClient(sandbox)
  usd = client.account('google_ads', 'USD').accountId
  krw = client.account('google_ads', 'KRW').accountId
})
afterAll(() => sandbox.stop())

describe('searchStream', () => {
  test('answers what the truth says, row by row, and a summary alone in the last chunk that the rows sum to', async () => {
    for (const accountId of [usd, krw]) {
      const answer = await client.stream(accountId, query('2026-10-01', '2026-10-03'), {
        summaryRowSetting: 'SUMMARY_ROW_WITH_RESULTS',
      })
      const rows = googleRows(answer)
      const truth = ['2026-10-01', '2026-10-02', '2026-10-03'].flatMap((day) => [
        ...sandbox.truth('google_ads', accountId, day, nowMs),
      ])
      const text = (row: (typeof truth)[number]) =>
        [row.date, row.campaignId, row.impressions, row.clicks, row.cost, row.conversions, row.conversionValue].join(
          ' ',
        )
      const wire = rows.map(({ campaign, segments, metrics }) =>
        [
          segments!['date'],
          campaign!['id'],
          metrics!['impressions'],
          metrics!['clicks'],
          decimalFromMicros(String(metrics!['costMicros'])),
          decimal(String(metrics!['conversions'])),
          decimal(String(metrics!['conversionsValue'])),
        ].join(' '),
      )
      expect([...wire].sort()).toEqual(truth.map(text).sort())
      const last = chunks(answer).at(-1)!
      expect(last.results).toBeUndefined()
      const sum = (name: string) => sumDecimals(rows.map(({ metrics }) => normalised(decimal(String(metrics![name])))))
      for (const name of ['impressions', 'clicks', 'costMicros', 'conversions', 'conversionsValue']) {
        expect([name, decimal(String(last.summaryRow!.metrics![name]))]).toEqual([name, sum(name)])
      }
    }
  })

  test('is the same bytes from a second sandbox of the seed', async () => {
    await using twin = await startSandbox({ seed: 1, nowMs })
    const ask = async (one: Sandbox) =>
      chunks(await new BareClient(one).stream(usd, query('2026-09-01', '2026-10-31'))).map(({ results }) =>
        JSON.stringify(results),
      )
    expect(await ask(twin)).toEqual(await ask(sandbox))
  })

  test('knows a part of the running day, the day itself by the account’s zone, and nothing of tomorrow', async () => {
    const at = async (ms: number) => {
      sandbox.setClock(ms)
      const rows = googleRows(
        await client.stream(
          krw,
          'SELECT segments.date, metrics.impressions FROM customer WHERE segments.date DURING TODAY',
        ),
      )
      return rows[0]
    }
    const noon = await at(Date.parse('2026-11-22T03:00:00Z'))
    const evening = await at(Date.parse('2026-11-22T14:00:00Z'))
    expect(noon!.segments!['date']).toBe('2026-11-22')
    expect(Number(noon!.metrics!['impressions'])).toBeLessThan(Number(evening!.metrics!['impressions']))
    expect(await at(Date.parse('2026-11-22T15:00:00Z'))).toBeUndefined()
    sandbox.setClock(nowMs)
    expect(googleRows(await client.stream(krw, query('2026-11-23', '2026-11-25')))).toEqual([])
  })

  test('leaves out zero rows when segmented and shows them when not', async () => {
    const idle = googleRows(await client.stream(usd, 'SELECT campaign.id, metrics.impressions FROM campaign')).filter(
      ({ metrics }) => metrics!['impressions'] === '0',
    )
    expect(idle.length).toBeGreaterThan(0)
    const segmented = googleRows(await client.stream(usd, query('2026-10-01', '2026-10-31')))
    expect(segmented.some(({ campaign }) => campaign!['id'] === idle[0]!.campaign!['id'])).toBe(false)
  })

  test('filters, orders and limits as the query says', async () => {
    const rows = googleRows(
      await client.stream(
        usd,
        "SELECT campaign.name, campaign.status, segments.date, metrics.clicks FROM campaign WHERE segments.date DURING LAST_14_DAYS AND campaign.status IN ('ENABLED') AND metrics.clicks > 5 AND campaign.name NOT LIKE '%Brand%' ORDER BY metrics.clicks DESC, segments.date LIMIT 7",
      ),
    )
    const clicks = rows.map(({ metrics }) => Number(metrics!['clicks']))
    expect(clicks).toHaveLength(7)
    expect(clicks).toEqual([...clicks].sort((a, b) => b - a))
    expect(
      rows.every(({ campaign }) => campaign!['status'] === 'ENABLED' && !campaign!['name']!.includes('Brand')),
    ).toBe(true)
  })

  test('splits conversions by action so that the parts sum to the whole', async () => {
    const where = "WHERE segments.date BETWEEN '2026-10-01' AND '2026-10-07'"
    const whole = googleRows(
      await client.stream(usd, `SELECT metrics.conversions, metrics.conversions_value FROM customer ${where}`),
    )
    const parts = googleRows(
      await client.stream(
        usd,
        `SELECT segments.conversion_action_name, metrics.conversions, metrics.conversions_value FROM customer ${where}`,
      ),
    )
    expect(parts).toHaveLength(2)
    for (const name of ['conversions', 'conversionsValue']) {
      expect(sumDecimals(parts.map(({ metrics }) => decimal(String(metrics![name]))))).toBe(
        decimal(String(whole[0]!.metrics![name])),
      )
    }
  })
})

describe('search', () => {
  test('gives pages of 10,000 rows by tokens, then the summary in a page of its own, and counts one operation', async () => {
    await using bulk = await startSandbox({ seed: 2, nowMs, world: { bulk: { accounts: 1, campaigns: 800 } } })
    const bulkClient = new BareClient(bulk)
    const accountId = bulk.accounts[0]!.accountId
    const sizes: number[] = []
    const counts = new Set<string | undefined>()
    let pageToken: string | undefined
    let summary: unknown
    do {
      const [page] = chunks(
        await bulkClient.search(accountId, query('2026-10-01', '2026-10-30'), {
          ...(pageToken && { pageToken }),
          searchSettings: { returnSummaryRow: true, returnTotalResultsCount: true },
        }),
      )
      counts.add(page!.totalResultsCount)
      sizes.push(page!.results?.length ?? 0)
      summary = page!.summaryRow
      pageToken = page!.nextPageToken
    } while (pageToken)
    expect(sizes).toEqual([10_000, 10_000, 4_000, 0])
    expect([...counts]).toEqual(['24000', undefined])
    expect(summary).toBeDefined()
    expect(bulk.quota().googleOperations).toBe(1)
    const stream = await bulkClient.stream(accountId, query('2026-10-01', '2026-10-30'), {
      summaryRowSetting: 'SUMMARY_ROW_WITH_RESULTS',
    })
    expect(chunks(stream).map(({ results }) => results?.length)).toEqual([10_000, 10_000, 4_000, undefined])
    expect(chunks(stream).at(-1)!.summaryRow).toEqual(summary)
  })

  test('refuses a page size, a foreign token and an old one', async () => {
    await using bulk = await startSandbox({
      seed: 2,
      nowMs,
      tokenLifeSeconds: 1e6,
      world: { bulk: { accounts: 1, campaigns: 400 } },
    })
    const bulkClient = new BareClient(bulk)
    const accountId = bulk.accounts[0]!.accountId
    const text = query('2026-10-01', '2026-10-30')
    const [page] = chunks(await bulkClient.search(accountId, text))
    const pageToken = page!.nextPageToken
    expect(googleError(await bulkClient.search(accountId, text, { pageSize: 10 }))).toBe(
      '400 requestError PAGE_SIZE_NOT_SUPPORTED',
    )
    expect(googleError(await bulkClient.search(accountId, query('2026-10-01', '2026-10-29'), { pageToken }))).toBe(
      '400 requestError INVALID_PAGE_TOKEN',
    )
    expect(googleError(await bulkClient.search(accountId, text, { pageToken: 'nonsense' }))).toBe(
      '400 requestError INVALID_PAGE_TOKEN',
    )
    bulk.setClock(nowMs + 3 * 3_600_000)
    expect(googleError(await bulkClient.search(accountId, text, { pageToken }))).toBe(
      '400 requestError EXPIRED_PAGE_TOKEN',
    )
  })

  test('finds the accounts below the manager', async () => {
    const rows = googleRows(
      await client.search(
        sandbox.credentials.loginCustomerId,
        'SELECT customer_client.id, customer_client.level, customer_client.currency_code FROM customer_client WHERE customer_client.manager = FALSE',
      ),
    )
    expect(rows.map(({ customerClient }) => customerClient!['currencyCode'])).toEqual(['KRW', 'USD', 'EUR'])
    const listed = await client.google('customers:listAccessibleCustomers')
    expect(listed.json).toEqual({ resourceNames: [`customers/${sandbox.credentials.loginCustomerId}`] })
  })
})

const refused: readonly (readonly [query: string, code: string])[] = [
  ['FROM campaign', 'queryError EXPECTED_SELECT'],
  ['SELECT campaign.id campaign', 'queryError EXPECTED_FROM'],
  ['SELECT campaign.id FROM', 'queryError UNEXPECTED_END_OF_QUERY'],
  ['SELECT campaign.id FROM campaign WHERE campaign.id = 1 OR campaign.id = 2', 'queryError UNEXPECTED_INPUT'],
  ['SELECT campaign.id FROM campaigns', 'queryError BAD_RESOURCE_TYPE_IN_FROM_CLAUSE'],
  ['SELECT campaign.ids FROM campaign', 'queryError UNRECOGNIZED_FIELD'],
  ['SELECT campaign.start_date FROM campaign', 'queryError UNRECOGNIZED_FIELD'],
  ['SELECT campaign.id FROM customer', 'queryError PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE'],
  ["SELECT campaign.id FROM campaign WHERE campaign.status = 'ACTIVE'", 'queryError BAD_ENUM_CONSTANT'],
  ["SELECT campaign.id FROM campaign WHERE campaign.name = 'x", 'queryError STRING_NOT_TERMINATED'],
  ['SELECT campaign.id FROM campaign WHERE campaign.id ~ 3', 'queryError BAD_SYMBOL'],
  ['SELECT campaign.id FROM campaign WHERE campaign.id NEAR 3', 'queryError BAD_OPERATOR'],
  ['SELECT campaign.id FROM campaign WHERE campaign.id IN 3', 'queryError EXPECTED_LIST'],
  ['SELECT campaign.id FROM campaign WHERE campaign.id IN ()', 'queryError PROHIBITED_EMPTY_LIST_IN_CONDITION'],
  ["SELECT campaign.id FROM campaign WHERE campaign.id = 'x'", 'queryError BAD_NUMBER'],
  ['SELECT campaign.id FROM campaign LIMIT x', 'queryError BAD_LIMIT_VALUE'],
  ['SELECT campaign.id FROM campaign LIMIT 0', 'queryError LIMIT_VALUE_TOO_LOW'],
  ['SELECT campaign.id FROM campaign ORDER campaign.id', 'queryError EXPECTED_BY'],
  ['SELECT campaign.id FROM campaign PARAMETERS x = true', 'queryError BAD_PARAMETER_NAME'],
  ['SELECT campaign.id FROM campaign ORDER BY metrics.clicks', 'queryError EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE'],
  ['SELECT segments.date, metrics.clicks FROM campaign', 'queryError EXPECTED_FILTERS_ON_DATE_RANGE'],
  [
    "SELECT segments.date FROM campaign WHERE segments.date >= '2026-10-01'",
    'queryError EXPECTED_FILTERS_ON_DATE_RANGE',
  ],
  ["SELECT segments.date FROM campaign WHERE segments.date = '01.10.2026'", 'queryError INVALID_DATE_FORMAT'],
  ["SELECT segments.date FROM campaign WHERE segments.date = '2026-02-30'", 'dateRangeError INVALID_DATE'],
  [
    "SELECT segments.date FROM campaign WHERE segments.date BETWEEN '2026-10-02' AND '2026-10-01'",
    'dateRangeError START_DATE_AFTER_END_DATE',
  ],
  [
    "SELECT segments.date FROM campaign WHERE segments.date BETWEEN '2023-01-01' AND '2026-10-01'",
    'dateRangeError REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED',
  ],
  [
    'SELECT segments.date FROM campaign WHERE segments.date DURING LAST_CENTURY',
    'queryError INVALID_VALUE_WITH_DURING_OPERATOR',
  ],
  ['SELECT campaign.id FROM campaign WHERE campaign.id DURING TODAY', 'queryError OPERATOR_FIELD_MISMATCH'],
  [
    "SELECT campaign.id, segments.conversion_action, metrics.cost_micros FROM campaign WHERE segments.date = '2026-10-01'",
    'queryError PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE',
  ],
  [
    'SELECT customer_client.id, metrics.clicks FROM customer_client',
    'queryError PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE',
  ],
  ['', 'requestError REQUIRED_FIELD_MISSING'],
]

describe('refusals', () => {
  test.for(refused)('%s → %s', async ([text, code]) => {
    expect(googleError(await client.stream(usd, text))).toBe(`400 ${code}`)
    expect(googleError(await client.search(usd, text))).toBe(`400 ${code}`)
  })

  test('are an array from searchStream and an object from search', async () => {
    expect(Array.isArray((await client.stream(usd, 'SELECT')).json)).toBe(true)
    expect(Array.isArray((await client.search(usd, 'SELECT')).json)).toBe(false)
  })

  test('cost no operation, and metrics of a manager are one of them', async () => {
    const before = sandbox.quota().googleOperations
    expect(
      googleError(await client.stream(sandbox.credentials.loginCustomerId, 'SELECT metrics.clicks FROM customer')),
    ).toBe('400 queryError REQUESTED_METRICS_FOR_MANAGER')
    expect(sandbox.quota().googleOperations).toBe(before)
  })

  test('tell a missing manager header, a wrong one, one with dashes, and a stranger’s account apart', async () => {
    const ask = async (accountId: string, headers: Readonly<Record<string, string>>) =>
      googleError(
        await client.google(
          `customers/${accountId}/googleAds:search`,
          { query: 'SELECT customer.id FROM customer' },
          headers,
        ),
      )
    const manager = sandbox.credentials.loginCustomerId
    expect(await ask(usd, { 'login-customer-id': krw })).toBe(
      '403 authorizationError INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION',
    )
    expect(await ask(usd, { 'login-customer-id': '1112223333' })).toBe('403 authorizationError USER_PERMISSION_DENIED')
    expect(await ask(usd, { 'login-customer-id': '111-222-3333' })).toBe('400 headerError INVALID_LOGIN_CUSTOMER_ID')
    expect(await ask('111-222-3333', {})).toBe('400 requestError INVALID_CUSTOMER_ID')
    expect(await ask('1112223333', {})).toBe('403 authorizationError USER_PERMISSION_DENIED')
    const response = await fetch(`${sandbox.googleAdsUrl}/v26/customers/${usd}/googleAds:search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${(await client.token()).text.match(/ya29[^"]+/)![0]}` },
      body: JSON.stringify({ query: 'SELECT customer.id FROM customer' }),
    })
    expect(response.status).toBe(403)
    expect(manager).toMatch(/^\d{10}$/)
  })

  test('of versions: too old is an error, 22 to 26 are served, newer ones do not exist', async () => {
    const body = { query: 'SELECT customer.id FROM customer' }
    const ask = (version: string) => client.google(`customers/${usd}/googleAds:search`, body, {}, version)
    expect(googleError(await ask('v21'))).toBe('400 requestError UNSUPPORTED_VERSION')
    for (const version of ['v22', 'v23', 'v24', 'v25', 'v26']) expect((await ask(version)).status).toBe(200)
    expect((await ask('v27')).status).toBe(404)
    const old = await client.google(
      `customers/${usd}/googleAds:search`,
      { query: 'SELECT campaign.start_date FROM campaign' },
      {},
      'v22',
    )
    expect(old.status).toBe(200)
  })
})

describe('access', () => {
  test('tokens expire on the sandbox’s clock, and the endpoint knows its client and its grant', async () => {
    await using own = await startSandbox({ seed: 4, nowMs, tokenLifeSeconds: 100 })
    const ownClient = new BareClient(own)
    const ask = async () => googleError(await ownClient.google('customers:listAccessibleCustomers'))
    expect((await ownClient.google('customers:listAccessibleCustomers')).status).toBe(200)
    own.setClock(nowMs + 101_000)
    expect(await ask()).toBe('401 authenticationError OAUTH_TOKEN_EXPIRED')
    expect((await ownClient.token()).json).toMatchObject({ expires_in: 100, token_type: 'Bearer' })
    expect((await ownClient.google('customers:listAccessibleCustomers')).status).toBe(200)
    expect((await ownClient.token({ refresh_token: 'other' })).json).toMatchObject({ error: 'invalid_grant' })
    expect((await ownClient.token({ client_secret: 'other' })).json).toMatchObject({ error: 'invalid_client' })
    expect((await ownClient.token({ grant_type: 'password' })).json).toMatchObject({ error: 'unsupported_grant_type' })
    expect(
      googleError(
        await ownClient.google('customers:listAccessibleCustomers', undefined, { authorization: 'Bearer x' }),
      ),
    ).toBe('401 authenticationError OAUTH_TOKEN_INVALID')
  })

  test('the quota of operations ends in 429 with the delay until it is renewed', async () => {
    await using own = await startSandbox({ seed: 4, nowMs, googleOperationsPerDay: 2, tokenLifeSeconds: 1e6 })
    const ownClient = new BareClient(own)
    for (let i = 0; i < 2; i++) await ownClient.google('customers:listAccessibleCustomers')
    own.setClock(nowMs + 400_000)
    const answer = await ownClient.google('customers:listAccessibleCustomers')
    expect(googleError(answer)).toBe('429 quotaError RESOURCE_EXHAUSTED')
    expect(answer.text).toContain('"retryDelay":"86000s"')
    own.setClock(nowMs + 86_400_000)
    expect((await ownClient.google('customers:listAccessibleCustomers')).status).toBe(200)
  })

  test('a developer token is ignored, or refused by option', async () => {
    expect(
      (await client.google('customers:listAccessibleCustomers', undefined, { 'developer-token': 'x' })).status,
    ).toBe(200)
    await using own = await startSandbox({ seed: 4, nowMs, developerToken: 'rejected' })
    expect(
      googleError(
        await new BareClient(own).google('customers:listAccessibleCustomers', undefined, { 'developer-token': 'x' }),
      ),
    ).toBe('401 authenticationError DEVELOPER_TOKEN_INVALID')
  })
})

describe('the field service', () => {
  const asked = async (query: string, version = 'v26') =>
    client.google('googleAdsFields:search', { query }, {}, version)
  const results = (answer: Awaited<ReturnType<typeof asked>>) =>
    (answer.json as { results?: readonly Readonly<Record<string, unknown>>[] }).results ?? []

  test('tells what may be asked for, by a query without FROM; what it tells is what queries obey', async () => {
    const [clicks] = results(
      await asked("SELECT name, category, data_type, selectable_with WHERE name = 'metrics.clicks'"),
    )
    expect(clicks).toMatchObject({
      resourceName: 'googleAdsFields/metrics.clicks',
      category: 'METRIC',
      dataType: 'INT64',
      selectableWith: expect.arrayContaining(['campaign', 'segments.date']) as string[],
    })
    // What GAQL refuses beside clicks, the service does not list there, and beside conversions it does.
    expect(clicks?.['selectableWith']).not.toContain('segments.conversion_action')
    const [conversions] = results(await asked("SELECT selectable_with WHERE name = 'metrics.conversions'"))
    expect(conversions?.['selectableWith']).toContain('segments.conversion_action')
    const [campaign] = results(
      await asked("SELECT name, category, metrics, attribute_resources WHERE name = 'campaign'"),
    )
    expect(campaign).toMatchObject({ category: 'RESOURCE', attributeResources: ['campaign_budget', 'customer'] })
    const metrics = (campaign?.['metrics'] ?? []) as readonly string[]
    expect(metrics.length).toBeGreaterThan(10)
    for (const metric of metrics)
      expect([metric, (await client.search(usd, `SELECT ${metric} FROM campaign LIMIT 1`)).status]).toEqual([
        metric,
        200,
      ])
    const [status] = results(await asked("SELECT data_type, enum_values WHERE name = 'campaign.status'"))
    expect(status).toMatchObject({ dataType: 'ENUM', enumValues: expect.arrayContaining(['REMOVED']) as string[] })
  })

  test('knows the fields of its version, and refuses what it does not know', async () => {
    const named = async (version: string) =>
      results(await asked("SELECT name WHERE name LIKE 'metrics.video%'", version)).map((one) => one['name'])
    expect([await named('v22'), await named('v26')]).toEqual([
      ['metrics.video_views'],
      ['metrics.video_trueview_views'],
    ])
    expect(googleError(await asked('SELECT name FROM google_ads_field'))).toBe('400 queryError UNEXPECTED_FROM_CLAUSE')
    expect(googleError(await asked('SELECT colour'))).toBe('400 queryError UNRECOGNIZED_FIELD')
    expect(results(await asked('SELECT name LIMIT 3')).length).toBe(3)
    const { json } = await client.google('googleAdsFields:search', { query: 'SELECT name', pageSize: 5 })
    expect((json as { nextPageToken?: string }).nextPageToken).toBe('5')
  })
})
