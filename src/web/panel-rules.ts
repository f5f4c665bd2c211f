import type { Answer } from './client.ts'

/** Why a panel has nothing to show; four empties that are never one blank. */
export type Emptiness = 'not_due' | 'late' | 'filtered' | 'zero'

type Overview = Answer<'GET /api/v1/overview'>
type Campaigns = Answer<'GET /api/v1/campaigns'>
type Compared = Answer<'GET /api/v1/compare'>
type Live = Answer<'GET /api/v1/live'>
type Quality = Answer<'GET /api/v1/quality'>
type Settings = Answer<'GET /api/v1/settings'>

/** What a rule is told besides the data: whether the reader has narrowed what is asked for. */
export interface Narrowed {
  readonly isFiltered: boolean
}

type Verdict = Pick<Overview, 'verdict'>

const none = (rows: readonly unknown[], why: Emptiness): Emptiness | null => (rows.length > 0 ? null : why)
/** Of a day's numbers: before the day is closed there can be none, after it they are late. */
const ofDay = (rows: readonly unknown[], { verdict }: Verdict): Emptiness | null =>
  none(rows, verdict.in === 'not_yet' ? 'not_due' : 'late')

/**
 * What each panel makes of data that came and holds nothing: whether that is as it should be. A panel has a name here or is none, so that
 * no panel is without an answer. Loading, an error and stale data are the same for all of them.
 */
export const panelRules = {
  accounts({ accounts }: Pick<Overview, 'accounts'>) {
    const days = accounts.flatMap((one) => one.days)
    return none(
      days.filter(({ state }) => state !== 'not_due'),
      days.length > 0 ? 'not_due' : 'late',
    )
  },
  volume: (data: Pick<Overview, 'volume'> & Verdict) => ofDay(data.volume, data),
  stages: ({ stages }: Pick<Overview, 'stages'>) => none(stages, 'zero'),
  scores: (data: Pick<Overview, 'quality'> & Verdict) =>
    ofDay(
      data.quality.filter(({ judged }) => judged > 0),
      data,
    ),
  money: (data: Pick<Overview, 'money'> & Verdict) => ofDay(data.money, data),
  movers: ({ movers, verdict }: Pick<Overview, 'movers'> & Verdict) =>
    none(movers, verdict.in === 'not_yet' ? 'not_due' : 'zero'),
  overviewAlerts: ({ alerts }: Pick<Overview, 'alerts'>) => none(alerts, 'zero'),
  campaigns: ({ rows }: Pick<Campaigns, 'rows'>, { isFiltered }: Narrowed) =>
    none(rows, isFiltered ? 'filtered' : 'late'),
  runs: ({ runs }: Pick<Answer<'GET /api/v1/runs/grid'>, 'runs'>) => none(runs, 'zero'),
  run: () => null,
  backfills: ({ backfills }: Pick<Answer<'GET /api/v1/backfills'>, 'backfills'>) => none(backfills, 'zero'),
  platforms: ({ platforms }: Pick<Compared, 'platforms'>) => none(platforms, 'late'),
  caveats: ({ caveats }: Pick<Compared, 'caveats'>) => none(caveats, 'zero'),
  restated: ({ restated }: Pick<Compared, 'restated'>) => none(restated, 'zero'),
  names: ({ names }: Pick<Compared, 'names'>) => none(names, 'late'),
  coverage: ({ accounts }: Pick<Answer<'GET /api/v1/compare/coverage'>, 'accounts'>) => none(accounts, 'late'),
  maturity: ({ curve }: Pick<Answer<'GET /api/v1/compare/maturity'>, 'curve'>) => none(curve, 'zero'),
  /** Somebody who sees their own accounts alone sees no partitions of the log, and minutes all the same. */
  minutes: ({ partitions, minutes }: Pick<Live, 'partitions' | 'minutes'>) =>
    none([...partitions, ...minutes.filter((one) => one.impressions !== '0' || one.clicks !== '0')], 'zero'),
  liveCampaigns: ({ campaigns }: Pick<Live, 'campaigns'>) => none(campaigns, 'zero'),
  counting: ({ partitions }: Pick<Live, 'partitions'>) => none(partitions, 'zero'),
  reconciled: ({ reconciled }: Pick<Live, 'reconciled'>) => none(reconciled, 'zero'),
  feed: ({ events }: Pick<Answer<'GET /api/v1/live/events'>, 'events'>) => none(events, 'zero'),
  checks: ({ checks }: Pick<Quality, 'checks'>) => none(checks, 'late'),
  scoreDays: ({ scores }: Pick<Quality, 'scores'>) => none(scores, 'late'),
  contracts: ({ contracts }: Pick<Quality, 'contracts'>) => none(contracts, 'zero'),
  samples: ({ samples }: Pick<Quality, 'samples'>) => none(samples, 'zero'),
  incidents: ({ incidents }: Pick<Answer<'GET /api/v1/incidents'>, 'incidents'>) => none(incidents, 'zero'),
  incident: () => null,
  connections: ({ connections }: Pick<Answer<'GET /api/v1/connections'>, 'connections'>) => none(connections, 'zero'),
  connectors: ({ accounts }: Pick<Answer<'GET /api/v1/connectors'>, 'accounts'>) => none(accounts, 'late'),
  lineage: ({ nodes }: Pick<Answer<'GET /api/v1/lineage'>, 'nodes'>) => none(nodes, 'zero'),
  alerts: ({ alerts }: Pick<Answer<'GET /api/v1/alerts'>, 'alerts'>) => none(alerts, 'zero'),
  general: ({ general }: Pick<Settings, 'general'>) => none(general, 'zero'),
  metrics: () => null,
  retention: ({ retention }: Pick<Settings, 'retention'>) => none(retention, 'zero'),
  audit: ({ lines }: Pick<Answer<'GET /api/v1/audit'>, 'lines'>) => none(lines, 'zero'),
  keys: () => null,
  members: () => null,
} as const satisfies Readonly<Record<string, (data: never, narrowed: Narrowed) => Emptiness | null>>

export type PanelName = keyof typeof panelRules

/** What the panel's rule reads of its data. */
export type PanelData<Name extends PanelName> =
  Parameters<(typeof panelRules)[Name]> extends readonly [infer Data, ...unknown[]] ? Data : unknown
