import type { Day, DayRange } from '../domain/day.ts'
import type { Facts, Language } from '../domain/errors.ts'
import type { Outcome } from '../quality/check.ts'
import { foundText } from '../quality/result.ts'
import type { WorkerRow } from '../orchestrate/worker-list.ts'
import type { PartitionStatus, RefusingCheck } from '../warehouse/partition-state.ts'
import type { Output } from './output.ts'
import { tableText } from './table.ts'
import { wrapped } from './width.ts'

export interface KnownAccount {
  readonly platform: string
  readonly accountId: string
  readonly name: string
}

export interface LastRun {
  readonly runId: string
  readonly pipeline: string
  readonly since: string
  readonly until: string
  readonly state: string
  readonly startedAt: Date
  readonly finishedAt: Date | null
  /** How the task that builds the models stands; `unchanged`: nothing that they are made from has changed, so it built nothing. */
  readonly models: string | null
  /** Attempts whose worker was no longer heard of; others went on with them. */
  readonly attemptsLost: number
}

export interface OutboxState {
  readonly channel: string
  readonly delivered: number
  readonly waiting: number
  readonly dead: number
  readonly lastError: string | null
}

/** One day of one account: what the warehouse knows of it, or that it knows nothing. */
export interface PartitionLine {
  readonly platform: string
  readonly accountId: string
  readonly accountName: string | null
  readonly date: Day
  readonly state: PartitionStatus['state'] | 'missing'
  readonly rows: number
  readonly completeness: PartitionStatus['completeness']
  readonly publishedAt: Date | null
  readonly problemCodes: readonly string[]
  readonly problemMessage: string | null
  readonly refusingChecks: PartitionStatus['refusingChecks']
}

/** A day of a level below campaigns, which has a state of its own. */
export interface LevelLine extends PartitionLine {
  readonly level: string
}

export interface StatusReport {
  readonly range: DayRange
  readonly partitions: readonly PartitionLine[]
  /** What is below campaigns and was refused or failed. */
  readonly levels: readonly LevelLine[]
  readonly runs: readonly LastRun[]
  readonly outbox: readonly OutboxState[]
  readonly workers: readonly WorkerRow[]
}

/** Days of levels below campaigns that are not published, or whose last load was refused. */
export function troubledLevels(known: readonly PartitionStatus[]): readonly LevelLine[] {
  return known.filter(
    ({ level, breakdownKey, problemCodes }) => level !== 'campaign' && breakdownKey === '' && problemCodes.length > 0,
  )
}

/** Adds the days of known accounts of which nothing was ever loaded, in the order of account and day. */
export function withMissing(
  known: readonly PartitionStatus[],
  accounts: readonly KnownAccount[],
  days: readonly Day[],
): readonly PartitionLine[] {
  const campaign = known.filter(({ level, breakdownKey }) => level === 'campaign' && breakdownKey === '')
  const keyOf = (one: Pick<PartitionLine, 'platform' | 'accountId' | 'date'>) =>
    `${one.platform}|${one.accountId}|${one.date}`
  const there = new Set(campaign.map(keyOf))
  const absent = accounts.flatMap(({ platform, accountId, name }) =>
    days.map((date): PartitionLine => ({
      platform,
      accountId,
      accountName: name,
      date,
      state: 'missing',
      rows: 0,
      completeness: null,
      publishedAt: null,
      problemCodes: [],
      problemMessage: null,
      refusingChecks: [],
    })),
  )
  const lines: readonly PartitionLine[] = [...campaign, ...absent.filter((one) => !there.has(keyOf(one)))]
  return lines.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

const secondText = (at: Date) => `${at.toISOString().slice(0, 19)}Z`

const words = {
  en: {
    title: ({ since, until }: DayRange) => (since === until ? since : `${since} to ${until}`),
    columns: ['account', 'name', 'published', 'stale', 'failed', 'missing', 'newest', 'rows'],
    none: 'Nothing has been loaded yet: millrace run.',
    problems: 'Refused or failed',
    states: { published: 'published', stale: 'stale', failed: 'failed', missing: 'missing' },
    runs: 'Last runs',
    unchanged: 'models unchanged, not built again',
    lost: (count: number) => `workers lost in ${count} attempts, taken over`,
    workers: 'Workers',
    worker: ({ state, host, pid, tasks, slots, lost, heartbeatAt }: WorkerRow) =>
      state === 'working'
        ? `working  ${host} ${pid}: ${tasks} of ${slots} slots busy`
        : `silent  ${host} ${pid}: last heard of ${secondText(heartbeatAt)}; ${lost} taken over`,
    outbox: 'Outbox',
    waiting: (one: OutboxState) =>
      `${one.channel}: ${one.delivered} delivered, ${one.waiting} waiting, ${one.dead} given up`,
  },
  ko: {
    title: ({ since, until }: DayRange) => (since === until ? since : `${since}부터 ${until}까지`),
    columns: ['계정', '이름', '공개', '오래됨', '실패', '누락', '최근', '행'],
    none: '아직 적재한 것이 없습니다: millrace run.',
    problems: '거부 또는 실패',
    states: { published: '공개', stale: '오래됨', failed: '실패', missing: '누락' },
    runs: '최근 실행',
    unchanged: '모델 변화 없음, 다시 만들지 않음',
    lost: (count: number) => `워커가 사라진 시도 ${count}개, 이어받음`,
    workers: '워커',
    worker: ({ state, host, pid, tasks, slots, lost, heartbeatAt }: WorkerRow) =>
      state === 'working'
        ? `동작 중  ${host} ${pid}: 슬롯 ${slots}개 중 ${tasks}개 사용`
        : `소식 없음  ${host} ${pid}: 마지막 소식 ${secondText(heartbeatAt)}, 이어받은 것 ${lost}개`,
    outbox: '보낼 편지함',
    waiting: (one: OutboxState) => `${one.channel}: 보냄 ${one.delivered}, 대기 ${one.waiting}, 포기 ${one.dead}`,
  },
} as const satisfies Record<Language, unknown>

/** Words of a run's state that differ from the state itself. */
const runStates: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {},
  ko: {
    running: '실행 중',
    success: '성공',
    partial: '일부',
    failed: '실패',
    cancelling: '취소 중',
    cancelled: '취소됨',
  },
}

/** To stdout: tables for a person, one object a line for a program. */
export function printReport(output: Output, report: StatusReport, language: Language): void {
  if (output.json || !output.isTerminal) {
    for (const partition of report.partitions) output.record({ event: 'partition', ...partition })
    for (const level of report.levels) output.record({ event: 'level', ...level })
    for (const run of report.runs) output.record({ event: 'run', ...run })
    for (const worker of report.workers) output.record({ event: 'worker', ...worker })
    for (const channel of report.outbox) output.record({ event: 'outbox', ...channel })
    return
  }
  const said = words[language]
  const sections = [
    `${said.title(report.range)}\n`,
    report.partitions.length === 0 ? `${said.none}\n` : accountTable(report.partitions, said.columns, output.columns),
    ...section(
      said.problems,
      problemLines([...report.partitions, ...report.levels], language).map((line) =>
        wrapped(line, output.columns - 4).join('\n    '),
      ),
    ),
    ...section(
      said.runs,
      report.runs.map((run) => runLine(run, language)),
    ),
    ...section(said.workers, report.workers.map(said.worker)),
    ...section(
      said.outbox,
      report.outbox.map((one) => said.waiting(one) + (one.lastError ? ` (${one.lastError})` : '')),
    ),
  ]
  output.data(sections.join('\n'))
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`]
}

function accountTable(partitions: readonly PartitionLine[], columns: readonly string[], columnsMax: number): string {
  const accounts = Map.groupBy(partitions, ({ platform, accountId }) => `${platform}/${accountId}`)
  const rows = [...accounts].map(([account, lines]) => {
    const count = (state: PartitionLine['state']) => lines.filter((line) => line.state === state).length
    const visible = lines.filter(({ state }) => state === 'published' || state === 'stale')
    const values = [
      account,
      lines[0]?.accountName ?? '',
      count('published'),
      count('stale'),
      count('failed'),
      count('missing'),
      visible.at(-1)?.date ?? '–',
      visible.reduce((sum, { rows }) => sum + rows, 0),
    ]
    return Object.fromEntries(columns.map((column, index) => [column, values[index]]))
  })
  // Stale, failed, missing: a column of noughts would only take the room of the names.
  const shown = columns.filter((column, index) => index < 3 || index > 5 || rows.some((row) => row[column] !== 0))
  return tableText(shown, rows, { columnsMax, cut: columns.slice(1, 2) })
}

function found({ explain, outcome, tested, failed, ...check }: RefusingCheck, language: Language): string {
  const result = { ...check, tested: tested ?? 0, failed: failed ?? 0, facts: (explain ?? {}) as Facts }
  return foundText({ ...result, outcome: outcome as Outcome }, language)
}

function problemLines(
  partitions: readonly (PartitionLine & { readonly level?: string })[],
  language: Language,
): readonly string[] {
  return partitions
    .filter(({ problemCodes }) => problemCodes.length > 0)
    .map(({ platform, accountId, level, date, state, problemCodes, problemMessage, refusingChecks }) => {
      const why = problemMessage ?? refusingChecks.map((check) => found(check, language)).join('; ')
      const below = level === undefined || level === 'campaign' ? '' : ` ${level}`
      const what = `${platform}/${accountId}${below} ${date} ${words[language].states[state]}: ${problemCodes.join(', ')}`
      return why === '' ? what : `${what}. ${why}`
    })
}

function runLine(
  { startedAt, state, pipeline, since, until, runId, models, attemptsLost }: LastRun,
  language: Language,
): string {
  const days = since === until ? since : `${since}…${until}`
  const built = models === 'unchanged' ? `  ${words[language].unchanged}` : ''
  const lost = attemptsLost === 0 ? '' : `\n    ${words[language].lost(attemptsLost)}`
  return `${secondText(startedAt)}  ${runStates[language][state] ?? state}  ${pipeline}  ${days}\n    ${runId}${built}${lost}`
}
