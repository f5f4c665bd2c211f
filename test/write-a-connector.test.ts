import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// The guide's own connector, taken from the page and put into a copy of the source: what a newcomer copies must work as it stands.

const root = join(import.meta.dirname, '..')
let copy = ''

interface Block {
  readonly kind: 'whole' | 'lines'
  readonly path: string
  readonly text: string
}

/** Files of the page (```ts PATH) and lines that it puts behind a line that is there (```diff PATH). */
function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(ts|diff) (src\/\S+)\n(.*?)\n```$/gms)].map(([, kind, path = '', text = '']) => ({
    kind: kind === 'ts' ? 'whole' : 'lines',
    path,
    text,
  }))
}

async function apply({ kind, path, text }: Block): Promise<void> {
  const file = join(copy, path)
  if (kind === 'whole') return writeFile(file, `${text}\n`)
  const [after = '', ...added] = text.split('\n').map((line) => line.slice(1))
  const before = await readFile(file, 'utf8')
  expect(before.split(`${after}\n`), `${path} has the line "${after.trim()}" once`).toHaveLength(2)
  return writeFile(file, before.replace(`${after}\n`, `${[after, ...added].join('\n')}\n`))
}

interface Ended {
  readonly code: number
  readonly said: string
}

/** A program of a package, with the copy as its folder. */
async function run(program: string, ...args: readonly string[]): Promise<Ended> {
  const options = { cwd: copy, env: { ...process.env, NO_COLOR: '1', MILLRACE_SCHEDULES: '12' } }
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'node_modules', program), ...args],
      options,
    )
    return { code: 0, said: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, said: `${stdout}${stderr}` }
  }
}

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
  await cp(join(root, 'src'), join(copy, 'src'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  await writeFile(join(copy, 'package.json'), '{ "type": "module" }')
  const config = JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['src/**/plaza*.ts'] })
  await writeFile(join(copy, 'tsconfig.json'), config)
  const page = await readFile(join(root, 'docs/guide/write-a-connector-example.md'), 'utf8')
  for (const block of blocksOf(page)) await apply(block)
})

afterAll(() => rm(copy, { recursive: true, force: true }))

test('the example of the guide compiles, and so does the dashboard with them', { timeout: 300_000 }, async () => {
  for (const project of ['.', 'src/web'])
    expect(await run('typescript/bin/tsc', '-p', project, '--noEmit')).toEqual({ code: 0, said: '' })
})

test('the example of the guide keeps the contract of connectors', { timeout: 300_000 }, async () => {
  const { code, said } = await run('vitest/vitest.mjs', 'run', 'src/connectors/plaza-ads.test.ts')
  expect(said).toMatch(/Tests {2}25 passed \(25\)/)
  expect(code).toBe(0)
})
