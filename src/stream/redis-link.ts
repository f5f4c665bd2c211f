import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { MillraceError } from '../domain/errors.ts'

const library = readFileSync(new URL('./redis-counters.lua', import.meta.url), 'utf8')

/** A connection that tries again by itself for some seconds; a command that then has no answer fails. */
const patience = {
  maxRetriesPerRequest: 8,
  connectTimeout: 5_000,
  retryStrategy: (times: number) => Math.min(times * 100, 1_000),
}

/** A Redis with our functions in it. */
export class RedisLink {
  readonly redis: Redis
  readonly place: string

  constructor(url: string) {
    const { host, pathname } = new URL(url)
    this.place = `Redis ${host}${pathname === '/' ? '' : pathname}`
    this.redis = new Redis(url, { ...patience, lazyConnect: true })
    // Told by every command that fails; without a listener it would be printed, too.
    this.redis.on('error', () => undefined)
  }

  /** Looks whether counters are safe here, and brings the functions. Throws STREAM_COUNTERS_UNSAFE and STREAM_COUNTERS_UNAVAILABLE. */
  async open(): Promise<void> {
    const info = await this.ask((redis) => redis.info())
    const valueOf = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
    const version = valueOf('redis_version')
    if (Number.parseInt(version, 10) < 7) throw this.#unsafe(`it is version ${version}`)
    const policy = valueOf('maxmemory_policy')
    if (policy !== '' && policy !== 'noeviction') throw this.#unsafe(`its maxmemory-policy is ${policy}`)
    await this.#load()
  }

  async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(this.redis)
    } catch (cause) {
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
    await this.ask((redis) => redis.function('LOAD', 'REPLACE', library))
  }

  #unsafe(reason: string): MillraceError {
    return new MillraceError('STREAM_COUNTERS_UNSAFE', { place: this.place, reason })
  }
}
