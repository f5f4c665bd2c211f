import type { FastifyInstance } from 'fastify'
import { MillraceError } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { languageOf } from './problem.ts'
import { serve } from './route.ts'

type Draft = RouteInput<'POST /api/v1/connections'>['body']
type Tested = RouteOutput<'POST /api/v1/connections/:name/test'>

/** What only the program that has the project's folder can do with its connections. */
export interface ConnectionDesk {
  list(): Promise<RouteOutput<'GET /api/v1/connections'>>
  forms(): Promise<RouteOutput<'GET /api/v1/connections/forms'>>
  preview(draft: Draft): Promise<RouteOutput<'POST /api/v1/connections/preview'>>
  trial(draft: Draft, language: Language): Promise<RouteOutput<'POST /api/v1/connections/trial'>>
  save(draft: Draft): Promise<RouteOutput<'POST /api/v1/connections'>>
  test(name: string, language: Language): Promise<Tested>
  renew(name: string, values: Readonly<Record<string, string>>, language: Language): Promise<Tested>
}

/** Connections by the dashboard: the same as `millrace connectors`, each step shown before it is taken. */
export function connections(app: FastifyInstance, deskOf: () => ConnectionDesk | undefined): void {
  const desk = () => {
    const found = deskOf()
    if (!found) throw new MillraceError('SERVER_NO_PROJECT')
    return found
  }
  serve(app, 'GET /api/v1/connections', () => desk().list())
  serve(app, 'GET /api/v1/connections/forms', () => desk().forms())
  serve(app, 'POST /api/v1/connections/preview', ({ body }) => desk().preview(body))
  serve(app, 'POST /api/v1/connections/trial', ({ body }, request) => desk().trial(body, languageOf(request)))
  serve(app, 'POST /api/v1/connections', ({ body }) => desk().save(body))
  serve(app, 'POST /api/v1/connections/:name/test', ({ params }, request) =>
    desk().test(params.name, languageOf(request)),
  )
  serve(app, 'POST /api/v1/connections/:name/renew', ({ params, body }, request) =>
    desk().renew(params.name, body.values, languageOf(request)),
  )
}
