import { describe, expect, test } from 'vitest'
import { classifyKakao } from './kakao-moment-errors.ts'

const failed = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  body,
  headers: new Headers(headers),
  account: '123456',
  nowMs: 0,
})

const moment = (detailCode: number, detailMsg: string) => ({
  code: -813,
  msg: 'KakaoMomentException',
  extras: { detailCode, detailMsg },
})

/** Bodies in the forms of Kakao Developers: common codes, and Kakao Moment's one code with its extras. */
const corpus = [
  [400, { code: -10, msg: 'API limit has been exceeded.' }, 'QUOTA'],
  [429, { code: -10, msg: 'API limit has been exceeded.' }, 'QUOTA'],
  [401, { code: -401, msg: 'this access token is already expired' }, 'AUTH_EXPIRED'],
  [401, { code: -401, msg: 'this access token does not exist' }, 'AUTH_REVOKED'],
  [403, { code: -402, msg: 'insufficient scopes.' }, 'PERMISSION'],
  [403, { code: -5, msg: 'API permission is not granted' }, 'PERMISSION'],
  [403, { code: -3, msg: 'App disabled' }, 'PERMISSION'],
  [400, { code: -9, msg: 'deprecated api' }, 'VERSION_SUNSET'],
  [400, { code: -2, msg: 'wrong parameter: metricsGroup' }, 'SCHEMA_DRIFT'],
  [400, { code: -2, msg: 'wrong parameter: start' }, 'BAD_REQUEST'],
  [400, { code: -1, msg: 'internal' }, 'TRANSIENT'],
  [400, { code: -7, msg: 'maintenance' }, 'TRANSIENT'],
  [503, { code: -9798, msg: '서비스 점검중입니다.' }, 'TRANSIENT'],
  [400, moment(9004, '해당 광고계정에 대한 권한이 없습니다.'), 'PERMISSION'],
  [400, moment(9010, '관리자 정지된 광고계정입니다.'), 'ACCOUNT_UNAVAILABLE'],
  [400, moment(31011, 'min 50,000'), 'BAD_REQUEST'],
  [500, { code: -99999, msg: 'unheard of' }, 'TRANSIENT'],
] as const

describe('what an error body means', () => {
  test.each(corpus)('%i %j', (status, body, meaning) => {
    const error = classifyKakao(failed(status, body), 'v4')
    expect(error?.code).toBe(`CONNECTORS_${meaning}`)
    expect(error?.facts).toMatchObject({ platform: 'kakao_moment', account: '123456' })
  })

  test('a quota without a named wait asks for the five seconds between reports', () => {
    expect(classifyKakao(failed(400, { code: -10, msg: 'x' }), 'v4')?.retryAfterMs).toBe(5_000)
    expect(classifyKakao(failed(400, { code: -10 }, { 'retry-after': '9' }), 'v4')?.retryAfterMs).toBe(9_000)
  })

  test('the detail tells Kakao Moment’s own code', () => {
    expect(classifyKakao(failed(400, moment(9004, '권한이 없습니다.')), 'v4')?.facts['detail']).toBe(
      '권한이 없습니다. (-813/9004)',
    )
    expect(classifyKakao(failed(502, undefined), 'v4')).toBeUndefined()
  })
})
