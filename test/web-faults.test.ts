// The dashboard when something is wrong: with its server, its database, its reader's browser, or with what it is given to show.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addUser } from '../src/access/users.ts'
import { standingClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import type { Server } from '../src/server/server.ts'
import { startServer } from '../src/server/server.ts'
import { adapter as embedded } from '../src/warehouse/embedded.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { root } from './bootstrap-fixture.ts'
import { chromiumPath, openBrowser, watchPage } from './dashboard-fixture.ts'

const nowMs = Date.parse('2026-11-22T03:00:00Z')
const clock = standingClock(nowMs)
const password = 'vier Wörter ohne jeden Sinn'
const scryptCost = 2 ** 10
const whyNot = chromiumPath === undefined ? 'no Chromium at /usr/bin/chromium or MILLRACE_TEST_CHROMIUM' : undefined

const hostile = [
  '<img src=x onerror="window.taken=1"><script>window.taken=1</script>',
  '‮العربية إعلان الصيف',
  '👩‍👩‍👧‍👦 가족 할인 🎉',
  '=HYPERLINK("http://evil.example","Win")',
  `Every word ${'is long '.repeat(61)}`.slice(0, 500),
] as const
const currencies = ['KRW', 'JPY', 'USD'] as const
const paths = [
  '/',
  '/runs',
  '/campaigns',
  '/compare',
  '/live',
  '/quality',
  '/connectors',
  '/alerts',
  '/lineage',
  '/settings',
]

/** An account a currency, two days each, and in each account every name. */
async function fill(warehouse: Warehouse): Promise<void> {
  await warehouse.query(
    `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
     select 'google_ads', 'account-' || c, 'Account ' || c, c, 'Asia/Seoul', now(), now() from unnest($1::text[]) c`,
    [currencies],
  )
  await warehouse.query(
    `insert into dim_entity (platform, account_id, level, entity_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen)
     select 'google_ads', 'account-' || c, 'campaign', c || n, name, 'active', '', '', '', now(), now()
     from unnest($1::text[]) c cross join unnest($2::text[]) with ordinality names (name, n)`,
    [currencies, hostile],
  )
  await warehouse.query(
    `with part as (
       insert into partition_state (platform, account_id, level, breakdown_key, date, day_end, state, rows, completeness, published_at)
       select 'google_ads', 'account-' || c, 'campaign', '', d, d + interval '15 hours', 'published', $2::int, 'final', now()
       from unnest($1::text[]) c cross join unnest(array['2026-11-20', '2026-11-21']::date[]) d returning *)
     insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks, conversions, extract_id)
     select p.partition_id, substr(p.account_id, 9) || n, p.platform, p.account_id, 'campaign', '', p.date, substr(p.account_id, 9), 1234.5 * n, 1000, 10, 1, gen_random_uuid()
     from part p cross join generate_series(1, $2::int) n`,
    [currencies, hostile.length],
  )
}

describe.skipIf(whyNot !== undefined)('the dashboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-web-faults-'))
  let warehouse: Warehouse
  let server: Server
  let browser: Browser
  let context: BrowserContext
  const start = async (port: number, login = false) => {
    const started = await startServer({
      host: '127.0.0.1',
      port,
      portSearch: false,
      key: undefined,
      ...(login && { access: { login, scryptCost } }),
      clock,
      webDir: join(root, 'dist', 'web'),
      // What is broken on purpose here is an error there.
      onError: () => undefined,
    })
    started.attach({ warehouse, project: { name: 'faults', zone: timeZone('Asia/Seoul'), isDemo: false } })
    return started
  }
  beforeAll(async () => {
    spawnSync(process.execPath, [join(root, 'scripts', 'build-web.ts')], { cwd: root })
    warehouse = await embedded.open(embedded.options.parse({ dir: join(folder, 'postgres'), durable: false }))
    await warehouse.migrate()
    await fill(warehouse)
    server = await start(0)
    browser = await openBrowser()
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await warehouse?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const board = (page: Page) => page.getByRole('group', { name: 'Leaderboard' })
  /** As when its reader comes back to the tab: what is old is asked for again. */
  const lookAgain = (page: Page) => page.evaluate(`dispatchEvent(new Event('visibilitychange'))`)
  const campaigns = async (): Promise<Page> => {
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(`${server.url}/campaigns?lang=en`)
    await board(page).waitFor()
    return page
  }

  test('shows names that are HTML, right to left, emoji, formulas or 500 characters as text, on the screen and in a file', async () => {
    const page = await campaigns()
    const seen = watchPage(page, server.url)
    await page.reload()
    await board(page).waitFor()
    const names = await board(page).locator('tbody bdi').allTextContents()
    expect(names.toSorted()).toEqual(currencies.flatMap(() => hostile).toSorted())
    expect(await page.evaluate('window.taken')).toBeUndefined()
    expect(await page.locator('main img').count()).toBe(0)
    expect(seen).toEqual({ foreign: [], complaints: [] })
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'CSV' }).click()
    const csv = readFileSync((await (await download).path()) ?? '', 'utf8')
    expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"",""Win"")"`)
    for (const name of [hostile[1], hostile[2], hostile[4]]) expect(csv).toContain(name)
    await page.close()
  })

  test('adds up no two currencies, and writes KRW and JPY without decimals', async () => {
    const page = await campaigns()
    const totals = await board(page).locator('tr.total').allInnerTexts()
    // Two days of 1234.5 × (1 + 2 + 3 + 4 + 5).
    expect(totals.map((text) => text.split('\t').slice(0, 2).join(' '))).toEqual([
      'Total JPY (5) ¥37,035',
      'Total KRW (5) ₩37,035',
      'Total USD (5) $37,035.00',
    ])
    await page.close()
  })

  test('fits into 320 px, and into a window of 1280 at 200 %', async () => {
    const found: string[] = []
    for (const look of [
      { viewport: { width: 320, height: 640 } },
      // What a browser makes of 200 %: half as many, twice as large.
      { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 },
    ]) {
      const zoomed = await browser.newContext(look)
      const page = await zoomed.newPage()
      for (const path of paths) {
        await page.goto(`${server.url}${path}?lang=ko`)
        await page.locator('main h1').first().waitFor()
        await expect.poll(() => page.locator('.skeleton').count(), { timeout: 30_000 }).toBe(0)
        const over = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
        if (over > 0) found.push(`${path} at ${look.viewport.width}: ${over} px wider than the window`)
      }
      await zoomed.close()
    }
    expect(found).toEqual([])
  }, 120_000)

  test('keeps its marks and its chosen tab apart in forced colours', async () => {
    const forced = await browser.newContext({ forcedColors: 'active' })
    const page = await forced.newPage()
    await page.goto(`${server.url}/compare?lang=en`)
    const mark = page.locator('.calendar .mark').first()
    await mark.waitFor()
    expect(await page.evaluate(`matchMedia('(forced-colors: active)').matches`)).toBe(true)
    const widths = await page.evaluate(
      `[...new Set([...document.querySelectorAll('.calendar .mark')].map((one) => getComputedStyle(one).borderTopWidth))]`,
    )
    expect(widths).toEqual(['1px'])
    // A state is a shape and words, whatever the colours.
    expect(await page.locator('.calendar .mark-published').first().innerText()).toContain('✓')
    await page.goto(`${server.url}/lineage?lang=en`)
    const line = (isChosen: boolean) =>
      page.evaluate(
        `getComputedStyle(document.querySelector('.tabs button[aria-selected=${isChosen}]')).borderBottomColor`,
      )
    await page.locator('.tabs button').first().waitFor()
    expect(await line(true)).not.toBe(await line(false))
    await forced.close()
  })

  test('says without JavaScript what it needs, and where to ask instead', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false })
    const page = await plain.newPage()
    await page.goto(server.url)
    const text = await page.locator('body').innerText()
    expect(text).toContain('needs JavaScript')
    expect(text).toContain('JavaScript가 필요합니다')
    expect(text).toContain('millrace status')
    await plain.close()
  })

  test('shows the project’s day whatever the browser’s clock says', async () => {
    for (const wrong of ['2031-05-01T00:00:00Z', '1999-12-31T23:59:59Z']) {
      const other = await browser.newContext()
      const page = await other.newPage()
      await page.clock.setSystemTime(new Date(wrong))
      await page.goto(`${server.url}/?lang=en`)
      await page.getByRole('heading', { level: 1 }).filter({ hasText: '2026-11-21' }).waitFor()
      expect(await page.locator('#day').inputValue()).toBe('2026-11-21')
      await page.goto(`${server.url}/campaigns?lang=en`)
      await board(page).waitFor()
      expect(await page.getByLabel('From', { exact: true }).inputValue()).toBe('2026-11-15')
      expect(await page.locator('main').innerText()).not.toMatch(/2031|1999/)
      await other.close()
    }
  })

  test('takes a link with impossible dates for one without them', async () => {
    const page = await context.newPage()
    for (const path of ['/campaigns', '/compare']) {
      await page.goto(`${server.url}${path}?lang=en&from=2026-02-30&to=2026-13-01&date=2026-02-31&month=2026-99`)
      await page.locator('main table').first().waitFor()
      expect(await page.getByRole('alert').allInnerTexts()).toEqual([])
      expect([
        await page.getByLabel('From', { exact: true }).inputValue(),
        await page.getByLabel('To', { exact: true }).inputValue(),
      ]).toEqual([expect.stringMatching(/^2026-1\d-\d\d$/), '2026-11-21'])
    }
    // A range that ends before it begins is possible to write, and is said.
    await page.goto(`${server.url}/campaigns?lang=en&from=2026-11-20&to=2026-11-01`)
    expect(await page.getByRole('alert').innerText()).toContain('from 2026-11-20 is after to 2026-11-01')
    await page.close()
  })

  test('waits while the database is slow, and shows what comes', async () => {
    const page = await context.newPage()
    await warehouse.transaction(async (session) => {
      await session.query('lock table dim_entity in access exclusive mode')
      await page.goto(`${server.url}/campaigns?lang=en`)
      await page.locator('.skeleton[role=status]').waitFor()
      expect(await page.locator('main h1').innerText()).toBe('Campaigns')
    })
    await board(page).waitFor()
    await page.close()
  })

  test('keeps what it showed over a 500, over a server that is down and over a killed database, and says so', async () => {
    const page = await campaigns()
    const ribbon = page.locator('.ribbon')
    /** An answer that is younger than half a second is not asked for again. */
    const untilRibbons = (count: number) =>
      expect
        .poll(
          async () => {
            await lookAgain(page)
            return ribbon.count()
          },
          { timeout: 60_000, interval: 700 },
        )
        .toBe(count)
    await warehouse.query('alter table dim_entity rename to dim_entity_away')
    await untilRibbons(1)
    expect(await board(page).locator('tbody tr').count()).toBe(currencies.length * (hostile.length + 1))
    // Whoever comes now has nothing to see, and gets the reason with its code.
    const late = await context.newPage()
    await late.goto(`${server.url}/campaigns?lang=en`)
    await late.getByRole('alert').waitFor()
    expect(await late.getByRole('alert').locator('code').innerText()).toMatch(/^[A-Z_]+$/)
    await warehouse.query('alter table dim_entity_away rename to dim_entity')
    await late.getByRole('button', { name: 'Try again' }).click()
    await board(late).waitFor()
    await late.close()
    await untilRibbons(0)

    const port = Number(new URL(server.url).port)
    await server[Symbol.asyncDispose]()
    await untilRibbons(1)
    server = await start(port)
    await untilRibbons(0)

    const [pid = ''] = readFileSync(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGKILL')
    await expect
      .poll(async () => (await fetch(`${server.url}/api/v1/campaigns`)).status, { timeout: 60_000, interval: 500 })
      .toBe(200)
    await untilRibbons(0)
    expect(await board(page).locator('tbody tr').count()).toBe(currencies.length * (hostile.length + 1))
    await page.close()
  }, 180_000)

  describe('with a login', () => {
    let guarded: Server
    beforeAll(async () => {
      guarded = await start(0, true)
      const wanted = { name: 'ada', role: 'admin', clients: null, password, by: 'test', nowMs, scryptCost } as const
      await warehouse.transaction((session) => addUser(session, wanted))
    })
    afterAll(async () => {
      await guarded?.[Symbol.asyncDispose]()
    })
    const signIn = async (page: Page) => {
      await page.getByLabel('Name', { exact: true }).last().fill('ada')
      await page.getByLabel('Password', { exact: true }).last().fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    }

    test('keeps a half filled form when the session ends in its middle, unseen until its writer is known again', async () => {
      const own = await browser.newContext()
      const page = await own.newPage()
      page.setDefaultTimeout(30_000)
      await page.goto(`${guarded.url}/campaigns?lang=en`)
      await signIn(page)
      await page.getByRole('button', { name: 'Paste a list…' }).click()
      const list = page.getByRole('textbox', { name: /^Names or ids/ })
      await list.fill('USD1\nJPY2')
      await warehouse.query('delete from access_session')
      await page.getByRole('button', { name: 'Filter by it' }).click()
      await page.getByText('Your session has ended.').waitFor()
      expect(await list.isVisible()).toBe(false)
      expect(await board(page).isVisible()).toBe(false)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await signIn(page)
      await page.getByText('Your session has ended.').waitFor({ state: 'detached' })
      expect(await list.inputValue()).toBe('USD1\nJPY2')
      await page.getByRole('button', { name: 'Filter by it' }).click()
      await page.getByText('Total USD (1)').waitFor()
      await own.close()
    }, 60_000)

    test('shows nothing more in one tab when the other has signed out', async () => {
      const own = await browser.newContext()
      const [one, other] = [await own.newPage(), await own.newPage()]
      await one.goto(`${guarded.url}/campaigns?lang=en`)
      await signIn(one)
      await board(one).waitFor()
      await other.goto(`${guarded.url}/campaigns?lang=en`)
      await board(other).waitFor()
      await one.getByRole('button', { name: 'Sign out' }).click()
      await one.getByRole('heading', { name: 'Sign in to Millrace' }).waitFor()
      await lookAgain(other)
      // At once, not when it would have asked again by itself.
      await other.getByRole('heading', { name: 'Sign in to Millrace' }).waitFor({ timeout: 10_000 })
      expect(await board(other).isVisible()).toBe(false)
      await signIn(other)
      await board(other).waitFor()
      await own.close()
    }, 60_000)
  })
})
