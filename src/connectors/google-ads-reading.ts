import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { GoogleLevel } from './google-ads-levels.ts'
import { googleTotals } from './google-ads-rows.ts'
import type { Piece } from './json-stream.ts'
import { rowsOnce } from './rows-once.ts'

interface GoogleReadingOf {
  readonly account: AdAccount
  readonly level: GoogleLevel
  readonly sink: Sink
  readonly context: ConnectorContext
  /** False where rows lack what describes their entities: an empty name is no new name. */
  readonly describes: boolean
}

/** Takes one answer apart for the sink. */
export class GoogleReading {
  handedOver = false
  operations = 0
  readonly #account: AdAccount
  readonly #sink: Sink
  readonly #context: ConnectorContext
  readonly #level: GoogleLevel
  readonly #once: ReturnType<typeof rowsOnce>
  readonly #describes: boolean
  readonly #described = new Set<string>()
  readonly #requestIds = new Set<string>()
  #rows = 0
  #totals: ControlTotals | null = null

  constructor({ account, level, sink, context, describes }: GoogleReadingOf) {
    this.#describes = describes
    this.#level = level
    this.#once = rowsOnce(level.mapping)
    this.#account = account
    this.#sink = sink
    this.#context = context
  }

  async run(pieces: AsyncIterable<Piece>): Promise<void> {
    this.operations += 1
    for await (const piece of pieces) {
      if (piece.kind === 'rows') await this.#take(piece.rows as readonly RawRow[])
      else this.#note(piece.value)
    }
  }

  async #take(read: readonly RawRow[]): Promise<void> {
    const { entityId, date } = this.#level.mapping
    const nameless = read.find((row) => row[entityId] === null || row[date] === null)
    if (nameless) throw this.#drift((nameless[entityId] === null ? entityId : date).replace('_', '.'))
    const fresh = this.#once.keep(read)
    const entities: EntityObservation[] = []
    for (const row of fresh) {
      if (!this.#describes || this.#described.has(row[entityId]!)) continue
      this.#described.add(row[entityId]!)
      entities.push(...this.#level.entities(row, this.#account.accountId))
    }
    this.handedOver = true
    if (entities.length > 0) await this.#sink.entities(entities)
    if (fresh.length > 0) await this.#sink.rows(fresh)
    this.#rows += fresh.length
  }

  #note(envelope: Readonly<Record<string, unknown>>): void {
    const { requestId, summaryRow } = envelope
    if (typeof requestId === 'string') this.#requestIds.add(requestId)
    if (typeof summaryRow === 'object' && summaryRow !== null) this.#totals = googleTotals(summaryRow)
  }

  result(): Omit<ExtractResult, 'apiVersion'> {
    if (this.#once.repeated > 0) {
      const message = `google_ads/${this.#account.accountId} sent ${this.#once.repeated} rows twice; each was taken once`
      this.#context.log({ level: 'warn', message })
    }
    const requestIds = [...this.#requestIds]
    return { rows: this.#rows, requestIds, controlTotals: this.#totals, operations: this.operations }
  }

  #drift(field: string): MillraceError {
    const detail = `a row came without ${field}`
    return new MillraceError('CONNECTORS_SCHEMA_DRIFT', {
      platform: 'google_ads',
      account: this.#account.accountId,
      detail,
    })
  }
}
