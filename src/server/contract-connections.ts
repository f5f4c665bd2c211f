import { z } from 'zod'
import { civilDay, instant } from './contract-runs.ts'
import type { Routes } from './contract-role.ts'

/** As the file of a connection is called: a letter, then letters, digits, _ and -. */
const name = z
  .string()
  .max(60)
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/)

const values = z.record(z.string().max(60), z.string().max(20_000))

/** A connection as somebody fills it in. A value is kept closed in the warehouse when it is a secret, and may be `env:NAME`. */
const draft = z.object({
  name,
  connector: z.string().max(40),
  values: values.default({}),
  /** The text of google-ads.yaml, of an OAuth client or of a service account’s key, instead of single values. */
  paste: z.string().max(20_000).optional(),
  /** Left out: every account that the credentials reach. */
  accounts: z.array(z.string().max(60)).max(1_000).default([]),
  /** Takes the place of what the project says under that name now, as when the sandbox is left for the real platform. */
  replaces: z.boolean().default(false),
})

const checkLine = z.object({
  what: z.string(),
  outcome: z.enum(['ok', 'warn', 'fail']),
  detail: z.string(),
  fix: z.string().nullable(),
})

const tested = z.object({ lines: z.array(checkLine) })

const connection = z.object({
  name: z.string(),
  connector: z.string(),
  /** Where it is written: a file of `connections`, or the configuration itself. */
  place: z.string(),
  hasFile: z.boolean(),
  /** Empty: all that the credentials reach. */
  accounts: z.array(z.string()),
  /** Names of the secrets that the warehouse keeps for it. */
  keeps: z.array(z.string()),
  ends: instant.nullable(),
  state: z.enum(['sandbox', 'live', 'ends_soon', 'ended', 'not_signed_in', 'locked']),
  /** Opened by this program at its start; one that was written since is opened before the next run. */
  isOpen: z.boolean(),
})

const form = z.object({
  connector: z.string(),
  fields: z.array(z.object({ name: z.string(), secret: z.boolean(), required: z.boolean(), hint: z.string() })),
  takesPaste: z.boolean(),
})

/** What a draft would write, secrets left out. */
const preview = z.object({
  file: z.string(),
  text: z.string(),
  keeps: z.array(z.string()),
  replacesFile: z.boolean(),
})

const fileMapping = z.union([
  z.object({ ready: z.enum(['google_ads', 'meta_ads', 'millrace']) }),
  /** YAML that says which column is what, as --map takes it. */
  z.object({ text: z.string().min(1).max(20_000) }),
])

/** Whose numbers a file has, and how its columns are read. */
const importAsk = z.object({
  platform: z.string().max(40),
  account: z.string().min(1).max(60),
  currency: z.string().regex(/^[A-Z]{3}$/),
  zone: z.string().max(60).optional(),
  mapping: fileMapping,
})

const importId = z.object({ importId: z.uuid() })

export const connectionRoutes = {
  'GET /api/v1/connections': {
    role: 'viewer',
    summary: 'Ways to platforms, with what is kept for each and when it ends; no secret is among it',
    response: z.object({ connections: z.array(connection) }),
  },
  'GET /api/v1/connections/forms': {
    role: 'admin',
    summary: 'What each platform wants to know of a new connection',
    response: z.object({ forms: z.array(form) }),
  },
  'POST /api/v1/connections/preview': {
    role: 'admin',
    summary: 'What would be written of a connection; nothing is',
    body: draft,
    response: preview,
  },
  'POST /api/v1/connections/trial': {
    role: 'admin',
    summary:
      'Asks the platform with what was filled in: whether it lets anybody in, and which accounts are reached; nothing is kept',
    body: draft,
    response: tested.extend({
      accounts: z.array(z.object({ accountId: z.string(), name: z.string(), currency: z.string(), zone: z.string() })),
    }),
  },
  'POST /api/v1/connections': {
    role: 'admin',
    summary: 'Keeps the secrets of a connection and writes its file',
    body: draft,
    response: preview,
  },
  'POST /api/v1/connections/:name/test': {
    role: 'operator',
    summary: 'Asks the platform one small thing of each account',
    params: z.object({ name }),
    response: tested,
  },
  'POST /api/v1/connections/:name/renew': {
    role: 'admin',
    summary:
      'New secrets in place of those that are kept; without any, a token of Meta is exchanged for one of sixty days',
    params: z.object({ name }),
    body: z.object({ values: values.default({}) }),
    response: tested,
  },
  'POST /api/v1/imports': {
    role: 'operator',
    summary:
      'Takes a file’s bytes (application/octet-stream) for an import, and says which ready mapping reads it best',
    query: z.object({ name: z.string().min(1).max(200) }),
    response: importId.extend({
      name: z.string(),
      bytes: z.number().int(),
      /** Null: none of them understands it. */
      ready: z.enum(['google_ads', 'meta_ads', 'millrace']).nullable(),
    }),
  },
  'POST /api/v1/imports/:importId/plan': {
    role: 'operator',
    summary: 'What an import would load, with its first ten rows and what was not understood; nothing is loaded',
    params: importId,
    body: importAsk,
    response: z.object({
      rows: z.number().int(),
      totals: z.number().int(),
      days: z.array(civilDay),
      /** Of those days, the ones that have published rows already and would be replaced. */
      replaced: z.array(civilDay),
      firstRows: z.array(z.record(z.string(), z.string().nullable())),
      problems: z.array(z.object({ code: z.string(), what: z.string() })),
      problemCount: z.number().int(),
    }),
  },
  'POST /api/v1/imports/:importId/load': {
    role: 'operator',
    summary: 'Loads the file through the whole job: audit, publish, models, notice',
    params: importId,
    body: importAsk,
    response: z.object({
      runId: z.uuid(),
      state: z.string(),
      days: z.number().int(),
      rows: z.number().int(),
      rowsChanged: z.number().int(),
    }),
  },
} as const satisfies Routes
