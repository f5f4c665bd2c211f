import type { AdAccount } from '../domain/account.ts'
import { daysOf } from '../domain/day.ts'
import type { ErrorCode, Facts } from '../domain/errors.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import type { Level, Platform } from '../domain/platform.ts'
import type { ConnectorSpec } from '../connectors/connector.ts'
import { mappingAt } from '../connectors/connector.ts'
import { blockingAudit } from '../quality/audit.ts'
import type { Override } from '../quality/override.ts'
import { refusalsOf, tallied } from '../quality/result.ts'
import type { CheckResult, Refusal, ResultCount } from '../quality/result.ts'
import { withDefinition } from '../unify/definition.ts'
import { readForLoad } from '../unify/lines.ts'
import { definitionInForce } from '../warehouse/definitions.ts'
import type { PartitionReport, Session } from '../warehouse/warehouse.ts'
import type { Ports } from './ports.ts'

/** Why a level below the campaign is missing: its failure is its own, the campaigns of the same days are loaded all the same. */
export interface LevelFailure {
  readonly level: Level
  readonly code: ErrorCode
  readonly facts: Facts
}

export interface Loaded {
  readonly partitions: readonly PartitionReport[]
  /** Results of the checks over all partitions of the extract. */
  readonly checks: ResultCount
  /** Why days were refused, one cause once however many days it took. */
  readonly refusals: readonly Refusal[]
}

/** What a load has to know of the connector that read its extract. */
export type LoadSpec = Pick<ConnectorSpec, 'platform' | 'levels' | 'mapping' | 'mappings' | 'settleMs'>

/** What a file wrote where a platform's version stands, before mappings were kept with extracts. */
const importedVersion = 'csv'

/**
 * What an extract of the lake is loaded by: the mapping that it came with, or else the present one of its platform. Undefined when
 * nobody knows its meaning any more: its platform is not configured, or it is a file's of before mappings were kept.
 */
export function loadSpecOf(
  { mapping, apiVersion }: ExtractRecord,
  ofPlatform: LoadSpec | undefined,
): LoadSpec | undefined {
  if (mapping) return { platform: 'file', levels: ['campaign'], mapping, settleMs: 0 }
  return apiVersion === importedVersion ? undefined : ofPlatform
}

/** The connector of a platform's own numbers among the configured ones. */
export function platformSpec(ports: Pick<Ports, 'connections'>, platform: Platform): ConnectorSpec | undefined {
  return ports.connections
    .map(({ connector }) => connector.spec)
    .find((spec) => spec.platform === platform && !spec.ownMapping)
}

/**
 * One extract from the lake into the warehouse: read back from its Parquet files, given its one meaning, staged, audited, published.
 * It needs the extract's record and the lake only, so that it can be repeated without the platform. With an override one day of it is
 * published against its checks.
 */
export async function loadExtract(
  ports: Ports,
  spec: LoadSpec,
  account: AdAccount,
  extract: ExtractRecord,
  more: {
    readonly override?: Override | undefined
    /** Written in the load's own transaction; see `LoadRequest`. */
    readonly alongside?: ((session: Session, loaded: Loaded) => Promise<void>) | undefined
  } = {},
): Promise<Loaded> {
  const { override, alongside } = more
  let results: readonly CheckResult[] = []
  const loadedOf = (partitions: readonly PartitionReport[]): Loaded => ({
    partitions,
    checks: tallied(results),
    refusals: refusalsOf(account, results),
  })
  const mapping = mappingAt(spec, extract.level)
  const tellsActions = mapping.actions !== undefined
  const forced = tellsActions ? await definitionInForce(ports.warehouse, account) : null
  const partitions = await ports.warehouse.load({
    extract,
    account,
    days: daysOf(extract),
    rows: readForLoad(ports.lake, extract, withDefinition(mapping, forced?.definition ?? null), account),
    conversions: forced ? { version: forced.version } : undefined,
    alongside: alongside && ((session, reports) => alongside(session, loadedOf(reports))),
    audit: blockingAudit({
      nowMs: ports.clock.nowMs(),
      settleMs: spec.settleMs,
      drift: extract.drift,
      suite: ports.quality?.suite,
      reader: ports.quality?.reader,
      override,
      report: (judged) => {
        results = judged
      },
    }),
  })
  return loadedOf(partitions)
}
