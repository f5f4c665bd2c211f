import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { ChildReply } from '../test/config-child.ts'
import type { ConfigRequest, Inspection } from './config-inspect.ts'
import type { EnvironmentInput } from './config-layers.ts'
import { codeFrame, locateInScript } from './config-locate.ts'
import { defineConfig } from './config-types.ts'

/*
 * The configuration is read from real files in real folders, one of them with a space and Hangul in its path; nothing of the
 * loading is replaced. What is asked of it: every layer in its order, every problem at once with its place, no secret shown.
 */
const folders: string[] = []

function projectWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace 설정 '))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const child = fork(join(import.meta.dirname, '../test/config-child.ts'))

afterAll(() => child.kill())

/** One request at a time: the child answers in order. */
async function ask(projectDir: string, more: Partial<ConfigRequest> = {}): Promise<ChildReply> {
  child.send({ projectDir, env: {}, language: 'en', ...more, secrets: null })
  const [reply] = (await once(child, 'message')) as [ChildReply]
  return reply
}

async function inspect(
  projectDir: string,
  env: EnvironmentInput = {},
  language: 'en' | 'ko' = 'en',
): Promise<Inspection> {
  const { inspection, error } = await ask(projectDir, { env, language })
  if (!inspection) throw new Error(JSON.stringify(error))
  return inspection
}

const script = (body: string) => `import { defineConfig } from 'millrace'\n\nexport default defineConfig(${body})\n`

describe('reading', () => {
  test('TypeScript with erasable types is run, and millrace resolves to this installation with nothing installed beside it', async () => {
    const folder = projectWith({
      'millrace.config.ts': `import { defineConfig } from 'millrace'\nconst zone: string = 'Europe/Berlin'\nexport default defineConfig({ pipeline: { zone } satisfies object })\n`,
    })
    const { settings } = await inspect(folder)
    expect(settings?.pipeline.zone).toBe('Europe/Berlin')
  })

  test.for([
    ['millrace.config.js', `export default { pipeline: { parallelAccounts: 3 } }`],
    ['millrace.config.mjs', `export default { pipeline: { parallelAccounts: 3 } }`],
    ['millrace.config.json', `{ "pipeline": { "parallelAccounts": 3 } }`],
    ['millrace.config.yaml', `pipeline:\n  parallelAccounts: 3\n`],
  ] as const)('%s is read as well', async ([name, text]) => {
    // A package.json that says nothing of modules must not make Node guess, or warn.
    const { settings } = await inspect(projectWith({ [name]: text, 'package.json': '{}' }))
    expect(settings?.pipeline.parallelAccounts).toBe(3)
  })

  test('the template is plain enough to be run from below node_modules, where Node strips no types', async () => {
    const text = readFileSync(new URL('../template/millrace.config.ts', import.meta.url), 'utf8')
    const folder = projectWith({ 'node_modules/millrace/template/millrace.config.ts': text })
    const { problems } = await inspect(join(folder, 'node_modules/millrace/template'))
    expect(problems).toEqual([])
  })

  test('a folder without configuration says how to make one', async () => {
    expect((await ask(projectWith({}))).error?.code).toBe('CONFIG_NOT_FOUND')
  })

  test('a syntax error names file, line and column', async () => {
    const folder = projectWith({ 'millrace.config.ts': 'export default {\n  lake: { adapter: },\n}\n' })
    expect((await ask(folder)).error).toMatchObject({
      code: 'CONFIG_SYNTAX',
      facts: { file: join(folder, 'millrace.config.ts'), line: 2, column: 20 },
    })
  })

  test('a syntax error in JavaScript does, too', async () => {
    const folder = projectWith({ 'millrace.config.mjs': 'export default {\n  lake: { adapter: },\n}\n' })
    expect((await ask(folder)).error).toMatchObject({ code: 'CONFIG_SYNTAX', facts: { line: 2, column: 20 } })
  })

  test('TypeScript that cannot be erased names its place', async () => {
    const folder = projectWith({ 'millrace.config.ts': '\n  enum Zone { Seoul }\nexport default {}\n' })
    expect((await ask(folder)).error).toMatchObject({ code: 'CONFIG_SYNTAX', facts: { line: 2, column: 3 } })
  })

  test('an error thrown while the file runs names its place', async () => {
    const folder = projectWith({ 'millrace.config.ts': `export default {}\nthrow new TypeError('no such thing')\n` })
    expect((await ask(folder)).error).toMatchObject({
      code: 'CONFIG_FAILED',
      facts: { line: 2, column: 7, detail: 'no such thing' },
    })
  })

  test('broken YAML names its place', async () => {
    const folder = projectWith({ 'millrace.config.yaml': 'lake:\n  adapter: [folder\nname: x\n' })
    expect((await ask(folder)).error).toMatchObject({ code: 'CONFIG_SYNTAX' })
  })

  test('a file that exports no object says what it should export', async () => {
    const folder = projectWith({ 'millrace.config.ts': 'export const config = {}\n' })
    expect((await ask(folder)).error).toMatchObject({ code: 'CONFIG_FAILED' })
  })
})

describe('layers', () => {
  const config = script(`{ pipeline: { parallelAccounts: 3 } }`)
  const name = 'MILLRACE__PIPELINE__PARALLEL_ACCOUNTS'
  const valueOf = async (files: Readonly<Record<string, string>>, env: EnvironmentInput, flag?: number) => {
    const { inspection } = await ask(projectWith(files), {
      env,
      flags:
        flag === undefined
          ? []
          : [{ path: ['pipeline', 'parallelAccounts'], value: flag, origin: { kind: 'flag', name: '--parallel' } }],
    })
    const shown = inspection?.values.find(({ key }) => key === 'pipeline.parallelAccounts')
    return [inspection?.settings?.pipeline.parallelAccounts, shown?.source.replace(/^.*[\\/]/, '')]
  }

  test('flag beats environment beats .env.local beats .env beats file beats default, and each is named as the source', async () => {
    const file = { 'millrace.config.ts': config }
    const dotenv = { ...file, '.env': `A=1\n${name}=5\n` }
    const local = { ...dotenv, '.env.local': `${name}=6\n` }
    expect(await valueOf({ 'millrace.config.ts': script('{}') }, {})).toEqual([2, 'default'])
    expect(await valueOf(file, {})).toEqual([3, 'millrace.config.ts:3:61'])
    expect(await valueOf(dotenv, {})).toEqual([5, '.env:2'])
    expect(await valueOf(local, {})).toEqual([6, '.env.local:1'])
    expect(await valueOf(local, { [name]: '7' })).toEqual([7, `env ${name}`])
    expect(await valueOf(local, { [name]: '7' }, 8)).toEqual([8, 'flag --parallel'])
  })

  test('MILLRACE_DATABASE_URL chooses your Postgres and drops what was meant for the embedded one', async () => {
    const folder = projectWith({
      'millrace.config.ts': script(`{ warehouse: { adapter: 'embedded', dir: 'elsewhere' } }`),
    })
    const { settings, values } = await inspect(folder, {
      MILLRACE_DATABASE_URL: 'postgres://a:s3cret-word@db:5432/ads',
    })
    expect(settings?.warehouse).toMatchObject({
      adapter: 'postgres',
      options: { url: 'postgres://a:s3cret-word@db:5432/ads' },
    })
    expect(settings?.warehouse.options).not.toHaveProperty('dir')
    expect(JSON.stringify(values)).not.toContain('s3cret-word')
  })

  test('base URLs of the environment reach every connection of their platform', async () => {
    const secrets = `clientId: 'a', clientSecret: 'b', refreshToken: 'c'`
    const folder = projectWith({
      'millrace.config.ts': script(
        `{ connections: { one: { connector: 'google_ads', ${secrets} }, two: { connector: 'google_ads', ${secrets} }, m: { connector: 'meta_ads', accessToken: 't' } } }`,
      ),
    })
    const { settings } = await inspect(folder, {
      MILLRACE_GOOGLE_ADS_BASE_URL: 'http://127.0.0.1:7001',
      MILLRACE_GOOGLE_OAUTH_URL: 'http://127.0.0.1:7001/token',
      MILLRACE_META_BASE_URL: 'http://127.0.0.1:7002',
    })
    const google = { baseUrl: 'http://127.0.0.1:7001', oauthUrl: 'http://127.0.0.1:7001/token' }
    expect(settings?.connections).toMatchObject({
      one: { options: google },
      two: { options: google },
      m: { options: { baseUrl: 'http://127.0.0.1:7002' } },
    })
  })

  test('a variable meets a key in whatever case the key has, and one by file is read from the file', async () => {
    const folder = projectWith({
      'millrace.config.ts': script(`{ connections: { google_kr: { connector: 'meta_ads' } } }`),
      'token.txt': 'EAA-from-file\n',
    })
    const { settings } = await inspect(folder, { MILLRACE__CONNECTIONS__GOOGLE_KR__ACCESS_TOKEN_FILE: 'token.txt' })
    expect(settings?.connections['google_kr']?.options).toMatchObject({ accessToken: 'EAA-from-file' })
  })

  test('relative paths are meant from the project, wherever the command was started', async () => {
    const folder = projectWith({ 'millrace.config.ts': script(`{ lake: { adapter: 'folder', root: 'lake' } }`) })
    const { settings } = await inspect(folder)
    expect(settings?.lake.options).toMatchObject({ root: join(folder, 'lake') })
  })
})

describe('references and secrets', () => {
  const meta = (token: string) =>
    script(`{\n  connections: { meta: { connector: 'meta_ads', accessToken: '${token}' } },\n}`)

  test('env: and file: are replaced by their values, registered as secrets, and shown as they were written', async () => {
    for (const [reference, files, env] of [
      ['env:META_TOKEN', {}, { META_TOKEN: 'EAA-canary-1' }],
      ['env:META_TOKEN', { '.env': 'META_TOKEN=EAA-canary-1\n' }, {}],
      ['file:secrets/token', { 'secrets/token': 'EAA-canary-1\n' }, {}],
    ] as const) {
      const folder = projectWith({ 'millrace.config.ts': meta(reference), ...files })
      const { inspection, secrets } = await ask(folder, { env })
      expect(inspection?.settings?.connections['meta']?.options).toMatchObject({ accessToken: 'EAA-canary-1' })
      expect(secrets).toContain('EAA-canary-1')
      expect(inspection?.values.find(({ key }) => key === 'connections.meta.accessToken')?.value).toBe(reference)
    }
  })

  test('a secret that stands in the file plainly is masked and registered as well', async () => {
    const folder = projectWith({ 'millrace.config.ts': meta('EAA-canary-2') })
    const { inspection, secrets } = await ask(folder)
    expect(secrets).toContain('EAA-canary-2')
    expect(JSON.stringify(inspection?.values)).not.toContain('EAA-canary-2')
  })

  test('every missing variable is named at once', async () => {
    const folder = projectWith({
      'millrace.config.ts': script(
        `{ connections: { g: { connector: 'google_ads', clientId: 'env:A_ID', clientSecret: 'env:B_SECRET', refreshToken: 'env:C_TOKEN' } } }`,
      ),
    })
    expect((await ask(folder)).error).toMatchObject({
      code: 'CONFIG_ENV_MISSING',
      facts: { count: 3, names: 'A_ID, B_SECRET, C_TOKEN' },
    })
  })

  test('credentials of a platform that the sandbox plays are not asked for', async () => {
    const folder = projectWith({
      'millrace.config.ts': script(
        `{ sandbox: { seed: 2 }, connections: { meta: { connector: 'meta_ads', accessToken: 'env:META_TOKEN' } } }`,
      ),
    })
    const { settings, problems } = await inspect(folder)
    expect(problems).toEqual([])
    expect(settings?.connections['meta']?.sandboxed).toBe(true)
  })
})

describe('a connection in a file of its own', () => {
  const main = script(
    `{ sandbox: { seed: 2 }, connections: { meta: { connector: 'meta_ads', accessToken: 'env:NOWHERE' } } }`,
  )

  test('stands beside the others, or in the place of one; what it keeps in the warehouse is not looked up here', async () => {
    const folder = projectWith({
      'millrace.config.ts': main,
      'connections/meta.yaml': 'connector: meta_ads\nsandbox: false\naccessToken: stored:accessToken\n',
      'connections/other.yml': 'connector: meta_ads\naccessToken: env:OTHER\n',
      'connections/README.md': 'not a connection',
    })
    const { inspection, secrets } = await ask(folder, { env: { OTHER: 'EAA-other' } })
    expect(inspection?.settings?.connections).toMatchObject({
      meta: { sandboxed: false, options: { accessToken: 'stored:accessToken' } },
      other: { sandboxed: true },
    })
    expect(secrets).not.toContain('stored:accessToken')
    const shown = inspection?.values.find(({ key }) => key === 'connections.meta.accessToken')
    expect([shown?.value, shown?.source.replace(folder, '')]).toEqual([
      'stored:accessToken',
      '/connections/meta.yaml:3:14',
    ])
  })

  test('has its problems told with its own line', async () => {
    const folder = projectWith({
      'millrace.config.ts': main,
      'connections/bad.yaml': 'connector: meta_ads\nsandbox: false\naccesToken: x\n',
    })
    const { problems } = await inspect(folder)
    expect(problems.map(({ key, place }) => `${key} ${place.replace(folder, '')}`).sort()).toEqual([
      'connections.bad.accesToken /connections/bad.yaml:3:13',
      'connections.bad.accessToken /connections/bad.yaml:1:1',
    ])
  })
})

describe('problems', () => {
  const wrong = `import { defineConfig } from 'millrace'

export default defineConfig({
  pipeline: { zone: 'Asia/Soul', parallelAccounts: 'many' },
  lake: {
    adapter: 'folder',
    rooot: 'x', // a slip
  },
  connections: {
    meta: { connector: 'meta_adz' },
  },
  retention: { raw: 0 },
})
`

  test('are all told at once, each with line and column and the lines around it', async () => {
    const folder = projectWith({ 'millrace.config.ts': wrong })
    const { settings, problems } = await inspect(folder)
    expect(settings).toBeUndefined()
    const places = problems.map(({ key, place }) => `${key} ${place.replace(/^.*config\.ts/, '')}`)
    expect(places.sort()).toEqual([
      'connections.meta.connector :10:24',
      'lake.rooot :7:12',
      'pipeline.parallelAccounts :4:52',
      'pipeline.zone :4:21',
      'retention.raw :12:21',
    ])
    expect(problems.find(({ key }) => key === 'lake.rooot')?.frame).toBe(
      [`  6 |     adapter: 'folder',`, `> 7 |     rooot: 'x', // a slip`, `    |            ^`, `  8 |   },`].join(
        '\n',
      ),
    )
  })

  test('are told in Korean', async () => {
    const folder = projectWith({ 'millrace.config.ts': wrong })
    const { problems } = await inspect(folder, {}, 'ko')
    expect(problems.find(({ key }) => key === 'retention.raw')?.message).toMatch(/[가-힣]/)
  })

  test('of a variable name the variable', async () => {
    const folder = projectWith({ 'millrace.config.ts': script('{}'), '.env': '\nMILLRACE__RETENTION__RAW=-1\n' })
    const { problems } = await inspect(folder, { MILLRACE__PIPELINE__PARALLEL_ACCOUNTS: 'two' })
    expect(problems.map(({ key, place }) => [key, place.replace(folder, '')])).toEqual([
      ['pipeline.parallelAccounts', 'MILLRACE__PIPELINE__PARALLEL_ACCOUNTS'],
      ['retention.raw', '/.env:2:1'],
    ])
  })

  test('in YAML and JSON have places, too', async () => {
    const yaml = await inspect(projectWith({ 'millrace.config.yaml': 'retention:\n  raw: none\n' }))
    expect(yaml.problems[0]?.place).toMatch(/:2:8$/)
    const json = await inspect(projectWith({ 'millrace.config.json': '{\n  "retention": { "raw": "none" }\n}\n' }))
    expect(json.problems[0]?.place).toMatch(/:2:25$/)
  })
})

describe('finding where a value was written', () => {
  test('goes through comments, strings with brackets, templates, spreads, functions and trailing commas', () => {
    const text = [
      `const more = { a: 1 }`,
      `export default defineConfig({`,
      `  // lake: { adapter: 'no' }`,
      '  name: `a ${more.a + `}{`} b`,',
      `  ...more,`,
      `  'notify': { "my-team": { to: ['a@b.c', "d,{e"], run() { return { x: 1 } }, last: 2, }, },`,
      `})`,
    ].join('\n')
    const locate = locateInScript(text)
    expect(locate(['name'])).toEqual({ line: 4, column: 9 })
    expect(locate(['notify', 'my-team', 'to', 1])).toEqual({ line: 6, column: 42 })
    expect(locate(['notify', 'my-team', 'last'])).toEqual({ line: 6, column: 84 })
    // What is not written points at the nearest parent that is.
    expect(locate(['notify', 'my-team', 'absent', 'deep'])).toEqual({ line: 6, column: 26 })
    expect(locate(['absent'])).toEqual({ line: 2, column: 29 })
  })

  test('points at the value of any printed object, and ends on any text', () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/)
    fc.assert(
      fc.property(
        fc.dictionary(word, fc.oneof(fc.integer(), fc.string(), fc.array(fc.string())), { minKeys: 1 }),
        (value) => {
          const text = `export default ${JSON.stringify(value, null, 2)}\n`
          const locate = locateInScript(text)
          for (const [key, member] of Object.entries(value)) {
            const { line, column } = locate([key])
            const rest = text
              .split('\n')
              .slice(line - 1)
              .join('\n')
              .slice(column - 1)
            expect(rest.startsWith(JSON.stringify(member, null, 2).split('\n')[0] ?? '')).toBe(true)
          }
        },
      ),
      { seed: 11, numRuns: 200 },
    )
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[](),:`\'"\\$/* \nab')) }), (text) => {
        locateInScript(`export default {${text}`)(['a'])
      }),
      { seed: 12, numRuns: 500 },
    )
  })

  test('a frame at the first and last line stays inside the text', () => {
    expect(codeFrame('a', { line: 1, column: 1 })).toBe('> 1 | a\n    | ^')
  })
})

test('defineConfig gives back what it was given', () => {
  const config = { name: 'x' }
  expect(defineConfig(config)).toBe(config)
})
