import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { Page } from './meta-ads-client.ts'
import type { MetaLevel } from './meta-ads-levels.ts'
import { addTotals, metaTotals } from './meta-ads-rows.ts'
import { rowsOnce } from './rows-once.ts'

interface ReadingOf {
  readonly account: AdAccount
  readonly level: MetaLevel
  readonly sink: Sink
  readonly context: ConnectorContext
}

/** Takes the pages of one slice apart for the sink: first all that is listed, then the insights. */
export class MetaReading {
  readonly #account: AdAccount
  readonly #level: MetaLevel
  readonly #sink: Sink
  readonly #context: ConnectorContext
  readonly #once: ReturnType<typeof rowsOnce>
  readonly #known = new Set<string>()
  readonly #campaigns = new Set<string>()
  readonly #requestIds: string[] = []
  #rows = 0
  #totals: ControlTotals | null = null
  #partTotals: ControlTotals | null = null
  #isSplit = false
  #describes = true

  constructor({ account, level, sink, context }: ReadingOf) {
    this.#account = account
    this.#level = level
    this.#once = rowsOnce(level.mapping)
    this.#sink = sink
    this.#context = context
  }

  async listed(page: Page): Promise<void> {
    this.#note(page)
    const isCampaign = this.#level.word === 'campaign'
    for (const node of page.rows) this.#campaigns.add(String(node[isCampaign ? 'id' : 'campaign_id']))
    await this.#observe(page.rows.map((node) => this.#level.entity(node, this.#account)))
  }

  async insights(page: Page): Promise<void> {
    this.#note(page)
    // Every page repeats the summary over all of them; the last is the youngest.
    if (page.summary) this.#partTotals = metaTotals(page.summary)
    const { entityId, date } = this.#level.mapping
    const read = page.rows.map((node) => this.#level.rawRow(node))
    const nameless = read.find((row) => row[entityId] === null || row[date] === null)
    if (nameless) {
      const detail = `a row came without ${nameless[entityId] === null ? entityId : date}`
      const facts = { platform: 'meta_ads', account: this.#account.accountId, detail }
      throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', facts)
    }
    const fresh = this.#once.keep(read)
    for (const row of fresh) this.#campaigns.add(String(row['campaign_id']))
    await this.#observe(fresh.flatMap((row) => this.#level.unlisted(row, this.#account.accountId)))
    if (fresh.length > 0) await this.#sink.rows(fresh)
    this.#rows += fresh.length
  }

  /** Ids of the campaigns that were listed or had rows: a part that is too large is split by them, on any level. */
  get campaigns(): readonly string[] {
    return [...this.#campaigns]
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

  /** From here on rows lack what describes their entities: an empty name is no new name. */
  describesNothing(): void {
    this.#describes = false
  }

  /** Hands on those that were not seen before in this slice. */
  async #observe(entities: readonly EntityObservation[]): Promise<void> {
    if (!this.#describes) return
    const unseen = entities.filter(({ level, entityId }) => {
      const key = `${level}|${entityId}`
      if (this.#known.has(key)) return false
      this.#known.add(key)
      return true
    })
    if (unseen.length > 0) await this.#sink.entities(unseen)
  }
}
