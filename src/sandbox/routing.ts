import type { Request } from './reply.ts'
import type { Route, SandboxPlatform } from './shapes.ts'
import { sandboxPlatforms, shapeOf } from './shapes.ts'

/** What a path asks for, before anything is checked. */
export interface Target {
  readonly platform: SandboxPlatform
  readonly route: Route
  readonly version: string
  /** The id as it was written: it may be one that does not exist. */
  readonly account: string | undefined
}

/** Platforms live at one address: their paths differ, or begin with a word of their own. */
export function targetOf(request: Request): Target | undefined {
  for (const platform of sandboxPlatforms) {
    const { family, routes, accountOf } = shapeOf(platform)
    for (const [name, { path, method }] of Object.entries(routes)) {
      const match = method === undefined || method === request.method ? path.exec(request.path) : null
      if (!match) continue
      const { version = '', account } = match.groups ?? {}
      return { platform, route: `${family}.${name}` as Route, version, account: account ?? accountOf?.(request) }
    }
  }
  return undefined
}
