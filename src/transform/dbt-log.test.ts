import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LogFile, consoleLine, encountered } from './dbt-log.ts'
import type { LogSettings } from './dbt-log.ts'
import type { LoggedEvent, RunnerEvent } from './runner.ts'

const event: LoggedEvent = {
  name: 'LogStartLine',
  code: 'Q011',
  data: { total: 1, index: 1, description: 'sql view model s.ä', node_info: { unique_id: 'model.p.a', meta: {} } },
  invocationId: 'f57226e2-0c72-44d6-88ec-e817cd88fdd2',
  thread: 'Thread-1 (worker)',
  processId: 7,
  instant: '2026-11-27T08:16:14.700891Z',
}
const said = { kind: 'log', level: 'info', message: '1 of 1 START', event } as const
const settings: LogSettings = {
  format: 'text',
  level: 'info',
  fileFormat: 'debug',
  fileLevel: 'debug',
  folder: '/nowhere',
  isPrinting: true,
  command: 'run',
}
const shown = (one: Extract<RunnerEvent, { kind: 'log' } | { kind: 'output' }>, changes: Partial<LogSettings> = {}) =>
  consoleLine(one, { ...settings, ...changes })?.text

describe("dbt's log", () => {
  test("a line has its time, an event all of dbt's keys in their order", () => {
    expect(shown(said)).toBe('08:16:14  1 of 1 START')
    expect(shown(said, { format: 'debug' })).toBe('08:16:14.700891 [info ] [Thread-1 (]: 1 of 1 START')
    // As dbt-core 1.11.16 wrote it.
    expect(shown(said, { format: 'json' })).toBe(
      '{"data": {"description": "sql view model s.\\u00e4", "index": 1, "node_info": {"meta": {}, "unique_id": "model.p.a"}, "total": 1}, "info": {"category": "", "code": "Q011", "extra": {}, "invocation_id": "f57226e2-0c72-44d6-88ec-e817cd88fdd2", "level": "info", "msg": "1 of 1 START", "name": "LogStartLine", "pid": 7, "thread": "Thread-1 (worker)", "ts": "2026-11-27T08:16:14.700891Z"}}',
    )
  })

  test('quiet keeps errors and what is printed, no-print what macros print', () => {
    const printed = { kind: 'output', line: 'rows', event: { ...event, name: 'PrintEvent' } } as const
    expect([shown(said, { level: 'error' }), shown(printed, { level: 'error' })]).toEqual([undefined, 'rows'])
    expect(shown({ ...said, level: 'error' }, { level: 'error' })).toBe('08:16:14  1 of 1 START')
    expect([shown(printed, { isPrinting: false }), shown(printed, { isPrinting: false, command: 'ls' })]).toEqual([
      undefined,
      'rows',
    ])
    expect(shown({ ...said, level: 'error' }, { level: 'none' })).toBeUndefined()
  })

  test('the file has every invocation behind the one before, with its head; clean writes none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-log-'))
    const write = (changes: Partial<LogSettings> = {}): void => {
      const file = new LogFile({ ...settings, folder, ...changes })
      file.add({ ...said, message: 'Running with dbt=1', event: { ...event, name: 'MainReportVersion' } })
      file.add({ ...said, level: 'debug', message: 'inner' })
      file.add(encountered(event, 'what went wrong'))
      file.close()
    }
    const text = (): string => readFileSync(join(folder, 'dbt.log'), 'utf8')
    write()
    const once = text()
    expect(once.split('\n').slice(2, 5)).toEqual([
      '============================== 08:16:14.700891 | f57226e2-0c72-44d6-88ec-e817cd88fdd2 ==============================',
      '08:16:14.700891 [info ] [Thread-1 (]: Running with dbt=1',
      '08:16:14.700891 [debug] [Thread-1 (]: inner',
    ])
    expect(once).toContain('[error] [MainThread]: Encountered an error:\nwhat went wrong')
    write({ command: 'clean' })
    expect(text()).toBe(once)
    write({ fileFormat: 'json', fileLevel: 'error' })
    expect(JSON.parse(text().slice(once.length))).toMatchObject({
      info: { name: 'MainEncounteredError', code: 'Z002' },
    })
  })
})
