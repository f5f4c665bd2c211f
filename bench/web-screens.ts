// Screens over a server of our own with more in it than a demo has: a grid of 50 tasks × 90 runs, a log of 200,000 lines.
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { startServer } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

export interface ScreenTimes {
  readonly gridMs: number
  readonly clickP95Ms: number
  readonly logOpenMs: number
  readonly logSearchMs: number
}

const runs = 90
const tasks = 50
const lines = 200_000
const clicks = 20

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
  // The screen's program is there already when its time is taken.
  await page.goto(`${server.url}/runs?lang=en`)
  await page.locator('.run-grid').waitFor()
  await page.getByRole('link', { name: 'Settings' }).click()
  const timed = async (act: () => Promise<void>, until: () => Promise<void>) => {
    const at = performance.now()
    await act()
    await until()
    return performance.now() - at
  }
  const gridMs = await timed(
    () => page.getByRole('link', { name: 'Runs' }).click(),
    () => page.locator('.run-grid tbody tr').nth(tasks).waitFor(),
  )
  const buttons = page.locator('.run-grid button')
  const clicked: number[] = []
  for (let at = 0; at < clicks; at++) {
    const button = buttons.nth(at)
    clicked.push(
      await timed(
        () => button.click(),
        async () => {
          const id = await page.evaluate<string>(`new URLSearchParams(location.search).get('run') ?? ''`)
          await page.getByRole('heading', { name: `Run ${id.slice(0, 8)}` }).waitFor()
          await page.getByRole('tab', { name: 'Gantt' }).waitFor()
        },
      ),
    )
  }
  await page.goto(`${server.url}/runs?lang=en&run=${runId}&view=gantt`)
  await page.getByRole('tab', { name: 'Log' }).waitFor()
  const logOpenMs = await timed(
    () => page.getByRole('tab', { name: 'Log' }).click(),
    () => page.locator('.line').first().waitFor(),
  )
  const logSearchMs = await timed(
    () => page.getByRole('searchbox', { name: 'Search in the log' }).fill('page 123456 '),
    () => page.getByText(/^1 lines/).waitFor(),
  )
  await page.close()
  return {
    gridMs,
    clickP95Ms: clicked.toSorted((one, other) => one - other)[Math.ceil(clicked.length * 0.95) - 1] ?? Number.NaN,
    logOpenMs,
    logSearchMs,
  }
}
