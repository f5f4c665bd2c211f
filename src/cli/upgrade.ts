import { join } from 'node:path'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'

export const command: CommandSpec = {
  name: 'upgrade',
  arguments: [],
  options: [
    { flags: '--dry-run', text: { en: 'Only say what would be done', ko: '무엇을 할지만 출력' } },
    { flags: '--no-backup', text: { en: 'Migrate without a backup', ko: '백업 없이 마이그레이션' } },
  ],
  description: {
    en: 'Brings the warehouse up to this version of Millrace: says which migrations are missing, makes a backup of the embedded Postgres, then applies them. Going back: millrace backup restore. Another major version of Postgres: millrace move.',
    ko: '웨어하우스를 이 버전에 맞춥니다. 빠진 마이그레이션을 알려 주고, 내장 Postgres를 백업한 뒤 적용합니다. 되돌리기: millrace backup restore. 다른 Postgres 주 버전: millrace move.',
  },
  examples: [
    { line: 'millrace upgrade --dry-run', text: { en: 'what is missing', ko: '빠진 것 보기' } },
    { line: 'millrace upgrade --yes', text: { en: 'back up, then migrate', ko: '백업 후 적용' } },
  ],
  run: upgrade,
}

const words = {
  en: {
    none: 'The warehouse is up to date.',
    missing: (names: string) => `Missing: ${names}`,
    question: (count: number, backed: boolean) =>
      backed ? `Make a backup and apply ${count} migrations?` : `Apply ${count} migrations without a backup?`,
    declined: 'Nothing was changed.',
    backup: (id: string) => `Backup ${id}`,
    applied: (count: number) => `${count} migrations applied.`,
  },
  ko: {
    none: '웨어하우스가 최신입니다.',
    missing: (names: string) => `빠진 것: ${names}`,
    question: (count: number, backed: boolean) =>
      backed ? `백업한 뒤 마이그레이션 ${count}개를 적용할까요?` : `백업 없이 마이그레이션 ${count}개를 적용할까요?`,
    declined: '아무것도 바꾸지 않았습니다.',
    backup: (id: string) => `백업 ${id}`,
    applied: (count: number) => `마이그레이션 ${count}개를 적용했습니다.`,
  },
} as const satisfies Record<Language, unknown>

async function upgrade(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language, signal, clock } = invocation
  const said = words[language]
  const settings = await projectSettings(invocation)
  const { loadAdapter } = await import('../config-check.ts')
  const { missingMigrations } = await import('../warehouse/migrate.ts')
  const adapter = await loadAdapter('warehouse', settings.warehouse.adapter)
  // Opened past `openWarehouse`, which would migrate it before anything is saved.
  await using warehouse = (await adapter.open(settings.warehouse.options)) as Warehouse
  const missing = await missingMigrations(warehouse)
  if (output.json || !output.isTerminal) output.record({ event: 'plan', missing })
  if (missing.length === 0) {
    output.say(said.none)
    return exitCodes.ok
  }
  output.say(said.missing(missing.join(', ')))
  const isBacked = settings.warehouse.adapter === 'embedded' && given['backup'] !== false
  if (given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question(missing.length, isBacked)))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  if (isBacked) {
    const { createBackup } = await import('../warehouse/backup-create.ts')
    const { embeddedDir } = await import('./backup-actions.ts')
    const { id } = await createBackup({
      connection: warehouse.connection,
      clusterDir: embeddedDir(settings, 'millrace upgrade'),
      dir: join(settings.projectDir, '.millrace', 'backups'),
      nowMs: () => clock.nowMs(),
      signal,
    })
    if (output.json) output.record({ event: 'backup', id })
    output.say(said.backup(id))
  }
  const { openWarehouse } = await import('../config.ts')
  await using migrated = await openWarehouse(settings, openContext(invocation))
  const left = await missingMigrations(migrated)
  if (output.json) output.record({ event: 'applied', applied: missing.length - left.length })
  output.say(said.applied(missing.length - left.length))
  return exitCodes.ok
}
