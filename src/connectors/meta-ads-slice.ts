import type { AdAccount } from '../domain/account.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Slice } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { MetaClient, Page } from './meta-ads-client.ts'
import { pageByFields } from './meta-ads-fields.ts'
import type { JobLimits } from './meta-ads-jobs.ts'
import { jobPages } from './meta-ads-jobs.ts'
import { metaLevel } from './meta-ads-levels.ts'
import type { MetaLevel } from './meta-ads-levels.ts'
import { MetaReading } from './meta-ads-reading.ts'
import { attributionWindows } from './meta-ads-rows.ts'
import type { Part } from './meta-ads-split.ts'
import { filterOf, halves } from './meta-ads-split.ts'
import { dispensable, vanishedField } from './vanished-field.ts'

interface Question {
  readonly client: MetaClient
  readonly level: MetaLevel
  readonly reading: MetaReading
  readonly account: string
  readonly context: ConnectorContext
  readonly limits: JobLimits
  /** Fields that Meta said it knows no more. */
  readonly vanished: string[]
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
  const vanished: string[] = []
  await readListed({ client, level, reading, account: id, context, vanished })
  const limits = { idleMsMax: jobIdleSecondsMax * 1000 }
  await readPart(
    { client, level, reading, account: id, context, limits, vanished },
    { since, until, within: null, without: [] },
  )
  const result = reading.result(apiVersion, client.calls)
  return vanished.length > 0 ? { ...result, vanished } : result
}

/** What there is on the slice's level; without a field that Meta knows no more nothing is described, and names stay as they were. */
async function readListed(question: Omit<Question, 'limits'>): Promise<void> {
  const { client, level, reading, account, context, vanished } = question
  const { fields, effective_status } = level.listed
  // `ads.limit(25){creative{url_tags}}` is one field and goes as a whole.
  const names = fields.split(/,(?![^{]*\})/)
  const head = (name: string) => name.replace(/[.{].*$/, '')
  const asked = names.filter((name) => !vanished.includes(head(name)))
  try {
    for await (const page of client.pages(
      `act_${account}/${level.edge}`,
      { fields: asked.join(','), effective_status },
      account,
      context,
    ))
      await reading.listed(page)
  } catch (error) {
    const may = asked.map(head).filter((name) => !/^(?:id|(?:campaign|adset)_id)$/.test(name))
    if (!forgotten(question, error, may)) throw error
    await readListed(question)
  }
}

/** Whether the error is about a field that may be left out; then it is noted and the question may be asked again. */
function forgotten(question: Omit<Question, 'limits'>, error: unknown, may: Iterable<string>): boolean {
  const { vanished, account, context, reading } = question
  const gone = vanishedField(error, may)
  if (gone === undefined || vanished.includes(gone)) return false
  vanished.push(gone)
  reading.describesNothing()
  context.log({
    level: 'warn',
    message: `meta_ads/${account} knows ${gone} no more: asked without it, names and states stay as they were`,
  })
  return true
}

/**
 * One part, at once; when Meta finds it too large, as a report that it works at; when that fails for its size, in two halves; and when it
 * cannot be halved any more, in parts of its fields.
 */
async function readPart(question: Question, part: Part): Promise<void> {
  const { level, reading, account, context, vanished } = question
  const fields = level.insightFields.filter((name) => !vanished.includes(name))
  let tooLarge: unknown
  for (const way of waysOf(question, part, fields)) {
    try {
      for await (const page of way()) await reading.insights(page)
      return reading.partRead()
    } catch (error) {
      if (forgotten(question, error, dispensable(level.mapping))) return readPart(question, part)
      if (!isMillraceError(error, 'CONNECTORS_TOO_MUCH_DATA')) throw error
      reading.partBroken()
      tooLarge = error
    }
  }
  const parts = halves(part, reading.campaigns)
  const into = parts.length === 0 ? 'parts of its fields' : 'two parts'
  context.log({
    level: 'info',
    message: `meta_ads/${account}: ${part.since} to ${part.until} is asked for in ${into}`,
  })
  if (parts.length === 0) {
    // One campaign's day cannot be too large for good: whoever refuses so little is asked for a few fields at a time.
    if (part.within === null) throw tooLarge
    await reading.insights(await pageByFields((some) => collected(question, part, some), level, fields, account))
    return reading.partRead()
  }
  for (const half of parts) await readPart(question, half)
}

type Way = () => AsyncIterable<Page>

function waysOf(
  { client, level, account, context, limits }: Question,
  part: Part,
  fields: readonly string[],
): readonly Way[] {
  const filtering = filterOf(part)
  const parameters = {
    level: level.word,
    time_increment: '1',
    time_range: JSON.stringify({ since: part.since, until: part.until }),
    fields: fields.join(','),
    default_summary: 'true',
    action_attribution_windows: attributionWindows,
    ...(filtering !== undefined && { filtering }),
  }
  const path = `act_${account}/insights`
  return [
    () => client.pages(path, parameters, account, context),
    () => jobPages(client, { path, parameters, account }, context, limits),
  ]
}

/** All pages of one question about a few fields, in the first way that answers. */
async function collected(question: Question, part: Part, fields: readonly string[]): Promise<readonly Page[]> {
  let tooLarge: unknown
  for (const way of waysOf(question, part, fields)) {
    try {
      return await Array.fromAsync(way())
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_TOO_MUCH_DATA')) throw error
      tooLarge = error
    }
  }
  throw tooLarge
}
