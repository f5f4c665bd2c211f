import { exitCodes } from '../domain/error-entry.ts'
import type { Settings } from '../config-check.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import type { DoctorLine } from './doctor-line.ts'
import { attempted, printLines } from './doctor-line.ts'
import { embeddedRoundTrip, installLines, machineLines, runtimeLines } from './doctor-machine.ts'

export const command: CommandSpec = {
  name: 'doctor',
  arguments: [],
  options: [
    { flags: '--strict', text: { en: 'Warnings count as failures (exit 1)', ko: '경고도 실패로 처리(종료 코드 1)' } },
  ],
  description: {
    en: 'Checks this machine and the project: Node, native parts, disk, ports, Postgres, lake, mail, configuration, credentials. Every line that is not well says what to do. Exit code 0, or 4 when something fails.',
    ko: '이 컴퓨터와 프로젝트를 점검합니다: Node, 네이티브 모듈, 디스크, 포트, Postgres, 레이크, 메일, 설정, 자격 증명. 문제가 있는 줄은 해결 방법을 알려 줍니다. 종료 코드는 0, 실패가 있으면 4입니다.',
  },
  examples: [
    { line: 'millrace doctor', text: { en: 'here', ko: '현재 폴더' } },
    { line: 'millrace doctor --json --strict', text: { en: 'in a pipeline', ko: '파이프라인에서' } },
  ],
  run: doctor,
}

async function doctor(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const lines = await examine(invocation)
  printLines(invocation, lines)
  if (lines.some(({ outcome }) => outcome === 'fail')) return exitCodes.dependency
  return given['strict'] === true && lines.some(({ outcome }) => outcome === 'warn')
    ? exitCodes.unexpected
    : exitCodes.ok
}

/** Everything at the same time: a start of Postgres and a slow platform must not add up. */
export async function examine(invocation: Invocation): Promise<readonly DoctorLine[]> {
  const { language, env, projectDir } = invocation
  const { configLines, credentialLines, lakeLines, mailLines, warehouseLines } = await import('./doctor-project.ts')
  const { lines: config, settings } = await configLines(invocation)
  const onProject = (look: (settings: Settings) => Promise<readonly DoctorLine[]>) =>
    settings === undefined ? Promise.resolve([]) : look(settings)
  const [machine, install, postgres, ...project] = await Promise.all([
    attempted('machine', { en: 'Disk', ko: '디스크' }, language, () => machineLines(projectDir, language)),
    installLines(language),
    // A project's own warehouse is looked at instead.
    settings === undefined
      ? attempted('postgres', { en: 'Embedded Postgres starts', ko: '내장 Postgres 시작' }, language, () =>
          embeddedRoundTrip(language),
        )
      : Promise.resolve([]),
    onProject((found) => warehouseLines(invocation, found)),
    onProject((found) => lakeLines(invocation, found)),
    onProject((found) => mailLines(invocation, found)),
    onProject((found) => credentialLines(invocation, found)),
  ])
  return [...runtimeLines(language, env), ...machine, ...install, ...postgres, ...config, ...project.flat()]
}
