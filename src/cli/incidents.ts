import { userInfo } from 'node:os'
import { MillraceError } from '../domain/errors.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Incident } from '../quality/incident-round.ts'
import type { Deed } from '../quality/incident-store.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['list', 'show', 'ack', 'resolve', 'comment'] as const

export const command: CommandSpec = {
  name: 'incidents',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[id]', text: { en: 'Id of the incident, or its beginning', ko: '인시던트 id 또는 앞부분' } },
    { name: '[text]', text: { en: 'What to say with it', ko: '함께 남길 말' } },
  ],
  options: [
    { flags: '--all', text: { en: 'list: those that are over too', ko: 'list: 끝난 것도' } },
    { flags: '--limit <n>', text: { en: 'list: how many; 50 when left out', ko: 'list: 개수. 생략하면 50' } },
    { flags: '--by <name>', text: { en: 'Who does it; you when left out', ko: '누가 하는지. 생략하면 현재 사용자' } },
  ],
  description: {
    en: 'Incidents: one for each root cause, from the first sign until the data is right again. list: those that are open; show: what was found, what belongs to it and what happened; ack: you take it, and nobody is reminded; resolve: it is over, whatever the data says; comment: a line for its timeline.',
    ko: '인시던트: 원인마다 하나이며 첫 징후부터 데이터가 정상이 될 때까지 이어집니다. list: 열린 것, show: 발견 내용과 묶인 것과 경과, ack: 담당하기(다시 알리지 않음), resolve: 데이터와 관계없이 종료, comment: 경과에 한 줄 남기기.',
  },
  examples: [
    { line: 'millrace incidents list', text: { en: 'what is open', ko: '열린 것' } },
    {
      line: 'millrace incidents show 01a21ce1',
      text: { en: 'one, by the beginning of its id', ko: 'id 앞부분으로 하나' },
    },
    { line: 'millrace incidents ack 01a21ce1 "on it"', text: { en: 'take it', ko: '담당하기' } },
  ],
  run: incidents,
}

async function incidents(
  invocation: Invocation,
  [action = 'list', id = '', text]: readonly string[],
  given: Given,
): Promise<number> {
  if (action !== 'list' && id === '')
    throw new MillraceError('CLI_USAGE', { command: 'incidents', detail: `${action} needs the id of an incident` })
  if (action === 'comment' && !text)
    throw new MillraceError('CLI_USAGE', { command: 'incidents', detail: 'comment needs a text' })
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action === 'list') return await list(invocation, warehouse, given)
  if (action === 'show') return await show(invocation, warehouse, id)
  const event = action === 'ack' ? 'acknowledge' : (action as 'resolve' | 'comment')
  return await act(invocation, warehouse, id, { event, by: nameOf(given), text: text ?? null })
}

/** Who acts: the name given, or the machine's. */
export function nameOf(given: Given): string {
  return typeof given['by'] === 'string' && given['by'] !== '' ? given['by'] : userInfo().username
}

async function list(invocation: Invocation, warehouse: Warehouse, given: Given): Promise<number> {
  const { listIncidents } = await import('../quality/incident-store.ts')
  const limit = given['limit'] === undefined ? 50 : Number(given['limit'])
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new MillraceError('CLI_USAGE', { command: 'incidents', detail: '--limit wants 1 to 1000' })
  const { output } = invocation
  const found = await listIncidents(warehouse, { all: given['all'] === true, limit })
  const rows = found.map((one) => ({
    ...rowOf(one),
    id: output.isTerminal && !output.json ? one.incidentId.slice(0, 13) : one.incidentId,
  }))
  printRows(
    output,
    formatOf(undefined, output),
    ['id', 'state', 'severity', 'check', 'platform', 'account', 'since', 'until', 'owner', 'members'],
    rows,
  )
  if (rows.length === 0) output.say(words[invocation.language].none)
  return exitCodes.ok
}

function rowOf({ root, state, severity, firstDay, lastDay, owner, members }: Incident) {
  return {
    state,
    severity,
    check: root.checkId,
    platform: root.platform,
    account: root.accountId ?? '*',
    since: firstDay,
    until: lastDay,
    owner,
    members: members.length,
  }
}

async function show({ output, language }: Invocation, warehouse: Warehouse, id: string): Promise<number> {
  const { incidentById, timelineOf } = await import('../quality/incident-store.ts')
  const { tellingOf } = await import('../orchestrate/incident-watch.ts')
  const { incidentMessage } = await import('../notify/incident-message.ts')
  const incident = await incidentById(warehouse, id)
  const timeline = await timelineOf(warehouse, incident.incidentId)
  if (output.json) {
    output.record({ ...incident, timeline })
    return exitCodes.ok
  }
  const telling = incident.state === 'resolved' ? 'resolved' : incident.reopened > 0 ? 'reopened' : 'opened'
  output.data(incidentMessage(tellingOf(incident, telling), language).text)
  for (const { at, kind, by, text } of timeline)
    output.data(`${[at.toISOString(), kind, by ?? 'millrace', text ?? ''].join('  ').trimEnd()}\n`)
  return exitCodes.ok
}

async function act(
  { output, language, clock }: Invocation,
  warehouse: Warehouse,
  id: string,
  deed: Deed,
): Promise<number> {
  const { actOnIncident } = await import('../quality/incident-store.ts')
  const after = await warehouse.transaction((session) => actOnIncident(session, id, deed, clock.nowMs()))
  if (output.json) output.record(after)
  else output.say(words[language].done(after.incidentId.slice(0, 13), after.state, deed.by))
  return exitCodes.ok
}

const words = {
  en: {
    none: 'No incident is open.',
    done: (id: string, state: string, by: string) => `${id} is ${state} (${by})`,
  },
  ko: {
    none: '열린 인시던트가 없습니다.',
    done: (id: string, state: string, by: string) => `${id}: ${state} (${by})`,
  },
} as const
