import { z } from 'zod'
import {
  compareAnswer,
  compareQuery,
  coverageAnswer,
  coverageQuery,
  maturityAnswer,
  maturityQuery,
} from './contract-compare.ts'
import { campaignAnswer, campaignQuery, selectionBody } from './contract-campaigns.ts'
import { incident, incidentAnswer, incidentDeed, incidentQuery } from './contract-incidents.ts'
import { alert, overview, source } from './contract-overview.ts'
import { liveAnswer, liveEventsAnswer, liveQuery } from './contract-live.ts'
import { connectorsAnswer, qualityAnswer } from './contract-quality.ts'
import { accessRoutes } from './contract-access.ts'
import { settingsRoutes } from './contract-settings.ts'
import { backfillRoutes } from './contract-backfills.ts'
import { connectionRoutes } from './contract-connections.ts'
import { layout } from './contract-graph.ts'
import type { Routes } from './contract-role.ts'
import { civilDay, gridTask, logAnswer, logQuery, run, runPartition, runState, task } from './contract-runs.ts'

/**
 * Every route of the API: what it takes and what it answers. The server checks both ways with it, docs/openapi.json is made of
 * it, and the dashboard imports its types and nothing else. Money and metrics are exact decimal text, never numbers. Each says
 * which role it wants; one that does not say it does not compile.
 */
export const contract = {
  'GET /api/v1/boot': {
    role: 'viewer',
    perClient: true,
    summary: 'How far the start is; answered before the database is there',
    response: z.object({
      ready: z.boolean(),
      version: z.number().int(),
      stages: z.array(
        z.object({
          part: z.string(),
          state: z.enum(['opening', 'open', 'failed']),
          place: z.string(),
          seconds: z.number(),
        }),
      ),
      progress: z.object({ done: z.number().int(), total: z.number().int(), rows: z.number().int() }).nullable(),
      error: z.object({ code: z.string(), what: z.string(), why: z.string(), fix: z.string() }).nullable(),
    }),
  },
  'GET /api/v1/project': {
    role: 'viewer',
    perClient: true,
    summary: 'What the pages need to know before anything else',
    response: z.object({
      name: z.string(),
      zone: z.string(),
      /** Today and now by the program’s clock, which in a demo stands on the demo’s day. */
      today: civilDay,
      now: z.iso.datetime(),
      isDemo: z.boolean(),
      pipelines: z.array(z.string()),
    }),
  },
  'GET /api/v1/overview': {
    role: 'viewer',
    perClient: true,
    summary:
      'The morning brief of a day, yesterday when none is named: the same object that the brief mail is made from',
    query: z.object({ date: civilDay.optional() }),
    response: overview,
  },
  'GET /api/v1/campaigns': {
    role: 'viewer',
    perClient: true,
    summary: 'Sums of each campaign over the days and the ratios of the sums, ranked within a currency',
    query: campaignQuery,
    response: campaignAnswer,
  },
  'GET /api/v1/compare': {
    role: 'viewer',
    summary:
      'Platforms beside one another in one currency or in their own, with what must not be compared, restatements and names',
    query: compareQuery,
    response: compareAnswer,
  },
  'GET /api/v1/compare/maturity': {
    role: 'viewer',
    summary: 'Which share of its settled value a day has at each age, by platform and metric, and when it is at rest',
    query: maturityQuery,
    response: maturityAnswer,
  },
  'GET /api/v1/compare/coverage': {
    role: 'viewer',
    summary: 'Every account with the days of a month: published or not, how final, on how many levels',
    query: coverageQuery,
    response: coverageAnswer,
  },
  'POST /api/v1/campaigns/selections': {
    role: 'viewer',
    summary: 'Keeps a list of campaigns that was pasted, and says under which name to ask for it',
    body: selectionBody,
    response: z.object({ selection: z.string(), names: z.number().int() }),
  },
  'GET /api/v1/quality': {
    role: 'viewer',
    perClient: true,
    summary: 'How each check came out on the day and the six before, and rows that failed',
    query: z.object({ date: civilDay.optional() }),
    response: qualityAnswer,
  },
  'GET /api/v1/connectors': {
    role: 'viewer',
    perClient: true,
    summary: 'Every account with its thirty days and its newest download',
    query: z.object({ date: civilDay.optional() }),
    response: connectorsAnswer,
  },
  'GET /api/v1/alerts': {
    role: 'viewer',
    perClient: true,
    summary: 'What went wrong, newest first; the same trouble is one line with a count',
    query: z.object({ days: z.coerce.number().int().min(1).max(366).default(30) }),
    response: z.object({ alerts: z.array(alert), sources: z.record(z.string(), source) }),
  },
  'GET /api/v1/incidents': {
    role: 'viewer',
    summary: 'Incidents, one for each root cause; those that are over only when asked for',
    query: incidentQuery,
    response: z.object({ incidents: z.array(incident) }),
  },
  'GET /api/v1/incidents/:incidentId': {
    role: 'viewer',
    summary: 'One incident with what belongs to it and what happened',
    params: z.object({ incidentId: z.string().max(36) }),
    response: incidentAnswer,
  },
  'POST /api/v1/incidents/:incidentId': {
    role: 'operator',
    summary: 'Acknowledges, resolves or comments an incident; who acknowledges owns it',
    params: z.object({ incidentId: z.string().max(36) }),
    body: incidentDeed,
    response: incidentAnswer,
  },
  'GET /api/v1/live': {
    role: 'viewer',
    perClient: true,
    summary: 'Live counters by minute and campaign, how far the counting is, and what it was reconciled with',
    query: liveQuery,
    response: liveAnswer,
  },
  'GET /api/v1/live/events': {
    role: 'viewer',
    perClient: true,
    summary: 'A look at the newest events of the log, a few of them; none where the program has no log open',
    response: liveEventsAnswer,
  },
  'GET /api/v1/runs': {
    role: 'viewer',
    perClient: true,
    summary: 'Runs, newest first',
    query: z.object({
      pipeline: z.string().optional(),
      state: runState.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(30),
    }),
    response: z.object({ runs: z.array(run) }),
  },
  'GET /api/v1/runs/grid': {
    role: 'viewer',
    perClient: true,
    summary: 'The newest runs against their tasks, in one answer',
    query: z.object({
      pipeline: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(400).default(30),
    }),
    response: z.object({ runs: z.array(run), tasks: z.array(gridTask) }),
  },
  'GET /api/v1/runs/:runId': {
    role: 'viewer',
    perClient: true,
    summary: 'One run with its tasks and their attempts',
    params: z.object({ runId: z.uuid() }),
    response: z.object({ run, tasks: z.array(task), summary: z.unknown() }),
  },
  'GET /api/v1/runs/:runId/graph': {
    role: 'viewer',
    perClient: true,
    summary: 'The run’s tasks as a picture: where each stands and which waits for which',
    params: z.object({ runId: z.uuid() }),
    response: z.object({ layout }),
  },
  'GET /api/v1/runs/:runId/data': {
    role: 'viewer',
    perClient: true,
    summary: 'What the run downloaded and loaded: each day of each account, with what it changed',
    params: z.object({ runId: z.uuid() }),
    response: z.object({ partitions: z.array(runPartition), sources: z.record(z.string(), source) }),
  },
  'POST /api/v1/runs': {
    role: 'operator',
    summary: 'Makes a run of a day; refused while one of it is under way',
    body: z.object({ pipeline: z.string(), date: civilDay }),
    response: z.object({ runId: z.uuid() }),
  },
  'POST /api/v1/runs/:runId/cancel': {
    role: 'operator',
    summary: 'Stops what runs and begins nothing more of the run',
    params: z.object({ runId: z.uuid() }),
    response: z.object({ ok: z.boolean() }),
  },
  'POST /api/v1/runs/:runId/clear': {
    role: 'operator',
    summary: 'Makes ended tasks run again; old attempts are kept',
    params: z.object({ runId: z.uuid() }),
    body: z.object({ tasks: z.array(z.string()).default([]), downstream: z.boolean().default(true) }),
    response: z.object({ cleared: z.number().int() }),
  },
  'GET /api/v1/runs/:runId/logs': {
    role: 'viewer',
    perClient: true,
    summary: 'One page of a run’s lines, oldest first',
    params: z.object({ runId: z.uuid() }),
    query: logQuery,
    response: logAnswer,
  },
  ...settingsRoutes,
  ...backfillRoutes,
  ...connectionRoutes,
  ...accessRoutes,
} as const satisfies Routes

export type Contract = typeof contract
export type RouteKey = keyof Contract

type Part<Key extends RouteKey, Name extends string> =
  Contract[Key] extends Readonly<Record<Name, infer Schema extends z.ZodType>> ? Schema : undefined

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined

/** What a handler is given, checked. */
export interface RouteInput<Key extends RouteKey> {
  readonly query: Parsed<Part<Key, 'query'>>
  readonly params: Parsed<Part<Key, 'params'>>
  readonly body: Parsed<Part<Key, 'body'>>
}

export type RouteOutput<Key extends RouteKey> = z.input<Contract[Key]['response']>
