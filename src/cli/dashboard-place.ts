import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

const placeSchema = z.object({ url: z.url(), pid: z.number().int() })

/** Where a dashboard listens, and whose process it is. */
export type DashboardPlace = z.output<typeof placeSchema>

const fileOf = (projectDir: string) => join(projectDir, '.millrace', 'dashboard.json')

/** Writes down where the project's dashboard is, so that other commands find it; gone again when it is disposed. */
export function keepPlace(projectDir: string, place: DashboardPlace): Disposable {
  const file = fileOf(projectDir)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(place)}\n`)
  return {
    [Symbol.dispose]() {
      // A second one may have taken the place in the meantime; its word stays.
      if (readPlace(projectDir)?.pid === place.pid) rmSync(file, { force: true })
    },
  }
}

/** What was written down last. Whoever wrote it may have been killed since: ask it before you believe it. */
export function readPlace(projectDir: string): DashboardPlace | undefined {
  try {
    return placeSchema.parse(JSON.parse(readFileSync(fileOf(projectDir), 'utf8')))
  } catch {
    return undefined
  }
}
