import type { AdAccount } from '../domain/account.ts'
import { isoInstant } from '../domain/clock.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { placeLate, withUtm } from './entity-history.ts'
import { statement } from './statements.ts'
import type { Session } from './warehouse.ts'

/**
 * Takes in what platforms said about entities at an instant, inside the caller's transaction. A changed description closes the
 * present row and opens a new one at that instant; an unchanged one is only seen again; a stub is filled in place. Looking
 * again changes nothing, a look that arrives late takes its place in the history, and an entity that is not among them is not gone.
 */
export async function observeEntities(
  session: Session,
  observations: readonly EntityObservation[],
  observedAtMs: number,
): Promise<void> {
  if (observations.length === 0) return
  // The last word on an entity counts; two rows of one entity in one statement would both be "the" change.
  const latest = new Map(
    observations.map((one) => [[one.platform, one.accountId, one.level, one.entityId].join('|'), one]),
  )
  const accounts = [...new Set(observations.map((one) => `dim_entity|${one.platform}|${one.accountId}`))]
  await session.query(
    `select count(pg_advisory_xact_lock(k.key))
     from (select distinct hashtextextended(t.name, 0) as key from unnest($1::text[]) as t (name) order by key offset 0) k`,
    [accounts],
  )
  const isFirstLook = !(await anyKnown(session, [...latest.values()]))
  const present = isFirstLook ? [...latest.values()] : await placeLate(session, [...latest.values()], observedAtMs)
  if (present.length === 0) return
  const values = [JSON.stringify(present.map(withUtm)), isoInstant(observedAtMs)]
  if (!isFirstLook) {
    await session.query(statement('entity-refresh'), values)
    await session.query(statement('entity-close'), values)
  }
  await session.query(statement('entity-insert'), values)
}

/** Whether there is a row, if only a stub, of any entity of these accounts and levels: an account's first look has nothing to compare. */
async function anyKnown(session: Session, observations: readonly EntityObservation[]): Promise<boolean> {
  const kinds = new Map(observations.map((one) => [[one.platform, one.accountId, one.level].join('|'), one]))
  const [found] = await session.query<{ readonly known: boolean }>(
    `select exists (select from unnest($1::text[], $2::text[], $3::text[]) as k (platform, account_id, level)
       join dim_entity e on e.platform = k.platform and e.account_id = k.account_id and e.level = k.level) as known`,
    [
      [...kinds.values()].map((one) => one.platform),
      [...kinds.values()].map((one) => one.accountId),
      [...kinds.values()].map((one) => one.level),
    ],
  )
  return found?.known ?? true
}

/** Takes in what an account said of itself at an instant; the same rules as for entities. */
export async function observeAccount(session: Session, account: AdAccount, observedAtMs: number): Promise<void> {
  const { platform, accountId, name, currency, zone, costBasis, managerId } = account
  const values = [platform, accountId, name, currency, zone, isoInstant(observedAtMs)]
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`dim_account|${platform}|${accountId}`])
  await session.query(
    `update dim_account set valid_to = $6::timestamptz, is_current = false
     where platform = $1 and account_id = $2 and is_current and valid_from < $6::timestamptz and last_seen <= $6::timestamptz
       and (name <> $3 or currency <> $4 or timezone <> $5 or manager_id <> $7)`,
    [...values, managerId ?? null],
  )
  await session.query(statement('account-observe'), [...values, costBasis ?? null, managerId ?? null])
}

/** Makes sure that the account has a row, without a lock where it has one: loads of one account's different days do not queue. */
export async function ensureAccount(session: Session, account: AdAccount, observedAtMs: number): Promise<void> {
  const [known] = await session.query(
    'select 1 as found from dim_account where platform = $1 and account_id = $2 and is_current',
    [account.platform, account.accountId],
  )
  if (!known) await observeAccount(session, account, observedAtMs)
}
