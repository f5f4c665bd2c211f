import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfiguredPort, Settings } from './config-check.ts'
import { loadAdapter } from './config-check.ts'
import type { SandboxDoor } from './config-sandbox.ts'
import { loadSuite } from './config-quality.ts'
import { sandboxOptions } from './config-sandbox.ts'
import type { SecretKeeper } from './config-secrets.ts'
import { lockedConnector, openKept } from './config-stored.ts'
import type { SandboxPlatform } from './sandbox/shapes.ts'
import { sandboxPlatforms } from './sandbox/shapes.ts'
import type { Busy } from './sandbox/traffic.ts'
import type { Connector } from './connectors/connector.ts'
import { mappingAt } from './connectors/connector.ts'
import type { Clock, Random } from './domain/clock.ts'
import { MillraceError } from './domain/errors.ts'
import type { Lake } from './lake/lake.ts'
import type { Notifier } from './notify/notifier.ts'
import type { Channel, OpenConnection, Ports } from './orchestrate/ports.ts'
import type { Counters } from './stream/counters.ts'
import type { EventLog } from './stream/log.ts'
import type { AdapterSpec } from './stream/worker-thread.ts'
import type { Runner } from './transform/runner.ts'
import { openReadOnly } from './warehouse/read-only.ts'
import type { Warehouse } from './warehouse/warehouse.ts'

/** What is being opened, told before and after, because an embedded Postgres takes a second at its first start. */
export interface Opening {
  readonly part: 'warehouse' | 'lake' | 'sandbox' | 'schema'
  readonly state: 'opening' | 'open'
  /** Where it is, without secrets; for the schema the migrations that were applied. */
  readonly place: string
  readonly seconds: number
}

export interface OpenContext {
  readonly clock: Clock
  readonly random: Random
  readonly fetch: typeof fetch
  readonly onOpening: (opening: Opening) => void
  /** The instant at which the clock of a sandbox that is started stands; without it the clock runs on `clock`. */
  readonly sandboxNowMs?: number
  /** Days on which that sandbox's platforms report as many events as are sent. */
  readonly sandboxBusy?: Busy
  /** Sees the warehouse as soon as it is there, before anything else does. */
  readonly onWarehouse?: (warehouse: Warehouse) => Promise<void>
  /** Learns every secret that is opened. */
  readonly secrets?: SecretKeeper
  /** The settings as the project has them now: connections that are added while the ports are open are opened by it. */
  readonly reread?: () => Promise<Settings>
}

/** An adapter by name with its checked options, whatever its port. */
interface Named {
  readonly adapter: string
  readonly options: unknown
}

async function openAdapter<Opened>(port: ConfiguredPort, { adapter, options }: Named): Promise<Opened> {
  const loaded = await loadAdapter(port, adapter)
  return (await loaded.open(options)) as Opened
}

async function told<Opened>(
  part: Opening['part'],
  onOpening: OpenContext['onOpening'],
  open: () => Promise<Opened>,
  placeOf: (opened: Opened) => string,
): Promise<Opened> {
  const startedAtMs = performance.now()
  onOpening({ part, state: 'opening', place: '', seconds: 0 })
  const opened = await open()
  onOpening({ part, state: 'open', place: placeOf(opened), seconds: (performance.now() - startedAtMs) / 1_000 })
  return opened
}

/** The warehouse with every migration applied. Disposing it stops an embedded one that this process started. */
export async function openWarehouse(settings: Settings, context: OpenContext): Promise<Warehouse> {
  const warehouse = await told(
    'warehouse',
    context.onOpening,
    () => openAdapter<Warehouse>('warehouse', settings.warehouse),
    ({ place }) => place,
  )
  try {
    await told(
      'schema',
      context.onOpening,
      () => warehouse.migrate(),
      (applied) => applied.join(', '),
    )
    await context.onWarehouse?.(warehouse)
    return warehouse
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw error
  }
}

/** The lake alone. */
export function openLake({ lake }: Settings): Promise<Lake> {
  return openAdapter<Lake>('lake', lake)
}

/**
 * Opens everything that the settings name; what cannot be opened closes what was opened before it. Disposing closes in the
 * opposite order, so that the warehouse, which others write to until their end, goes last.
 */
export async function openPorts(settings: Settings, context: OpenContext): Promise<Ports> {
  await using opening = new AsyncDisposableStack()
  // A mistake in a check is told before anything is started.
  const suite = await loadSuite(settings.projectDir)
  const warehouseOpening = openWarehouse(settings, context)
  readAhead(settings)
  const warehouse = opening.use(await warehouseOpening)
  const reader = opening.use(openReadOnly(warehouse))
  const lake = opening.use(
    await told(
      'lake',
      context.onOpening,
      () => openLake(settings),
      ({ place }) => place,
    ),
  )
  const runner = await openAdapter<Runner>('runner', settings.transform ?? { adapter: 'native', options: {} })
  const channels = await openChannels(settings, opening)
  const { connections, door, follow } = await openConnections(settings, context, opening, warehouse)
  const opened = opening.move()
  return {
    clock: context.clock,
    random: context.random,
    fetch: context.fetch,
    connections,
    followConnections: follow,
    lake,
    warehouse,
    runner,
    dbt: settings.transform && {
      projectDir: settings.transform.project,
      profilesDir: settings.transform.profiles,
      vars: settings.transform.vars,
      threads: settings.transform.threads,
    },
    channels,
    rates: ratesOf(settings, door),
    naming: settings.hub.naming,
    quality: { suite, reader },
    scratchDir: join(settings.projectDir, '.millrace', 'scratch'),
    parallelAccounts: settings.pipeline.parallelAccounts,
    retentionRawDays: settings.retention.raw,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Reads the programs of what is opened after the warehouse while its server starts; what fails is told when it is opened. */
function readAhead({ lake, transform, connections }: Settings): void {
  const adapters = [
    loadAdapter('lake', lake.adapter),
    loadAdapter('runner', transform?.adapter ?? 'native'),
    ...Object.values(connections).map(({ adapter }) => loadAdapter('connector', adapter)),
  ]
  const isSandboxed = Object.values(connections).some(({ sandboxed }) => sandboxed)
  void Promise.allSettled([...adapters, isSandboxed ? import('./sandbox/sandbox.ts') : undefined])
}

/** The configured sources; a project on the sandbox that names none takes the sandbox's. */
function ratesOf({ hub: { rates } }: Settings, door: SandboxDoor | undefined): Ports['rates'] {
  if (rates.files.length > 0 || rates.url !== null) return rates
  return door && { files: [], url: door.ratesUrl }
}

/** The ways of telling people. */
export async function openChannels({ notify }: Settings, opening: AsyncDisposableStack): Promise<readonly Channel[]> {
  const channels: Channel[] = []
  for (const [name, chosen] of Object.entries(notify)) {
    const notifier = opening.use(await openAdapter<Notifier>('notifier', chosen))
    channels.push({ name, notifier, language: chosen.language })
  }
  return channels
}

/**
 * Opens every connection, with a sandbox for those that go there, which lives as long as they do. One whose kept secrets do not open
 * is there and fails at whatever it is asked, so that the others go on.
 */
export async function openConnections(
  settings: Settings,
  context: OpenContext,
  opening: AsyncDisposableStack,
  warehouse: Warehouse,
): Promise<OpenConnections> {
  const isNeeded = Object.values(settings.connections).some((one) => one.sandboxed)
  const door = isNeeded ? opening.use(await startOwnSandbox(settings, context)) : undefined
  const connections: OpenConnection[] = []
  // What is opened later is closed with what is opened now.
  const opened = opening.use(new AsyncDisposableStack())
  const around = { settings, context, opened, warehouse, door }
  for (const name of Object.keys(settings.connections)) connections.push(await openConnection(name, around))
  return { connections, door, follow: follower(connections, around) }
}

interface OpenConnections {
  readonly connections: readonly OpenConnection[]
  readonly door: SandboxDoor | undefined
  /** As `followConnections` of the ports. */
  readonly follow: Ports['followConnections']
}

/** What a connection is opened with, and what closes it in the end. */
interface Around {
  readonly settings: Settings
  readonly context: OpenContext
  readonly opened: AsyncDisposableStack
  readonly warehouse: Warehouse
  readonly door: SandboxDoor | undefined
}

async function openConnection(name: string, around: Around): Promise<OpenConnection> {
  const { settings, context, opened, warehouse, door } = around
  const configured = settings.connections[name]
  assert(configured, 'only connections of the settings are opened')
  const { adapter, options, accountIds, levels, sandboxed } = configured
  const { options: schema } = await loadAdapter('connector', adapter)
  const kept = sandboxed ? sandboxOptions(adapter, door) : await openKept(settings, context, warehouse, name)
  const problem = kept instanceof MillraceError ? kept : undefined
  const told = schema.parse({ ...options, ...(kept instanceof MillraceError ? {} : kept) })
  const connector = opened.use(await openAdapter<Connector>('connector', { adapter, options: told }))
  for (const level of Object.values(levels).flat()) mappingAt(connector.spec, level)
  return { name, connector: problem ? lockedConnector(connector, problem) : connector, accountIds, levels }
}

/**
 * Brings the list of open connections in step with the folder `connections` when a file of it has changed since: what is new is
 * opened, what has changed is opened anew, what is gone is left out. A connection that is no longer in the list stays open to whoever
 * is using it until the ports are closed. Throws CONFIG_*; then the list is as it was, and the next call tries again.
 */
function follower(open: OpenConnection[], around: Around): (() => Promise<void>) | undefined {
  const { reread } = around.context
  if (!reread) return undefined
  let seen = connectionsStamp(around.settings.projectDir)
  let before = around.settings
  return async () => {
    const stamp = connectionsStamp(around.settings.projectDir)
    if (stamp === seen) return
    const settings = await reread()
    const asWas = (name: string) =>
      JSON.stringify(before.connections[name]) === JSON.stringify(settings.connections[name])
    const next: OpenConnection[] = []
    for (const [name, { sandboxed }] of Object.entries(settings.connections)) {
      const kept = open.find((one) => one.name === name && asWas(name))
      // A sandbox that was not needed at the start is not started in the middle.
      if (kept) next.push(kept)
      else if (!sandboxed || around.door) next.push(await openConnection(name, { ...around, settings }))
    }
    open.splice(0, open.length, ...next)
    before = settings
    seen = stamp
  }
}

/** Names, sizes and times of the files that connections are added as. */
function connectionsStamp(projectDir: string): string {
  const folder = join(projectDir, 'connections')
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : []
  return names
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .map((found, at) => `${names[at]} ${found?.size} ${found?.mtimeMs}`)
    .join('\n')
}

/** A platform has accounts in the project's sandbox when a connection goes there. */
export function sandboxedPlatforms({ connections }: Settings): readonly SandboxPlatform[] {
  const wanted = Object.values(connections).filter((one) => one.sandboxed)
  return sandboxPlatforms.filter((platform) => wanted.some((one) => one.adapter === platform))
}

async function startOwnSandbox(settings: Settings, context: OpenContext): Promise<SandboxDoor & AsyncDisposable> {
  const { startSandbox } = await import('./sandbox/sandbox.ts')
  return told(
    'sandbox',
    context.onOpening,
    () =>
      startSandbox({
        seed: settings.sandbox?.seed ?? 1,
        clock: context.clock,
        world: { platforms: sandboxedPlatforms(settings) },
        ...(context.sandboxNowMs !== undefined && { nowMs: context.sandboxNowMs }),
        busy: context.sandboxBusy,
      }),
    ({ url }) => url,
  )
}

/** The event log that the settings name. */
export function openLog({ stream }: Settings, warehouse: Warehouse, clock: Clock): Promise<EventLog> {
  return openStreamPort<EventLog>('log', stream.log, { warehouse, clock })
}

/** The store of the live counters that the settings name. */
export function openCounters({ stream }: Settings, warehouse: Warehouse): Promise<Counters> {
  return openStreamPort<Counters>('counters', stream.counters, { warehouse })
}

async function openStreamPort<Opened>(
  port: 'log' | 'counters',
  { adapter, options }: Named,
  given: Readonly<Record<string, unknown>>,
): Promise<Opened> {
  const { options: schema } = await loadAdapter(port, adapter)
  return openAdapter<Opened>(port, { adapter, options: schema.parse({ ...(options as object), ...given }) })
}

/** The same two as plain data, for threads and processes that open their own. */
export function streamSpecs({ stream }: Settings): { readonly log: AdapterSpec; readonly counters: AdapterSpec } {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const spec = (port: 'log' | 'counters'): AdapterSpec => ({
    module: new URL(`./stream/${stream[port].adapter}-${port}.${ending}`, import.meta.url).href,
    options: stream[port].options,
  })
  return { log: spec('log'), counters: spec('counters') }
}
