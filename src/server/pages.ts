import { existsSync } from 'node:fs'
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
  await app.register(fastifyStatic, { root: folder, serve: false, wildcard: false })
  app.get('/assets/:file', { schema: { hide: true } }, (request, reply) => {
    const { file } = request.params as { readonly file: string }
    const isEncoded = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && existsSync(join(folder, 'assets', `${file}.gz`))
    void reply.header('vary', 'accept-encoding')
    if (isEncoded) void reply.header('content-encoding', 'gzip').type(typeOf(file))
    return reply.sendFile(`assets/${file}${isEncoded ? '.gz' : ''}`, { maxAge: '365d', immutable: true })
  })
  app.get('/*', { schema: { hide: true } }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    if (path.startsWith('/api/') || /\.\w+$/.test(path))
      throw new MillraceError('SERVER_NOT_FOUND', { method: request.method, path })
    void reply.header('cache-control', 'no-cache')
    if (!existsSync(join(folder, 'index.html'))) return reply.type('text/html').send(bootHtml(board.state, languageOf(request)))
    return reply.sendFile('index.html', { cacheControl: false })
  })
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

const typeOf = (file: string) => types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
