import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { chownSync, existsSync, statSync } from 'node:fs'

/** `nobody` of Linux: the one unprivileged user that every image has; initdb fails for a number without an entry. */
const nobodyId = 65534

/**
 * As whom Postgres runs. It refuses root, so root needs one of two ways:
 * `namespace`, a user namespace in which root's own number reads 65534, so that files stay root's and folders that only root can enter work;
 * `nobody`, the real user 65534, where the kernel or the container forbids user namespaces. A folder keeps the way in which it was created.
 */
export type Launch =
  | { readonly kind: 'self' }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'owner'; readonly uid: number; readonly gid: number }

const unshareArguments = ['--user', `--map-user=${nobodyId}`, `--map-group=${nobodyId}`, '--']

function namespacesWork(): boolean {
  return spawnSync('unshare', [...unshareArguments, 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0
}

/** Decides as whom the server of this data folder runs; the folder need not exist yet. */
export function launchFor(dataDir: string): Launch {
  if (process.getuid?.() !== 0) return { kind: 'self' }
  const owner = existsSync(dataDir) ? statSync(dataDir) : undefined
  if (owner && owner.uid !== 0) return { kind: 'owner', uid: owner.uid, gid: owner.gid }
  return namespacesWork() ? { kind: 'namespace' } : { kind: 'owner', uid: nobodyId, gid: nobodyId }
}

/** Gives a folder to whom the server runs as. */
export function handOver(path: string, launch: Launch): void {
  if (launch.kind === 'owner') chownSync(path, launch.uid, launch.gid)
}

export interface LaunchOptions {
  readonly cwd: string
  readonly stdio: StdioOptions
  /** In a session of its own, so that Ctrl-C in the terminal reaches the command and not the server that others share. */
  readonly detached: boolean
}

/** Starts a Postgres program as the chosen user; the child's pid is the program's own, because `unshare` replaces itself by it. */
export function launchProgram(
  launch: Launch,
  file: string,
  args: readonly string[],
  options: LaunchOptions,
): ChildProcess {
  const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  // libpq's variables would reach into initdb and the server's own tools.
  for (const name of Object.keys(environment)) if (name.startsWith('PG')) Reflect.deleteProperty(environment, name)
  const identity = launch.kind === 'owner' ? { uid: launch.uid, gid: launch.gid } : {}
  return launch.kind === 'namespace'
    ? spawn('unshare', [...unshareArguments, file, ...args], { ...options, env: environment })
    : spawn(file, args, { ...options, ...identity, env: environment })
}
