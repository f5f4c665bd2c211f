import { userInfo } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { isoInstant } from '../domain/clock.ts'
import type { Language } from '../domain/errors.ts'
import { incidentMessage } from '../notify/incident-message.ts'
import { tellingOf } from '../orchestrate/incident-watch.ts'
import type { Incident } from '../quality/incident-round.ts'
import { actOnIncident, incidentById, listIncidents, timelineOf } from '../quality/incident-store.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { asking } from './asking.ts'
import type { RouteOutput } from './contract.ts'
import type { Door } from './mount.ts'
import { languageOf } from './problem.ts'
import { serve } from './route.ts'

type Item = RouteOutput<'GET /api/v1/incidents'>['incidents'][number]
type Detail = RouteOutput<'GET /api/v1/incidents/:incidentId'>

/** Incidents: those that are open, one with all that belongs to it, and what somebody does to one. */
export function incidents(app: FastifyInstance, door: Door): void {
  serve(app, 'GET /api/v1/incidents', async ({ query }) => ({
    incidents: (await listIncidents(door.warehouse(), query)).map(itemOf),
  }))
  serve(app, 'GET /api/v1/incidents/:incidentId', ({ params }, request) =>
    detailOf(door.warehouse(), params.incidentId, languageOf(request)),
  )
  serve(app, 'POST /api/v1/incidents/:incidentId', async ({ params, body }, request) => {
    const deed = { event: body.event, by: actor(), text: body.text === '' ? null : body.text }
    await door.warehouse().transaction((session) => actOnIncident(session, params.incidentId, deed, door.clock.nowMs()))
    return detailOf(door.warehouse(), params.incidentId, languageOf(request))
  })
}

/** Who acts: whoever signed in, or the machine's user where nobody has to. */
function actor(): string {
  const who = asking.getStore()
  return who === undefined || who.kind === 'local' ? userInfo().username : who.name
}

function itemOf(one: Incident): Item {
  const { incidentId, state, severity, root, firstDay, lastDay, reopened, owner } = one
  return {
    incidentId,
    state,
    severity,
    checkId: root.checkId,
    platform: root.platform,
    accountId: root.accountId,
    firstDay,
    lastDay,
    openedAt: isoInstant(one.openedMs),
    changedAt: isoInstant(one.changedMs),
    resolvedAt: one.resolvedMs === null ? null : isoInstant(one.resolvedMs),
    reopened,
    owner,
    members: one.members.length,
  }
}

async function detailOf(warehouse: Pick<Warehouse, 'query'>, id: string, language: Language): Promise<Detail> {
  const found = await incidentById(warehouse, id)
  const timeline = await timelineOf(warehouse, found.incidentId)
  const telling = found.state === 'resolved' ? 'resolved' : found.reopened > 0 ? 'reopened' : 'opened'
  return {
    incident: itemOf(found),
    text: incidentMessage(tellingOf(found, telling), language).text,
    members: found.members.map(({ signal, ...one }) => ({
      checkId: signal.checkId,
      accountId: signal.accountId,
      seriesKey: signal.seriesKey,
      severity: signal.severity,
      firing: one.firing,
      heldBy: one.heldBy,
      firstDay: one.firstDay,
      lastDay: one.lastDay,
    })),
    timeline: timeline.map(({ seq, at, kind, by, text }) => ({ seq, at: at.toISOString(), kind, by, text })),
  }
}
