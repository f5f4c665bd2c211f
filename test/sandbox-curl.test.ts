import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { day } from '../src/domain/day.ts'
import { platforms } from '../src/domain/platform.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { root } from './bootstrap-fixture.ts'

// The guide of the sandbox says how curl reads each platform's fake. Its commands are run as they stand on the page.

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const days = ['2026-11-10', '2026-11-11', '2026-11-12'].map((one) => day(one))
const programs = ['curl', 'openssl', 'unzip', 'jq', 'awk']
const absent = programs.filter((one) => {
  try {
    execFileSync('sh', ['-c', `command -v ${one}`], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
})

const page = readFileSync(join(root, 'docs/guide/sandbox.md'), 'utf8')
const commands = new Map(
  [...page.matchAll(/^```sh (\w+)\n(.*?)\n```$/gms)].map(([, name = '', text = '']) => [name, text]),
)

let sandbox: Sandbox
let folder: string
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, nowMs, world: { platforms: [...platforms] } })
  folder = mkdtempSync(join(tmpdir(), 'millrace-curl-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await sandbox.stop()
})

/** What the commands of a platform print; the sandbox lives in this process, so that nothing here may wait without it. */
async function printed(name: string, account: string): Promise<string> {
  const env = { ...process.env, URL: sandbox.url, A: account, DIR: folder, NOW: String(nowMs / 1000) }
  const { stdout } = await promisify(execFile)('sh', ['-c', commands.get(name) ?? 'false'], { env })
  return stdout.trim()
}

test.for(platforms)('curl reads %s, and its sum is the truth', { timeout: 60_000 }, async (platform, { skip }) => {
  skip(absent.length > 0, `absent: ${absent.join(', ')}`)
  const { accountId } = sandbox.accounts.find((one) => one.platform === platform && one.currency === 'KRW')!
  const truth = days.flatMap((date) => sandbox.truth(platform, accountId, date, nowMs))
  const sum = truth.reduce((all, { impressions }) => all + Number(impressions), 0)
  expect(sum).toBeGreaterThan(0)
  expect(await printed(platform, accountId)).toBe(String(sum))
})
