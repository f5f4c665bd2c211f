import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'

export const command: CommandSpec = {
  name: 'move',
  arguments: [],
  options: [
    {
      flags: '--to <place>',
      text: { en: 'postgres://… or s3://…; may be given twice', ko: 'postgres://… 또는 s3://… 둘 다 가능' },
      many: true,
      required: true,
    },
    { flags: '--endpoint <url>', text: { en: 'An S3-compatible server', ko: 'S3 호환 서버 주소' } },
    { flags: '--dry-run', text: { en: 'Only the plan', ko: '계획만 출력' } },
  ],
  description: {
    en: 'Takes a project to servers of your own: every table of the warehouse to your Postgres (15 or newer; another major version too), every file of the lake to S3. Shows the plan, asks, copies, and compares each table by count and hash and each file by its hash. The old place stays as it is. Stopped, run it again: what is equal is not copied twice. env:NAME keeps a URL out of the arguments.',
    ko: '프로젝트를 직접 운영하는 서버로 옮깁니다. 웨어하우스의 모든 테이블을 내 Postgres(15 이상, 다른 주 버전도 가능)로, 레이크의 모든 파일을 S3로 복사합니다. 계획을 보여 주고 물은 뒤 복사하고 테이블은 행 수와 해시로, 파일은 해시로 비교합니다. 원래 위치는 그대로 둡니다. 중단되면 다시 실행하세요. 같은 것은 다시 복사하지 않습니다. env:이름 을 쓰면 URL이 인자에 남지 않습니다.',
  },
  examples: [
    { line: 'millrace move --to env:MY_POSTGRES_URL --dry-run', text: { en: 'what it would do', ko: '계획 보기' } },
    {
      line: 'millrace move --to env:MY_POSTGRES_URL --to s3://my-lake/ads',
      text: { en: 'warehouse and lake', ko: '웨어하우스와 레이크' },
    },
  ],
  async run(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
    const places = (given['to'] as readonly string[]).map((place) => resolved(place, invocation))
    const { moveWarehouse } = await import('./move-actions.ts')
    const { moveLake } = await import('./move-lake.ts')
    for (const place of places) {
      const code = await (place.startsWith('s3:') ? moveLake : moveWarehouse)(invocation, given, place)
      if (code !== 0) return code
    }
    return 0
  },
}

function resolved(place: string, { env, secrets }: Invocation): string {
  const named = place.startsWith('env:') ? env[place.slice(4)] : place
  if (named !== undefined && /^(postgres(ql)?|s3):\/\//.test(named)) {
    if (named.startsWith('postgres')) secrets.add(named)
    return named
  }
  throw new MillraceError('CLI_USAGE', {
    command: 'move',
    detail: '--to wants postgres://…, s3://bucket/prefix, or env:NAME of one',
  })
}
