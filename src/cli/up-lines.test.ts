import { expect, test } from 'vitest'
import type { Day } from '../domain/day.ts'
import type { UpEvent } from './up-lines.ts'
import { upLine } from './up-lines.ts'

const runId = '01a21fcf-19d2-7c68-9148-9f2a3438b510'
const day = '2026-11-27' as Day

const told: readonly (readonly [UpEvent, string, string])[] = [
  [{ event: 'run_created', runId, day }, 'Run 01a21fcf of 2026-11-27', '2026-11-27 실행 01a21fcf'],
  [{ event: 'late', account: 'meta_ads/1', day }, 'Late: meta_ads/1, 2026-11-27', '지연: meta_ads/1, 2026-11-27'],
  [{ event: 'late', account: null, day }, 'Late: the pipeline', '지연: 파이프라인'],
  [{ event: 'accounts', accounts: 1, lost: 0 }, '1 account found', '계정 1개 확인'],
  [
    { event: 'accounts', accounts: 6, lost: 2 },
    '2 connections could not be asked: millrace doctor',
    '연결 2개는 응답 없음',
  ],
  [{ event: 'incidents', opened: 2, resolved: 1 }, '2 opened, 1 resolved', '2건 열림, 1건 해결'],
  [{ event: 'task_started', runId, task: 'load', attempt: 1 }, '  > load  (01a21fcf)', '  > load  (01a21fcf)'],
  [{ event: 'task_started', runId, task: 'load', attempt: 2 }, '  > load, try 2', '  > load, 2번째 시도'],
  [
    { event: 'task_finished', runId, task: 'load', attempt: 1, outcome: 'fenced' },
    'load: taken over',
    'load: 다른 워커',
  ],
  [{ event: 'brief', day }, 'The brief about 2026-11-27 is sent', '2026-11-27 브리핑을 보냄'],
  [{ event: 'trouble', code: 'X', message: 'y' }, 'X y', 'X y'],
]

test.each(told)('%j is a sentence in both languages', (event, english, korean) => {
  expect(upLine(event, 'en')).toContain(english)
  expect(upLine(event, 'ko')).toContain(korean)
  expect(upLine(event, 'en')).not.toContain(runId)
})
