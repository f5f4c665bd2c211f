import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions, rangeOptions } from './days.ts'

const actions = ['run', 'list', 'show', 'explain', 'mute', 'schema', 'backtest'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'quality',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[check]', text: { en: 'For explain and mute: id of a check', ko: 'explain, mute: 검사 ID' } },
  ],
  options: [
    ...rangeOptions,
    ...choiceOptions,
    {
      flags: '--by <what>',
      text: { en: 'show: a line for each; account', ko: 'show: 줄의 단위. account' },
      choices: ['account', 'platform', 'day', 'all'],
    },
    { flags: '--reason <text>', text: { en: 'mute: why', ko: 'mute: 이유' } },
    { flags: '--expires <day>', text: { en: 'mute: its last day, in UTC', ko: 'mute: 마지막 날(UTC)' } },
    { flags: '--end', text: { en: 'mute: ends those there are', ko: 'mute: 있는 것을 끝냄' } },
    {
      flags: '--csv <file>',
      text: { en: 'backtest: the series, with a header', ko: 'backtest: 헤더가 있는 시계열' },
    },
    { flags: '--time <column>', text: { en: 'backtest: its column of time', ko: 'backtest: 시간 열' } },
    { flags: '--value <column>', text: { en: 'backtest: its column of values', ko: 'backtest: 값 열' } },
    {
      flags: '--detector <name>',
      text: { en: 'backtest: which detector judges', ko: 'backtest: 판정할 탐지기' },
      choices: ['daily', 'hourly', 'counts', 'ratio'],
    },
    { flags: '--of <column>', text: { en: 'ratio: what the value is part of', ko: 'ratio: 값의 분모 열' } },
    {
      flags: '--sensitivity <level>',
      text: { en: 'backtest: how little is enough', ko: 'backtest: 민감도' },
      choices: ['low', 'medium', 'high'],
    },
    {
      flags: '--direction <side>',
      text: { en: 'backtest: which way counts', ko: 'backtest: 볼 방향' },
      choices: ['both', 'up', 'down'],
    },
    {
      flags: '--impact-min <amount>',
      text: { en: 'backtest: the least difference', ko: 'backtest: 최소 차이' },
    },
    {
      flags: '--share-min <share>',
      text: { en: 'backtest: the same of the expected: 0.2', ko: 'backtest: 예상 대비 최소 비율: 0.2' },
    },
    {
      flags: '--holidays <country>',
      text: { en: 'backtest: days that are unlike: KR, DE-BY', ko: 'backtest: 공휴일 국가: KR, DE-BY' },
    },
    {
      flags: '--missing <meaning>',
      text: { en: 'backtest: what a day without a row is', ko: 'backtest: 행이 없는 날의 의미' },
      choices: ['skip', 'zero'],
    },
  ],
  description: {
    en: 'What is checked and how it came out. run: checks what is published and keeps the results; ends with 5 when anything fails. list: the checks there are. show: scores of yesterday or a range. explain: what a check found, with every number and some rows. mute: a failure that nobody wants to hear of, until a day and for a reason; without a check, those in force. schema: JSON Schema of a file of checks. backtest: an anomaly detector over any series, which needs no project.',
    ko: '무엇을 검사했고 결과가 어떤지 보여 줍니다. run: 공개된 값을 검사하고 결과를 보관하며 실패가 있으면 5로 끝납니다. list: 검사 목록. show: 어제 또는 기간의 점수. explain: 검사가 찾은 것과 모든 숫자, 일부 행. mute: 정한 날까지 이유와 함께 알리지 않을 실패. 검사 없이 쓰면 현재 목록. schema: 검사 파일의 JSON Schema. backtest: 어떤 시계열이든 이상 탐지기로 판정하며 프로젝트가 필요 없습니다.',
  },
  examples: [
    { line: 'millrace quality show --by platform', text: { en: 'yesterday’s scores', ko: '어제의 점수' } },
    {
      line: 'millrace quality show --by day --since 2026-11-01 --until 2026-11-30',
      text: { en: 'a month’s trend', ko: '한 달의 추이' },
    },
    { line: 'millrace quality run --since yesterday', text: { en: 'check what is published', ko: '공개된 값 검사' } },
    { line: 'millrace quality explain ads.nonneg', text: { en: 'what it found', ko: '무엇을 찾았는지' } },
    {
      line: 'millrace quality mute ads.nonneg --expires 2026-12-01 --reason refunds',
      text: { en: 'hear nothing of it until then', ko: '그때까지 알리지 않음' },
    },
    {
      line: 'millrace quality backtest --csv c.csv --time day --value cost --detector daily',
      text: { en: 'judge cost by day', ko: '일별 비용 판정' },
    },
  ],
  run: quality,
}

async function quality(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const action = args[0] as Action
  if (action === 'backtest') {
    const { backtest } = await import('./quality-backtest.ts')
    return backtest(invocation, given)
  }
  if (action === 'explain' && args[1] === undefined)
    throw new MillraceError('CLI_USAGE', { command: 'quality', detail: 'explain needs the id of a check' })
  const bodies = await import('./quality-actions.ts')
  const body = {
    run: bodies.runChecks,
    list: bodies.listChecks,
    show: bodies.showScores,
    explain: bodies.explainCheck,
    mute: bodies.muteCheck,
    schema: bodies.printSchema,
  } as const satisfies Record<Exclude<Action, 'backtest'>, unknown>
  return body[action](invocation, given, args[1])
}
