import { day } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { platform } from '../domain/platform.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'

export const command: CommandSpec = {
  name: 'publish',
  arguments: [],
  options: [
    { flags: '--platform <name>', text: { en: 'Of this platform', ko: '플랫폼' }, required: true },
    { flags: '--account <id>', text: { en: 'Of this account', ko: '계정' }, required: true },
    { flags: '--date <day>', text: { en: 'The refused day', ko: '거부된 날' }, required: true },
    { flags: '--override', text: { en: 'Against its checks', ko: '검사를 무시하고' } },
    { flags: '--reason <text>', text: { en: 'Why; it is kept', ko: '이유. 보관됩니다' } },
  ],
  description: {
    en: 'Says what stands against a refused day; with --override and --reason publishes it from the raw rows of the lake and keeps who did it, why and against which checks. Its other days and every later load are judged as ever: the next load of that day is refused again unless the data or the check has changed.',
    ko: '거부된 날을 무엇이 막고 있는지 보여 주고, --override와 --reason을 쓰면 레이크의 원본 행으로 공개하며 누가, 왜, 어떤 검사를 무시했는지 보관합니다. 다른 날과 이후의 적재는 그대로 판정합니다. 데이터나 검사가 바뀌지 않으면 그날의 다음 적재는 다시 거부됩니다.',
  },
  examples: [
    {
      line: 'millrace publish --platform meta_ads --account 1 --date 2026-11-20',
      text: { en: 'what stands against it', ko: '무엇이 막고 있는지' },
    },
  ],
  run: publish,
}

const words = {
  en: {
    stands: (date: string, checks: string, stale: boolean) =>
      `${date} is refused by ${checks}; readers see ${stale ? 'the last good rows' : 'nothing'} of it`,
    question: (date: string, checks: string) => `Publish ${date} against ${checks}?`,
    declined: 'Nothing was published.',
    needs: '--override needs --reason',
    models: 'The models do not know it yet: millrace dbt build',
  },
  ko: {
    stands: (date: string, checks: string, stale: boolean) =>
      `${date}은(는) ${checks} 검사에서 거부되었습니다. ${stale ? '마지막으로 정상인 행이 보입니다' : '보이는 것이 없습니다'}`,
    question: (date: string, checks: string) => `${checks} 검사를 무시하고 ${date}을(를) 공개할까요?`,
    declined: '공개하지 않았습니다.',
    needs: '--override에는 --reason이 필요합니다',
    models: '모델에는 아직 반영되지 않았습니다: millrace dbt build',
  },
} as const

async function publish(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language, env } = invocation
  const said = words[language]
  const reason = typeof given['reason'] === 'string' ? given['reason'].trim() : ''
  if (given['override'] === true && reason === '')
    throw new MillraceError('CLI_USAGE', { command: 'publish', detail: said.needs })
  const date = day(String(given['date']))
  const wanted = { platform: platform(String(given['platform'])), accountId: String(given['account']), date }
  const settings = await projectSettings(invocation)
  const { openPorts } = await import('../config.ts')
  const { findRefused, publishRefused } = await import('../orchestrate/override.ts')
  await using ports = await openPorts(settings, openContext(invocation))
  const refused = await findRefused(ports, wanted)
  const checks = refused.refusedBy.join(', ')
  output.say(said.stands(date, checks, refused.isStale))
  if (given['override'] !== true) return exitCodes.quality
  if (!(await confirmed(invocation, said.question(date, checks)))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  const by = env['USER'] ?? env['USERNAME'] ?? 'cli'
  const { partitions } = await publishRefused(ports, refused, { reason, by, role: 'local' })
  const report = partitions.find((one) => one.date === date)
  output.record({
    event: 'published',
    ...wanted,
    outcome: report?.outcome,
    rows: report?.rows,
    against: refused.refusedBy,
    reason,
    by,
  })
  output.say(said.models)
  return exitCodes.ok
}
