import { describe, expect, test } from 'vitest'
import { classifyNaver } from './naver-searchad-errors.ts'

const failed = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  body,
  headers: new Headers(headers),
  account: '1234567',
  nowMs: 0,
})

/** Bodies in the forms of naver/searchad-apidoc: its error code table, and the gate's problem details. */
const corpus = [
  [403, { title: 'Invalid Signature', status: 403, type: 'urn:naver:api:problem:invalid-signature' }, 'AUTH_REVOKED'],
  [403, { title: 'Invalid API-KEY', status: 403 }, 'AUTH_REVOKED'],
  [403, { title: 'Invalid Timestamp', status: 403 }, 'AUTH_REVOKED'],
  [401, { title: 'Unauthorized', status: 401 }, 'AUTH_MISSING'],
  [403, { code: 1018, message: '접근 권한이 없습니다.' }, 'PERMISSION'],
  [403, { code: 1006, message: '권한이 없습니다. 계정 권한을 다시 확인하세요.' }, 'PERMISSION'],
  [400, { code: 1003, message: '처리할 수 없는 리소스 상태입니다.' }, 'ACCOUNT_UNAVAILABLE'],
  [429, { code: 1016, message: '너무 많은 접속을 시도 하였습니다.' }, 'QUOTA'],
  [400, { code: 1014, message: '최대 허용개수를 초과하여 처리할 수 없습니다.' }, 'QUOTA'],
  [429, { code: 429, message: '요청이 많아 처리할 수 없습니다.' }, 'QUOTA'],
  [503, { code: 503, message: '정기점검이 진행 중입니다.' }, 'TRANSIENT'],
  [500, { code: 1004, message: '요청을 처리할 수 없습니다.' }, 'TRANSIENT'],
  [500, { code: 9999, message: 'Internal' }, 'TRANSIENT'],
  [404, { code: 1001, message: '요청하신 자원을 찾을 수 없습니다.' }, 'BAD_REQUEST'],
  [404, { code: 4601, message: '잘못된 보고서ID 입니다.' }, 'BAD_REQUEST'],
  [400, { code: 11001, message: '지원하지 않는 기능' }, 'BAD_REQUEST'],
] as const

describe('what an error body means', () => {
  test.each(corpus)('%i %j', (status, body, meaning) => {
    const error = classifyNaver(failed(status, body))
    expect(error?.code).toBe(`CONNECTORS_${meaning}`)
    expect(error?.facts).toMatchObject({ platform: 'naver_searchad', account: '1234567' })
  })

  test('without a named wait a quota asks for a minute, with one for that', () => {
    expect(classifyNaver(failed(429, { code: 1016 }))?.retryAfterMs).toBe(60_000)
    expect(classifyNaver(failed(429, { code: 1016 }, { 'retry-after': '7' }))?.retryAfterMs).toBe(7_000)
    expect(classifyNaver(failed(429, undefined))?.code).toBe('CONNECTORS_QUOTA')
  })

  test('a gateway that is not Naver is not understood', () => {
    expect(classifyNaver(failed(502, undefined))).toBeUndefined()
    expect(classifyNaver(failed(502, { error: 'bad gateway' }))).toBeUndefined()
  })
})
