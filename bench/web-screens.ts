// Screens over a server of our own with more in it than a demo has: a grid of 50 tasks × 90 runs, a log of 200,000 lines.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { startServer } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { median } from './measure.ts'

export interface ScreenTimes {
  /** In the page: from the press of the pointer to the frame that shows it. */
  readonly gridMs: number
  readonly clickP95Ms: number
  /** The same from outside, with what the driver of the browser takes to find, hold still and press a button. */
  readonly gridDrivenMs: number
  readonly clickDrivenP95Ms: number
  readonly logOpenMs: number
  readonly logSearchMs: number
}

const runs = 90
const tasks = 50
const lines = 200_000
const clicks = 20
const visits = 5

async function fill(warehouse: Warehouse): Promise<string> {
  await warehouse.query(`insert into engine_version values ('bench', 'v', '{}', now())`)
  await warehouse.query(
    `insert into engine_pipeline (pipeline, runs_active_max, version, updated_at) values ('bench', 1, 'v', now())`,
  )
  await warehouse.query(
    `insert into engine_run (run_id, pipeline, version, partition_key, kind, generation, state, queued_at, started_at, ended_at)
     select gen_random_uuid(), 'bench', 'v', (date '2026-08-01' + n)::text, 'scheduled', 1, 'success', timestamptz '2026-08-01' + n * interval '1 day',
       timestamptz '2026-08-01' + n * interval '1 day', timestamptz '2026-08-01' + n * interval '1 day' + interval '4 min' from generate_series(1, $1::int) n`,
    [runs],
  )
  await warehouse.query(
    `insert into engine_task (run_id, task, kind, after, trigger_rule, input, state, tries_max, retry, not_before, pool, timeout_ms, started_at, ended_at)
     select r.run_id, 'task_' || lpad(n::text, 2, '0'), 'extract', '{}', 'all_success', 'null', 'success', 1, '{}', r.started_at, 'default', 1000,
       r.started_at, r.started_at + n * interval '1 s' from engine_run r cross join generate_series(1, $1::int) n`,
    [tasks],
  )
  const [run] = await warehouse.query<{ readonly id: string }>(
    'select run_id::text as id from engine_run order by queued_at desc limit 1',
  )
  const runId = run?.id ?? ''
  await warehouse.query(
    `insert into engine_log (run_id, task, attempt, at, level, message)
     select $1, 'task_01', 1, now(), 'info', 'customers/1234567890 query page ' || n || ' rows=61 pages=1 612ms' from generate_series(1, $2::int) n`,
    [runId, lines],
  )
  await warehouse.query('analyze engine_log')
  return runId
}

const p95 = (all: readonly number[]): number =>
  all.toSorted((one, other) => one - other)[Math.ceil(all.length * 0.95) - 1] ?? Number.NaN

/** Run in the page: `window.shownMs` resolves with the time from the next press of the pointer to the frame after `isThere` came true. */
const watching = (isThere: string) => `void (window.shownMs = new Promise((resolve) => {
  addEventListener('pointerdown', ({ timeStamp }) => {
    const look = () => (${isThere}) ? requestAnimationFrame(() => resolve(performance.now() - timeStamp)) : requestAnimationFrame(look)
    look()
  }, { capture: true, once: true })
}))`

/** Times as a reader has them: from the click to what was asked for standing there, the server's part in them. */
export async function benchScreens(browser: Browser, root: string): Promise<ScreenTimes> {
  await using warehouse = await openTestWarehouse()
  const runId = await fill(warehouse)
  await using server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    clock: systemClock,
    webDir: join(root, 'dist', 'web'),
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'bench', zone: timeZone('UTC'), isDemo: false } })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(`${server.url}/runs?lang=en`)
  await page.locator('.run-grid').waitFor()
  const times = { ...(await timeGrid(page, server.url)), ...(await timeLog(page, server.url, runId)) }
  await page.close()
  return times
}

async function timed(act: () => Promise<void>, until: () => Promise<void>): Promise<number> {
  const at = performance.now()
  await act()
  await until()
  return performance.now() - at
}

async function timeGrid(page: Page, url: string): Promise<Omit<ScreenTimes, 'logOpenMs' | 'logSearchMs'>> {
  const grids: { readonly driven: number; readonly shown: number }[] = []
  for (let visit = 0; visit < visits; visit++) {
    // The screen's program is in the browser's store, as at a second visit; what it shows is not.
    await page.goto(`${url}/settings?lang=en`)
    await page.locator('main h1').waitFor()
    await page.evaluate(watching(`document.querySelectorAll('.run-grid tbody tr').length > ${tasks}`))
    const driven = await timed(
      () => page.getByRole('link', { name: 'Runs' }).click(),
      () => page.locator('.run-grid tbody tr').nth(tasks).waitFor(),
    )
    grids.push({ driven, shown: await page.evaluate<number>('window.shownMs') })
  }
  const buttons = page.locator('.run-grid button')
  const [driven, shown]: [number[], number[]] = [[], []]
  for (let at = 0; at < clicks; at++) {
    const button = buttons.nth(at)
    const id = (await button.getAttribute('data-run')) ?? ''
    const isShown = `document.querySelector('[data-shown="${id}"] [role=tab]') !== null`
    await page.evaluate(watching(isShown))
    driven.push(
      await timed(
        () => button.click(),
        () =>
          page
            .getByRole('tab', { name: 'Gantt' })
            .and(page.locator(`[data-shown="${id}"] [role=tab]`))
            .waitFor(),
      ),
    )
    shown.push(await page.evaluate<number>('window.shownMs'))
  }
  return {
    gridMs: median(grids.map((one) => one.shown)),
    clickP95Ms: p95(shown),
    gridDrivenMs: median(grids.map((one) => one.driven)),
    clickDrivenP95Ms: p95(driven),
  }
}

async function timeLog(
  page: Page,
  url: string,
  runId: string,
): Promise<Pick<ScreenTimes, 'logOpenMs' | 'logSearchMs'>> {
  await page.goto(`${url}/runs?lang=en&run=${runId}&view=gantt`)
  await page.getByRole('tab', { name: 'Log' }).waitFor()
  const logOpenMs = await timed(
    () => page.getByRole('tab', { name: 'Log' }).click(),
    () => page.locator('.line').first().waitFor(),
  )
  const logSearchMs = await timed(
    () => page.getByRole('searchbox', { name: 'Search in the log' }).fill('page 123456 '),
    () => page.getByText(/^1 lines/).waitFor(),
  )
  return { logOpenMs, logSearchMs }
}
