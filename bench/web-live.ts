// The Live screen, watched for half an hour while a thousand events a second come: what its page keeps that it should not.
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser } from 'playwright-core'

const settlingMs = 60_000
const mega = 1_000_000

/** By how much the page's heap has grown, garbage aside, from a minute after it opened to `minutes` later. */
export async function liveHeapDriftMb(browser: Browser, url: string, minutes: number): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(`${url}/live?lang=en`)
  await page.locator('.recharts-surface').first().waitFor()
  const session = await page.context().newCDPSession(page)
  const used = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize
  }
  await pause(settlingMs)
  const before = await used()
  await pause(minutes * 60_000)
  const after = await used()
  await page.close()
  return (after - before) / mega
}
