import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Warehouse } from './warehouse.ts'

/** States of one source that are kept: a day each, so many of the newest days. */
const daysKept = 100

/** Where other people's sources stood, kept where every process of the project finds it. */
export function sourceStatesOf(warehouse: Pick<Warehouse, 'query'>, clock: Pick<Clock, 'nowMs'>) {
  return {
    /** The newest state after which no row of the day or a later one had been given. */
    async before(sourceKey: string, day: Day): Promise<string | undefined> {
      const [row] = await warehouse.query<{ state: string }>(
        'select state from source_state where source_key = $1 and through < $2 order by through desc limit 1',
        [sourceKey, day],
      )
      return row?.state
    },
    async keep(sourceKey: string, through: Day, state: string): Promise<void> {
      await warehouse.query(
        `insert into source_state (source_key, through, state, kept_at) values ($1, $2, $3, $4)
         on conflict (source_key, through) do update set state = excluded.state, kept_at = excluded.kept_at`,
        [sourceKey, through, state, isoInstant(clock.nowMs())],
      )
      await warehouse.query(
        `delete from source_state where source_key = $1 and through < (
           select min(n.through) from (select through from source_state where source_key = $1 order by through desc limit $2) n)`,
        [sourceKey, String(daysKept)],
      )
    },
    /** All of a source: it does not understand them any more. */
    async forget(sourceKey: string): Promise<void> {
      await warehouse.query('delete from source_state where source_key = $1', [sourceKey])
    },
  }
}
