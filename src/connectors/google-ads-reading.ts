import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { GoogleRawRow } from './google-ads-rows.ts'
import { googleEntity, googleMapping, googleTotals } from './google-ads-rows.ts'
import type { Piece } from './json-stream.ts'
import { rowsOnce } from './rows-once.ts'

/** Takes one answer apart for the sink. */
export class GoogleReading {
  handedOver = false
  readonly #account: AdAccount
  readonly #sink: Sink
  readonly #context: ConnectorContext
  readonly #once = rowsOnce(googleMapping)
  readonly #campaigns = new Set<string>()
  readonly #requestIds = new Set<string>()
  #rows = 0
  #operations = 0
  #totals: ControlTotals | null = null

  constructor(account: AdAccount, sink: Sink, context: ConnectorContext) {
    this.#account = account
    this.#sink = sink
    this.#context = context
  }

  async run(pieces: AsyncIterable<Piece>): Promise<void> {
    this.#operations += 1
    for await (const piece of pieces) {
      if (piece.kind === 'rows') await this.#take(piece.rows as readonly GoogleRawRow[])
      else this.#note(piece.value)
    }
  }

  async #take(read: readonly GoogleRawRow[]): Promise<void> {
    const nameless = read.find((row) => row.campaign_id === null || row.segments_date === null)
    if (nameless) throw this.#drift(nameless.campaign_id === null ? 'campaign.id' : 'segments.date')
    const fresh = this.#once.keep(read) as typeof read
    const entities: EntityObservation[] = []
    for (const row of fresh) {
      if (this.#campaigns.has(row.campaign_id!)) continue
      this.#campaigns.add(row.campaign_id!)
      entities.push(googleEntity(row, this.#account.accountId))
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

  result(apiVersion: string): ExtractResult {
    if (this.#once.repeated > 0) {
      const message = `google_ads/${this.#account.accountId} sent ${this.#once.repeated} rows twice; each was taken once`
      this.#context.log({ level: 'warn', message })
    }
    const requestIds = [...this.#requestIds]
    return { rows: this.#rows, apiVersion, requestIds, controlTotals: this.#totals, operations: this.#operations }
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
