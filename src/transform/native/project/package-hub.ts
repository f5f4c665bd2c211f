import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { MillraceError } from '../../../domain/errors.ts'
import { DBT_VERSION } from '../context/base-names.ts'
import { areCompatible, readVersion } from './version-range.ts'

const DEFAULT_HUB = 'https://hub.getdbt.com/'
const ATTEMPTS_MAX = 3
const PAUSE_MS = 300
const TIMEOUT_MS = 30_000

const entry = z.looseObject({
  name: z.string(),
  packages: z.array(z.unknown()).default([]),
  downloads: z.looseObject({ tarball: z.string() }),
  require_dbt_version: z.union([z.string(), z.array(z.string())]).nullish(),
})
const listing = z.looseObject({ name: z.string(), versions: z.record(z.string(), entry) })

type HubEntry = z.infer<typeof entry>

/** The package hub over HTTP. What it answered once is kept for the invocation. */
export class Hub {
  readonly #base: string
  readonly #fetch: typeof fetch
  readonly #listings = new Map<string, Promise<Readonly<Record<string, HubEntry>>>>()
  #index: Promise<ReadonlySet<string>> | undefined

  constructor(base: string | undefined, fetcher: typeof fetch) {
    const given = base === undefined || base === '' ? DEFAULT_HUB : base
    this.#base = given.endsWith('/') ? given : `${given}/`
    this.#fetch = fetcher
  }

  async has(name: string): Promise<boolean> {
    this.#index ??= this.#json('index', z.array(z.string())).then((names) => new Set(names))
    return (await this.#index).has(name)
  }

  /** Every version of a package by its number. */
  async versions(name: string): Promise<Readonly<Record<string, HubEntry>>> {
    const held = this.#listings.get(name) ?? this.#json(name, listing).then(({ versions }) => versions)
    this.#listings.set(name, held)
    return held
  }

  /** The versions that say they work with this release of dbt; all of them when nobody checks. */
  async compatibleVersions(name: string, checked: boolean): Promise<string[]> {
    const all = Object.entries(await this.versions(name))
    return all.filter(([, one]) => !checked || suits(one)).map(([version]) => version)
  }

  /** The bytes behind an address. Throws TRANSFORM_PACKAGES_UNREACHABLE. */
  async download(url: string): Promise<Uint8Array> {
    const response = await this.#get(url)
    return new Uint8Array(await response.arrayBuffer())
  }

  async #json<Shape>(path: string, shape: z.ZodType<Shape>): Promise<Shape> {
    const url = `${this.#base}api/v1/${path}.json`
    const response = await this.#get(url)
    const answer = shape.safeParse(await response.json().catch(() => undefined))
    if (answer.success) return answer.data
    throw new MillraceError('TRANSFORM_PACKAGES_UNREACHABLE', {
      source: url,
      message: 'the answer is no package index',
    })
  }

  async #get(url: string): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(url)
      if (answer instanceof Response && answer.ok) return answer
      const isFinal = answer instanceof Response && answer.status < 500 && answer.status !== 429
      if (isFinal || attempt === ATTEMPTS_MAX) {
        const message = answer instanceof Response ? `HTTP ${answer.status}` : reasonOf(answer)
        throw new MillraceError('TRANSFORM_PACKAGES_UNREACHABLE', { source: url, message }, { cause: answer })
      }
      await sleep(PAUSE_MS)
    }
  }

  async #once(url: string): Promise<Response | Error> {
    try {
      return await this.#fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

function suits({ require_dbt_version: wanted }: HubEntry): boolean {
  if (wanted === undefined || wanted === null || wanted.length === 0) return true
  const versions = (Array.isArray(wanted) ? wanted : [wanted]).map(readVersion)
  return areCompatible([readVersion(DBT_VERSION), ...versions])
}
