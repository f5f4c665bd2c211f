import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import type { Slice } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import { actionsByRow, actionsQuery, levelWithActions } from './google-ads-actions.ts'
import type { GoogleClient } from './google-ads-client.ts'
import { googleLevels } from './google-ads-levels.ts'
import type { GoogleLevel } from './google-ads-levels.ts'
import { GoogleReading } from './google-ads-reading.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'
import { dispensable, vanishedField } from './vanished-field.ts'

export interface GoogleSlice {
  readonly client: GoogleClient
  readonly slice: Pick<Slice, 'since' | 'until' | 'level'>
  readonly account: AdAccount
  readonly loginCustomerId: string | undefined
  readonly policy: RetryPolicy
  readonly conversionsByAction: boolean
}

/** One query, and one more for conversions by action where they are wanted; asked for anew without a field that Google knows no more. */
export async function readGoogleSlice(
  asked: GoogleSlice,
  context: ConnectorContext,
  sink: Sink,
): Promise<Omit<ExtractResult, 'apiVersion'>> {
  const byAction = asked.conversionsByAction && asked.slice.level === 'campaign'
  const level = byAction ? await withActions(asked, context) : googleLevels[asked.slice.level]
  const vanished: string[] = []
  let operations = byAction ? 1 : 0
  for (;;) {
    const reading = new GoogleReading({
      account: asked.account,
      level,
      sink,
      context,
      describes: vanished.length === 0,
    })
    const query = {
      ...addressOf(asked),
      gaql: without(level.query(asked.slice), vanished),
      summary: true,
      flat: level.flat,
    }
    try {
      const stream = () => reading.run(asked.client.stream(query, context))
      await withRetry(stream, asked.policy, context, () => !reading.handedOver)
    } catch (error) {
      const gone = reading.handedOver ? undefined : vanishedField(error, optionalFields(level, asked.slice, vanished))
      if (gone === undefined) throw error
      vanished.push(gone)
      operations += reading.operations
      const message = `google_ads/${asked.account.accountId} knows ${gone} no more: asked without it, names and states stay as they were`
      context.log({ level: 'warn', message })
      continue
    }
    const result = reading.result()
    const columns = vanished.map((gaql) => gaql.replaceAll('.', '_'))
    return { ...result, operations: result.operations + operations, ...(columns.length > 0 && { vanished: columns }) }
  }
}

const addressOf = ({ account, loginCustomerId }: GoogleSlice) => ({ customerId: account.accountId, loginCustomerId })

async function withActions(asked: GoogleSlice, context: ConnectorContext): Promise<GoogleLevel> {
  const rows = await asked.client.rows({ ...addressOf(asked), gaql: actionsQuery(asked.slice) }, context)
  return levelWithActions(googleLevels.campaign, actionsByRow(rows))
}

/** GAQL names of the fields that a query asks for. */
const selectedOf = (gaql: string) => (/^SELECT (.*?) FROM /.exec(gaql)?.[1] ?? '').split(', ')

function optionalFields(level: GoogleLevel, slice: DayRange, vanished: readonly string[]): readonly string[] {
  const may = dispensable(level.mapping)
  return selectedOf(level.query(slice)).filter((gaql) => may.has(gaql.replaceAll('.', '_')) && !vanished.includes(gaql))
}

/** The fields are taken out of the SELECT clause alone; nothing else of a query names them. */
function without(gaql: string, vanished: readonly string[]): string {
  const selected = selectedOf(gaql)
  return gaql.replace(selected.join(', '), selected.filter((name) => !vanished.includes(name)).join(', '))
}
