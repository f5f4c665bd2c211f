// The dashboard in real Chromium over the real demo: what it weighs, and how soon it is there.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chromiumPath, openBrowser, startDemo } from '../test/dashboard-fixture.ts'
import type { Bench, BenchOptions, Figures, Line } from './figures.ts'
import { median } from './measure.ts'
import { benchLighthouse } from './web-lighthouse.ts'
import type { LighthouseScores } from './web-lighthouse.ts'
import { liveHeapDriftMb } from './web-live.ts'
import { benchCampaigns } from './web-campaigns.ts'
import type { CampaignTimes } from './web-campaigns.ts'
import type { ScreenTimes } from './web-screens.ts'
import { benchScreens } from './web-screens.ts'

const root = join(import.meta.dirname, '..')
const web = join(root, 'dist', 'web')
const kB = 1_000
const visits = 5
const liveMinutes = 30

interface Weights {
  readonly initialJs: number
  readonly css: number
  readonly lazyMax: number
  readonly charts: number
}

/** Gzipped bytes: what the page asks for at once, and the rest. The charts are every chunk that Recharts is in. */
function weigh(): Weights {
  const size = (file: string) => statSync(join(web, 'assets', `${file}.gz`)).size
  const page = readFileSync(join(web, 'index.html'), 'utf8')
  const all = globSync('*.js', { cwd: join(web, 'assets') })
  const initial = all.filter((file) => page.includes(file))
  const isChart = (file: string) => /recharts|Chart/i.test(file)
  const sum = (files: readonly string[]) => files.reduce((total, file) => total + size(file), 0)
  const lazy = all.filter((file) => !initial.includes(file) && !isChart(file))
  return {
    initialJs: sum(initial),
    css: sum(globSync('*.css', { cwd: join(web, 'assets') })),
    charts: sum(all.filter((file) => !initial.includes(file) && isChart(file))),
    lazyMax: Math.max(0, ...lazy.map(size)),
  }
}

interface Visit {
  readonly lcpMs: number
  readonly cls: number
}

/** Read in the page: the browser's own entries, since before the page began. */
const vitals = `new Promise((resolve) => {
  let lcp = 0
  let cls = 0
  new PerformanceObserver((list) => { for (const one of list.getEntries()) lcp = one.startTime }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) cls += one.value }).observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => resolve({ lcpMs: lcp, cls }), 1500)
})`

export async function bench({ long, say }: Pick<BenchOptions, 'long' | 'say'>): Promise<Bench> {
  spawnSync(process.execPath, [join(root, 'scripts', 'build-web.ts')], { cwd: root, stdio: ['ignore', 2, 2] })
  const weights = weigh()
  if (chromiumPath === undefined) return benchOf(weights, null)
  const browser = await openBrowser()
  const startedAtMs = performance.now()
  const seconds = () => (performance.now() - startedAtMs) / 1_000
  await using demo = await startDemo()
  const first = await browser.newPage()
  await first.goto(demo.url)
  await first.locator('h1').first().waitFor()
  const firstPaintS = seconds()
  await first.locator('.recharts-area-area').first().waitFor({ timeout: 60_000 })
  const firstChartS = seconds()
  await demo.done
  const loadedS = seconds()
  await first.close()
  say('loaded; now visits with everything there')
  const seen: Visit[] = []
  for (let visit = 0; visit < visits; visit++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    await page.goto(demo.url)
    await page.locator('.recharts-area-area').first().waitFor()
    seen.push(await page.evaluate<Visit>(vitals))
    await context.close()
  }
  say('now Lighthouse, where it is installed')
  const lighthouse = await benchLighthouse(`${demo.url}/?lang=en`, chromiumPath, say)
  if (long) say(`now ${liveMinutes} minutes of the Live screen`)
  const liveHeapMb = long ? await liveHeapDriftMb(browser, demo.url, liveMinutes) : null
  say('now a grid of 4,500 tasks and a log of 200,000 lines')
  const screens = await benchScreens(browser, root)
  await browser.close()
  say('now a year of ten thousand campaigns, with nothing else going on')
  await demo.stop()
  const campaigns = await benchCampaigns()
  return benchOf(weights, {
    ...screens,
    ...campaigns,
    lighthouse,
    liveHeapMb,
    firstPaintS,
    firstChartS,
    loadedS,
    lcpMs: median(seen.map((one) => one.lcpMs)),
    cls: median(seen.map((one) => one.cls)),
  })
}

interface Times extends ScreenTimes, CampaignTimes {
  readonly lighthouse: LighthouseScores | null
  readonly liveHeapMb: number | null
  readonly firstPaintS: number
  readonly firstChartS: number
  readonly loadedS: number
  readonly lcpMs: number
  readonly cls: number
}

function benchOf(weights: Weights, times: Times | null): Bench {
  const line = (what: string, ours: number | null, unit: string, atMost: number): Line => ({
    what,
    ours,
    unit,
    bar: { atMost },
  })
  const reach = (what: string, ours: number | null, atLeast: number): Line => ({
    what,
    ours,
    unit: '',
    bar: { atLeast },
  })
  const figures: Figures = {
    initial_js_gz_kb: weights.initialJs / kB,
    css_gz_kb: weights.css / kB,
    charts_gz_kb: weights.charts / kB,
    other_chunk_max_gz_kb: weights.lazyMax / kB,
    demo_first_paint_s: times?.firstPaintS ?? null,
    demo_first_chart_s: times?.firstChartS ?? null,
    demo_loaded_s: times?.loadedS ?? null,
    lcp_desktop_ms: times?.lcpMs ?? null,
    cls: times?.cls ?? null,
    runs_grid_ms: times?.gridMs ?? null,
    runs_click_p95_ms: times?.clickP95Ms ?? null,
    runs_grid_driven_ms: times?.gridDrivenMs ?? null,
    runs_click_driven_p95_ms: times?.clickDrivenP95Ms ?? null,
    log_open_ms: times?.logOpenMs ?? null,
    log_search_ms: times?.logSearchMs ?? null,
    lighthouse_accessibility: times?.lighthouse?.accessibility ?? null,
    lighthouse_best_practices: times?.lighthouse?.bestPractices ?? null,
    lighthouse_performance: times?.lighthouse?.performance ?? null,
    live_heap_drift_mb: times?.liveHeapMb ?? null,
    campaigns_30_days_p95_ms: times?.month30P95Ms ?? null,
    campaigns_365_days_p95_ms: times?.year365P95Ms ?? null,
  }
  return {
    figures,
    lines: [
      line('JavaScript at once, gzipped', weights.initialJs / kB, 'kB', 150),
      line('CSS, gzipped', weights.css / kB, 'kB', 15),
      line('charts, loaded late, gzipped', weights.charts / kB, 'kB', 130),
      line('largest other late chunk, gzipped', weights.lazyMax / kB, 'kB', 60),
      line('demo: first paint', figures['demo_first_paint_s'] ?? null, 's', 3),
      line('demo: first chart with real rows', figures['demo_first_chart_s'] ?? null, 's', 5),
      line('demo: all 30 days', figures['demo_loaded_s'] ?? null, 's', 20),
      line('largest contentful paint, desktop', figures['lcp_desktop_ms'] ?? null, 'ms', 800),
      line('cumulative layout shift', figures['cls'] ?? null, '', 0.05),
      line('runs grid 50 × 90, with its request', figures['runs_grid_ms'] ?? null, 'ms', 150),
      line('click to a run’s detail, p95', figures['runs_click_p95_ms'] ?? null, 'ms', 100),
      line('log of 200,000 lines: open', figures['log_open_ms'] ?? null, 'ms', 500),
      line('log of 200,000 lines: search', figures['log_search_ms'] ?? null, 'ms', 1_000),
      reach('Lighthouse: accessibility', figures['lighthouse_accessibility'] ?? null, 100),
      reach('Lighthouse: best practices', figures['lighthouse_best_practices'] ?? null, 100),
      reach('Lighthouse: performance, desktop', figures['lighthouse_performance'] ?? null, 95),
      line('Live, 30 minutes (--long): heap grown by', figures['live_heap_drift_mb'] ?? null, 'MB', 10),
      line('10,000 campaigns, 30 days: a filter, p95', figures['campaigns_30_days_p95_ms'] ?? null, 'ms', 200),
      line('10,000 campaigns, a year: a filter, p95', figures['campaigns_365_days_p95_ms'] ?? null, 'ms', 300),
    ],
  }
}
