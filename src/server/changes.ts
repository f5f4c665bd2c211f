import type { SqlValue } from '../warehouse/warehouse.ts'
import type { RouteKey } from './contract.ts'

/** A route that changes something. */
type ChangeKey = Exclude<RouteKey, `GET ${string}`>

export interface ChangeInput {
  readonly params: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  /** What the route answered; empty before it did. */
  readonly output: Readonly<Record<string, unknown>>
}

/** The rows that a change is about, as a query; their hash stands in the audit log, before and after. Null: not there yet. */
type Subject = (input: ChangeInput) => { readonly query: string; readonly values: readonly SqlValue[] } | null

const run =
  (idOf: (input: ChangeInput) => unknown): Subject =>
  (input) =>
    typeof idOf(input) === 'string'
      ? {
          query: `select r.state, array_agg(t.task || ' ' || t.state order by t.task) as tasks
                  from engine_run r left join engine_task t on t.run_id = r.run_id where r.run_id::text = $1 group by r.run_id, r.state`,
          values: [String(idOf(input))],
        }
      : null

const user =
  (idOf: (input: ChangeInput) => unknown): Subject =>
  (input) => ({
    query: `select name, role, clients, password_hash, disabled_at from access_user where user_id::text = $1 or name = lower($1)`,
    values: [String(idOf(input))],
  })

const key =
  (idOf: (input: ChangeInput) => unknown): Subject =>
  (input) => ({
    query: `select key_id, name, scope, clients, expires_at, revoked_at from access_key
            where key_id = $1 or (name = lower($1) and revoked_at is null)`,
    values: [String(idOf(input))],
  })

const incident: Subject = ({ params }) => ({
  query: `select i.state, i.owner, count(e.seq)::int as events from incident i left join incident_event e on e.incident_id = i.incident_id
          where starts_with(i.incident_id::text, lower($1)) group by i.incident_id`,
  values: [String(params['incidentId'])],
})

const backfill =
  (idOf: (input: ChangeInput) => unknown): Subject =>
  (input) =>
    typeof idOf(input) === 'string'
      ? {
          query: 'select state, since, until, reprocess from engine_backfill where backfill_id::text = $1',
          values: [String(idOf(input))],
        }
      : null

/** Of a connection the database has what is kept for it; its file stands in the log as it was asked for. */
const kept =
  (nameOf: (input: ChangeInput) => unknown): Subject =>
  (input) => ({
    query: 'select name, key_id, sealed, expires_at from connection_secret where connection = $1 order by name',
    values: [String(nameOf(input))],
  })

const userNamed = user(({ params }) => params['userId'])

/**
 * What each changing route changes; a new one does not compile until it says it here. `own`: the route writes its lines itself,
 * because who did it is known only at its end.
 */
export const changes: Readonly<Record<ChangeKey, Subject | 'own'>> = {
  'POST /api/v1/session': 'own',
  'POST /api/v1/session/end': 'own',
  'POST /api/v1/setup': 'own',
  'POST /api/v1/me/password': 'own',
  'POST /api/v1/users': user(({ body }) => body['name']),
  'POST /api/v1/users/:userId/role': userNamed,
  'POST /api/v1/users/:userId/disable': userNamed,
  'POST /api/v1/users/:userId/enable': userNamed,
  'POST /api/v1/users/:userId/password': userNamed,
  'POST /api/v1/keys': key(({ body }) => body['name']),
  'POST /api/v1/keys/:keyId/revoke': key(({ params }) => params['keyId']),
  'POST /api/v1/campaigns/selections': ({ output }) =>
    typeof output['selection'] === 'string'
      ? { query: 'select names from screen_selection where selection = $1', values: [output['selection']] }
      : null,
  'POST /api/v1/connections': kept(({ body }) => body['name']),
  'POST /api/v1/connections/preview': () => null,
  'POST /api/v1/connections/trial': () => null,
  'POST /api/v1/connections/:name/test': () => null,
  'POST /api/v1/connections/:name/renew': kept(({ params }) => params['name']),
  'POST /api/v1/imports': () => null,
  'POST /api/v1/imports/:importId/plan': () => null,
  'POST /api/v1/imports/:importId/load': run(({ output }) => output['runId']),
  'POST /api/v1/backfills': backfill(({ output }) => output['backfillId']),
  'POST /api/v1/backfills/:backfillId': backfill(({ params }) => params['backfillId']),
  'POST /api/v1/pipelines/:pipeline': ({ params }) => ({
    query: 'select paused from engine_pipeline where pipeline = $1',
    values: [String(params['pipeline'])],
  }),
  'POST /api/v1/incidents/:incidentId': incident,
  'POST /api/v1/runs': run(({ output }) => output['runId']),
  'POST /api/v1/runs/:runId/cancel': run(({ params }) => params['runId']),
  'POST /api/v1/runs/:runId/clear': run(({ params }) => params['runId']),
}
