import { isMillraceError } from '../domain/errors.ts'
import type { Session } from '../warehouse/warehouse.ts'

export type Attempt<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string }

/**
 * SQLSTATE classes in which a statement itself is at fault: 21 cardinality, 22 data, 42 syntax and names, 54 too complex,
 * 0A not supported. Everything else (connection gone, deadlock, shutdown, disk full) is not about the check and ends the load.
 */
const ownFault = new Set(['21', '22', '42', '54', '0A'])

/**
 * Runs statements inside the load's transaction so that their failure does not end it: behind a savepoint. What is not the
 * statement's own fault is thrown on, because then the transaction is lost and publishing nothing is right.
 */
export async function attempt<Value>(session: Session, work: () => Promise<Value>): Promise<Attempt<Value>> {
  await session.query('savepoint quality_attempt')
  try {
    const value = await work()
    await session.query('release savepoint quality_attempt')
    return { ok: true, value }
  } catch (error) {
    const state = sqlState(error)
    if (state === undefined || !ownFault.has(state.slice(0, 2))) throw error
    await session.query('rollback to savepoint quality_attempt')
    return { ok: false, problem: `${state} ${messageOf(error)}` }
  }
}

/** The five characters of the database's own error, wherever in the chain of causes it stands. */
function sqlState(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code: unknown = 'code' in at ? at.code : undefined
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return undefined
}

function messageOf(error: unknown): string {
  if (isMillraceError(error) && error.cause instanceof Error) return error.cause.message
  return error instanceof Error ? error.message : String(error)
}
