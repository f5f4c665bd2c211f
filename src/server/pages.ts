import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { BootBoard } from './boot.ts'
import { bootHtml } from './boot-html.ts'
import { MillraceError } from '../domain/errors.ts'
import { languageOf } from './problem.ts'

/**
 * The dashboard's files. Names of assets carry a hash and may be kept for ever; the page itself is asked for anew each time.
 * Until the page is built, which a checkout does at its first demo, a plain one shows the stages of the start.
 */
export async function pages(app: FastifyInstance, folder: string, board: BootBoard): Promise<void> {
  const assets = join(folder, 'assets')
  // It may be built while we already listen; its place must be there.
  mkdirSync(assets, { recursive: true })
  await app.register(fastifyStatic, {
    root: assets,
    prefix: '/assets/',
    preCompressed: true,
    index: false,
    maxAge: '365d',
    immutable: true,
  })
  app.get('/*', { schema: { hide: true }, config: { role: 'anyone' } }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    if (path.startsWith('/api/') || /\.\w+$/.test(path))
      throw new MillraceError('SERVER_NOT_FOUND', { method: request.method, path })
    void reply.header('cache-control', 'no-cache')
    if (!existsSync(join(folder, 'index.html')))
      return reply.type('text/html').send(bootHtml(board.state, languageOf(request)))
    return reply.sendFile('index.html', folder, { cacheControl: false })
  })
}
