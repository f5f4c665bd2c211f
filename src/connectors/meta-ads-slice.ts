import type { AdAccount } from '../domain/account.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Slice } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { MetaClient } from './meta-ads-client.ts'
import type { JobLimits } from './meta-ads-jobs.ts'
import { jobPages } from './meta-ads-jobs.ts'
import { metaLevel } from './meta-ads-levels.ts'
import type { MetaLevel } from './meta-ads-levels.ts'
import { MetaReading } from './meta-ads-reading.ts'
import { attributionWindows } from './meta-ads-rows.ts'
import type { Part } from './meta-ads-split.ts'
import { filterOf, halves } from './meta-ads-split.ts'

interface Question {
  readonly client: MetaClient
  readonly level: MetaLevel
  readonly reading: MetaReading
  readonly account: string
  readonly context: ConnectorContext
  readonly limits: JobLimits
}

/** Lists what there is on the slice's level, then reads its insights. */
export async function readSlice(
  client: MetaClient,
  { since, until, level: wanted }: Pick<Slice, 'since' | 'until' | 'level'>,
  account: AdAccount,
  { context, sink }: { readonly context: ConnectorContext; readonly sink: Sink },
  { apiVersion, jobIdleSecondsMax }: { readonly apiVersion: string; readonly jobIdleSecondsMax: number },
): Promise<ExtractResult> {
  const id = account.accountId
  const level = metaLevel(wanted)
  const reading = new MetaReading({ account, level, sink, context })
  for await (const page of client.pages(`act_${id}/${level.edge}`, level.listed, id, context))
    await reading.listed(page)
  const limits = { idleMsMax: jobIdleSecondsMax * 1000 }
  await readPart({ client, level, reading, account: id, context, limits }, { since, until, within: null, without: [] })
  return reading.result(apiVersion, client.calls)
}

/** One part, at once; when Meta finds it too large, as a report that it works at; when that fails for its size, in two halves. */
async function readPart(question: Question, part: Part): Promise<void> {
  const { client, level, reading, account, context, limits } = question
  const filtering = filterOf(part)
  const parameters = {
    level: level.word,
    time_increment: '1',
    time_range: JSON.stringify({ since: part.since, until: part.until }),
    fields: level.insightFields.join(','),
    default_summary: 'true',
    action_attribution_windows: attributionWindows,
    ...(filtering !== undefined && { filtering }),
  }
  const path = `act_${account}/insights`
  const ways = [
    () => client.pages(path, parameters, account, context),
    () => jobPages(client, { path, parameters, account }, context, limits),
  ]
  let tooLarge: unknown
  for (const way of ways) {
    try {
      for await (const page of way()) await reading.insights(page)
      return reading.partRead()
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_TOO_MUCH_DATA')) throw error
      reading.partBroken()
      tooLarge = error
    }
  }
  const parts = halves(part, reading.campaigns)
  if (parts.length === 0) throw tooLarge
  context.log({
    level: 'info',
    message: `meta_ads/${account}: ${part.since} to ${part.until} is asked for in two parts`,
  })
  for (const half of parts) await readPart(question, half)
}
