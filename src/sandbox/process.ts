import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../domain/errors.ts'
import { day } from '../domain/day.ts'
import { connectionVariables } from './connections.ts'
import type { Sandbox, SandboxOptions } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'
import type { SandboxPlatform } from './shapes.ts'
import { sandboxPlatforms, shapeOf } from './shapes.ts'

/** What `millrace sandbox` is told. */
export interface RunSandboxOptions extends Omit<SandboxOptions, 'clock'> {
  /** The clock stands at noon UTC of this day; without it, and without `nowMs`, it runs with the machine's. */
  readonly asOf?: string
  /** One line of JSON instead of text for people. */
  readonly json?: boolean
  /** Ends the sandbox besides SIGINT and SIGTERM. */
  readonly signal?: AbortSignal
}

/** What a running sandbox tells others about itself: addresses, credentials that work nowhere else, accounts. */
export type SandboxAddress = Pick<
  Sandbox,
  'url' | 'googleAdsUrl' | 'googleOauthUrl' | 'metaUrl' | 'credentials' | 'connections' | 'accounts'
>

function addressOf(sandbox: Sandbox): SandboxAddress {
  const { url, googleAdsUrl, googleOauthUrl, metaUrl, credentials, connections, accounts } = sandbox
  return { url, googleAdsUrl, googleOauthUrl, metaUrl, credentials, connections, accounts }
}

/** What a connection is told besides addresses. */
function credentialLines(platform: SandboxPlatform, options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options)
    .filter(([option]) => !(option in shapeOf(platform).variables))
    .map(([option, value]) => `${platform.padEnd(15)} ${option.padEnd(16)} ${value}`)
}

/** The lines that people read; the first block can be pasted into a shell. */
function sandboxText({ url, connections, accounts }: SandboxAddress): string {
  const lines = [
    ...connectionVariables.map(({ name, connector, option }) => `export ${name}=${connections[connector][option]}`),
    '',
    ...sandboxPlatforms.flatMap((platform) => credentialLines(platform, connections[platform])),
    '',
    ...accounts.map((one) => `${one.platform}/${one.accountId}  ${one.currency}  ${one.zone}  ${one.name}`),
    '',
    `clock, faults, truth: ${url}/__sandbox/clock|scenario|log|quota|truth`,
  ]
  return `${lines.join('\n')}\n`
}

function instantOf({ asOf, nowMs }: RunSandboxOptions): number | undefined {
  return asOf === undefined ? nowMs : Date.parse(`${day(asOf)}T12:00:00Z`)
}

function untilTold(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
    signal?.addEventListener('abort', () => resolve(), { once: true })
    if (signal?.aborted) resolve()
  })
}

/**
 * Body of `millrace sandbox`: starts, tells `out` where it is, stays up until SIGINT, SIGTERM or `signal`, then stops.
 * Needs neither project nor database. Throws what `startSandbox` throws, and DOMAIN_DAY_INVALID for `asOf`.
 */
export async function runSandbox(options: RunSandboxOptions, out: (text: string) => void): Promise<void> {
  const { asOf: _, json, signal, nowMs: __, ...rest } = options
  const nowMs = instantOf(options)
  await using sandbox = await startSandbox({ ...rest, ...(nowMs !== undefined && { nowMs }) })
  const address = addressOf(sandbox)
  // Told before the line goes out: whoever reads the line may send the signal at once.
  const told = untilTold(signal)
  out(json ? `${JSON.stringify({ event: 'ready', ...address })}\n` : sandboxText(address))
  await told
}

/** A sandbox in a process of its own, so that its work is not measured with the client's. */
export interface SandboxProcess extends SandboxAddress, AsyncDisposable {
  readonly processId: number
  stop(): Promise<void>
}

/** Compiled, the file beside this one ends in .js; in a checkout Node runs the .ts as it is. */
function mainPath(): string {
  const here = fileURLToPath(import.meta.url)
  return here.replace(/process\.(ts|js)$/, 'process-main.$1')
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/**
 * Starts `process-main` beside this file under the same Node and resolves once it is ready. It ends with this process:
 * its standard input closes then. Throws SANDBOX_PROCESS_ENDED when it dies first.
 */
export async function startSandboxProcess(
  options: Omit<RunSandboxOptions, 'signal' | 'json'>,
): Promise<SandboxProcess> {
  const child = spawn(process.execPath, [mainPath(), JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, 'line'), once(child, 'close')])
  if (typeof first[0] !== 'string') {
    throw new MillraceError('SANDBOX_PROCESS_ENDED', {
      exitCode: child.exitCode,
      output: said.trim() || 'It said nothing.',
    })
  }
  const address = JSON.parse(first[0]) as SandboxAddress
  const stop = () => endChild(child)
  return { ...address, processId: child.pid ?? 0, stop, [Symbol.asyncDispose]: stop }
}
