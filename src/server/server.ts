import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import { fastifySSE } from '@fastify/sse'
import fastifySwagger from '@fastify/swagger'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Clock } from '../domain/clock.ts'
import { dayAt } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { embeddedEngine } from '../orchestrate/embedded-engine.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { BackfillDesk } from './backfills.ts'
import { backfills, schedules } from './backfills.ts'
import { BootBoard, bootView } from './boot.ts'
import type { ConnectionDesk } from './connections.ts'
import { connections } from './connections.ts'
import { following } from './follow.ts'
import { warehouseFor } from '../access/client-warehouse.ts'
import type { AccessOptions } from './access-options.ts'
import { openAccess } from './access-options.ts'
import { asking } from './asking.ts'
import { Gate } from './gate.ts'
import type { ImportDesk } from './imports.ts'
import { imports } from './imports.ts'
import type { Insight } from './insight.ts'
import { checkBind, guard } from './guard.ts'
import { watching } from './health.ts'
import type { Door, LiveLook, MountOf } from './mount.ts'
import { asMillraceError, languageOf, requestsPerMinuteMax, sendProblem } from './problem.ts'
import { pages } from './pages.ts'
import { people } from './people.ts'
import type { ProjectFacts } from './project-facts.ts'
import type { RouteOutput } from './contract.ts'
import { serve } from './route.ts'
import { reading } from './reading.ts'
import { settings } from './settings.ts'
import { changingRuns, readingRuns } from './runs.ts'
import { Setup, signingIn } from './sign-in.ts'
import { Witness } from './witness.ts'

export interface ServerOptions {
  /** 127.0.0.1 unless somebody asks for more; anything that others reach wants a key. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** When the port is taken, the next free one of the following twenty. */
  readonly portSearch: boolean
  /** The one bearer key; undefined: open, on this machine's own names only. */
  readonly key: string | undefined
  /** Who may sign in; left out: nobody, and only the key counts. */
  readonly access?: AccessOptions | undefined
  readonly clock: Clock
  /** Folder of the built dashboard; undefined: the API alone. It may be filled later. */
  readonly webDir?: string
  /** Routes of other rooms, beside the server's own. */
  readonly mounts?: readonly MountOf[]
  /** A look at live events, where the program has their log open. */
  readonly live?: LiveLook | undefined
  /** An accident of ours, with its cause; a person's log, never the answer. */
  readonly onError: (error: MillraceError) => void
}

export interface ServerServices {
  readonly warehouse: Warehouse
  readonly project: ProjectFacts
  /** The embedded one over the warehouse when left out. */
  readonly engine?: Engine
  /** Plans and begins backfills; left out where nobody would carry one out. */
  readonly desk?: BackfillDesk | undefined
  /** Makes, tests and renews connections; left out where the project's folder is not at hand. */
  readonly connectionDesk?: ConnectionDesk | undefined
  /** Loads files; left out where the project's folder is not at hand. */
  readonly importDesk?: ImportDesk | undefined
  /** What the screens Settings and Lineage say of the project. */
  readonly insight?: Insight | undefined
}

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:4400` */
  readonly url: string
  /** What the boot page shows; told by whoever starts the rest. */
  readonly board: BootBoard
  /** From here on requests are answered; before, they are 503 SERVER_STARTING. */
  attach(services: ServerServices): void
  /** The token that makes the first admin; null where people do not sign in, or an admin is there. */
  setupToken(): Promise<string | null>
}

const portsTried = 20
const bodyBytesMax = 1_048_576

/**
 * Starts the one HTTP server. It listens when this returns, before any database is there; `attach` gives it one. Disposing it
 * ends open streams and closes the port. Throws SERVER_PUBLIC_WITHOUT_KEY, SERVER_KEY_SHORT, SERVER_PORT_TAKEN.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  checkBind(options.host, options.key, options.access?.login)
  const board = new BootBoard()
  const services: { attached?: ServerServices & { readonly engine: Engine } } = {}
  const servicesOf = () => {
    if (!services.attached) throw board.tooEarly()
    return services.attached
  }
  const door: Door = { clock: options.clock, warehouse: () => servicesOf().warehouse }
  const setup = new Setup()
  const app = await buildApp(options, { board, door, servicesOf, setup })
  const url = await listen(app, options)
  return {
    url,
    board,
    attach(given) {
      services.attached = { ...given, engine: given.engine ?? embeddedEngine({ warehouse: given.warehouse }) }
      board.ready()
    },
    setupToken: async () =>
      options.access?.login === true && (await Setup.isWanted(door.warehouse())) ? setup.token : null,
    [Symbol.asyncDispose]: () => app.close(),
  }
}

interface Parts {
  readonly board: BootBoard
  readonly door: Door
  /** Throws SERVER_STARTING until they are attached. */
  readonly servicesOf: () => ServerServices & { readonly engine: Engine }
  readonly setup: Setup
}

/** Every route in place, nothing listening: what the OpenAPI snapshot is made of, too. */
export async function buildApp(options: ServerOptions, parts: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => {
    const known = asMillraceError(error, request)
    if (known.code === 'SERVER_UNEXPECTED') options.onError(known)
    return sendProblem(reply, known, languageOf(request))
  })
  app.setNotFoundHandler((request, reply) => {
    const facts = { method: request.method, path: request.url.split('?')[0] ?? '' }
    return sendProblem(reply, new MillraceError('SERVER_NOT_FOUND', facts), languageOf(request))
  })
  await protect(app, options)
  await app.register(fastifySwagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Millrace', version: '1' } },
    transform: jsonSchemaTransform,
  })
  await app.register(fastifySSE, { heartbeatInterval: 15_000 })
  const mounts = (options.mounts ?? []).map((mountOf) => mountOf(narrow(parts.door)))
  for (const one of mounts) if (one.guard === 'own') await app.register(one.plugin)
  await app.register(async (scope) => {
    await ownRoutes(scope, parts, options)
    if (options.webDir !== undefined) await pages(scope, options.webDir, parts.board)
    for (const one of mounts) if (one.guard === 'server') await scope.register(one.plugin)
  })
  return app
}

/** Headers that make a browser refuse what does not come from here; HSTS where others reach it by TLS alone. */
async function protect(app: FastifyInstance, { key, access }: ServerOptions): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: access?.publicUrl?.startsWith('https:') === true && { maxAge: 15_552_000 },
    crossOriginOpenerPolicy: key === undefined && access?.login !== true ? false : { policy: 'same-origin' },
    originAgentCluster: false,
  })
  await app.register(fastifyRateLimit, { max: requestsPerMinuteMax, timeWindow: 60_000 })
}

async function ownRoutes(app: FastifyInstance, parts: Parts, options: ServerOptions): Promise<void> {
  const { board, door, servicesOf, setup } = parts
  const access = options.access ?? openAccess
  const gate = new Gate({ ...access, key: options.key, clock: options.clock, door })
  const witness = new Witness(door)
  guard(app, gate, witness)
  serve(app, 'GET /api/v1/boot', async (_input, request) => {
    const view = bootView(board.state, languageOf(request))
    return view as RouteOutput<'GET /api/v1/boot'>
  })
  const known = { gate, witness, door, access, setup, isReady: () => board.state.ready }
  signingIn(app, known)
  if (access.oidc) {
    // Its library is no part of a start that does without it.
    const { signingInElsewhere } = await import('./sign-in-elsewhere.ts')
    signingInElsewhere(app, known, access.oidc)
  }
  people(app, door, access)
  watching(app, door, board)
  const own = narrow(door)
  const engineOf = () => servicesOf().engine
  following(app, own, board)
  readingRuns(app, own, engineOf)
  changingRuns(app, own, engineOf, () => dayAt(options.clock.nowMs(), servicesOf().project.zone))
  const insightOf = () => servicesOf().insight
  settings(app, own, insightOf)
  schedules(app, own, engineOf)
  backfills(app, own, { engineOf, deskOf: () => servicesOf().desk })
  connections(app, () => servicesOf().connectionDesk)
  await imports(app, () => servicesOf().importDesk)
  reading(app, own, { projectOf: () => servicesOf().project, insightOf, look: options.live ?? {} })
}

/** The door as whoever asks may use it: limited to clients, it shows their rows alone. */
function narrow(door: Door): Door {
  return { clock: door.clock, warehouse: () => warehouseFor(asking.getStore(), door.warehouse()) }
}

/** Listens, on one of the next ports when that is allowed. */
async function listen(app: FastifyInstance, { host, port, portSearch }: ServerOptions): Promise<string> {
  const last = portSearch && port !== 0 ? port + portsTried : port
  for (let tried = port; ; tried++) {
    try {
      await app.listen({ host, port: tried })
      const address = app.server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : tried
      return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken) throw cause
      if (tried >= last) throw new MillraceError('SERVER_PORT_TAKEN', { host, port: tried }, { cause })
    }
  }
}
