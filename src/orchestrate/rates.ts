import { readFile } from 'node:fs/promises'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ReferenceRate } from '../domain/reference-rate.ts'
import { parseRates } from '../unify/reference-rates.ts'
import type { RatePlan } from '../warehouse/rates.ts'
import { rateSourceCheckedMs, storeRates } from '../warehouse/rates.ts'
import type { Ports } from './ports.ts'

/** Where reference rates come from: files of this machine, then an address. */
export interface RateSources {
  readonly files: readonly string[]
  readonly url: string | null
}

/** An address is asked again after this long: the bank publishes once a working day. */
const checkedAgainMs = 3 * 3_600_000

/** As much as a whole history of the bank's rates, twice over. */
const bytesMax = 32_000_000

const timeoutMs = 30_000

type Reaching = Pick<Ports, 'clock' | 'fetch' | 'warehouse'>

/** The rates of a file. Throws UNIFY_RATES_INVALID, UNIFY_RATES_UNREACHABLE. */
export async function ratesOfFile(path: string): Promise<readonly ReferenceRate[]> {
  try {
    return parseRates(await readFile(path, 'utf8'), path)
  } catch (cause) {
    if (isMillraceError(cause)) throw cause
    throw new MillraceError('UNIFY_RATES_UNREACHABLE', { source: path, reason: (cause as Error).message }, { cause })
  }
}

/** The rates that an address answers. Throws UNIFY_RATES_INVALID, UNIFY_RATES_UNREACHABLE. */
export async function ratesOfUrl(url: string, fetch: typeof globalThis.fetch): Promise<readonly ReferenceRate[]> {
  return parseRates(await bodyOf(url, fetch), url)
}

async function bodyOf(url: string, fetch: typeof globalThis.fetch): Promise<string> {
  const failed = (reason: string, cause?: unknown) =>
    new MillraceError('UNIFY_RATES_UNREACHABLE', { source: url, reason }, { cause })
  let response: Response
  let text: string
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    text = await response.text()
  } catch (cause) {
    throw failed((cause as Error).message, cause)
  }
  if (!response.ok) throw failed(`HTTP ${response.status}`)
  if (text.length > bytesMax) throw failed(`more than ${bytesMax} characters`)
  return text
}

/** What became of one source. */
export interface SourceOutcome {
  readonly source: string
  /** Null: it was asked so lately that it was left alone. */
  readonly plan: RatePlan | null
  readonly error: MillraceError | null
}

/**
 * Reads every source and keeps its rates. A source that cannot be read is told of and never stops a run: amounts in their own
 * currency are right without it, and missing rates are findings of their own.
 */
async function refreshRates(ports: Reaching, { files, url }: RateSources): Promise<readonly SourceOutcome[]> {
  const outcomes: SourceOutcome[] = []
  for (const file of files) outcomes.push(await outcomeOf(ports, file, () => ratesOfFile(file)))
  if (url === null) return outcomes
  const checkedMs = await rateSourceCheckedMs(ports.warehouse, url)
  const nowMs = ports.clock.nowMs()
  const isLately = checkedMs !== null && nowMs >= checkedMs && nowMs - checkedMs < checkedAgainMs
  if (isLately) return [...outcomes, { source: url, plan: null, error: null }]
  return [...outcomes, await outcomeOf(ports, url, () => ratesOfUrl(url, ports.fetch))]
}

async function outcomeOf(
  { clock, warehouse }: Reaching,
  source: string,
  read: () => Promise<readonly ReferenceRate[]>,
): Promise<SourceOutcome> {
  try {
    return { source, plan: await storeRates(warehouse, await read(), { source, atMs: clock.nowMs() }), error: null }
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return { source, plan: null, error }
  }
}

/** The refresh of a run: says what failed, in one line each, and goes on. */
export async function ratesForRun(
  ports: Reaching & Pick<Ports, 'rates'>,
  log: (level: 'info' | 'warn', message: string) => void,
): Promise<void> {
  if (!ports.rates) return
  for (const { error } of await refreshRates(ports, ports.rates))
    if (error) log('warn', `${error.code} ${error.explain('en').what}`)
}
