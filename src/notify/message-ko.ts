import type { MessageWords } from './message-words.ts'

export const korean: MessageWords = {
  locale: 'ko-KR',
  state: { success: 'Success (성공)', partial: 'Partial (일부 완료)', failed: 'Failed (실패)' },
  lead: {
    success: '적재할 날짜가 모두 들어와 검사를 통과했고 게시되었습니다.',
    partial: '빠지거나 거부된 날짜가 있습니다. 아래에 적었습니다. 나머지는 모두 게시되었습니다.',
    failed: '실행이 끝까지 가지 못했습니다. 이전에 게시된 숫자는 그대로입니다.',
  },
  label: {
    days: '날짜',
    accounts: '계정',
    rows: '행',
    partitions: '파티션',
    cost: '비용',
    checks: '검사',
    models: '모델',
    took: '걸린 시간',
    warehouse: '웨어하우스',
    command: '명령',
    run: '실행',
  },
  heading: {
    summary: '요약',
    perAccount: '계정별',
    troubles: '통과하지 못한 것',
    waiting: '아직 기다리는 것',
    look: '볼 곳',
  },
  range: (from, to, days) => `${from} ~ ${to} (${days}일)`,
  daysCount: (days) => `${days}일`,
  accounts: (count, platforms) => `${count}개 (${platforms})`,
  rows: (rows, changed) => `${rows}행, 이 가운데 ${changed}행이 새로 생기거나 바뀜`,
  partitions: (n) =>
    `게시 ${n.published}, 그대로 ${n.unchanged}, 거부 ${n.refused}, 실패 ${n.failed}` +
    (n.superseded === '0' ? '' : `, 대체됨 ${n.superseded}`),
  noCost: '없음',
  checks: (pass, warn, fail) => `통과 ${pass}, 경고 ${warn}, 실패 ${fail}`,
  models: (models, pass, warn, fail) => `${models}개 생성; 테스트 통과 ${pass}, 경고 ${warn}, 실패 ${fail}`,
  seconds: (seconds) => `${seconds}초`,
  fix: '해결',
  wholeRun: '실행 전체',
  more: (count) => `그 밖에 ${count}건이 더 있습니다. millrace status로 모두 볼 수 있습니다.`,
  waits: (dates, zone) => `${dates}은(는) ${zone}에서 아직 마감되지 않았습니다. 다음 실행이 적재합니다.`,
  accountState: { landed: '들어옴', refused: '거부됨', failed: '실패', waiting: '아직 때가 아님' },
  automatic: '실행이 끝날 때 Millrace가 보낸 메시지입니다. 회신은 읽지 않습니다.',
}
