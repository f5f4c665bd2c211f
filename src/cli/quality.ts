import { backtest } from './quality-backtest.ts'
import type { CommandSpec } from './command.ts'

export const command: CommandSpec = {
  name: 'quality',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: ['backtest'] }],
  options: [
    { flags: '--csv <file>', text: { en: 'The series: a CSV with a header', ko: '시계열: 헤더가 있는 CSV' } },
    { flags: '--time <column>', text: { en: 'Its column of time', ko: '시간 열' } },
    { flags: '--value <column>', text: { en: 'Its column of values', ko: '값 열' } },
    {
      flags: '--of <column>',
      text: { en: 'With ratio: what the value is a part of', ko: 'ratio일 때: 값의 분모 열' },
    },
    {
      flags: '--detector <name>',
      text: { en: 'Which detector judges', ko: '판정할 탐지기' },
      choices: ['daily', 'hourly', 'counts', 'ratio'],
    },
    {
      flags: '--sensitivity <level>',
      text: { en: 'How little is enough; medium when left out', ko: '민감도. 생략하면 medium' },
      choices: ['low', 'medium', 'high'],
    },
    {
      flags: '--direction <side>',
      text: { en: 'Which way counts; both when left out', ko: '볼 방향. 생략하면 both' },
      choices: ['both', 'up', 'down'],
    },
    {
      flags: '--impact-min <amount>',
      text: { en: 'Differences beneath it are no anomaly', ko: '이보다 작은 차이는 이상이 아님' },
    },
    {
      flags: '--share-min <share>',
      text: { en: 'The same as a share of the expected: 0.2', ko: '예상 대비 비율로: 0.2' },
    },
    {
      flags: '--holidays <country>',
      text: { en: 'KR, US, DE-BY: days that are unlike', ko: '공휴일 국가: KR, US, DE-BY' },
    },
    {
      flags: '--missing <meaning>',
      text: { en: 'What a day without a row is; skip when left out', ko: '행이 없는 날의 의미. 생략하면 skip' },
      choices: ['skip', 'zero'],
    },
  ],
  description: {
    en: 'Runs an anomaly detector over any series and prints a line of CSV for every row: timestamp, value, expected_low, expected_high, score, anomaly. The score is 0 to 1, and 0.5 is where surprise fires. It needs neither a project nor a database.',
    ko: '어떤 시계열이든 이상 탐지기로 판정하고 행마다 CSV 한 줄을 출력합니다: timestamp, value, expected_low, expected_high, score, anomaly. 점수는 0~1이고 0.5부터 이상입니다. 프로젝트도 데이터베이스도 필요 없습니다.',
  },
  examples: [
    {
      line: 'millrace quality backtest --csv c.csv --time day --value cost --detector daily',
      text: { en: 'judge cost by day', ko: '일별 비용 판정' },
    },
    {
      line: 'millrace quality backtest --csv c.csv --time day --value clicks --of shown --detector ratio',
      text: { en: 'judge a click-through rate', ko: '클릭률 판정' },
    },
  ],
  run: (invocation, _, given) => backtest(invocation, given),
}
