import type { Runner, RunnerRequest } from '../transform/runner.ts'
import type { Invocation } from './command.ts'
import type { Said } from './language.ts'

/** `dbt doctor` and `dbt diff`: what Millrace adds to dbt's own commands. */
export const lookCommands: ReadonlySet<string> = new Set(['doctor', 'diff'])

const texts = {
  clean: {
    en: 'Nothing in this project that the native runner does not do.',
    ko: '내장 러너가 하지 않는 것이 없습니다.',
  },
  found: {
    en: 'These run with --runner dbt-core, for the whole project:',
    ko: '다음은 프로젝트 전체를 --runner dbt-core로 실행하면 됩니다:',
  },
  equal: { en: 'Both runners made the same', ko: '두 러너의 결과가 같습니다' },
  differ: { en: 'The runners differ', ko: '두 러너의 결과가 다릅니다' },
  kept: { en: 'kept to be looked at', ko: '살펴볼 수 있게 남겨 둡니다' },
} as const satisfies Record<string, Said>

/** Every place that the native runner does not do: 0 when there is none, 1 otherwise. */
export async function dbtDoctor({ output, language }: Invocation, request: RunnerRequest): Promise<number> {
  const { examine } = await import('../transform/native/doctor/examine.ts')
  const findings = examine(request)
  output.say(findings.length === 0 ? texts.clean[language] : texts.found[language])
  for (const finding of findings) {
    const { file, line, column, feature, construct } = finding
    if (output.json) output.record({ ...finding, remedy: '--runner dbt-core' })
    else output.data(`${file}:${line}:${column}  ${feature}  (${construct})\n`)
  }
  return findings.length === 0 ? 0 : 1
}

/** Takes every `--ignore-columns a b` and `--ignore-columns a,b` out of dbt's own arguments. */
export function ignoredOf(args: readonly string[]): { readonly ignored: readonly string[]; readonly rest: string[] } {
  const at = args.indexOf('--ignore-columns')
  if (at < 0) return { ignored: [], rest: [...args] }
  const end = args.findIndex((word, index) => index > at && word.startsWith('-'))
  const last = end < 0 ? args.length : end
  const named = args.slice(at + 1, last).flatMap((word) => word.split(',').filter(Boolean))
  const { ignored, rest } = ignoredOf(args.toSpliced(at, last - at))
  return { ignored: [...named, ...ignored], rest }
}

/** Both runners side by side: 0 when they made the same, 1 otherwise. */
export async function dbtDiff(
  { output, language }: Invocation,
  request: RunnerRequest,
  options: { readonly native: Runner; readonly dbtCore: Runner; readonly ignoredColumns: readonly string[] },
): Promise<number> {
  const { diffRunners } = await import('../transform/dbt-diff.ts')
  const { differences, schemas, nodes, relations } = await diffRunners({
    request,
    ...options,
    onEvent: (event) => {
      if (event.kind === 'node_finished') output.footer([`${event.index}/${event.total} ${event.result.uniqueId}`])
    },
  })
  output.footer([])
  for (const one of differences) {
    if (output.json) output.record(one)
    else output.data(`${one.kind}  ${one.id}\n  native    ${one.native}\n  dbt-core  ${one.dbtCore}\n`)
  }
  const verdict = differences.length === 0 ? texts.equal[language] : `${texts.differ[language]}: ${differences.length}`
  output.say(`${verdict} (${nodes} nodes, ${relations} relations). ${schemas.join(', ')}: ${texts.kept[language]}.`)
  return differences.length === 0 ? 0 : 1
}
