import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { Page } from './meta-ads-client.ts'
import { addTotals, metaEntity, metaMapping, metaRawRow, metaTotals, unlistedEntity } from './meta-ads-rows.ts'
import { rowsOnce } from './rows-once.ts'

/** Takes the pages of one slice apart for the sink: first all of the campaigns, then the insights. */
export class MetaReading {
  readonly #account: AdAccount
  readonly #sink: Sink
  readonly #context: ConnectorContext
  readonly #once = rowsOnce(metaMapping)
  readonly #known = new Set<string>()
  readonly #requestIds: string[] = []
  #rows = 0
  #totals: ControlTotals | null = null
  #partTotals: ControlTotals | null = null
  #isSplit = false

  constructor(account: AdAccount, sink: Sink, context: ConnectorContext) {
    this.#account = account
    this.#sink = sink
    this.#context = context
  }

  async campaigns(page: Page): Promise<void> {
    this.#note(page)
    await this.#observe(page.rows.map((node) => metaEntity(node, this.#account)))
  }

  async insights(page: Page): Promise<void> {
    this.#note(page)
    // Every page repeats the summary over all of them; the last is the youngest.
    if (page.summary) this.#partTotals = metaTotals(page.summary)
    const read = page.rows.map(metaRawRow)
    const nameless = read.find((row) => row.campaign_id === null || row.date_start === null)
    if (nameless) {
      const detail = `a row came without ${nameless.campaign_id === null ? 'campaign_id' : 'date_start'}`
      const facts = { platform: 'meta_ads', account: this.#account.accountId, detail }
      throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', facts)
    }
    const fresh = this.#once.keep(read) as typeof read
    await this.#observe(fresh.map((row) => unlistedEntity(row, this.#account.accountId)))
    if (fresh.length > 0) await this.#sink.rows(fresh)
    this.#rows += fresh.length
  }

  /** Ids of the campaigns that were listed. */
  get known(): readonly string[] {
    return [...this.#known]
  }

  /** A part of the question is read to its end: its summary joins the sum over all parts. */
  partRead(): void {
    if (this.#partTotals) this.#totals = this.#totals ? addTotals(this.#totals, this.#partTotals) : this.#partTotals
    this.#partTotals = null
  }

  /** A part broke off and is asked for in smaller ones: its summary is of no use; rows that came are known by their keys. */
  partBroken(): void {
    this.#partTotals = null
    this.#isSplit = true
  }

  result(apiVersion: string, operations: number): ExtractResult {
    if (this.#once.repeated > 0 && !this.#isSplit) {
      const message = `meta_ads/${this.#account.accountId} sent ${this.#once.repeated} rows twice; each was taken once`
      this.#context.log({ level: 'warn', message })
    }
    return { rows: this.#rows, apiVersion, requestIds: this.#requestIds, controlTotals: this.#totals, operations }
  }

  #note({ requestId }: Page): void {
    if (requestId !== undefined) this.#requestIds.push(requestId)
  }

  /** Hands on those that were not seen before in this slice. */
  async #observe(entities: readonly EntityObservation[]): Promise<void> {
    const unseen = entities.filter(({ entityId }) => {
      if (this.#known.has(entityId)) return false
      this.#known.add(entityId)
      return true
    })
    if (unseen.length > 0) await this.#sink.entities(unseen)
  }
}
