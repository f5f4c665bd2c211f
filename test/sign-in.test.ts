// Signing in, in a real browser: the first admin, the roles on the screens, and the way out.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey } from '../src/access/keys.ts'
import { addUser } from '../src/access/users.ts'
import { systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { startServer } from '../src/server/server.ts'
import type { Server } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { root } from './bootstrap-fixture.ts'
import { chromiumPath, openBrowser, watchPage } from './dashboard-fixture.ts'

const password = 'vier Wörter ohne jeden Sinn'
const scryptCost = 2 ** 10
const whyNot = chromiumPath === undefined ? 'no Chromium at /usr/bin/chromium or MILLRACE_TEST_CHROMIUM' : undefined

describe.skipIf(whyNot !== undefined)('the dashboard of a server with a login', () => {
  let warehouse: Warehouse
  let server: Server
  let browser: Browser
  let context: BrowserContext
  let page: Page
  beforeAll(async () => {
    spawnSync(process.execPath, [join(root, 'scripts', 'build-web.ts')], { cwd: root })
    warehouse = await openTestWarehouse()
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      portSearch: false,
      key: undefined,
      access: { login: true, scryptCost },
      clock: systemClock,
      webDir: join(root, 'dist', 'web'),
      onError: (error) => {
        throw error
      },
    })
    server.attach({ warehouse, project: { name: 'probe', zone: timeZone('Asia/Seoul'), isDemo: false } })
    browser = await openBrowser()
    context = await browser.newContext()
    page = await context.newPage()
    page.setDefaultTimeout(30_000)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await warehouse?.[Symbol.asyncDispose]()
  })

  test('makes its first admin by the link of the start', async () => {
    const { complaints, foreign } = watchPage(page, server.url)
    await page.goto(`${server.url}/?lang=ko#setup=${await server.setupToken()}`)
    await page.getByRole('heading', { name: '첫 관리자' }).waitFor()
    const found = await new AxeBuilder({ page }).analyze()
    expect(found.violations.map(({ id }) => id)).toEqual([])
    await page.getByLabel('이름', { exact: true }).fill('ada')
    await page.getByLabel('새 비밀번호').fill('짧다')
    await page.getByRole('button', { name: '만들기' }).click()
    await page.getByText('ACCESS_PASSWORD_WEAK').waitFor()
    await page.getByLabel('새 비밀번호').fill(password)
    await page.getByRole('button', { name: '만들기' }).click()
    await page.getByRole('button', { name: '로그아웃' }).waitFor()
    expect(new URL(page.url()).hash).toBe('')
    const cookies = await context.cookies()
    expect(cookies).toMatchObject([{ name: 'millrace_session', httpOnly: true, sameSite: 'Strict' }])
    expect(foreign).toEqual([])
    // The refused password and the first look of a stranger are answers that a browser names in red.
    expect(complaints.filter((one) => !/status of 40[01]/.test(one))).toEqual([])
  })

  test('shows an admin members, keys and the log; a key is there once', async () => {
    await page.goto(`${server.url}/access?lang=en`)
    await page.getByRole('heading', { name: 'Audit log' }).waitFor()
    const keys = page.getByRole('region', { name: 'API keys' })
    await keys.getByLabel('Name').fill('nightly')
    await keys.getByRole('button', { name: 'Make' }).click()
    await keys.getByText(/mr_[0-9a-f]{16}_/).waitFor()
    await keys.getByRole('button', { name: 'Revoke nightly' }).click()
    await keys.getByRole('button', { name: 'Really? nightly' }).click()
    await keys.getByRole('rowheader', { name: 'nightly' }).waitFor({ state: 'detached' })
    const found = await new AxeBuilder({ page }).analyze()
    expect(found.violations.map(({ id }) => id)).toEqual([])
    await page.reload()
    expect(await page.getByText(/mr_[0-9a-f]{16}_/).count()).toBe(0)
  })

  test('signs out, and in again as somebody who may only look', async () => {
    const wanted = {
      name: 'vera',
      role: 'viewer',
      clients: null,
      password,
      by: 'test',
      nowMs: systemClock.nowMs(),
      scryptCost,
    } as const
    await warehouse.transaction((session) => addUser(session, wanted))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Millrace' }).waitFor()
    await page.getByLabel('Name').fill('vera')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'My password' }).waitFor()
    await page.getByText('Viewer').waitFor()
    expect(await page.getByRole('heading', { name: 'Members' }).count()).toBe(0)
    expect(await page.getByRole('heading', { name: 'API keys' }).count()).toBe(0)
  })

  test('shows the sign-in as soon as the session is over', async () => {
    await warehouse.query('delete from access_session')
    await page.goto(`${server.url}/runs?lang=en`)
    await page.getByRole('heading', { name: 'Sign in to Millrace' }).waitFor()
    await page.getByRole('button', { name: 'Sign in with a key' }).click()
    const made = {
      name: 'browser',
      scope: 'viewer',
      clients: null,
      expiresAtMs: null,
      by: 'test',
      nowMs: systemClock.nowMs(),
    } as const
    const { key } = await warehouse.transaction((session) => createKey(session, made))
    await page.getByLabel('Key').fill(key)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(1)
  })
})
