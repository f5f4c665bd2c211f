import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { KakaoClient } from './kakao-moment-client.ts'
import type { ConversionWindow, KakaoRow, Node } from './kakao-moment-rows.ts'
import { isSilent, kakaoEntity, kakaoMapping, kakaoRow, kakaoTotals, metricsGroups } from './kakao-moment-rows.ts'
import { rowsOnce } from './rows-once.ts'

/** Campaigns in one report. */
const campaignsMax = 5

export interface KakaoReading {
  readonly client: KakaoClient
  readonly account: AdAccount
  readonly range: DayRange
  readonly context: ConnectorContext
  readonly sink: Sink
  readonly window: ConversionWindow
}

/** What was read so far. */
interface Seen {
  readonly rows: KakaoRow[]
  readonly known: Set<string>
  repeated: number
}

/**
 * Reads one slice: the account's own sums first, then the campaigns, five a report and a report every five seconds, running ones before
 * paused and deleted ones. None is asked about any more once what was read adds up to the account: the others spent nothing.
 */
export async function readKakaoSlice(reading: KakaoReading): Promise<Omit<ExtractResult, 'apiVersion'>> {
  const { client, account, context, window } = reading
  const totals = await accountTotals(reading)
  const seen: Seen = { rows: [], known: new Set(), repeated: 0 }
  const once = rowsOnce(kakaoMapping(window))
  for (const config of ['ON', 'OFF', 'DEL']) {
    const list = await client.content({ path: 'campaigns', query: { config }, account: account.accountId }, context)
    const listed = list.rows.filter((node) => !seen.known.has(idOf(node))).toSorted(newestFirst)
    await observe(reading, seen, listed)
    for (let at = 0; at < listed.length; at += campaignsMax) {
      if (isWhole(seen, totals, window)) break
      const ids = listed.slice(at, at + campaignsMax).map((node) => idOf(node))
      const read = (await report(reading, 'campaigns/report', { campaignId: ids.join(','), level: 'CAMPAIGN' })).map(
        kakaoRow,
      )
      expectNamed(read, account)
      const fresh = (once.keep(read) as readonly KakaoRow[]).filter((row) => !isSilent(row))
      if (fresh.length > 0) await reading.sink.rows(fresh)
      seen.rows.push(...fresh)
    }
  }
  if (once.repeated > 0)
    context.log({
      level: 'warn',
      message: `kakao_moment/${account.accountId} sent ${once.repeated} rows twice; each was taken once`,
    })
  return { rows: seen.rows.length, requestIds: [], controlTotals: totals, operations: client.calls }
}

const idOf = (node: Node): string => String(node['id'])

/** Ids rise with time: of deleted campaigns those that were made last are most likely to have spent in the days asked about. */
function newestFirst(a: Node, b: Node): number {
  const [one, other] = [idOf(a), idOf(b)]
  return other.length - one.length || (one < other ? 1 : -1)
}

const isWhole = ({ rows }: Seen, totals: Required<ControlTotals>, window: ConversionWindow): boolean => {
  const sums = kakaoTotals(rows, window)
  return (Object.keys(totals) as (keyof ControlTotals)[]).every((name) => sums[name] === totals[name])
}

function expectNamed(rows: readonly KakaoRow[], { accountId: account }: AdAccount): void {
  const required = ['campaign_id', 'start', 'imp', 'click', 'cost'] as const
  for (const row of rows) {
    const missing = required.find((name) => row[name] === null)
    if (missing === undefined) continue
    throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', {
      platform: 'kakao_moment',
      account,
      detail: `a row came without ${missing}`,
    })
  }
}

function report(reading: KakaoReading, path: string, of: Readonly<Record<string, string>>): Promise<readonly Node[]> {
  const { client, account, range, context } = reading
  const compact = (day: string) => day.replaceAll('-', '')
  const query = {
    ...of,
    start: compact(range.since),
    end: compact(range.until),
    timeUnit: 'DAY',
    metricsGroup: metricsGroups,
  }
  return client.report({ path, query, account: account.accountId }, context)
}

/** Sums over the whole account, whatever became of its campaigns. */
async function accountTotals(reading: KakaoReading): Promise<Required<ControlTotals>> {
  const of = { adAccountId: reading.account.accountId, level: 'AD_ACCOUNT' }
  return kakaoTotals((await report(reading, 'adAccounts/report', of)).map(kakaoRow), reading.window)
}

/** Budget and goal stand only in a campaign's detail; those of deleted ones are of no use to anyone. */
async function observe(
  { client, account, context, sink }: KakaoReading,
  { known }: Seen,
  listed: readonly Node[],
): Promise<void> {
  const { accountId } = account
  const entities: EntityObservation[] = []
  for (const node of listed) {
    const id = idOf(node)
    known.add(id)
    const detail =
      node['config'] === 'DEL' ? undefined : await client.node({ path: `campaigns/${id}`, account: accountId }, context)
    entities.push(kakaoEntity(node, detail, accountId))
  }
  if (entities.length > 0) await sink.entities(entities)
}
