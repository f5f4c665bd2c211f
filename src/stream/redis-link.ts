import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { MillraceError } from '../domain/errors.ts'

const library = readFileSync(new URL('./redis-counters.lua', import.meta.url), 'utf8')

/** How long a server may be away before it is told, and how long it may take to write its file anew. */
const patienceMs = 8_000
const rewriteMs = 120_000
const lookMs = 50
/** Nothing waits in the client or is sent again by it: what a restarted server may be told is decided below. */
const manners = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // Else a command that was on its way when the connection broke would never be answered.
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  retryStrategy: (times: number) => Math.min(times * 100, 1_000),
}
const runKey = 'stream:server'

/**
 * A Redis with our functions in it. One that was killed while it wrote, and cut its append-only file in the middle of a step when it
 * came back, leaves the step's beginning in the file; with the next step behind it both would be loaded at the next start, and counted twice
 * (seen on 7.0.15: "MULTI calls can not be nested"). So after every start of the server its file is written anew before anything is added.
 */
export class RedisLink {
  readonly redis: Redis
  readonly place: string
  #settled: Promise<void> | undefined

  constructor(url: string) {
    const { host, pathname } = new URL(url)
    this.place = `Redis ${host}${pathname === '/' ? '' : pathname}`
    this.redis = new Redis(url, manners)
    // Told by every command that fails; without a listener it would be printed, too.
    this.redis.on('error', () => undefined)
    this.redis.on('close', () => (this.#settled = undefined))
  }

  /** Looks whether counters are safe here, and brings the functions. Throws STREAM_COUNTERS_UNSAFE and STREAM_COUNTERS_UNAVAILABLE. */
  async open(): Promise<void> {
    const info = await this.ask((redis) => redis.info())
    const version = valueOf(info, 'redis_version')
    if (Number.parseInt(version, 10) < 7) throw this.#unsafe(`it is version ${version}`)
    const policy = valueOf(info, 'maxmemory_policy')
    if (policy !== '' && policy !== 'noeviction') throw this.#unsafe(`its maxmemory-policy is ${policy}`)
    await this.ask(() => this.#load())
  }

  async #connected(): Promise<void> {
    // A client that is not connected yet begins; afterwards it comes back by itself.
    if (this.redis.status === 'wait') await this.redis.connect().catch(() => undefined)
    for (const startedMs = performance.now(); this.redis.status !== 'ready'; await delay(lookMs))
      if (performance.now() - startedMs > patienceMs) throw new Error('not connected')
  }

  async #settle(): Promise<void> {
    await this.#connected()
    const info = await this.redis.info()
    const run = valueOf(info, 'run_id')
    if (valueOf(info, 'aof_enabled') !== '1' || (await this.redis.get(runKey)) === run) return
    await this.#rewrite()
    await this.redis.set(runKey, run)
  }

  /** Writes the append-only file anew from memory, and waits for it. */
  async #rewrite(): Promise<void> {
    const refused = await this.redis.bgrewriteaof().then(
      () => '',
      (error: unknown) => String(error),
    )
    // Somebody else began it; where nobody may, the function's own marks still tell a torn step.
    if (refused !== '' && !refused.includes('in progress')) return
    for (const startedMs = performance.now(); ; await delay(lookMs)) {
      const info = await this.redis.info('persistence')
      if (valueOf(info, 'aof_rewrite_in_progress') === '0' && valueOf(info, 'aof_rewrite_scheduled') === '0') return
      if (performance.now() - startedMs > rewriteMs) throw new Error('its append-only file is not written anew in time')
    }
  }

  async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    try {
      await (this.#settled ??= this.#settle())
      return await question(this.redis)
    } catch (cause) {
      this.#settled = undefined
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new MillraceError('STREAM_COUNTERS_UNAVAILABLE', { place: this.place, reason }, { cause })
    }
  }

  /** One of our functions; loaded again where the server has lost them with its data. */
  async call(name: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const once = (): Promise<unknown> => this.redis.fcall(`millrace_v1_${name}`, keys.length, ...keys, ...args)
    return this.ask(async () => {
      try {
        return await once()
      } catch (error) {
        if (!(error as Error).message.includes('Function not found')) throw error
        await this.#load()
        return once()
      }
    })
  }

  async close(): Promise<void> {
    this.redis.disconnect()
  }

  async #load(): Promise<void> {
    await this.redis.function('LOAD', 'REPLACE', library)
  }

  #unsafe(reason: string): MillraceError {
    return new MillraceError('STREAM_COUNTERS_UNSAFE', { place: this.place, reason })
  }
}

/** A value of INFO's answer. */
function valueOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
}
