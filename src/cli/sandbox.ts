import { day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'

export const command: CommandSpec = {
  name: 'sandbox',
  arguments: [],
  options: [
    {
      flags: '--seed <n>',
      text: { en: 'The same seed makes the same world; 1 when left out', ko: '같은 시드는 같은 세계. 생략하면 1' },
    },
    { flags: '--port <port>', text: { en: 'Any free one when left out', ko: '생략하면 빈 포트' } },
    { flags: '--as-of <day>', text: { en: 'The clock stands on this day', ko: '시계를 이 날에 세움' } },
  ],
  description: {
    en: 'Serves the ad platforms over one seeded world on 127.0.0.1 until Ctrl-C: real wire formats, quotas and faults, no account. Needs no project.',
    ko: '시드로 만든 한 세계를 127.0.0.1에서 여러 광고 플랫폼의 API로 제공합니다(Ctrl-C까지). 실제 응답 형식, 할당량, 장애를 흉내 내며 계정도 프로젝트도 필요 없습니다.',
  },
  examples: [
    {
      line: 'millrace sandbox --seed 7 --port 4401',
      text: { en: 'a world on a fixed port', ko: '정해진 포트의 세계' },
    },
  ],
  run: sandbox,
}

function wholeNumber(given: Given, name: string, max: number): number | undefined {
  const text = given[name]
  if (typeof text !== 'string') return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && number <= max) return number
  throw new MillraceError('CLI_USAGE', {
    command: 'sandbox',
    detail: `--${name} wants a whole number up to ${max}, not ${text}`,
  })
}

async function sandbox({ output, signal }: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const asOf = given['asOf']
  const [{ runSandbox }, { sandboxPlatforms }] = await Promise.all([
    import('../sandbox/process.ts'),
    import('../sandbox/shapes.ts'),
  ])
  const options = {
    seed: wholeNumber(given, 'seed', 2 ** 31 - 1) ?? 1,
    port: wholeNumber(given, 'port', 65_535) ?? 0,
    json: output.json,
    signal,
    // A sandbox that stands alone plays every platform that it can.
    world: { platforms: sandboxPlatforms },
    ...(typeof asOf === 'string' && { asOf: day(asOf) }),
  }
  await runSandbox(options, (text) => output.data(text))
  return 0
}
