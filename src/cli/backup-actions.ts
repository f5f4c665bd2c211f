import { join, resolve } from 'node:path'
import type { Settings } from '../config-check.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Target } from '../warehouse/backup-recover.ts'
import type { RestorePlan } from '../warehouse/backup-restore.ts'
import { backupBytes, backupNamed, listBackups } from '../warehouse/backup.ts'
import type { Backup } from '../warehouse/backup.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const words = {
  en: {
    none: 'There is no backup yet: millrace backup create.',
    made: (id: string, size: string, tables: number) => `Backup ${id}: ${size}, ${tables} tables`,
    unsummed: 'A long load held its tables for a minute: the backup is whole, but has no sums to be verified by.',
    removed: (ids: string) => `Removed by --keep: ${ids}`,
    copying: (files: number, size: string) => `${files} files, ${size} …`,
    checking: (files: number) => `${files} files checked …`,
    summing: (table: string) => `${table} …`,
    verified: (id: string, files: number, tables: number, archived: number) =>
      `Backup ${id} comes back: ${files} files, ${tables} tables equal by count and hash, ${archived} segments of the log without a gap`,
    plan: {
      backup: 'Backup',
      target: 'Up to',
      log: 'Log',
      size: 'Size',
      data: 'Replaces',
      kept: 'Kept as',
    },
    targets: {
      newest: 'the newest transaction there is',
      time: 'what was committed by',
      lsn: 'the moment of the backup',
    },
    segments: (count: number) => `${count} segments to replay`,
    question: 'Restore so?',
    declined: 'Nothing was changed.',
    restored: (id: string) => `Restored from ${id}. Make a new backup now: millrace backup create`,
  },
  ko: {
    none: '아직 백업이 없습니다: millrace backup create',
    made: (id: string, size: string, tables: number) => `백업 ${id}: ${size}, 테이블 ${tables}개`,
    unsummed: '긴 적재가 1분 동안 테이블을 잡고 있었습니다. 백업은 온전하지만 비교할 합계가 없습니다.',
    removed: (ids: string) => `--keep에 따라 삭제: ${ids}`,
    copying: (files: number, size: string) => `파일 ${files}개, ${size} …`,
    checking: (files: number) => `파일 ${files}개 확인 …`,
    summing: (table: string) => `${table} …`,
    verified: (id: string, files: number, tables: number, archived: number) =>
      `백업 ${id} 복원 확인: 파일 ${files}개, 행 수와 해시가 같은 테이블 ${tables}개, 빈틈없는 로그 세그먼트 ${archived}개`,
    plan: {
      backup: '백업',
      target: '시점',
      log: '로그',
      size: '크기',
      data: '바꿀 폴더',
      kept: '보관 위치',
    },
    targets: { newest: '가장 최근 트랜잭션까지', time: '다음 시각까지 커밋된 내용', lsn: '백업 시점' },
    segments: (count: number) => `재생할 세그먼트 ${count}개`,
    question: '이대로 복원할까요?',
    declined: '아무것도 바꾸지 않았습니다.',
    restored: (id: string) => `${id}에서 복원했습니다. 지금 새 백업을 만드세요: millrace backup create`,
  },
} as const satisfies Record<Language, unknown>

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

interface Place {
  readonly settings: Settings
  readonly dir: string
  readonly clusterDir: string
}

/** Where backups lie and of which server they are. Throws WAREHOUSE_BACKUP_FOREIGN for a server that is not ours. */
async function placeOf(invocation: Invocation, given: Given): Promise<Place> {
  const settings = await projectSettings(invocation)
  const dir =
    typeof given['dir'] === 'string' ? resolve(given['dir']) : join(settings.projectDir, '.millrace', 'backups')
  return { settings, dir, clusterDir: embeddedDir(settings, 'millrace backup') }
}

export function embeddedDir({ warehouse }: Settings, command: string): string {
  const { dir } = warehouse.options as { readonly dir?: unknown }
  if (warehouse.adapter !== 'embedded' || typeof dir !== 'string')
    throw new MillraceError('WAREHOUSE_BACKUP_FOREIGN', { place: warehouse.adapter, command })
  return dir
}

/** Backs the project's server up, telling how far it is. */
async function backUp(invocation: Invocation, { settings, dir, clusterDir }: Place): Promise<Backup> {
  const { output, language, signal } = invocation
  const said = words[language]
  const { openWarehouse } = await import('../config.ts')
  const { createBackup } = await import('../warehouse/backup-create.ts')
  const context = openContext(invocation)
  await using warehouse = await openWarehouse(settings, context)
  const backup = await createBackup({
    connection: warehouse.connection,
    clusterDir,
    dir,
    // A backup is dated by the machine's clock: its transactions are too, also those of a demo whose day stands still.
    nowMs: () => invocation.clock.nowMs(),
    signal,
    onProgress: (at) =>
      output.footer([at.step === 'sums' ? said.summing(at.table) : said.copying(at.files, mebibytes(at.bytes))]),
  })
  output.footer([])
  return backup
}

export async function create(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const keep = keepOf(given)
  const place = await placeOf(invocation, given)
  const backup = await backUp(invocation, place)
  if (output.json || !output.isTerminal) output.record(rowOf(backup))
  output.say(said.made(backup.id, mebibytes(backupBytes(backup)), backup.sums.length))
  if (backup.lsn === null) output.warn(said.unsummed)
  if (keep !== undefined) {
    const { keepNewest } = await import('../warehouse/backup-keep.ts')
    const removed = await keepNewest(place.dir, keep)
    if (removed.length > 0) output.say(said.removed(removed.join(', ')))
  }
  return exitCodes.ok
}

function keepOf(given: Given): number | undefined {
  if (given['keep'] === undefined) return undefined
  const keep = Number(given['keep'])
  if (Number.isInteger(keep) && keep >= 1) return keep
  throw new MillraceError('CLI_USAGE', { command: 'backup', detail: '--keep wants a whole number from 1 on' })
}

function rowOf(backup: Backup) {
  const { id, startedAt, endedAt, server, sums, files, segment } = backup
  return {
    id,
    startedAt,
    endedAt,
    server,
    tables: sums.length,
    files: files.length,
    bytes: backupBytes(backup),
    segment,
  }
}

export async function list(invocation: Invocation, given: Given): Promise<number> {
  const { output, language } = invocation
  const { dir } = await placeOf(invocation, given)
  const rows = (await listBackups(dir)).map(rowOf)
  if (rows.length === 0) output.say(words[language].none)
  printRows(output, formatOf(undefined, output), ['id', 'endedAt', 'server', 'tables', 'files', 'bytes'], rows)
  return exitCodes.ok
}

export async function verify(invocation: Invocation, given: Given, name: string | undefined): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const { dir } = await placeOf(invocation, given)
  const backup = await backupNamed(dir, name)
  const { refuseUnsound, verifyBackup } = await import('../warehouse/backup-verify.ts')
  const verified = await verifyBackup({
    dir,
    backup,
    onProgress: (at) => output.footer(['files' in at ? said.checking(at.files) : said.summing(at.table)]),
  })
  output.footer([])
  const { damaged, differing, tables, archived, gap } = verified
  for (const file of damaged) output.record({ event: 'file', ...file })
  for (const table of differing) output.record({ event: 'table', ...table })
  if (output.json)
    output.record({ event: 'verified', id: backup.id, files: backup.files.length, tables, archived, gap })
  refuseUnsound(verified, dir)
  output.say(said.verified(backup.id, backup.files.length, tables, archived))
  if (backup.lsn === null) output.warn(said.unsummed)
  return exitCodes.ok
}

export async function bringBack(invocation: Invocation, given: Given, name: string | undefined): Promise<number> {
  const { output, language, clock } = invocation
  const said = words[language]
  const { settings, dir, clusterDir } = await placeOf(invocation, given)
  const backup = await backupNamed(dir, name)
  const { planRestore, restore } = await import('../warehouse/backup-restore.ts')
  const options = { dir, backup, clusterDir, target: targetOf(given, backup), nowMs: clock.nowMs() }
  const plan = await planRestore(options)
  printPlan(invocation, plan)
  if (given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  await restore(plan, options, (files) => output.footer([said.checking(files)]))
  output.footer([])
  const { openWarehouse } = await import('../config.ts')
  // Opened once, so that what is said is true: it is there, and up to this program's schema.
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (output.json) output.record({ event: 'restored', id: backup.id, place: warehouse.place })
  output.say(said.restored(backup.id))
  return exitCodes.ok
}

function targetOf(given: Given, backup: Backup): Target {
  const to = typeof given['to'] === 'string' ? given['to'] : 'newest'
  if (to === 'newest') return { kind: 'newest' }
  if (to === 'backup' && backup.lsn !== null) return { kind: 'lsn', lsn: backup.lsn }
  if (/^[0-9A-F]+\/[0-9A-F]+$/.test(to)) return { kind: 'lsn', lsn: to }
  // A time without its zone could be meant in two ways, hours apart.
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(to) && !Number.isNaN(Date.parse(to)))
    return { kind: 'time', instant: to }
  throw new MillraceError('CLI_USAGE', {
    command: 'backup',
    detail: '--to wants newest, backup, or a time with its zone, such as 2026-11-27T09:30:00+09:00',
  })
}

function printPlan({ output, language }: Invocation, plan: RestorePlan): void {
  const { backup, target, bytes, chain, dataDir, keptAs } = plan
  const said = words[language]
  if (output.json || !output.isTerminal) {
    const segments = chain.segments.length
    output.record({ event: 'plan', id: backup.id, target, bytes, segments, gap: chain.gap, dataDir, keptAs })
    return
  }
  const until = target.kind === 'time' ? ` ${target.instant}` : ''
  const rows = [
    [said.plan.backup, `${backup.id} (${backup.endedAt})`],
    [said.plan.target, said.targets[target.kind] + until],
    [said.plan.size, mebibytes(bytes)],
    [said.plan.log, said.segments(chain.segments.length)],
    [said.plan.data, dataDir],
    ...(keptAs === null ? [] : [[said.plan.kept, keptAs]]),
  ] as const
  for (const [label, value] of rows) output.say(`${label}  ${value}`)
}
