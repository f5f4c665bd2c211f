import type { Tree } from './config-check.ts'
import type { SandboxConnections } from './sandbox/connections.ts'
import { closedConnections } from './sandbox/connections.ts'

/** As much of a running sandbox as connections need. */
export interface SandboxDoor {
  readonly connections: SandboxConnections
}

/** A connection goes to the sandbox when the project has one, the sandbox plays its platform, and it neither gives an address nor says no. */
export function goesToSandbox(section: Tree, hasSandbox: boolean): boolean {
  return (
    hasSandbox &&
    section['sandbox'] !== false &&
    section['baseUrl'] === undefined &&
    Object.hasOwn(closedConnections, String(section['connector']))
  )
}

/** What a connection is told instead of its own addresses and credentials while the sandbox stands in for its platform. */
export function sandboxOptions(connector: string, door: SandboxDoor = { connections: closedConnections }): Tree {
  const byConnector: Readonly<Record<string, Tree>> = door.connections
  return { ...byConnector[connector] }
}
