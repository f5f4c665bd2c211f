// The dashboard in a real browser, over the real demo.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RouteOutput } from '../src/server/contract.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { root } from './bootstrap-fixture.ts'
import type { RunningDemo } from './dashboard-fixture.ts'
import { chromiumPath, millrace, openBrowser, startDemo, tabTo, watchPage } from './dashboard-fixture.ts'

const screens = [
  { path: '/', name: 'overview' },
  { path: '/runs', name: 'runs' },
  // Of one currency: a third of the rows, each drawn as the others are.
  { path: '/campaigns?currency=EUR', name: 'campaigns' },
  { path: '/compare', name: 'compare' },
  { path: '/live', name: 'live' },
  { path: '/quality', name: 'quality' },
  { path: '/connectors', name: 'connectors' },
  { path: '/alerts', name: 'alerts' },
  { path: '/lineage', name: 'lineage' },
  { path: '/settings', name: 'settings' },
]
const isLong = process.env['MILLRACE_LONG'] === '1'
/** Rules whose answer a theme, a language or a width can change. */
const ofLooks = [
  'color-contrast',
  'target-size',
  'label-content-name-mismatch',
  'scrollable-region-focusable',
  'valid-lang',
  'html-has-lang',
]
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

test('no screen draws a number by chance', () => {
  const found = globSync('src/web/*.{ts,tsx}', { cwd: root }).filter((file) =>
    /Math\.random|getRandomValues/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(found).toEqual([])
})

const whyNot = chromiumPath === undefined ? 'no Chromium at /usr/bin/chromium or MILLRACE_TEST_CHROMIUM' : undefined

describe.skipIf(whyNot !== undefined)('the dashboard of the demo', () => {
  let demo: RunningDemo
  let browser: Browser
  /** One visitor, whose browser keeps the program between pages. */
  let visitor: BrowserContext
  /** Platforms that the demo has no connection to yet, as if they were the real ones. */
  let real: Sandbox
  beforeAll(async () => {
    real = await startSandbox({
      seed: 8,
      // As the demo's clock, which begins at noon: a token of two hours is alive in both.
      nowMs: Date.parse('2026-11-22T12:00:00Z'),
      world: {
        accounts: (['naver_searchad', 'google_ads', 'meta_ads'] as const).map((platform) => ({
          platform,
          currency: 'KRW',
          zone: 'Asia/Seoul',
        })),
      },
    })
    demo = await startDemo({
      env: {
        MILLRACE_NAVER_SEARCHAD_BASE_URL: String(real.connections.naver_searchad['baseUrl']),
      },
      // Enough to be seen; a thousand a second would take a core from everything else that is looked at here.
      events: 50,
    })
    browser = await openBrowser()
    visitor = await browser.newContext()
    await demo.done
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await demo?.[Symbol.asyncDispose]()
    await real?.stop()
  })

  test('the first line of the demo says where it listens', () => {
    expect(demo.first).toEqual({ event: 'ready', url: demo.url })
    expect(demo.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  test('every figure of the overview is what its own query and SQL of another form say', async () => {
    const overview = (await (await fetch(`${demo.url}/api/v1/overview`)).json()) as RouteOutput<'GET /api/v1/overview'>
    const volume = overview.volume.reduce((sum, row) => sum + row.rows, 0)
    const done = (await demo.done) as {
      readonly rows: number
      readonly checks: { readonly pass: number }
      readonly models: number
    }
    expect(volume).toBe(done.rows)
    expect(overview.cards.models.models).toBe(done.models)
    expect(overview.date).toBe('2026-11-21')
    expect(overview.verdict).toMatchObject({ in: 'yes', published: 6, expected: 6 })
    expect(overview.cards.quality.judged).toBe(
      overview.cards.quality.passed + overview.cards.quality.warned + overview.cards.quality.failed,
    )
    const money =
      await demo.ask(`select f.currency, trim_scale(sum(f.cost))::text as cost, trim_scale(sum(f.conversions))::text as conversions,
              round(sum(f.cost) / nullif(sum(f.conversions), 0), 6)::text as cpa from fact_ad_daily f
       where f.date = '2026-11-21' and f.level = 'campaign' and f.breakdown_key = '' group by f.currency order by f.currency`)
    expect(
      overview.money.map(({ currency, cost, conversions, cpa }) => ({ currency, cost, conversions, cpa })),
    ).toEqual(money)
    const days =
      await demo.ask(`select date::text, platform, count(*)::int as rows from fact_ad_daily where date between '2026-10-23' and '2026-11-21'
       group by date, platform order by date, platform`)
    expect(overview.volume).toEqual(days)
    for (const [name, { query, asOf, rows }] of Object.entries(overview.sources)) {
      expect({ name, isQuery: /select/i.test(query) }).toEqual({ name, isQuery: true })
      expect(Date.parse(asOf)).not.toBeNaN()
      expect(rows).toBeGreaterThanOrEqual(0)
    }
  })

  test('the four cards carry the seed’s words in Korean, and the tab says which screen it is', async () => {
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/?lang=ko`)
    // By its role: the same words stand in the hidden explanation of the figure as soon as that is there.
    await page
      .getByRole('heading', { level: 2, name: /^파이프라인 실행/ })
      .first()
      .waitFor()
    await page.getByRole('heading', { level: 1 }).filter({ hasText: '2026-11-21' }).waitFor()
    const cards = await page.locator('.card').allInnerTexts()
    const said = cards.join('\n')
    for (const word of ['파이프라인 실행', '성공', '데이터 품질', '양호', '실시간 스트림', 'DBT 모델', '최신'])
      expect(said).toContain(word)
    expect(await page.title()).toContain('개요')
    for (const words of [
      '일별 데이터 볼륨',
      '파이프라인 실행 시간',
      '데이터 품질 점수',
      '에러 및 알림',
      '새로고침 간격',
    ])
      expect(await page.getByText(words).count()).toBeGreaterThan(0)
    await page.locator('.recharts-area-area').first().waitFor()
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  })

  test('the date is the same in every browser’s zone, and the address keeps it', async () => {
    const texts = await Promise.all(
      ['Asia/Seoul', 'UTC', 'America/Los_Angeles'].map(async (timezoneId) => {
        const context = await browser.newContext({ timezoneId })
        const page = await context.newPage()
        await page.goto(`${demo.url}/?date=2026-11-20&lang=en`)
        await page.getByRole('heading', { level: 1 }).filter({ hasText: '2026-11-20' }).waitFor()
        const text = await page.locator('.accounts').innerText()
        await page.getByRole('button', { name: 'Previous day' }).click()
        await page.getByRole('heading', { level: 1 }).filter({ hasText: '2026-11-19' }).waitFor()
        expect(new URL(page.url()).searchParams.get('date')).toBe('2026-11-19')
        await context.close()
        return text
      }),
    )
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('11-20')
  })

  test('campaigns filtered and exported are as many as SQL counts, in a file that Excel reads', async () => {
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/campaigns?from=2026-11-15&to=2026-11-21&lang=en`)
    await page.getByRole('combobox', { name: 'Currency' }).selectOption('KRW')
    await page.getByText('Total KRW').waitFor()
    expect(new URL(page.url()).searchParams.get('currency')).toBe('KRW')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'CSV' }).click()
    const text = readFileSync((await (await download).path()) ?? '', 'utf8')
    const lines = text.slice(1).trimEnd().split('\r\n')
    const [row] =
      await demo.ask(`select count(distinct (platform, account_id, entity_id))::int as campaigns from fact_ad_daily
       where currency = 'KRW' and date between '2026-11-15' and '2026-11-21'`)
    expect(text.codePointAt(0)).toBe(0xfeff)
    expect(lines.length - 1).toBe(row?.['campaigns'])
    // The ids of the export pasted into the filter, among ten thousand others: the same export again, byte by byte.
    const ids = lines.slice(1).map((line) => line.split(',')[3] ?? '')
    const others = Array.from({ length: 9_000 }, (_, at) => `nobody ${at}`)
    await page.getByRole('button', { name: 'Paste a list…' }).click()
    // As a paste does it, at once; typed key by key ten thousand lines would take minutes.
    await page.getByRole('textbox', { name: /^Names or ids/ }).evaluate(
      (field, value) => {
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value')?.set?.call(field, value)
        field.dispatchEvent(new Event('input', { bubbles: true }))
      },
      [...ids, ...others].join('\n'),
    )
    await page.getByRole('button', { name: 'Filter by it' }).click()
    await page.getByRole('button', { name: 'Another list…' }).waitFor()
    const pasted = new URL(page.url()).searchParams.get('selection') ?? ''
    const again = await fetch(
      `${demo.url}/api/v1/campaigns/export?from=2026-11-15&to=2026-11-21&selection=${pasted}&format=csv`,
    )
    expect(await again.text()).toBe(text.slice(1))
    await page.locator('summary').filter({ hasText: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'ROAS' }).uncheck()
    await page.getByRole('columnheader', { name: 'ROAS' }).waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('cols')).not.toContain('roas')
    const parquet = Buffer.from(
      await (await fetch(`${demo.url}/api/v1/campaigns/export?currency=KRW&format=parquet`)).arrayBuffer(),
    )
    expect([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1'])
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  })

  test('platforms in one currency are what the mart says, the calendar what SQL counts, and the switch keeps its place', async () => {
    type Compared = RouteOutput<'GET /api/v1/compare'>
    const ask = async <Body>(path: string) => (await (await fetch(`${demo.url}/api/v1/${path}`)).json()) as Body
    const compared = await ask<Compared>('compare?currency=USD&from=2026-11-01&to=2026-11-21')
    const mart =
      await demo.ask(`select platform, report_currency as currency, trim_scale(sum(cost))::text as cost, sum(impressions)::text as impressions,
              trim_scale(sum(conversions))::text as conversions, round(sum(conversion_value) / nullif(sum(cost), 0), 6)::text as roas
       from analytics.platform_comparison where date between '2026-11-01' and '2026-11-21' group by 1, 2 order by 1`)
    expect(
      compared.platforms.map(({ platform, currency, cost, impressions, conversions, roas }) => ({
        platform,
        currency,
        cost,
        impressions,
        conversions,
        roas,
      })),
    ).toEqual(mart)
    expect(compared.platforms.every(({ accountsWithoutRate }) => accountsWithoutRate === 0)).toBe(true)
    const own = await ask<Compared>('compare?from=2026-11-01&to=2026-11-21')
    expect(new Set(own.platforms.map(({ currency }) => currency))).toEqual(new Set(['EUR', 'KRW', 'USD']))
    const calendar = await ask<RouteOutput<'GET /api/v1/compare/coverage'>>('compare/coverage?month=2026-11')
    const cells = calendar.accounts.flatMap(({ days }) => days)
    const [counted] = await demo.ask(
      `select count(*)::int as days from partition_state where level = 'campaign' and state = 'published' and date between '2026-11-01' and '2026-11-30'`,
    )
    expect([cells.length, cells.filter(({ state }) => state === 'published').length]).toEqual([
      6 * 30,
      counted?.['days'],
    ])
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/compare?lang=en&from=2026-11-01&to=2026-11-21`)
    await page.getByRole('combobox', { name: 'Shown in' }).selectOption('USD')
    await page.getByText('into USD').waitFor()
    expect(new URL(page.url()).searchParams.get('currency')).toBe('USD')
    await page.getByRole('button', { name: 'Previous month' }).click()
    await page.getByText('2026-10-31: Published').first().waitFor({ state: 'attached' })
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  })

  test('the days of an account are exported and imported again by dropping the file: every number stays', async () => {
    const facts = () =>
      demo.ask(`select count(*)::int as rows, md5(string_agg(concat_ws(' ', p.date, f.entity_id, f.cost, f.impressions, f.clicks, f.conversions, f.conversion_value),
           ',' order by p.date, f.entity_id)) as hash
         from fact_ad_daily f join partition_state p using (partition_id) where p.account_id = '3878899836'`)
    const before = await facts()
    const [{ currency = '' } = {}] = (await demo.ask(
      `select currency from dim_account where account_id = '3878899836' and is_current`,
    )) as readonly { readonly currency?: string }[]
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/connectors?lang=en`)
    const download = page.waitForEvent('download')
    await page.locator('a[href*="account=3878899836"]').click()
    const file = (await (await download).path()) ?? ''
    const [header = ''] = readFileSync(file, 'utf8').split('\r\n')
    expect(header).toContain('date,platform,account_id')
    // A column that is not understood stops everything, and says which it is.
    await page.locator('input[type=file]').setInputFiles({
      name: 'days.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(readFileSync(file, 'utf8').replace(',cost,', ',spent,')),
    })
    const look = page.getByRole('button', { name: 'See what is understood' })
    await page.getByRole('textbox', { name: 'Account id' }).fill('3878899836')
    await page.getByRole('textbox', { name: 'Currency' }).fill(currency)
    await page.getByRole('combobox', { name: 'Read as' }).selectOption('millrace')
    await look.click()
    await page.getByText('Not understood: 1').waitFor()
    expect(await page.getByRole('button', { name: 'Load it' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Another file' }).click()
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'days.csv', mimeType: 'text/csv', buffer: readFileSync(file) })
    // It is known by its header; whose it is has to be said.
    await page.getByRole('combobox', { name: 'Read as' }).waitFor()
    expect(await page.getByRole('combobox', { name: 'Read as' }).inputValue()).toBe('millrace')
    await page.getByRole('textbox', { name: 'Account id' }).fill('3878899836')
    await page.getByRole('textbox', { name: 'Currency' }).fill(currency)
    await look.click()
    await page.getByText(/30 of these days have published rows/).waitFor()
    const rows = page.getByRole('group', { name: 'The first rows as they would land' }).locator('tbody tr')
    expect(await rows.count()).toBe(10)
    await page.getByRole('button', { name: 'Load it' }).click()
    await page.getByText(/^Loaded: 30 days, \d+ rows, of which 0 changed/).waitFor({ timeout: 120_000 })
    expect(await facts()).toEqual(before)
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 240_000)

  test('a connection is added by keyboard in Korean: tested, seen before it is written, no secret in its file; then renewed', async () => {
    const {
      apiKey = '',
      secretKey = '',
      customerId = '',
    }: Readonly<Record<string, string>> = real.connections.naver_searchad
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/connectors?lang=ko`)
    const press = async (name: string) => {
      await tabTo(page, name)
      await page.keyboard.press('Enter')
    }
    await page.getByRole('heading', { name: '연결', exact: true }).waitFor()
    await press('연결 추가…')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: '플랫폼' }).selectOption('naver_searchad')
    const fill = async (label: string, value: string) => {
      await tabTo(page, label)
      await page.keyboard.insertText(value)
    }
    await fill('이름', 'naver')
    await fill('엑세스라이선스', apiKey)
    await fill('비밀키', secretKey)
    await fill('고객 ID', customerId)
    await page.keyboard.press('Enter')
    await dialog.getByText('4단계 중 2단계: 테스트와 계정').waitFor()
    await dialog
      .getByRole('checkbox', { name: /KRW · Asia\/Seoul/ })
      .first()
      .check()
    await press('다음')
    await dialog.getByText('connections/naver.yaml에 저장할 내용:').waitFor()
    const preview = await dialog.locator('pre').innerText()
    expect(preview).toContain('secretKey: stored:secretKey')
    expect(preview).not.toContain(secretKey)
    const path = join(demo.projectDir, 'connections', 'naver.yaml')
    expect(existsSync(path)).toBe(false)
    await press('저장')
    await dialog.getByText('connections/naver.yaml 저장됨.').waitFor()
    expect(readFileSync(path, 'utf8').trim()).toBe(preview.trim())
    await press('닫기')
    const row = page.getByRole('row').filter({ hasText: 'connections/naver.yaml' })
    await row.getByText('실제 연결').waitFor()
    await row.getByRole('button', { name: 'naver 갱신' }).click()
    await fill('비밀키', 'wrong-secret-key')
    await page.keyboard.press('Enter')
    await dialog.getByText('갱신되었습니다.').waitFor()
    // What is kept now is what was typed, and the platform refuses it.
    await dialog.locator('.severity-fail').first().waitFor()
    const log = await demo.ask(`select detail::text from audit_line where action like '%/connections%'`)
    expect(log.length).toBeGreaterThanOrEqual(4)
    for (const planted of [apiKey, secretKey, 'wrong-secret-key']) expect(JSON.stringify(log)).not.toContain(planted)
    rmSync(path)
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 240_000)

  test('a sandbox goes real by a pasted google-ads.yaml, and Meta’s token of hours becomes one of sixty days', async () => {
    const { credentials } = real
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/connectors?lang=en`)
    const dialog = page.getByRole('dialog')
    const rowOf = (name: string) => page.getByRole('row').filter({ hasText: `connections/${name}.yaml` })
    /** From the filled form to the written file; what was shown before it was written. */
    const goThrough = async (name: string): Promise<string> => {
      await dialog.getByRole('button', { name: 'Next', exact: true }).click()
      await dialog.getByText(/^Step 2 of 4/).waitFor({ timeout: 60_000 })
      expect(await dialog.locator('.severity-fail').allInnerTexts()).toEqual([])
      await dialog.getByRole('button', { name: 'Next', exact: true }).click()
      await dialog.getByText(/^Step 3 of 4/).waitFor()
      const preview = await dialog.locator('pre').innerText()
      await dialog.getByRole('button', { name: 'Write it' }).click()
      await dialog.getByText(`connections/${name}.yaml is written.`).waitFor()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      expect(readFileSync(join(demo.projectDir, 'connections', `${name}.yaml`), 'utf8').trim()).toBe(preview.trim())
      return preview
    }
    await page.getByRole('button', { name: 'Go real… google' }).click()
    // From here on the platforms themselves are the other sandbox, and what the template's connections would want is there.
    const env = join(demo.projectDir, '.env')
    writeFileSync(
      env,
      Object.entries({
        MILLRACE_GOOGLE_ADS_BASE_URL: real.connections.google_ads['baseUrl'],
        MILLRACE_GOOGLE_OAUTH_URL: real.connections.google_ads['oauthUrl'],
        MILLRACE_META_BASE_URL: real.connections.meta_ads['baseUrl'],
        GOOGLE_ADS_CLIENT_ID: credentials.clientId,
        GOOGLE_ADS_CLIENT_SECRET: credentials.clientSecret,
        GOOGLE_ADS_REFRESH_TOKEN: credentials.refreshToken,
        META_ACCESS_TOKEN: credentials.metaAccessToken,
      })
        .map(([name, value]) => `${name}=${String(value)}\n`)
        .join(''),
    )
    await dialog
      .getByLabel(/google-ads\.yaml/)
      .fill(
        [
          'developer_token: not-asked-for',
          `client_id: ${credentials.clientId}`,
          `client_secret: ${credentials.clientSecret}`,
          `refresh_token: ${credentials.refreshToken}`,
          `login_customer_id: ${credentials.loginCustomerId}`,
        ].join('\n'),
      )
    const google = await goThrough('google')
    expect(google).toContain('sandbox: false')
    expect(google).toContain('refreshToken: stored:refreshToken')
    await rowOf('google').getByText('Live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Add a connection…' }).click()
    await dialog.getByRole('combobox', { name: 'Platform' }).selectOption('meta_ads')
    await dialog.getByLabel('Name', { exact: true }).fill('meta_person')
    await dialog.getByLabel(/^Access token/).fill(credentials.metaUserToken)
    await dialog.getByLabel(/^App id/).fill(credentials.metaAppId)
    await dialog.getByLabel(/^App secret/).fill(credentials.metaAppSecret)
    const meta = await goThrough('meta_person')
    // Sixty days less a little from the platform's own day, not two hours.
    await rowOf('meta_person')
      .getByText(/2027-01-2\d/)
      .waitFor()
    await page.getByRole('button', { name: 'Renew meta_person' }).click()
    await dialog.getByRole('button', { name: 'Exchange Meta’s token for one of sixty days' }).click()
    await dialog.getByText('Renewed.').waitFor({ timeout: 60_000 })
    expect(await dialog.locator('.severity-fail').allInnerTexts()).toEqual([])
    const log = JSON.stringify(await demo.ask(`select detail::text from audit_line where action like '%/connections%'`))
    const secrets = ['clientSecret', 'refreshToken', 'metaUserToken', 'metaAppSecret'] as const
    for (const name of secrets) expect(`${google} ${meta} ${log}`).not.toContain(credentials[name])
    rmSync(env)
    for (const name of ['google', 'meta_person']) rmSync(join(demo.projectDir, 'connections', `${name}.yaml`))
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 240_000)

  test('live events are watched, paused while counting goes on, and gone on with where the log is by then', async () => {
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/live?lang=ko`)
    const look = page.getByText(/^로그의 [\d,]+건 중 \d+건 표시$/)
    await look.first().waitFor()
    await page.locator('#live-pause').focus()
    await page.keyboard.press('Enter')
    await page.locator('#live-pause[aria-pressed=true]').waitFor()
    const still = await look.first().innerText()
    const endOf = async () =>
      ((await (await fetch(`${demo.url}/api/v1/live/events`)).json()) as RouteOutput<'GET /api/v1/live/events'>).end
    const before = await endOf()
    await expect.poll(endOf, { timeout: 30_000 }).toBeGreaterThan(before)
    expect(await look.first().innerText()).toBe(still)
    await page.keyboard.press('Enter')
    await expect.poll(() => look.first().innerText(), { timeout: 30_000 }).not.toBe(still)
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 90_000)

  test('a run is opened from the grid by keyboard, and its address opens it again', async () => {
    const page = await visitor.newPage()
    await page.goto(`${demo.url}/runs?lang=en`)
    const run = page.locator('.run-grid button').first()
    await run.waitFor()
    await run.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Run [0-9a-f]{8}/ }).waitFor()
    await page.goto(page.url())
    await page.getByRole('heading', { name: /^Run [0-9a-f]{8}/ }).waitFor()
    // Each of the engine's tasks has its lane.
    await page.locator('.gantt .span').first().waitFor()
    expect(await page.locator('.gantt tbody tr').count()).toBeGreaterThanOrEqual(13)
    await page.close()
  })

  test('a figure says its query, its rows and its time, by keyboard alone', async () => {
    const page = await visitor.newPage()
    await page.goto(`${demo.url}/?lang=en`)
    const why = page.getByRole('button', { name: 'Where this comes from: Daily data volume' })
    await why.waitFor()
    await why.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Where this comes from: Daily data volume' })
    await dialog.waitFor()
    expect(await dialog.innerText()).toContain('from partition_state')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await page.close()
  })

  test('an incident is acknowledged, commented and resolved, by mouse and by keyboard alone, in Korean too', async () => {
    const scene = spawnSync(process.execPath, [join(root, 'test', 'incident-scene.ts'), demo.projectDir], {
      encoding: 'utf8',
    })
    expect(scene).toMatchObject({ status: 0, stderr: '' })
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/quality?lang=en`)
    const first = page.getByRole('button', { name: /^Open the incident of/ }).first()
    await first.click()
    await page.getByRole('textbox', { name: 'Comment' }).fill('budget was cut on purpose')
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByText('It is yours now.').waitFor()
    expect(await page.locator('.timeline li').last().innerText()).toContain('budget was cut on purpose')
    const mouseId = new URL(page.url()).searchParams.get('incident') ?? ''
    await page.goto(`${demo.url}/quality?lang=ko`)
    const second = page.getByRole('button', { name: /인시던트 열기$/ }).last()
    await second.waitFor()
    await second.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^인시던트 [0-9a-f]{8}/ }).waitFor()
    const press = async (name: string) => {
      await tabTo(page, name)
      await page.keyboard.press('Enter')
    }
    await tabTo(page, '코멘트')
    await page.keyboard.type('확인했습니다')
    await press('코멘트 남기기')
    await page.getByText('코멘트를 남겼습니다.').waitFor()
    await page.getByRole('heading', { level: 1 }).click()
    await press('해결로 표시')
    await page.getByText('해결로 표시했습니다.').waitFor()
    const keyboardId = new URL(page.url()).searchParams.get('incident') ?? ''
    const states = await demo.ask('select incident_id, state, owner is not null as owned from incident order by state')
    expect(states).toEqual([
      { incident_id: mouseId, state: 'acknowledged', owned: true },
      { incident_id: keyboardId, state: 'resolved', owned: false },
    ])
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  })

  test('the run of the demo is dated by the demo’s clock, and so are its lines', async () => {
    const page = await visitor.newPage()
    await page.goto(`${demo.url}/?lang=en`)
    const card = page.locator('.card').filter({ hasText: 'Pipeline run' })
    await card.getByText(/2026-11-22 \d\d:\d\d:\d\d KST/).waitFor()
    await page.goto(`${demo.url}/runs?lang=en`)
    await page.locator('.run-grid button').last().click()
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.getByRole('searchbox', { name: 'Search in the log' }).fill('ends: success')
    const line = page.getByText(/KST INFO run_dbt_models +ends: success/)
    await line.waitFor()
    expect(await line.innerText()).toMatch(/^2026-11-22 \d\d:\d\d:\d\d KST /)
    await page.close()
  })

  test('a failed run is opened, its line read, and run again until it is right, by mouse and by keyboard alone', async () => {
    const broken = join(demo.projectDir, 'dbt', 'models', 'marts', 'broken.sql')
    const page = await visitor.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/runs?lang=en`)
    await page.locator('.run-grid button').last().click()
    const again = async (language: 'en' | 'ko') => {
      const words = {
        en: { open: 'Run again…', one: 'one task alone', task: 'Task', start: 'Start' },
        ko: { open: '다시 실행…', one: '작업 하나만', task: '작업', start: '시작' },
      }[language]
      await page.getByRole('button', { name: words.open }).click()
      await page.getByRole('radio', { name: words.one }).check()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('combobox', { name: words.task }).selectOption('run_dbt_models')
      await dialog.getByRole('button', { name: words.start }).click()
      await dialog.waitFor({ state: 'hidden' })
    }
    writeFileSync(broken, 'select * from nowhere')
    await again('en')
    await page.locator('.run-grid .mark-failed').first().waitFor({ timeout: 120_000 })
    // What failed opens with its lines.
    await page.goto(`${demo.url}/runs?lang=ko`)
    const run = page.locator('.run-grid button').last()
    await run.waitFor()
    await run.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: '로그', selected: true }).waitFor()
    // Searched for: a log that is followed stands at its end, wherever the line is.
    await page.getByRole('searchbox', { name: '로그 검색' }).focus()
    await page.keyboard.type('relation "nowhere" does not exist')
    await page
      .getByText(/ERROR run_dbt_models +fails: ORCHESTRATE_DBT_FAILED .*relation "nowhere" does not exist/)
      .waitFor()
    rmSync(broken)
    await tabTo(page, '다시 실행…')
    await page.keyboard.press('Enter')
    const start = page.getByRole('dialog').getByRole('button', { name: '시작' })
    await start.waitFor()
    // What failed and what follows is chosen already.
    await expect.poll(() => page.getByRole('dialog').innerText()).toContain('작업 1개')
    await tabTo(page, '시작')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await expect
      .poll(
        async () =>
          (await demo.ask("select state from engine_task where task = 'run_dbt_models' and state <> 'waiting'")).at(-1),
        { timeout: 120_000, interval: 250 },
      )
      .toEqual({ state: 'success' })
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 400_000)

  test('a backfill says its plan before it begins, and is paused, gone on with and cancelled', async () => {
    const page = await visitor.newPage()
    await page.goto(`${demo.url}/runs?lang=en`)
    await page.getByRole('button', { name: 'Backfill…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Backfill' })
    await dialog.getByText('Nothing: no closed day').waitFor()
    expect(await dialog.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)
    await dialog.getByLabel('From').fill('2026-09-01')
    await dialog.getByLabel('To').fill('2026-09-03')
    await dialog.getByText('3 days (2026-09-01 – 2026-09-03), 18 days of accounts.').waitFor()
    expect(await dialog.innerText()).toMatch(/Google Ads: 9 questions, \d+ asked today · [\d.]+% of 15,000 a day/)
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Pause 2026-09-01 – 2026-09-03' }).click()
    await page.getByRole('button', { name: 'Go on 2026-09-01 – 2026-09-03' }).click()
    await page.getByRole('button', { name: 'Cancel 2026-09-01 – 2026-09-03' }).click()
    await page.getByRole('group', { name: 'Backfills' }).getByRole('cell', { name: 'cancelled' }).waitFor()
    await page.close()
  }, 60_000)

  test('lineage shows what depends on a table, as a picture and as a list, and settings what the numbers mean', async () => {
    const page = await browser.newPage()
    const seen = watchPage(page, demo.url)
    await page.goto(`${demo.url}/lineage?lang=en`)
    await page.locator('.graph .node').first().waitFor()
    // It opens where the flow begins, not at an empty corner: of the picture that is seen, 0 is the top and 1 the bottom.
    const begin = await page.evaluate<number>(`(() => {
      const graph = document.querySelector('.graph')
      const boxes = [...graph.querySelectorAll('.node')]
      const left = Math.min(...boxes.map((box) => box.offsetLeft))
      const middles = boxes.filter((box) => box.offsetLeft === left).map((box) => box.offsetTop + box.offsetHeight / 2)
      return (middles.reduce((sum, one) => sum + one, 0) / middles.length - graph.scrollTop) / graph.clientHeight
    })()`)
    expect(begin).toBeGreaterThan(0)
    expect(begin).toBeLessThan(1)
    await page.getByRole('button', { name: /fact_ad_daily/ }).click()
    await page
      .getByRole('status')
      .filter({ hasText: /[1-9]\d* models/ })
      .waitFor()
    expect(await page.locator('.edge.lit').count()).toBeGreaterThan(5)
    await page.getByRole('tab', { name: 'List' }).click()
    const row = page.getByRole('row').filter({ has: page.getByRole('button', { name: 'stg_campaign_metrics' }) })
    expect(await row.innerText()).toContain('campaign_performance_summary')
    await page.goto(`${demo.url}/settings?lang=ko`)
    await page.getByRole('row', { name: /cpa.*cost/ }).waitFor()
    await page.getByRole('checkbox', { name: /한 글자 단축키/ }).uncheck()
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    expect(new URL(page.url()).pathname).toBe('/settings')
    await page.getByRole('button', { name: '지금 점검' }).click()
    await page.getByRole('row', { name: /Node/ }).first().waitFor()
    expect(seen).toEqual({ foreign: [], complaints: [] })
    await page.close()
  }, 60_000)

  test('`millrace open` prints the address of the demo and hands it to the browser', () => {
    const asked = ['open', 'runs', '--project', join(demo.projectDir, '..', '..')]
    const opened = millrace(asked, { BROWSER: process.execPath })
    expect(opened).toMatchObject({ status: 0, stdout: `${demo.url}/runs\n` })
    const unopened = millrace(asked, { BROWSER: '/nowhere/browser' })
    expect(unopened).toMatchObject({ status: 0, stdout: `${demo.url}/runs\n` })
    expect(unopened.stderr).toContain('open the address yourself')
  })

  test('axe finds nothing on any screen, in both languages, both themes, wide and narrow', async () => {
    const found: string[] = []
    const page = await visitor.newPage()
    for (const [i, lang] of ['en', 'ko'].entries())
      for (const [j, theme] of ['light', 'dark'].entries())
        for (const [k, width] of [1280, 390].entries()) {
          const look = 4 * i + 2 * j + k
          await page.setViewportSize({ width, height: 900 })
          for (const [n, { path, name }] of screens.entries()) {
            // A look and its opposite in everything for each screen, all eight between them; the long run looks at everything.
            if (!isLong && look !== n % 4 && look !== 7 - (n % 4)) continue
            await page.goto(`${demo.url}${path}${path.includes('?') ? '&' : '?'}lang=${lang}&theme=${theme}`)
            await page.locator('main h1').first().waitFor()
            await expect.poll(() => page.locator('.skeleton').count(), { timeout: 30_000 }).toBe(0)
            // There are no frames: one look in the page itself is the whole of it. The opposite look is of the same elements.
            const axe = new AxeBuilder({ page }).setLegacyMode()
            const { violations } = await (isLong || look < 4 ? axe.withTags(tags) : axe.withRules(ofLooks)).analyze()
            found.push(
              ...violations.map(({ id, nodes }) => `${name} ${lang} ${theme} ${width}: ${id} ${nodes[0]?.html ?? ''}`),
            )
            const overflow = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
            if (overflow > 0) found.push(`${name} ${lang} ${theme} ${width}: ${overflow} px wider than the window`)
          }
        }
    await page.close()
    expect(found).toEqual([])
  }, 400_000)

  test('it stays until it is told to end, and then ends well', async () => {
    expect((await fetch(`${demo.url}/healthz`)).status).toBe(200)
    expect(await demo.stop()).toBe(0)
    const after = millrace(['open', '--project', demo.projectDir])
    expect(after.status).toBe(4)
    expect(after.stderr).toContain('millrace up')
  })
})
