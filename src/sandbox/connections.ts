import type { Credentials } from './credentials.ts'
import { credentialsOf } from './credentials.ts'
import type { SandboxPlatform } from './shapes.ts'
import { sandboxPlatforms, shapeOf } from './shapes.ts'

/** What a connection of each platform is told instead of its own addresses and credentials. */
export type SandboxConnections = Readonly<Record<SandboxPlatform, Readonly<Record<string, string>>>>

export function byPlatform<Value>(of: (platform: SandboxPlatform) => Value): Readonly<Record<SandboxPlatform, Value>> {
  const entries = sandboxPlatforms.map((platform) => [platform, of(platform)])
  return Object.fromEntries(entries) as Record<SandboxPlatform, Value>
}

/** What connections to a sandbox at this address are told. */
export function connectionsAt(url: string, credentials: Credentials): SandboxConnections {
  return byPlatform((platform) => shapeOf(platform).connection(url, credentials))
}

/** Stands for the sandbox while a configuration is only looked at; nothing listens there. */
export const closedConnections = connectionsAt('http://127.0.0.1:1', credentialsOf(0, '1000000000'))

/** An environment variable that gives one option to every connection of a platform. */
export interface ConnectionVariable {
  readonly name: string
  readonly connector: SandboxPlatform
  readonly option: string
}

export const connectionVariables: readonly ConnectionVariable[] = sandboxPlatforms.flatMap((connector) =>
  Object.entries(shapeOf(connector).variables).map(([option, name]) => ({ name, connector, option })),
)
