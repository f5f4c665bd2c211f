import { isoInstant } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Fire } from '../orchestrate/schedule.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'schedule',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: ['preview', 'list', 'pause', 'resume'] },
  ],
  options: [
    {
      flags: '--cron <text>',
      text: { en: 'A schedule to try instead of the pipeline’s', ko: '파이프라인 대신 시험해 볼 일정' },
    },
    {
      flags: '--zone <name>',
      text: { en: 'Its time zone; the project’s when left out', ko: '시간대. 생략하면 프로젝트의 시간대' },
    },
    { flags: '--after <instant>', text: { en: 'From when on; now when left out', ko: '시작 시점. 생략하면 지금' } },
    { flags: '--count <n>', text: { en: 'How many fires; 10 when left out', ko: '실행 횟수. 생략하면 10' } },
  ],
  description: {
    en: 'Shows when the pipeline works next: each fire, the day that it makes due, and a note where the zone’s clocks are changed. With --cron and --zone neither project nor database is needed. list: what is owed and how it stands; pause and resume: whether new runs are made.',
    ko: '파이프라인이 다음에 언제 실행되는지 보여 줍니다: 실행 시각, 그 실행이 처리할 날, 그 시간대의 시계가 바뀌는 곳의 메모. --cron과 --zone을 주면 프로젝트도 데이터베이스도 필요 없습니다. list: 처리할 날과 상태, pause·resume: 새 실행을 만들지 여부.',
  },
  examples: [
    { line: 'millrace schedule preview', text: { en: 'the next 10 fires', ko: '다음 10번의 실행' } },
    {
      line: 'millrace schedule preview --cron "30 2 * * *" \\\n    --zone Europe/Berlin --after 2026-03-27T00:00Z',
      text: { en: 'over a change of clocks', ko: '시계가 바뀌는 날을 지나서' },
    },
  ],
  run: (invocation, [action], given) =>
    action === 'preview' ? preview(invocation, given) : ledger(invocation, action ?? 'list'),
}

const countMax = 1_000

/** What is owed, the newest days first; a paused pipeline goes on owing, and makes no runs. */
async function ledger(invocation: Invocation, action: string): Promise<number> {
  const { output } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { pauseSchedule, scheduledDays } = await import('../orchestrate/schedule-list.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action !== 'list') await pauseSchedule(warehouse, configuredPipeline(settings).id, action === 'pause')
  const zone = timeZone(settings.pipeline.zone)
  const format = formatOf(undefined, output)
  const due = format === 'table' ? 'due_local' : 'due'
  const columns = ['pipeline', 'day', 'state', due, 'accounts', 'missing', 'paused']
  const days = await scheduledDays(warehouse, 14)
  printRows(
    output,
    format,
    columns,
    days.map((row) => ({ ...row, due_local: localText(Date.parse(String(row['due'])), zone) })),
  )
  return 0
}

async function preview(invocation: Invocation, given: Given): Promise<number> {
  const { output, clock } = invocation
  const { nextFires, scheduleOf } = await import('../orchestrate/schedule.ts')
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined)
  const own = async () => (await projectSettings(invocation)).pipeline
  const zone = timeZone(text('zone') ?? (await own()).zone)
  const cron = text('cron') ?? (await own()).cron
  const fires = nextFires(scheduleOf(cron, zone), instantOf(text('after'), clock.nowMs()), countOf(text('count')))
  const columns = ['fires_at', 'local', 'day', 'note']
  printRows(
    output,
    formatOf(undefined, output),
    columns,
    fires.map((fire) => ({
      fires_at: isoInstant(fire.atMs),
      local: localText(fire.atMs, zone),
      day: fire.day,
      note: noteOf(fire, invocation.language),
    })),
  )
  return 0
}

function countOf(text: string | undefined): number {
  const count = Number(text ?? 10)
  if (Number.isInteger(count) && count >= 1 && count <= countMax) return count
  throw new MillraceError('CLI_USAGE', { command: 'schedule', detail: `--count wants 1 to ${countMax}` })
}

function instantOf(text: string | undefined, nowMs: number): number {
  const atMs = text === undefined ? nowMs : Date.parse(text)
  if (!Number.isNaN(atMs)) return atMs
  throw new MillraceError('CLI_USAGE', { command: 'schedule', detail: `--after wants an instant, not ${text}` })
}

/** As the clock on the wall there shows it, with its distance from UTC, so that the hour that comes twice can be told apart. */
function localText(atMs: number, zone: TimeZone): string {
  const parts = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(atMs)
  const offset = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(atMs)
    .find((part) => part.type === 'timeZoneName')
  return `${parts} ${(offset?.value ?? '').replace('GMT', '') || '+00:00'}`
}

const notes = {
  en: {
    change: (minutes: number) => `clocks go ${minutes > 0 ? 'forward' : 'back'} by ${Math.abs(minutes)} min`,
    moved: 'the time does not exist on this day and is moved',
    second: 'the time comes twice; this is the second',
    none: '',
  },
  ko: {
    change: (minutes: number) => `시계가 ${Math.abs(minutes)}분 ${minutes > 0 ? '앞당겨짐' : '늦춰짐'}`,
    moved: '이 날에는 없는 시각이라 옮겨짐',
    second: '두 번 오는 시각 중 두 번째',
    none: '',
  },
} as const

function noteOf({ change }: Fire, language: 'en' | 'ko'): string | null {
  if (!change) return null
  const said = notes[language]
  return [said.change(change.minutes), said[change.effect]].filter(Boolean).join('; ')
}
