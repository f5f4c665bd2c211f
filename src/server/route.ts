import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RouteInput, RouteKey, RouteOutput } from './contract.ts'
import { contract } from './contract.ts'
import type { RouteSpec } from './contract-role.ts'

/** Registers a route of the contract: who may ask and what it is given is checked before, what it answers after. */
export function serve<Key extends RouteKey>(
  app: FastifyInstance,
  key: Key,
  handle: (input: RouteInput<Key>, request: FastifyRequest, reply: FastifyReply) => Promise<RouteOutput<Key>>,
): void {
  const [method = 'GET', url = '/'] = key.split(' ')
  const { summary, role, perClient = false, query, params, body, response } = contract[key] as RouteSpec
  app.route({
    method,
    url,
    config: { role, perClient },
    schema: {
      summary,
      ...(query !== undefined && { querystring: query }),
      ...(params !== undefined && { params }),
      ...(body !== undefined && { body }),
      response: { 200: response },
    },
    handler: (request, reply) =>
      handle({ query: request.query, params: request.params, body: request.body } as RouteInput<Key>, request, reply),
  })
}
