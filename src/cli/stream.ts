import type { CommandSpec } from './command.ts'

const actions = ['run', 'lag', 'simulate', 'collect'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'stream',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions }],
  options: [
    { flags: '--once', text: { en: 'With run: end when all is counted', ko: 'run: 모두 집계하면 끝내기' } },
    {
      flags: '--threads <n>',
      text: { en: 'With run: threads; one a core when left out', ko: 'run: 스레드 수. 생략하면 코어당 하나' },
    },
    {
      flags: '--accept-invalid',
      text: {
        en: 'With run: put invalid events aside, however many',
        ko: 'run: 잘못된 이벤트가 아무리 많아도 따로 보관',
      },
    },
    {
      flags: '--profile <name>',
      text: { en: 'With simulate: the mix of events', ko: 'simulate: 이벤트 구성' },
      choices: ['seed'],
    },
    {
      flags: '--rate <n>',
      text: { en: 'With simulate: events a second; 0: all at once', ko: 'simulate: 초당 이벤트. 0은 최대한 빨리' },
    },
    {
      flags: '--count <n>',
      text: { en: 'With simulate: how many; until Ctrl-C otherwise', ko: 'simulate: 개수. 생략하면 Ctrl-C까지' },
    },
    {
      flags: '--seed <n>',
      text: { en: 'With simulate: the same seed, the same events', ko: 'simulate: 같은 시드는 같은 이벤트' },
    },
    {
      flags: '--host <name>',
      text: { en: 'With collect: 127.0.0.1 when left out', ko: 'collect: 생략하면 127.0.0.1' },
    },
    { flags: '--port <port>', text: { en: 'With collect: 4410 when left out', ko: 'collect: 생략하면 4410' } },
    { flags: '--duplicates <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
    { flags: '--late <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
    { flags: '--bad <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
  ],
  description: {
    en: 'Live ad events. run: counts the log’s events, each once, until Ctrl-C; any number of processes share the work. lag: how far each partition is behind. simulate: sends made-up events at a set rate and prints their true totals, to compare with campaign_day. collect: takes events over HTTP until Ctrl-C, at /v1/track, /v1/batch, /i and /c/<token>.',
    ko: '실시간 광고 이벤트. run: 로그의 이벤트를 정확히 한 번씩 집계합니다(Ctrl-C까지). 여러 프로세스가 일을 나눕니다. lag: 파티션별로 얼마나 밀렸는지. simulate: 정해진 속도로 가상 이벤트를 보내고 실제 합계를 출력하여 campaign_day와 비교할 수 있습니다. collect: HTTP(/v1/track, /v1/batch, /i, /c/<token>)로 이벤트를 받습니다(Ctrl-C까지).',
  },
  examples: [
    {
      line: 'millrace stream simulate --count 10000 --rate 0',
      text: { en: 'ten thousand events and their totals', ko: '이벤트 1만 건과 그 합계' },
    },
    { line: 'millrace stream run --once', text: { en: 'count what is there', ko: '쌓인 것 집계' } },
    {
      line: 'millrace stream collect --port 4410',
      text: { en: 'take events over HTTP', ko: 'HTTP로 이벤트 받기' },
    },
    { line: 'millrace stream lag', text: { en: 'how far it is', ko: '진행 상황' } },
  ],
  async run(invocation, [action = ''], given) {
    const bodies = await import('./stream-actions.ts')
    const body = {
      run: bodies.runCounting,
      lag: bodies.showLag,
      simulate: bodies.sendSimulated,
      collect: bodies.collectEvents,
    } as const satisfies Record<Action, unknown>
    return body[action as Action](invocation, given)
  },
}
