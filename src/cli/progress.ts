import type { Language } from '../domain/errors.ts'
import { explain } from '../domain/errors.ts'
import type { RunEvent } from '../orchestrate/events.ts'
import type { Output } from './output.ts'
import { counted } from './summary.ts'

const words = {
  en: {
    started: (since: string, until: string, accounts: number) =>
      `Run of ${since === until ? since : `${since} to ${until}`}, ${counted(accounts, 'account')}`,
    partitions: 'partitions',
    rows: 'rows',
    incidents: (opened: number, resolved: number) =>
      `Incidents: ${opened} opened, ${resolved} resolved. millrace incidents list`,
    outcome: { success: 'done', unchanged: 'unchanged', refused: 'refused', failed: 'failed', skipped: 'skipped' },
  },
  ko: {
    started: (since: string, until: string, accounts: number) =>
      `${since === until ? since : `${since}부터 ${until}까지`} 실행, 계정 ${accounts}개`,
    partitions: '파티션',
    rows: '행',
    incidents: (opened: number, resolved: number) =>
      `인시던트 ${opened}건 열림, ${resolved}건 해결. millrace incidents list`,
    outcome: { success: '완료', unchanged: '변화 없음', refused: '거부', failed: '실패', skipped: '건너뜀' },
  },
} as const satisfies Record<Language, unknown>

const marks = { success: 'v', unchanged: '=', refused: '!', failed: 'x', skipped: '-' } as const
const styles = { success: 'green', unchanged: 'dim', refused: 'yellow', failed: 'red', skipped: 'dim' } as const

const barColumns = 30
/** Beside the bar; the footer as a whole keeps to eight lines. */
const activeLinesMax = 6

/** Turns what a run tells into NDJSON, a live footer, or plain lines, as the output can. */
export function showProgress(output: Output, language: Language): (event: RunEvent) => void {
  const said = words[language]
  const active = new Map<string, string>()
  let bar = ''
  // Between tasks nothing is drawn: the notice is written to the same terminal past this footer.
  const redraw = () =>
    output.footer(bar === '' || active.size === 0 ? [] : [bar, ...[...active.values()].slice(0, activeLinesMax)])

  return (event) => {
    if (output.json) return output.record(event)
    if (event.event === 'run_started') {
      output.say(said.started(event.since, event.until, event.accounts))
    } else if (event.event === 'task_started') {
      active.set(event.task, `  > ${event.task}`)
    } else if (event.event === 'task_finished') {
      active.delete(event.task)
      output.say(taskLine(event, output, language))
    } else if (event.event === 'progress') {
      bar = barText(event, said.partitions, said.rows)
    } else if (event.event === 'log' && event.level !== 'debug') {
      output.say(event.level === 'warn' ? output.paint('yellow', `! ${event.message}`) : `  ${event.message}`)
    } else if (event.event === 'incidents') {
      output.say(output.paint(event.opened > 0 ? 'yellow' : 'green', said.incidents(event.opened, event.resolved)))
    } else if (event.event === 'run_finished') {
      active.clear()
      bar = ''
    }
    return redraw()
  }
}

function taskLine(event: RunEvent & { readonly event: 'task_finished' }, output: Output, language: Language): string {
  const said = words[language]
  const mark = output.paint(styles[event.outcome], marks[event.outcome])
  const rows = event.rows > 0 ? `  ${event.rows.toLocaleString(language)} ${said.rows}` : ''
  const trouble =
    event.code === null ? '' : `  ${event.code}: ${event.message ?? explain(event.code, {}, language).what}`
  return `${mark} ${event.task}  ${said.outcome[event.outcome]}${rows}  ${event.seconds.toFixed(1)}s${trouble}`
}

function barText(
  { partitionsDone, partitionsTotal, rows }: RunEvent & { readonly event: 'progress' },
  partitions: string,
  rowsWord: string,
): string {
  const share = partitionsTotal === 0 ? 1 : partitionsDone / partitionsTotal
  const filled = Math.round(share * barColumns)
  const drawn = `${'#'.repeat(filled)}${'.'.repeat(barColumns - filled)}`
  return `[${drawn}] ${partitionsDone}/${partitionsTotal} ${partitions}  ${rows.toLocaleString('en')} ${rowsWord}`
}
