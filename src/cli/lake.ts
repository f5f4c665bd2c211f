import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions } from './days.ts'

const actions = ['ls', 'show', 'verify', 'gc', 'copy'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'lake',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[key]', text: { en: 'For show: the key of a raw file', ko: 'show: 원본 파일의 키' } },
  ],
  options: [
    ...choiceOptions,
    { flags: '--size', text: { en: 'With ls: the largest account first', ko: 'ls: 큰 계정부터' } },
    { flags: '--limit <n>', text: { en: 'With show: rows; 10 when left out', ko: 'show: 행 수. 생략하면 10' } },
    { flags: '--dry-run', text: { en: 'With gc: only say what would go', ko: 'gc: 무엇을 지울지만 출력' } },
    {
      flags: '--to <place>',
      text: { en: 'With copy: a folder, or s3://bucket/prefix', ko: 'copy: 폴더 또는 s3://버킷/접두사' },
    },
    {
      flags: '--from <place>',
      text: { en: 'With copy: instead of the project’s lake', ko: 'copy: 프로젝트 레이크 대신' },
    },
    {
      flags: '--endpoint <url>',
      text: { en: 'With copy: an S3-compatible server', ko: 'copy: S3 호환 서버 주소' },
    },
  ],
  description: {
    en: 'Looks after raw files. ls: what there is of each account, and what is superseded. show: the rows of one file. verify: every file against the hash of its writing. gc: removes extracts that later ones cover and that are older than retention.raw, and what killed writers left; asks first. copy: into another lake, compared by hash; repeat it to copy the rest. Keys of S3 come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).',
    ko: '원본 파일을 돌봅니다. ls: 계정별로 무엇이 있고 무엇이 대체되었는지. show: 파일 하나의 행. verify: 모든 파일을 기록 당시의 해시와 비교. gc: 나중 추출이 덮고 retention.raw보다 오래된 추출과 중단된 작업의 잔여물을 삭제하며 먼저 묻습니다. copy: 다른 레이크로 해시를 비교하며 복사하고, 반복하면 나머지를 복사합니다. S3 키는 환경 변수(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)에서 읽습니다.',
  },
  examples: [
    { line: 'millrace lake ls --size', text: { en: 'what takes the room', ko: '무엇이 공간을 쓰는지' } },
    { line: 'millrace lake verify', text: { en: 'is every file as it was written', ko: '모든 파일이 쓴 그대로인지' } },
    { line: 'millrace lake gc --dry-run', text: { en: 'what retention would remove', ko: '보존 기간이 지울 것' } },
    {
      line: 'millrace lake copy --to s3://my-lake/ads',
      text: { en: 'the folder to S3', ko: '폴더를 S3로' },
    },
  ],
  run: lake,
}

async function lake(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
  const action = args[0] as Action
  if (action === 'show' && args[1] === undefined)
    throw new MillraceError('CLI_USAGE', { command: 'lake', detail: 'show needs the key of a file' })
  if (action === 'copy' && typeof given['to'] !== 'string')
    throw new MillraceError('CLI_USAGE', { command: 'lake', detail: 'copy needs --to' })
  const bodies = await import('./lake-actions.ts')
  const body = {
    ls: bodies.listLake,
    show: bodies.showFile,
    verify: bodies.verifyLake,
    gc: bodies.collectGarbage,
    copy: bodies.copyToLake,
  } as const satisfies Record<Action, unknown>
  return body[action](invocation, given, args[1] ?? '')
}
