import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MillraceError } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { languageOf } from './problem.ts'
import { serve } from './route.ts'

type Ask = RouteInput<'POST /api/v1/imports/:importId/plan'>['body']

/** What only the program that has the project's folder and its ports can do with a file. */
export interface ImportDesk {
  /** Keeps the bytes until they are loaded, or for a day. */
  take(name: string, bytes: AsyncIterable<Buffer>): Promise<RouteOutput<'POST /api/v1/imports'>>
  plan(importId: string, ask: Ask, language: Language): Promise<RouteOutput<'POST /api/v1/imports/:importId/plan'>>
  load(importId: string, ask: Ask, language: Language): Promise<RouteOutput<'POST /api/v1/imports/:importId/load'>>
}

/** A file that is taken in by the parser, so that it is on the disk before a handler or the audit log sees the request. */
interface Taken {
  readonly taken: RouteOutput<'POST /api/v1/imports'>
}

/** Files dropped on the dashboard: taken, looked at, loaded; the same as `millrace import`. */
export async function imports(app: FastifyInstance, deskOf: () => ImportDesk | undefined): Promise<void> {
  const desk = () => {
    const found = deskOf()
    if (!found) throw new MillraceError('SERVER_NO_PROJECT')
    return found
  }
  await app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/octet-stream',
      { bodyLimit: uploadBytesMax },
      async (request: FastifyRequest, payload: AsyncIterable<Buffer>): Promise<Taken> => {
        const { name = 'file' } = request.query as { readonly name?: string }
        return { taken: await desk().take(name, limited(payload)) }
      },
    )
    serve(scope, 'POST /api/v1/imports', async (_input, request) => {
      const { taken } = (request.body ?? {}) as Partial<Taken>
      if (!taken)
        throw new MillraceError('SERVER_REQUEST_INVALID', { detail: 'the body is no application/octet-stream' })
      return taken
    })
  })
  serve(app, 'POST /api/v1/imports/:importId/plan', ({ params, body }, request) =>
    desk().plan(params.importId, body, languageOf(request)),
  )
  serve(app, 'POST /api/v1/imports/:importId/load', ({ params, body }, request) =>
    desk().load(params.importId, body, languageOf(request)),
  )
}

const megabyte = 1_048_576
const uploadBytesMax = 200 * megabyte

async function* limited(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0
  for await (const chunk of bytes) {
    total += chunk.length
    if (total > uploadBytesMax)
      throw new MillraceError('SERVER_FILE_LARGE', { megabytesMax: uploadBytesMax / megabyte })
    yield chunk
  }
}
