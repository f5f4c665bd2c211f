import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import type { DashboardPlace } from './dashboard-place.ts'
import { readPlace } from './dashboard-place.ts'

const screens = [
  'overview',
  'runs',
  'campaigns',
  'live',
  'quality',
  'connectors',
  'lineage',
  'alerts',
  'settings',
] as const

export const command: CommandSpec = {
  name: 'open',
  arguments: [
    { name: '[screen]', text: { en: 'Which screen; overview', ko: '열 화면. 기본 overview' }, choices: screens },
  ],
  options: [{ flags: '--print', text: { en: 'Only print the address', ko: '주소만 출력' } }],
  description: {
    en: 'Prints the address of the dashboard that runs for this project, or for its demo, and opens it in the browser. It starts nothing: when no dashboard runs, it says how to start one.',
    ko: '이 프로젝트나 그 데모에서 실행 중인 대시보드의 주소를 출력하고 브라우저로 엽니다. 아무것도 시작하지 않으며, 실행 중인 대시보드가 없으면 시작하는 방법을 알려 줍니다.',
  },
  examples: [
    { line: 'millrace open', text: { en: 'the overview', ko: '개요 화면' } },
    { line: 'millrace open runs --print', text: { en: 'the address of a screen', ko: '화면의 주소' } },
  ],
  run: open,
}

async function open(
  { output, projectDir, env, language }: Invocation,
  [screen = 'overview']: readonly string[],
  given: Given,
): Promise<number> {
  const place = await livePlace([projectDir, join(projectDir, '.millrace', 'demo')])
  if (!place) throw new MillraceError('CLI_DASHBOARD_MISSING', { project: projectDir })
  const url = `${place.url}/${screen === 'overview' ? '' : screen}`
  if (output.json) output.record({ url, pid: place.pid })
  else output.data(`${url}\n`)
  if (given['print'] !== true && !(await show(url, env))) output.warn(words[language].unopened)
  return exitCodes.ok
}

const words = {
  en: { unopened: 'No browser could be started here; open the address yourself.' },
  ko: { unopened: '여기서는 브라우저를 시작할 수 없습니다. 주소를 직접 여세요.' },
} as const

const answerMsMax = 2_000

/** The first that answers; what a killed process left behind does not. */
async function livePlace(folders: readonly string[]): Promise<DashboardPlace | undefined> {
  for (const folder of folders) {
    const place = readPlace(folder)
    if (place === undefined) continue
    const reply = await fetch(`${place.url}/healthz`, { signal: AbortSignal.timeout(answerMsMax) }).catch(() => null)
    if (reply?.ok) return place
  }
  return undefined
}

/** How each system opens an address; BROWSER goes before, as it does for other programs. */
function opener(env: Invocation['env']): readonly [program: string, ...before: string[]] {
  const own = env['BROWSER']
  if (own !== undefined && own !== '') return [own]
  if (process.platform === 'darwin') return ['open']
  return process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
}

/** Hands the address to the browser and does not wait for it; false when there is none. */
function show(url: string, env: Invocation['env']): Promise<boolean> {
  const [program, ...before] = opener(env)
  return new Promise((resolve) => {
    const child = spawn(program, [...before, url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
