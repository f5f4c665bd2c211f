import { describe, expect, test } from 'vitest'
import { checkFrame, normalised, wordsOf } from './config-check.ts'

async function said(pipeline: Readonly<Record<string, unknown>>, language: 'en' | 'ko' = 'en') {
  const { findings } = checkFrame(normalised({ pipeline }), await wordsOf(language))
  return findings.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('the schedule of a project', () => {
  test('is two in the morning in Seoul, and the newest day that was missed', async () => {
    const { frame } = checkFrame(normalised({}), await wordsOf('en'))
    expect(frame?.pipeline).toEqual({ cron: '0 2 * * *', zone: 'Asia/Seoul', catchup: 'latest', parallelAccounts: 2 })
  })

  test.each([
    [{ cron: '0 26 * * *' }, 'pipeline.cron: ORCHESTRATE_CRON_INVALID', '일정'],
    [{ cron: 'at two' }, 'pipeline.cron: ORCHESTRATE_CRON_INVALID', '일정'],
    [{ cron: '0 2 30 2 *' }, 'pipeline.cron: ORCHESTRATE_CRON_NEVER', '일정'],
    [{ zone: 'Asia/Soul' }, 'pipeline.zone: "Asia/Soul" is not an IANA time zone', '시간대'],
    [{ startDate: '2026-02-30' }, 'pipeline.startDate: DOMAIN_DAY', '2026-02-30'],
    [{ catchup: 'some' }, 'pipeline.catchup: ', '잘못된'],
  ])('%j is refused by name, in both languages', async (pipeline, english, korean) => {
    expect(await said(pipeline)).toEqual([expect.stringContaining(english)])
    expect(await said(pipeline, 'ko')).toEqual([expect.stringContaining(korean)])
  })
})
