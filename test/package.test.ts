// What npm would publish: packed by npm itself, looked at by the tools that know what consumers trip over, installed in an
// empty folder and used there as a stranger would. The packing builds dist/ anew.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnv, node24, root, start } from './bootstrap-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
const consumer = join(folder, 'my ads 광고')
const installed = join(consumer, 'node_modules', 'millrace')

function run(program: string, args: readonly string[], cwd: string) {
  const env = { ...cleanEnv(), NO_COLOR: '1', FORCE_COLOR: '0' }
  const result = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 300_000, maxBuffer: 64 << 20 })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr }
}

/** Runs it and returns stdout; a failure shows what was said. */
function mustRun(program: string, args: readonly string[], cwd: string): string {
  const result = run(program, args, cwd)
  expect(result).toMatchObject({ code: 0 })
  return result.stdout
}

const tool = (name: string) => join(root, 'node_modules', name)
let tarball = ''

/** Begins it, and gives its stdout at its end; a failure shows what was said. */
async function beginning(program: string, args: readonly string[], cwd: string): Promise<string> {
  const begun = start(program, args, { ...cleanEnv(), NO_COLOR: '1', FORCE_COLOR: '0' }, cwd)
  const { code } = await begun.end
  return code === 0 ? begun.output.stdout : `code ${code}: ${begun.output.stdout}${begun.output.stderr}`
}

/** What the tools say of the tarball; they look at it while npm installs it. */
const said = { publint: Promise.resolve(''), attw: Promise.resolve('') }

beforeAll(async () => {
  tarball = join(folder, mustRun('npm', ['pack', '--pack-destination', folder], root).trim().split('\n').at(-1) ?? '')
  const attw = join(tool('@arethetypeswrong/cli'), 'dist', 'index.js')
  said.publint = beginning(node24, [join(tool('publint'), 'src', 'cli.js'), '--strict', tarball], folder)
  said.attw = beginning(node24, [attw, '--profile', 'esm-only', tarball], folder)
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'my-ads', private: true }))
  const installing = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', tarball]
  await beginning('npm', installing, consumer)
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  test('holds compiled JavaScript with types, and no source, test or tool of ours', () => {
    const files = globSync('**/*', { cwd: installed, withFileTypes: true }).filter((entry) => entry.isFile())
    const names = files.map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
    const code = names.filter((name) => name.startsWith('dist/'))
    expect(names).toEqual(
      expect.arrayContaining(['bin/millrace.cjs', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']),
    )
    expect(
      names.filter((name) => /(^|\/)(src|test|bench|scripts|tools)\//.test(name) || /\.(test|contract)\./.test(name)),
    ).toEqual([])
    expect(code.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
  })

  test('holds every file that the sources read at run time, at its place', () => {
    // The dashboard's sources are bundled: what the server hands out is dist/web.
    const assets = globSync('**/*.*', { cwd: join(root, 'src') }).filter(
      (file) => !/\.(tsx?|md|snap)$/.test(file) && !file.startsWith('web/'),
    )
    expect(existsSync(join(installed, 'dist', 'web', 'index.html'))).toBe(true)
    expect(assets.filter((file) => file.endsWith('.sql')).length).toBeGreaterThan(0)
    expect(assets.filter((file) => !existsSync(join(installed, 'dist', file)))).toEqual([])
    expect(existsSync(join(installed, 'template', 'dbt', 'dbt_project.yml'))).toBe(true)
  })

  test('names no TypeScript file that it would load by a path of its own', () => {
    // The compiler rewrites the paths of imports; a path given to a child process or a worker it cannot see.
    const loads = /new URL\(\s*['"`][^'"`]+\.ts['"`]/
    const guilty = globSync('dist/**/*.js', { cwd: installed }).filter((file) =>
      loads.test(readFileSync(join(installed, file), 'utf8')),
    )
    expect(guilty).toEqual([])
  })

  test('is what publint asks of a package', async () => {
    expect(await said.publint).toContain('All good!')
  })

  test('gives its types to every consumer of ES modules', async () => {
    expect(await said.attw).toContain('node16 (from ESM) │ 🟢')
  })
})

describe('installed in an empty folder', () => {
  test('npx millrace --version prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(mustRun('npx', ['--no-install', 'millrace', '--version'], consumer)).toBe(`${version}\n`)
  })

  test('can be imported by name', () => {
    const words = `import('millrace').then((millrace) => console.log(typeof millrace.defineConfig))`
    expect(mustRun(node24, ['--input-type=module', '-e', words], consumer)).toBe('function\n')
  })

  test('makes a project that imports the running installation and runs as it is', () => {
    mustRun('npx', ['--no-install', 'millrace', 'init', 'my-ads'], consumer)
    const project = join(consumer, 'my-ads')
    expect(readFileSync(join(project, 'millrace.config.ts'), 'utf8')).toMatch(/from ['"]millrace['"]/)
    mustRun('npx', ['--no-install', 'millrace', 'config', 'check'], project)
    mustRun('npx', ['--no-install', 'millrace', 'run', '--json'], project)
  }, 180_000)
})
