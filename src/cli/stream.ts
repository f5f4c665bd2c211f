import type { CommandSpec } from './command.ts'

const actions = ['run', 'lag', 'simulate', 'collect', 'land', 'replay', 'rebuild', 'reconcile'] as const

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
      text: { en: 'With simulate: seed, or the sandbox’s world', ko: 'simulate: seed 또는 샌드박스의 world' },
      choices: ['seed', 'world'],
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
    {
      flags: '--into <job>',
      text: { en: 'With replay: the job to fill; shadow when left out', ko: 'replay: 채울 작업. 생략하면 shadow' },
    },
    {
      flags: '--swap',
      text: { en: 'With replay: make the job the live one', ko: 'replay: 채운 작업을 실시간 카운터로 바꾸기' },
    },
    {
      flags: '--day <date>',
      text: { en: 'With reconcile: the last day; today when left out', ko: 'reconcile: 마지막 날. 생략하면 오늘' },
    },
    {
      flags: '--days <n>',
      text: { en: 'With reconcile: how many days; 2 when left out', ko: 'reconcile: 일수. 생략하면 2' },
    },
    {
      flags: '--dry-run',
      text: { en: 'With land: show what would be rewritten', ko: 'land: 무엇을 다시 쓸지만 표시' },
    },
    { flags: '--duplicates <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
    { flags: '--late <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
    { flags: '--bad <share>', text: { en: 'With simulate: 0 to 1', ko: 'simulate: 0에서 1' } },
  ],
  description: {
    en: 'Live ad events. run: counts the log’s events, each once, until Ctrl-C; any number of processes share the work. lag: how far each partition is behind. simulate: sends made-up events at a set rate and prints their true totals, to compare with campaign_day. collect: takes events over HTTP until Ctrl-C, at /v1/track, /v1/batch, /i and /c/<token>. land: raw events into the lake as Parquet, small files into large ones (run and up do this by themselves). replay: counts again from lake and log into a job beside the live one and shows where they differ; --swap makes it the live one. rebuild: live counters again in a store that was emptied. reconcile: each day against a recount of the lake, exactly, and against the platforms’ own figures within 10 %.',
    ko: '실시간 광고 이벤트. run: 로그의 이벤트를 정확히 한 번씩 집계합니다(Ctrl-C까지). 여러 프로세스가 일을 나눕니다. lag: 파티션별로 얼마나 밀렸는지. simulate: 정해진 속도로 가상 이벤트를 보내고 실제 합계를 출력하여 campaign_day와 비교할 수 있습니다. collect: HTTP(/v1/track, /v1/batch, /i, /c/<token>)로 이벤트를 받습니다(Ctrl-C까지). land: 원시 이벤트를 Parquet로 레이크에 적재하고 작은 파일을 합칩니다(run과 up은 스스로 합니다). replay: 레이크와 로그에서 실시간 작업 옆에 다시 세고 차이를 보여 줍니다. --swap은 그 결과를 실시간으로 바꿉니다. rebuild: 비워진 저장소의 카운터를 다시 만듭니다. reconcile: 날짜별로 레이크 재집계와 정확히, 플랫폼 수치와 10% 이내로 대조합니다.',
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
    {
      line: 'millrace stream replay --swap',
      text: { en: 'count again, compare, change over', ko: '다시 세고 비교해 바꾸기' },
    },
    {
      line: 'millrace stream reconcile --days 7',
      text: { en: 'counters, lake and platforms', ko: '카운터, 레이크, 플랫폼 대조' },
    },
    { line: 'millrace stream lag', text: { en: 'how far it is', ko: '진행 상황' } },
  ],
  async run(invocation, [action = ''], given) {
    const bodies = await import('./stream-actions.ts')
    const lake = await import('./stream-lake.ts')
    const body = {
      run: bodies.runCounting,
      lag: bodies.showLag,
      simulate: bodies.sendSimulated,
      collect: bodies.collectEvents,
      land: lake.landEvents,
      replay: lake.replayEvents,
      rebuild: lake.rebuildCounters,
      reconcile: lake.reconcileEvents,
    } as const satisfies Record<Action, unknown>
    return body[action as Action](invocation, given)
  },
}
