import type { CommandSpec, Given, Invocation } from './command.ts'

const actions = ['create', 'list', 'verify', 'restore'] as const

type Action = (typeof actions)[number]

export const command: CommandSpec = {
  name: 'backup',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions },
    { name: '[backup]', text: { en: 'Its id or beginning; the newest', ko: 'id 또는 앞부분. 생략하면 최신' } },
  ],
  options: [
    { flags: '--dir <folder>', text: { en: 'Of the backups; .millrace/backups', ko: '백업 폴더. .millrace/backups' } },
    {
      flags: '--to <target>',
      text: { en: 'restore: newest, backup, or a time', ko: 'restore: newest, backup 또는 시각' },
    },
    { flags: '--keep <n>', text: { en: 'create: then keep so many backups', ko: 'create: 이후 보관할 백업 수' } },
    { flags: '--dry-run', text: { en: 'restore: only the plan', ko: 'restore: 계획만 출력' } },
  ],
  description: {
    en: 'Backups of the embedded Postgres. create: all of it, while others work; from then on every transaction is in the archive within a minute. list. verify: every file against its hash, then a temporary server from the backup whose tables are counted and hashed, then the archive. restore: the newest of all, the moment of the backup, or a point in time; shows its plan, asks, and keeps the present data beside. Raw files of the lake: millrace lake copy.',
    ko: '내장 Postgres의 백업. create: 사용 중에 전체를 백업하고, 이후 모든 트랜잭션을 1분 안에 아카이브에 담습니다. list: 목록. verify: 파일마다 해시를 확인하고, 백업으로 임시 서버를 띄워 테이블의 행 수와 해시를 비교한 뒤 아카이브를 확인합니다. restore: 최신, 백업 시점, 또는 특정 시각으로 되돌립니다. 계획을 보여 주고 물은 뒤 현재 데이터를 옆에 보관합니다. 레이크의 원본: millrace lake copy.',
  },
  examples: [
    { line: 'millrace backup create --keep 7', text: { en: 'a week of nights', ko: '매일 밤, 일주일 보관' } },
    { line: 'millrace backup verify', text: { en: 'would it come back?', ko: '복원되는지 확인' } },
    {
      line: 'millrace backup restore --to 2026-11-27T09:30:00+09:00 --dry-run',
      text: { en: 'what a restore would do', ko: '복원 계획' },
    },
  ],
  async run(invocation: Invocation, args: readonly string[], given: Given): Promise<number> {
    const bodies = await import('./backup-actions.ts')
    const body = {
      create: bodies.create,
      list: bodies.list,
      verify: bodies.verify,
      restore: bodies.bringBack,
    } as const satisfies Record<Action, unknown>
    return body[args[0] as Action](invocation, given, args[1])
  },
}
