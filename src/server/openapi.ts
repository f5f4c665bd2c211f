import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../domain/clock.ts'
import { BootBoard } from './boot.ts'
import { buildApp } from './server.ts'
import { Setup } from './sign-in.ts'

const snapshot = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url))

/** The API as OpenAPI 3.1, made from the routes themselves; docs/openapi.json is its snapshot and a test holds the two together. */
export async function openApiText(): Promise<string> {
  const board = new BootBoard()
  const early = () => {
    throw board.tooEarly()
  }
  const app = await buildApp(
    { host: '127.0.0.1', port: 0, portSearch: false, key: undefined, clock: systemClock, onError: () => undefined },
    { board, door: { clock: systemClock, warehouse: early }, servicesOf: early, setup: new Setup() },
  )
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  return text
}

if (import.meta.main) writeFileSync(snapshot, await openApiText())
