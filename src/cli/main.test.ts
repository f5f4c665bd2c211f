import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

/*
 * The program as it is called: the real binary in a process of its own, in a folder whose path has a space and Hangul.
 * What it promises to a script: exit codes, stdout that holds data and nothing else, no question where nobody can answer.
 */
const main = join(import.meta.dirname, 'main.ts')
const folder = mkdtempSync(join(tmpdir(), 'millrace 광고 '))
// What is compiled once is kept for the next process, as bin/millrace.cjs does it.
const cleanEnv = {
  PATH: process.env['PATH'],
  HOME: folder,
  LANG: 'C.UTF-8',
  NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-test-compile-cache'),
}
const canary = 'CANARY-5f2c9e71b0'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = folder): Ran {
  const options = { cwd, env: { ...cleanEnv, ...env }, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options)
  return { code: status, stdout, stderr }
}

/** The command under a pseudo-terminal, both streams together as a person sees them. */
function runAtTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  const line = [process.execPath, main, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const options = {
    cwd: folder,
    env: { ...cleanEnv, TERM: 'xterm', ...env },
    encoding: 'utf8',
    input: '',
    timeout: 60_000,
  } as const
  const { status, stdout, stderr } = spawnSync('script', ['-qec', line, '/dev/null'], options)
  return { code: status, stdout: stdout.replaceAll('\r\n', '\n'), stderr }
}

const hasScript = existsSync('/usr/bin/script')

/** Every line as JSON; fails on the first that is not. */
function lines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function projectWith(name: string, config: string, files: Readonly<Record<string, string>> = {}): string {
  const project = join(folder, name)
  mkdirSync(project, { recursive: true })
  for (const [file, text] of Object.entries({ 'millrace.config.ts': config, ...files }))
    writeFileSync(join(project, file), text)
  return project
}

const script = (body: string) => `import { defineConfig } from 'millrace'\nexport default defineConfig(${body})\n`

describe('version and help', () => {
  test('--version prints the version and nothing else', () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string
    }
    expect(run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('--help, -h, help and nothing at all print the same help to stdout', () => {
    const help = run(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('backfill')
    for (const args of [['-h'], ['help'], []]) expect(run(args).stdout).toBe(help.stdout)
  })

  test('the language comes from --lang, else MILLRACE_LANG, else the locale', () => {
    expect(run(['--help', '--lang', 'ko'], { MILLRACE_LANG: 'en' }).stdout).toContain('사용법')
    expect(run(['--help'], { MILLRACE_LANG: 'ko' }).stdout).toContain('사용법')
    expect(run(['--help'], { LANG: 'ko_KR.UTF-8' }).stdout).toContain('사용법')
    expect(run(['--help'], { LANG: 'de_DE.UTF-8' }).stdout).toContain('Usage')
  })

  test('help of one command is the same by either way', () => {
    const help = run(['run', '--help'])
    expect(help.code).toBe(0)
    expect(run(['help', 'run']).stdout).toBe(help.stdout)
  })
})

describe('mistakes in the arguments', () => {
  test.for([
    [['cofnig'], 'CLI_COMMAND_UNKNOWN', 'config'],
    [['run', '--sicne', '2026-01-01'], 'CLI_OPTION_UNKNOWN', '--since'],
    [['backfill'], 'CLI_USAGE', '--since'],
    [['run', '--since', '2026-02-30'], 'DOMAIN_DAY_INVALID', '2026-02-30'],
    [['run', '--until', '2026-02-01'], 'CLI_USAGE', '--until'],
    [['config', 'prnt'], 'CLI_USAGE', 'print'],
    [['errors', 'NO_SUCH'], 'CLI_USAGE', 'NO_SUCH'],
    [['sandbox', '--port', '99999'], 'CLI_USAGE', '65535'],
    [['demo', '--days', '0'], 'CLI_USAGE', '--days'],
    [['--lang', 'fr', 'run'], 'CLI_USAGE', 'fr'],
    [['sql'], 'CLI_USAGE', 'query'],
  ] as const)('%j is a usage error: exit 2, code, remedy, nothing on stdout', ([args, code, named]) => {
    projectWith('.', script('{}'))
    const ran = run(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(new RegExp(`^${code}  `))
    expect(ran.stderr).toContain(named)
    expect(ran.stderr).toMatch(/\n {2}why .+\n(.*\n)* {2}fix /)
  })

  test('are told in Korean, with the same code and exit code', () => {
    const ran = run(['cofnig', '--lang', 'ko'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^CLI_COMMAND_UNKNOWN {2}"cofnig" 명령은 없습니다/)
    expect(ran.stderr).toContain('  해결   ')
  })

  test('with --json are one object on stdout besides the text on stderr', () => {
    const ran = run(['run', '--json', '--wat'])
    expect(ran.code).toBe(2)
    expect(lines(ran.stdout)).toEqual([expect.objectContaining({ event: 'error', code: 'CLI_OPTION_UNKNOWN' })])
  })
})

describe('a wrong configuration', () => {
  const wrong = script(`{\n  pipeline: { zone: 'Asia/Soul' },\n  retention: { raw: 'long' },\n}`)

  test('ends with 3 and shows every problem with file, line, column and the lines around it', () => {
    const project = projectWith('wrong', wrong)
    const ran = run(['config', 'check', '--project', project])
    expect(ran).toMatchObject({ code: 3, stdout: '' })
    const file = join(project, 'millrace.config.ts')
    expect(ran.stderr).toContain(`${file}:3:21  pipeline.zone`)
    expect(ran.stderr).toContain(`${file}:4:21  retention.raw`)
    expect(ran.stderr).toContain(`> 3 |   pipeline: { zone: 'Asia/Soul' },`)
  })

  test('stops every command before it does anything', () => {
    const project = projectWith('wrong', wrong)
    for (const args of [['run'], ['status'], ['sql', 'select 1']])
      expect(run([...args, '--project', project]).code).toBe(3)
    expect(existsSync(join(project, '.millrace'))).toBe(false)
  })

  test('is one object a problem with --json', () => {
    const ran = run(['config', 'check', '--project', projectWith('wrong', wrong), '--json'])
    expect(lines(ran.stdout).map(({ event }) => event)).toEqual(['problem', 'problem', 'error'])
  })

  test('that is missing says how to make one', () => {
    const ran = run(['status', '--project', join(folder, 'nowhere')])
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain('millrace init')
  })
})

describe('streams', () => {
  const project = projectWith('streams', script(`{ pipeline: { parallelAccounts: 5 } }`))

  test('rows are NDJSON in a pipe, a table on request, and CSV quotes what needs it', () => {
    const piped = run(['config', 'print', '--sources', '--project', project])
    expect(lines(piped.stdout)).toContainEqual({
      key: 'pipeline.parallelAccounts',
      value: 5,
      source: `${join(project, 'millrace.config.ts')}:2:61`,
    })
    expect(run(['config', 'print', '--project', project, '--format', 'table']).stdout).toMatch(/^key +value\n-+ +-+\n/)
    expect(run(['config', 'print', '--project', project, '--format', 'csv']).stdout).toMatch(/^key,value\n/)
  })

  test('rows are a table at a terminal', ({ skip }) => {
    skip(!hasScript, 'the program script is not installed')
    const ran = runAtTerminal(['config', 'print', '--project', project])
    expect(ran.stdout).toMatch(/^key +value\n-+ +-+\n/)
    expect(runAtTerminal(['config', 'print', '--project', project, '--json']).stdout).toMatch(/^\{"key":/)
  })

  test('colours are for terminals, and NO_COLOR, --no-color, TERM=dumb and FORCE_COLOR are heard', ({ skip }) => {
    const escape = '\u001b['
    expect(run(['cofnig']).stderr).not.toContain(escape)
    expect(run(['cofnig'], { FORCE_COLOR: '1' }).stderr).toContain(escape)
    skip(!hasScript, 'the program script is not installed')
    expect(runAtTerminal(['cofnig']).stdout).toContain(escape)
    expect(runAtTerminal(['cofnig'], { NO_COLOR: '1' }).stdout).not.toContain(escape)
    expect(runAtTerminal(['cofnig'], { TERM: 'dumb' }).stdout).not.toContain(escape)
    expect(runAtTerminal(['cofnig', '--no-color']).stdout).not.toContain(escape)
  })

  test('a reader that goes away ends nothing with a stack trace', async () => {
    const child = spawn(process.execPath, [main, 'errors', '--json'], { cwd: folder, env: cleanEnv })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.destroy()
    const [code] = (await once(child, 'exit')) as [number]
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('secrets', () => {
  test('appear in no output of any command, wherever they come from', () => {
    const project = projectWith(
      'secrets',
      script(`{
  connections: {
    google: { connector: 'google_ads', clientId: 'env:G_ID', clientSecret: '${canary}-plain', refreshToken: 'file:token', baseUrl: 'http://127.0.0.1:9', attemptsMax: 1 },
    meta: { connector: 'meta_ads', accessToken: 'env:M_TOKEN', baseUrl: 'http://127.0.0.1:9', attemptsMax: 1 },
  },
  notify: { mail: { notifier: 'smtp', host: '127.0.0.1', port: 9, user: 'u', password: 'env:S_PASSWORD', from: 'a@b.co', to: ['c@d.co'], rooot: 1 } },
}`),
      { token: `${canary}-file\n`, '.env': `M_TOKEN=${canary}-dotenv\nS_PASSWORD=${canary}-smtp\n` },
    )
    const env = {
      G_ID: `${canary}-env`,
      MILLRACE_DATABASE_URL: `postgres://u:${canary}-db@127.0.0.1:9/x`,
      MILLRACE_DEBUG: '1',
    }
    const secrets = ['plain', 'file', 'dotenv', 'smtp', 'env', 'db'].map((kind) => `${canary}-${kind}`)
    const expectNone = (args: readonly string[]) => {
      const ran = run([...args, '--project', project], env)
      expect(ran.stdout + ran.stderr).not.toBe('')
      for (const secret of secrets) expect(`${args.join(' ')}: ${ran.stdout}${ran.stderr}`).not.toContain(secret)
    }
    expectNone(['config', 'print', '--sources'])
    expectNone(['config', 'check', '--json'])
    expectNone(['run'])
    // The slip is mended, so that commands get as far as opening what they work with.
    const mended = readFileSync(join(project, 'millrace.config.ts'), 'utf8').replace(', rooot: 1', '')
    writeFileSync(join(project, 'millrace.config.ts'), mended)
    expectNone(['config', 'print', '--format', 'table'])
    expectNone(['sql', 'select 1'])
    expectNone(['doctor', '--json'])
    expectNone(['run', '--date', 'yesterday', '--json'])
  }, 120_000)
})

describe('init', () => {
  test('makes a project whose configuration is in order, and prints commands that work', () => {
    const ran = run(['init', 'my ads'])
    expect(ran.code).toBe(0)
    const project = join(folder, 'my ads')
    expect(readdirSync(project)).toEqual(
      expect.arrayContaining(['millrace.config.ts', '.env.example', '.gitignore', 'README.md', 'dbt']),
    )
    expect(readdirSync(join(project, 'dbt'))).not.toContain('target')
    expect(run(['config', 'check'], {}, project)).toMatchObject({ code: 0 })
    expect(ran.stdout).toMatch(/run --date yesterday --project 'my ads'/)
  })

  test('refuses a folder with files and names them; --force adds and keeps', () => {
    const project = join(folder, 'taken')
    mkdirSync(project)
    writeFileSync(join(project, 'README.md'), 'mine')
    const refused = run(['init', 'taken'])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('README.md')
    expect(readdirSync(project)).toEqual(['README.md'])
    expect(run(['init', 'taken', '--force']).code).toBe(0)
    expect(readFileSync(join(project, 'README.md'), 'utf8')).toBe('mine')
    expect(existsSync(join(project, 'millrace.config.ts'))).toBe(true)
  })

  test('writes the notices in the language that was asked for', () => {
    expect(run(['init', 'korean', '--lang', 'ko', '--yes']).code).toBe(0)
    expect(readFileSync(join(folder, 'korean', 'millrace.config.ts'), 'utf8')).toContain(`language: 'ko'`)
  })
})

describe('sandbox', () => {
  test('prints where it listens as one object, stays, and ends with 0 on SIGINT; a taken port is a coded error', async () => {
    const child = spawn(process.execPath, [main, 'sandbox', '--seed', '3', '--json'], { cwd: folder, env: cleanEnv })
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    const ready = JSON.parse(chunk.toString()) as { event: string; url: string }
    expect(ready.event).toBe('ready')
    const taken = run(['sandbox', '--port', new URL(ready.url).port])
    expect(taken.code).toBe(4)
    expect(taken.stderr).toContain('SANDBOX_PORT_TAKEN')
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  })
})
