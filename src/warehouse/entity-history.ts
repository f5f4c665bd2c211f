import { isoInstant } from '../domain/clock.ts'
import { normalised } from '../domain/decimal.ts'
import type { EntityObservation } from '../domain/entity.ts'
import type { UtmReading } from '../domain/url-tags.ts'
import { readUtm } from '../domain/url-tags.ts'
import { statement } from './statements.ts'
import type { Session } from './warehouse.ts'

/** A description and the instants at which an entity was found so. */
export interface Seen {
  readonly observation: EntityObservation
  readonly seenAtMs: readonly number[]
}

/** A stretch of an entity's history; null ends are open. */
interface Stretch extends Seen {
  readonly validFromMs: number | null
  readonly validToMs: number | null
}

/** Looks that a description keeps: the first, and the newest of these. A look that is later than so many is not placed exactly. */
const looksKept = 200

/**
 * Pure: the history that a set of looks makes, whatever the order they came in. Equal descriptions that follow one another are one
 * stretch; it begins with its first look, the very first at the beginning of time, and ends where the next begins. Of two looks at one
 * instant the later given counts.
 */
export function historyOf(seen: readonly Seen[]): readonly Stretch[] {
  const byInstant = new Map<number, EntityObservation>()
  for (const { observation, seenAtMs } of seen) for (const atMs of seenAtMs) byInstant.set(atMs, observation)
  const stretches: { observation: EntityObservation; seenAtMs: number[] }[] = []
  for (const [atMs, observation] of [...byInstant].toSorted(([a], [b]) => a - b)) {
    const last = stretches.at(-1)
    if (last && textOf(last.observation) === textOf(observation)) last.seenAtMs.push(atMs)
    else stretches.push({ observation, seenAtMs: [atMs] })
  }
  return stretches.map(({ observation, seenAtMs }, at) => ({
    observation,
    seenAtMs: seenAtMs.length > looksKept * 2 ? [...seenAtMs.slice(0, 1), ...seenAtMs.slice(-looksKept)] : seenAtMs,
    validFromMs: at === 0 ? null : (seenAtMs[0] ?? null),
    validToMs: stretches[at + 1]?.seenAtMs[0] ?? null,
  }))
}

/** The observation with what its ads tell a landing page; of campaigns alone, which is what a click is led back to. */
export function withUtm(observation: EntityObservation): EntityObservation & { readonly utm: UtmReading | null } {
  const { platform, level, entityId, name, urls } = observation
  const utm = level === 'campaign' ? readUtm(platform, urls, { campaignId: entityId, campaignName: name }) : null
  return { ...observation, utm }
}

/** What makes two descriptions the same. */
function textOf({ parentId, name, status, statusRaw, objectiveRaw, dailyBudget, urls }: EntityObservation): string {
  const leads = urls ? [urls.trackingTemplate, urls.finalUrlSuffix, urls.urlTags] : null
  return JSON.stringify([
    parentId,
    name,
    status,
    statusRaw,
    objectiveRaw,
    dailyBudget && normalised(dailyBudget),
    leads,
  ])
}

type KnownRow = EntityObservation & { readonly seenAtMs: readonly string[] } & Readonly<Record<string, unknown>>

const keyOf = (one: EntityObservation) => [one.platform, one.accountId, one.level, one.entityId].join('|')

/**
 * Puts looks into their place in the histories of those entities of which a younger look is known, and returns the other looks. Inside
 * the caller's transaction, under the accounts' locks.
 */
export async function placeLate(
  session: Session,
  observations: readonly EntityObservation[],
  observedAtMs: number,
): Promise<readonly EntityObservation[]> {
  const rows = await session.query<KnownRow>(statement('entity-late'), [
    JSON.stringify(observations),
    isoInstant(observedAtMs),
  ])
  if (rows.length === 0) return observations
  const known = Map.groupBy(rows, keyOf)
  const late = observations.filter((one) => known.has(keyOf(one)))
  const histories = late.flatMap((observation) => {
    const before = (known.get(keyOf(observation)) ?? []).map(({ seenAtMs, ...row }): Seen => ({
      observation: row,
      seenAtMs: seenAtMs.map(Number),
    }))
    return historyOf([...before, { observation, seenAtMs: [observedAtMs] }])
  })
  await session.query(
    `delete from dim_entity e using jsonb_to_recordset($1::jsonb) as o (platform text, "accountId" text, level text, "entityId" text)
     where e.platform = o.platform and e.account_id = o."accountId" and e.level = o.level and e.entity_id = o."entityId"`,
    [JSON.stringify(late)],
  )
  const written = histories.map(({ observation, seenAtMs, validFromMs, validToMs }) => ({
    ...withUtm(observation),
    validFrom: validFromMs === null ? null : isoInstant(validFromMs),
    validTo: validToMs === null ? null : isoInstant(validToMs),
    seenAt: seenAtMs.map(isoInstant),
  }))
  await session.query(statement('entity-rewrite'), [JSON.stringify(written)])
  return observations.filter((one) => !known.has(keyOf(one)))
}
