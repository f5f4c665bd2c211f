// Takes the pictures of the dashboard from the demo: `node scripts/screens.ts`. They are documentation; test/dashboard.test.ts is the proof.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, startDemo } from '../test/dashboard-fixture.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'screens')
const shots = [
  { name: 'overview', path: '/' },
  { name: 'runs', path: '/runs' },
  { name: 'campaigns', path: '/campaigns' },
  { name: 'compare', path: '/compare?currency=USD' },
  { name: 'live', path: '/live' },
  { name: 'quality', path: '/quality' },
  { name: 'connectors', path: '/connectors' },
  { name: 'lineage', path: '/lineage' },
  { name: 'alerts', path: '/alerts' },
  { name: 'settings', path: '/settings' },
] as const

mkdirSync(folder, { recursive: true })
await using demo = await startDemo()
await demo.done
const browser = await openBrowser()
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
for (const { name, path } of shots)
  for (const [lang, theme] of [
    ['en', 'light'],
    ['ko', 'dark'],
  ] as const) {
    await page.goto(`${demo.url}${path}${path.includes('?') ? '&' : '?'}lang=${lang}&theme=${theme}`)
    await page.locator('.panel table, .panel .empty, .panel .graph').first().waitFor()
    if (path === '/' || path === '/live') await page.locator('.recharts-area-area').first().waitFor()
    await page.screenshot({ path: join(folder, `${name}-${lang}-${theme}.png`) })
  }
await browser.close()
