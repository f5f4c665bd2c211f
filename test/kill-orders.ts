import { join } from 'node:path'
import type { DayRange } from '../src/domain/day.ts'
import { adapter as file } from '../src/notify/file.ts'
import { adapter as smtp } from '../src/notify/smtp.ts'
import type { Channel, DbtProject } from '../src/orchestrate/ports.ts'
import type { Connection } from '../src/warehouse/warehouse.ts'
import type { SandboxDoor } from './job.ts'

/** What the killed program is told, as JSON in its first argument. */
export interface Orders {
  readonly connection: Connection
  readonly door: SandboxDoor
  readonly folder: string
  readonly nowMs: number
  readonly range: DayRange
  readonly seed: number
  readonly smtpPort: number
  readonly parallelAccounts: number
  readonly step: number | null
  readonly dbt: DbtProject | null
}

/** A mail server and a folder, as the program and the test that finishes its work both know them. */
export async function openChannels(folder: string, smtpPort: number): Promise<readonly Channel[]> {
  const options = { host: '127.0.0.1', port: smtpPort, security: 'none', from: 'millrace@example.com' }
  const mail = await smtp.open(smtp.options.parse({ ...options, to: ['data-team@example.com'] }))
  const files = await file.open(file.options.parse({ folder: join(folder, 'outbox') }))
  return [
    { name: 'mail', notifier: mail, language: 'en' },
    { name: 'files', notifier: files, language: 'ko' },
  ]
}
