// Screens over a server of our own, where what a demo does not show can be made: a run that goes on, a server that goes away.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { taskNode } from '../src/orchestrate/graph.ts'
import type { Server } from '../src/server/server.ts'
import { startServer } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { root } from './bootstrap-fixture.ts'
import { chromiumPath, openBrowser } from './dashboard-fixture.ts'

const whyNot = chromiumPath === undefined ? 'no Chromium at /usr/bin/chromium or MILLRACE_TEST_CHROMIUM' : undefined
const webDir = join(root, 'dist', 'web')
const project = { name: 'screens', zone: timeZone('Asia/Seoul'), isDemo: false }

describe.skipIf(whyNot !== undefined)('screens', () => {
  let warehouse: Warehouse
  let server: Server
  let browser: Browser
  const start = async (port: number) => {
    const started = await startServer({
      host: '127.0.0.1',
      port,
      portSearch: false,
      key: undefined,
      clock: systemClock,
      webDir,
      onError: (error) => {
        throw error
      },
    })
    started.attach({ warehouse, project })
    return started
  }
  beforeAll(async () => {
    if (!existsSync(join(webDir, 'index.html')))
      await once(
        spawn(process.execPath, [join(root, 'scripts', 'build-web.ts')], { cwd: root, stdio: 'ignore' }),
        'exit',
      )
    warehouse = await openTestWarehouse()
    server = await start(0)
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await warehouse?.[Symbol.asyncDispose]()
  })

  /** A run that goes on, of two tasks that nobody takes. */
  const liveRun = async (day: string): Promise<string> => {
    const engine = embeddedEngine({ warehouse })
    const tasks = [
      taskNode({ id: 'extract', kind: 'extract' }),
      taskNode({ id: 'load', kind: 'load', after: ['extract'] }),
    ]
    await engine.deploy({ pipeline: 'screens', runsActiveMax: 1, tasks })
    return engine.trigger({ pipeline: 'screens', partitionKey: day, kind: 'manual' })
  }
  const write = (runId: string, from: number, until: number) =>
    warehouse.query(
      `insert into engine_log (run_id, task, attempt, at, level, message)
       select $1, 'extract', 1, now(), case when n % 100 = 7 then 'error' else 'info' end, 'line ' || n from generate_series($2::int, $3::int) n`,
      [runId, from, until],
    )

  test('lines of a run that goes on come by themselves, and over a server that went away none is lost or double', async () => {
    const runId = await liveRun('2026-11-20')
    await write(runId, 1, 1_200)
    const page = await browser.newPage()
    await page.goto(`${server.url}/runs?lang=en&run=${runId}&view=log`)
    const box = page.getByRole('group', { name: 'Log', exact: true })
    await box.getByText('line 1200', { exact: false }).waitFor()
    await page.getByText('1,200 lines · followed live').waitFor()
    await write(runId, 1_201, 1_210)
    await page.getByText('1,210 lines · followed live').waitFor()
    const port = Number(new URL(server.url).port)
    await server[Symbol.asyncDispose]()
    await page.getByText('connection lost').waitFor()
    await write(runId, 1_211, 1_300)
    server = await start(port)
    await page.getByText('1,300 lines · followed live').waitFor()
    await box.getByText('line 1300', { exact: false }).waitFor()
    // Lines that are seen stand in their order, each once.
    const seen = (await box.locator('.line').allInnerTexts()).map((text) => Number(/line (\d+)$/.exec(text)?.[1]))
    expect(seen).toEqual(seen.map((_, at) => (seen[0] ?? 0) + at))
    await page.close()
  })

  test('a row of the grid is one picture that says itself; the cell under the pointer is named, and opens its run’s log', async () => {
    const runId = await liveRun('2026-11-18')
    await warehouse.query(
      `update engine_task set state = 'failed', ended_at = now() where run_id = $1 and task = 'extract'`,
      [runId],
    )
    const page = await browser.newPage()
    await page.goto(`${server.url}/runs?lang=en`)
    const row = page.locator('tr[data-task=extract]')
    await row.waitFor()
    expect(await row.locator('.hidden').textContent()).toMatch(/Failed 1: 2026-11-18/)
    const cells = row.locator('.cells')
    const button = page.locator(`[data-run="${runId}"]`)
    const [box, of] = [await cells.boundingBox(), await button.boundingBox()]
    const position = { x: (of?.x ?? 0) + (of?.width ?? 0) / 2 - (box?.x ?? 0), y: 12 }
    await cells.hover({ position })
    await page.locator('tr[title="extract · 2026-11-18 · Failed"]').waitFor()
    await cells.click({ position })
    await page.locator(`[data-shown="${runId}"]`).getByRole('tab', { name: 'Log', selected: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('task')).toBe('extract')
    await page.close()
  })

  test('a line is found by its text, its level and its link', async () => {
    const runId = await liveRun('2026-11-19')
    await write(runId, 1, 3_000)
    const page = await browser.newPage()
    await page.goto(`${server.url}/runs?lang=en&run=${runId}&view=log`)
    await page.getByText('3,000 lines').waitFor()
    await page.getByRole('searchbox', { name: 'Search in the log' }).fill('line 2107')
    await page.getByText('1 lines').waitFor()
    await page.getByRole('button', { name: 'Link to line 1', exact: true }).click()
    const line = new URL(page.url()).searchParams.get('line')
    expect(line).toMatch(/^\d+$/)
    await page.goto(`${server.url}/runs?lang=en&run=${runId}&view=log&line=${line}`)
    const marked = page.locator('.line.marked')
    await marked.waitFor()
    expect(await marked.innerText()).toMatch(/ERROR extract +line 2107$/)
    await page.getByRole('combobox', { name: 'Level' }).selectOption('error')
    await page.getByText('30 lines').waitFor()
    const text = await (await fetch(`${server.url}/api/v1/runs/${runId}/logs/text?level=error`)).text()
    expect(text.trimEnd().split('\n')).toHaveLength(30)
    await page.close()
  })
})
