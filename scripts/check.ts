// Everything that can be said about the code without running it: `npm run check`. The tools run at the same time, each prints
// its own findings, and the last lines say which of them were content.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

const root = join(import.meta.dirname, '..')
const packages = join(root, 'node_modules')
/** What tsc found last time, by the content of each file: the second check reads only what changed. It goes with node_modules. */
const remembered = (name: string): string[] => [
  '--incremental',
  '--tsBuildInfoFile',
  join(packages, '.cache', `${name}.tsbuildinfo`),
]

type Tool = {
  readonly name: string
  readonly promise: string
  readonly program: string
  readonly args: readonly string[]
}
type Verdict = { readonly tool: Tool; readonly ok: boolean; readonly seconds: number; readonly output: string }

const tools: readonly Tool[] = [
  { name: 'tsc', promise: 'types', program: 'typescript/bin/tsc', args: ['-p', '.', '--noEmit', ...remembered('tsc')] },
  {
    name: 'tsc web',
    promise: 'types of the dashboard',
    program: 'typescript/bin/tsc',
    args: ['-p', 'src/web', '--noEmit', ...remembered('web')],
  },
  {
    name: 'oxlint',
    promise: 'rules, with types',
    program: 'oxlint/bin/oxlint',
    args: ['--type-aware', '--deny-warnings'],
  },
  { name: 'oxfmt', promise: 'format', program: 'oxfmt/bin/oxfmt', args: ['--check'] },
  {
    name: 'knip',
    promise: 'nothing unused',
    program: 'knip/bin/knip.js',
    args: ['--no-progress', '--cache', '--cache-location', join(packages, '.cache', 'knip')],
  },
]

/** Runs one tool to its end; a tool that cannot be started is a finding, not an exception. */
function run(tool: Tool): Promise<Verdict> {
  const started = performance.now()
  const child = spawn(process.execPath, [join(packages, tool.program), ...tool.args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => {
    const end = (ok: boolean, extra = ''): void => {
      const output = `${Buffer.concat(chunks).toString('utf8').trim()}${extra}`
      resolve({ tool, ok, seconds: (performance.now() - started) / 1000, output })
    }
    child.on('error', (error) => end(false, `\n${error.message}`))
    child.on('close', (code) => end(code === 0))
  })
}

function line(verdict: Verdict): string {
  const word = verdict.ok ? 'ok    ' : 'FAILED'
  return `${word} ${verdict.tool.name.padEnd(7)} ${verdict.seconds.toFixed(1).padStart(5)} s  ${verdict.tool.promise}\n`
}

const verdicts = await Promise.all(
  tools.map(async (tool) => {
    const verdict = await run(tool)
    if (!verdict.ok) process.stdout.write(`--- ${tool.name}\n${verdict.output}\n`)
    return verdict
  }),
)
for (const verdict of verdicts) process.stdout.write(line(verdict))
process.exitCode = verdicts.every((verdict) => verdict.ok) ? 0 : 1
