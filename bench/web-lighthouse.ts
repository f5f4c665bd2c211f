// What Lighthouse makes of the overview; null where it is not installed: `scripts/services.sh install lighthouse`.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './measure.ts'

export interface LighthouseScores {
  /** Out of a hundred, as Lighthouse prints them. */
  readonly accessibility: number
  readonly bestPractices: number
  readonly performance: number
}

const categories = ['accessibility', 'best-practices', 'performance'] as const
type Report = Readonly<
  Record<'categories', Readonly<Record<(typeof categories)[number], { readonly score: number | null }>>>
>

export async function benchLighthouse(
  url: string,
  chromium: string,
  say: (line: string) => void,
): Promise<LighthouseScores | null> {
  const services = process.env['MILLRACE_SERVICES_DIR'] ?? join(homedir(), '.cache', 'millrace-services')
  const program = join(services, 'lighthouse', 'node_modules', 'lighthouse', 'cli', 'index.js')
  if (!existsSync(program)) {
    say('lighthouse: absent; install it with: scripts/services.sh install lighthouse')
    return null
  }
  const options = [
    '--preset=desktop',
    `--only-categories=${categories.join(',')}`,
    '--output=json',
    '--quiet',
    '--chrome-flags=--headless=new --no-sandbox',
  ]
  const ended = await runProgram(process.execPath, [program, url, ...options], { env: { CHROME_PATH: chromium } })
  if (ended.code !== 0) {
    say(`lighthouse failed: ${ended.stderr.slice(-600)}`)
    return null
  }
  const report = JSON.parse(ended.stdout) as Report
  const score = (name: (typeof categories)[number]) => Math.round((report.categories[name].score ?? 0) * 100)
  return {
    accessibility: score('accessibility'),
    bestPractices: score('best-practices'),
    performance: score('performance'),
  }
}
