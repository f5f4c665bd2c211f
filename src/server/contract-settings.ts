import { z } from 'zod'
import { lineageAnswer } from './contract-lineage.ts'
import type { Routes } from './contract-role.ts'

const words = z.object({ en: z.string(), ko: z.string() })

const metric = z.object({
  id: z.string(),
  label: words,
  meaning: words,
  unit: z.string(),
  better: z.enum(['higher', 'lower', 'neither']),
  /** Null: a sum of a column. */
  formula: z.string().nullable(),
  caveats: z.array(z.object({ platform: z.string(), comparable: z.string(), ...words.shape })),
})

/** What the project is, and how its data hangs together. */
export const settingsRoutes = {
  'GET /api/v1/lineage': {
    role: 'viewer',
    summary: 'From the platforms to the screens and mails: what is made from what, how new and how large',
    response: lineageAnswer,
  },
  'GET /api/v1/settings': {
    role: 'viewer',
    summary: 'The configuration in force, what is kept how long, and what every number means',
    response: z.object({
      general: z.array(z.object({ key: z.string(), value: z.string() })),
      retention: z.array(
        z.object({ what: z.enum(['raw', 'logs', 'facts', 'results', 'audit']), days: z.number().int().nullable() }),
      ),
      metrics: z.array(metric),
    }),
  },
  'GET /api/v1/doctor': {
    role: 'operator',
    summary: 'The doctor’s report of this machine and the project, made anew',
    response: z.object({
      lines: z.array(
        z.object({
          area: z.string(),
          what: z.string(),
          outcome: z.enum(['ok', 'warn', 'fail']),
          detail: z.string(),
          fix: z.string().nullable(),
        }),
      ),
    }),
  },
} as const satisfies Routes
