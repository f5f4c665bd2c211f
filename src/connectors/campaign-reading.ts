import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import { rowsOnce } from './rows-once.ts'

export interface ReadingOf {
  readonly account: AdAccount
  readonly sink: Sink
  readonly context: ConnectorContext
  readonly mapping: RawMapping
  /** Column with the campaign's name; null where rows carry none. */
  readonly nameColumn: string | null
}

/** What one slice of campaign rows hands to the sink: each campaign and each row once, whatever the platform repeats. */
export class CampaignReading {
  readonly #of: ReadingOf
  readonly #once: ReturnType<typeof rowsOnce>
  readonly #known = new Set<string>()
  readonly #requestIds = new Set<string>()
  #rows = 0

  constructor(of: ReadingOf) {
    this.#of = of
    this.#once = rowsOnce(of.mapping)
  }

  note(requestId: string | null | undefined): void {
    if (requestId) this.#requestIds.add(requestId)
  }

  /** Hands on the campaigns that were not seen before in this slice. */
  async campaigns(entities: readonly EntityObservation[]): Promise<void> {
    const unseen = entities.filter(({ entityId }) => {
      if (this.#known.has(entityId)) return false
      this.#known.add(entityId)
      return true
    })
    if (unseen.length > 0) await this.#of.sink.entities(unseen)
  }

  /** Throws CONNECTORS_SCHEMA_DRIFT for a row that belongs to no campaign or day. */
  async rows(read: readonly RawRow[]): Promise<void> {
    const { entityId, date } = this.#of.mapping
    for (const row of read)
      for (const column of [entityId, date])
        if (row[column] === null || row[column] === undefined) throw this.#drift(`a row came without ${column}`)
    const fresh = this.#once.keep(read)
    await this.campaigns(fresh.map((row) => this.#unlisted(row)))
    if (fresh.length > 0) await this.#of.sink.rows(fresh)
    this.#rows += fresh.length
  }

  result(apiVersion: string, operations: number, controlTotals: ControlTotals | null): ExtractResult {
    const { account, context } = this.#of
    if (this.#once.repeated > 0) {
      const message = `${account.platform}/${account.accountId} sent ${this.#once.repeated} rows twice; each was taken once`
      context.log({ level: 'warn', message })
    }
    return { rows: this.#rows, apiVersion, requestIds: [...this.#requestIds], controlTotals, operations }
  }

  /** A campaign that has rows and is in no list any more: its id and the name that its rows carry are all that is known. */
  #unlisted(row: RawRow): EntityObservation {
    const { account, mapping, nameColumn } = this.#of
    const id = row[mapping.entityId] ?? ''
    return {
      platform: account.platform,
      accountId: account.accountId,
      level: 'campaign',
      entityId: id,
      parentId: null,
      name: (nameColumn === null ? null : row[nameColumn]) ?? id,
      status: 'unknown',
      statusRaw: '',
      dailyBudget: null,
      objectiveRaw: '',
    }
  }

  #drift(detail: string): MillraceError {
    const { platform, accountId } = this.#of.account
    return new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform, account: accountId, detail })
  }
}
