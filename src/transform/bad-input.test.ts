import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { startEmbedded } from '../warehouse/embedded-server.ts'
import { codeFrame, errorPlace } from './code-frame.ts'
import { nativeRunner } from './native.ts'
import type { RunnerEvent, RunnerRequest, RunnerResult } from './runner.ts'

type Files = Readonly<Record<string, string>>

const program = new URL('../../bin/millrace.cjs', import.meta.url).pathname

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-bad-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const profile = (host: string, port: number): string =>
  `p:\n  target: dev\n  outputs:\n    dev: {type: postgres, host: "${host}", port: ${port}, user: "{{ env_var('U', 'u') }}", password: "{{ env_var('P', '') }}", dbname: "{{ env_var('D', 'd') }}", schema: "{{ env_var('S', 's') }}", threads: 2}\n`

function put(files: Files): void {
  const base = { 'dbt_project.yml': 'name: shop\nprofile: p\n', 'profiles.yml': profile('127.0.0.1', 1) }
  for (const [path, text] of Object.entries({ ...base, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

async function invoke(changes: Partial<RunnerRequest> = {}, onEvent: (event: RunnerEvent) => void = () => undefined) {
  const plain = { select: [], exclude: [], vars: {}, fullRefresh: false, failFast: false, env: {} }
  const request = { command: 'parse' as const, projectDir: folder, profilesDir: folder, ...plain, ...changes }
  return nativeRunner(systemClock).invoke(request, onEvent)
}

async function refusal(files: Files, changes: Partial<RunnerRequest> = {}): Promise<MillraceError> {
  put(files)
  const failure: unknown = await invoke(changes).catch((error: unknown) => error)
  if (failure instanceof MillraceError) return failure
  throw new Error(`nothing was refused: ${String(failure)}`)
}

const one = 'select 1 as id'
const schema = (text: string): Files => ({
  'models/a.sql': one,
  'models/a.yml': `version: 2\nmodels:\n  - name: a\n${text}`,
})

describe('what cannot be carried out is refused with its code and its place', () => {
  const cases: Readonly<Record<string, readonly [Files, string, (string | undefined)?, Partial<RunnerRequest>?]>> = {
    'a tag that is not closed': [
      { 'models/a.sql': 'select 1\n{% if x %}\n' },
      'TRANSFORM_JINJA_SYNTAX',
      'models/a.sql:2:11',
    ],
    'an expression that ends early': [
      { 'models/a.sql': '\n\nselect {{ 1 + }}' },
      'TRANSFORM_JINJA_SYNTAX',
      'models/a.sql:3:15',
    ],
    'a macro that is not closed': [
      { 'macros/m.sql': '{% macro m() %}' },
      'TRANSFORM_JINJA_SYNTAX',
      'macros/m.sql:1:16',
    ],
    'YAML that does not read': [schema('   columns: []\n'), 'TRANSFORM_YAML_SYNTAX', 'models/a.yml:4:1'],
    'a list that is none': [schema('    data_tests: 5\n'), 'TRANSFORM_YAML_SHAPE', 'models/a.yml:4:5'],
    'a name that is a mapping': [
      { 'models/a.yml': 'version: 2\nmodels:\n  - name: {x: 1}\n' },
      'TRANSFORM_YAML_SHAPE',
      'models/a.yml:3:5',
    ],
    'an unknown key': [{ 'models/a.yml': 'version: 2\nmodles: []\n' }, 'TRANSFORM_KEY_UNKNOWN', 'models/a.yml:2:1'],
    'a missing model': [
      { 'models/a.sql': "select 1\nfrom {{ ref('nope') }}" },
      'TRANSFORM_REF_MISSING',
      'models/a.sql:2:9',
    ],
    'a missing source': [
      { 'models/a.sql': "\n\nselect 1\nfrom {{ source('raw', 'nope') }}" },
      'TRANSFORM_SOURCE_MISSING',
      'models/a.sql:4:9',
    ],
    'a missing generic test': [schema('    data_tests: [nope]\n'), 'TRANSFORM_MACRO_MISSING', 'models/a.yml:4:18'],
    'a missing variable': [
      { 'models/s.yml': 'sources: [{name: raw, schema: "{{ var(\'nope\') }}", tables: [{name: t}]}]\n' },
      'TRANSFORM_VAR_MISSING',
      'models/s.yml:1:31',
    ],
    'a missing variable of the environment': [
      { 'models/a.sql': "select {{ env_var('NOPE') }}" },
      'TRANSFORM_ENV_VAR_MISSING',
      'models/a.sql:1:18',
    ],
    'a missing docs block': [
      schema('    description: "{{ doc(\'nope\') }}"\n'),
      'TRANSFORM_DOC_MISSING',
      'models/a.yml:4:18',
    ],
    'models in a circle': [
      { 'models/a.sql': "select * from {{ ref('b') }}", 'models/b.sql': "select * from {{ ref('a') }}" },
      'TRANSFORM_CYCLE',
      'models/b.sql:1:18',
    ],
    'two models of one name': [{ 'models/a.sql': one, 'models/deep/a.sql': one }, 'TRANSFORM_NAME_DOUBLED'],
    'two relations of one name': [
      { 'models/a.sql': one, 'models/b.sql': "{{ config(alias='a') }} select 1" },
      'TRANSFORM_NAME_DOUBLED',
    ],
    'an unknown filter': [{ 'models/a.sql': 'select 1\n{{ 1 | nope }}' }, 'TRANSFORM_JINJA_SYNTAX', 'models/a.sql:2:8'],
    'an unknown test of Jinja': [
      { 'models/a.sql': '{% if 1 is nope %}{% endif %}' },
      'TRANSFORM_JINJA_SYNTAX',
      'models/a.sql:1:12',
    ],
    'an unknown method of the adapter': [
      { 'models/a.sql': 'select 1\n{{ adapter.nope() }}' },
      'TRANSFORM_FEATURE_UNSUPPORTED',
      'models/a.sql:2:12',
    ],
    'a division by nothing in a macro': [
      { 'macros/m.sql': '{% macro m() %}\n{{ 1 / 0 }}{% endmacro %}', 'models/a.sql': 'select {{ m() }}' },
      'TRANSFORM_JINJA_RUNTIME',
      'macros/m.sql:2:6',
    ],
    'macros that call each other without end': [
      { 'macros/m.sql': '{% macro m() %}{{ m() }}{% endmacro %}', 'models/a.sql': 'select {{ m() }}' },
      'TRANSFORM_JINJA_RUNTIME',
    ],
    'a materialization of no kind': [
      { 'models/a.sql': "{{ config(materialized='nope') }} select 1" },
      'TRANSFORM_MATERIALIZATION_UNKNOWN',
      'models/a.sql:1:11',
    ],
    'a configuration of another type in a model': [
      { 'models/a.sql': '\n{{ config(materialized=5) }} select 1' },
      'TRANSFORM_CONFIG_TYPE',
      'models/a.sql:2:11',
    ],
    'one in a schema file': [schema('    config: {enabled: maybe}\n'), 'TRANSFORM_CONFIG_TYPE', 'models/a.yml:4:14'],
    'one in the project': [
      { 'models/a.sql': one, 'dbt_project.yml': 'name: shop\nprofile: p\nmodels:\n  shop: {+tags: {a: 1}}\n' },
      'TRANSFORM_CONFIG_TYPE',
      'dbt_project.yml:4:11',
    ],
    'a name of the project that is none': [
      { 'dbt_project.yml': 'profile: p\nname: 1shop-x\n' },
      'TRANSFORM_YAML_SHAPE',
      'dbt_project.yml:2:1',
    ],
    'a truth of the project that Jinja makes text of': [
      {
        'models/a.sql': one,
        'dbt_project.yml': 'name: shop\nprofile: p\nmodels:\n  shop: {+enabled: "{{ 1 == 1 }}"}\n',
      },
      'TRANSFORM_CONFIG_TYPE',
      'dbt_project.yml:4:11',
    ],
    'one that is asked for as a truth and is none': [
      {
        'models/a.sql': one,
        'dbt_project.yml': `name: shop\nprofile: p\nmodels: {+enabled: "{{ 'true' | as_bool }}"}\n`,
      },
      'TRANSFORM_JINJA_RUNTIME',
      'dbt_project.yml:3:20',
    ],
    "a variable of the project in the project's own configuration": [
      {
        'models/a.sql': one,
        'dbt_project.yml': `name: shop\nprofile: p\nvars: {on: true}\nmodels: {shop: {+enabled: "{{ var('on') }}"}}\n`,
      },
      'TRANSFORM_VAR_MISSING',
      'dbt_project.yml:4:27',
    ],
    'the same in a folder of no model': [
      {
        'models/a.sql': one,
        'dbt_project.yml': `name: shop\nprofile: p\nmodels:\n  shop:\n    nowhere: {+enabled: "{{ var('on') }}"}\n`,
      },
      'TRANSFORM_VAR_MISSING',
      'dbt_project.yml:5:25',
    ],
    'a source that the project switches off by text': [
      {
        'models/s.yml': 'sources: [{name: s, tables: [{name: t}]}]\n',
        'dbt_project.yml': 'name: shop\nprofile: p\nsources: {shop: {+enabled: "{{ 1 == 2 }}"}}\n',
      },
      'TRANSFORM_CONFIG_TYPE',
      'dbt_project.yml:3:19',
    ],
    'configuration by position': [
      { 'models/a.sql': "\n{{ config('table') }} select 1" },
      'TRANSFORM_RAISED',
      'models/a.sql:2:10',
    ],
    'configuration of nothing': [
      { 'models/a.sql': '{{ config() }} select 1' },
      'TRANSFORM_RAISED',
      'models/a.sql:1:10',
    ],
    'meta that is text': [
      { 'models/a.sql': "{{ config(meta='x') }} select 1" },
      'TRANSFORM_CONFIG_TYPE',
      'models/a.sql:1:11',
    ],
    'a hook that is a number': [
      { 'models/a.sql': '{{ config(pre_hook=3) }} select 1' },
      'TRANSFORM_CONFIG_TYPE',
      'models/a.sql:1:11',
    ],
    'a hook without SQL': [
      { 'models/a.sql': "{{ config(post_hook={'transaction': true}) }} select 1" },
      'TRANSFORM_CONFIG_TYPE',
      'models/a.sql:1:11',
    ],
    'a contract without columns': [schema('    config: {contract: {enforced: true}}\n'), 'TRANSFORM_CONTRACT_INVALID'],
    'a contract in the template, described without columns': [
      { ...schema('    description: x\n'), 'models/a.sql': "{{ config(contract={'enforced': true}) }} select 1 as id" },
      'TRANSFORM_CONTRACT_INVALID',
    ],
    'a contract that is enforced by a word': [
      schema("    config: {contract: {enforced: 'yes'}}\n"),
      'TRANSFORM_CONFIG_TYPE',
      'models/a.yml:4:14',
    ],
    'a description that is null': [schema('    description:\n'), 'TRANSFORM_YAML_SHAPE', 'models/a.yml:4:5'],
    'a column whose name is a number': [
      schema('    columns:\n      - description: x\n        name: 3\n'),
      'TRANSFORM_YAML_SHAPE',
      'models/a.yml:6:9',
    ],
    'tests by both of their names': [
      schema('    columns:\n      - {name: id, tests: [unique], data_tests: [not_null]}\n'),
      'TRANSFORM_YAML_SHAPE',
      'models/a.yml:5:9',
    ],
    'arguments of a test that are a list': [
      schema('    columns: [{name: id, data_tests: [{unique: [a]}]}]\n'),
      'TRANSFORM_TEST_SHAPE',
      'models/a.yml:4:39',
    ],
    'a version without its number': [
      schema('    versions: [{config: {}}]\n'),
      'TRANSFORM_YAML_SHAPE',
      'models/a.yml:4:16',
    ],
    'a color that is none': [schema('    docs: {node_color: nocolor}\n'), 'TRANSFORM_YAML_SHAPE', 'models/a.yml:4:12'],
    'a key that a source does not have': [
      { 'models/s.yml': 'sources:\n  - name: s\n    zz: 3\n    tables: [{name: t}]\n' },
      'TRANSFORM_KEY_UNKNOWN',
      'models/s.yml:3:5',
    ],
    'a source that is switched off by a word': [
      { 'models/s.yml': 'sources:\n  - name: s\n    config: {enabled: x}\n    tables: [{name: t}]\n' },
      'TRANSFORM_YAML_SHAPE',
      'models/s.yml:3:14',
    ],
    'a table that is asked in two ways': [
      { 'models/s.yml': 'sources: [{name: s, tables: [{name: t, loaded_at_field: x, loaded_at_query: y}]}]\n' },
      'TRANSFORM_YAML_SHAPE',
      'models/s.yml:1:30',
    ],
    'a list that is empty': [{ 'models/a.yml': 'version: 2\nmodels:\n' }, 'TRANSFORM_YAML_SHAPE', 'models/a.yml:2:1'],
    'a tag of YAML that nobody knows': [
      schema('    meta: {a: !what 1}\n'),
      'TRANSFORM_YAML_SYNTAX',
      'models/a.yml:4:15',
    ],
    'a version of the project that is none': [
      { 'models/a.sql': one, 'dbt_project.yml': 'name: shop\nprofile: p\nversion: x\n' },
      'TRANSFORM_YAML_SHAPE',
      'dbt_project.yml:3:1',
    ],
    'folders that are no list': [
      { 'dbt_project.yml': 'name: shop\nprofile: p\nmodel-paths: models\n' },
      'TRANSFORM_YAML_SHAPE',
      'dbt_project.yml:3:1',
    ],
    'a quoting that dbt does not have': [
      { 'dbt_project.yml': 'name: shop\nprofile: p\nquoting:\n  zz: true\n' },
      'TRANSFORM_KEY_UNKNOWN',
      'dbt_project.yml:4:3',
    ],
    'a dispatch without an order': [
      { 'dbt_project.yml': 'name: shop\nprofile: p\ndispatch: [{macro_namespace: a}]\n' },
      'TRANSFORM_YAML_SHAPE',
      'dbt_project.yml:3:12',
    ],
    'another version of dbt': [
      { 'models/a.sql': one, 'dbt_project.yml': 'name: shop\nprofile: p\nrequire-dbt-version: ">=9.0.0"\n' },
      'TRANSFORM_RAISED',
    ],
    'a secret in a template': [
      { 'models/a.sql': "select '{{ env_var('DBT_ENV_SECRET_X', 'a') }}'" },
      'TRANSFORM_RAISED',
      'models/a.sql:1:19',
    ],
    'two docs blocks of one name': [
      { 'models/a.md': '{% docs d %}a{% enddocs %}', 'models/b.md': '{% docs d %}b{% enddocs %}' },
      'TRANSFORM_NAME_DOUBLED',
    ],
    'two singular tests of one name': [{ 'tests/x.sql': one, 'tests/deep/x.sql': one }, 'TRANSFORM_NAME_DOUBLED'],
    'two groups of one name': [
      { 'models/g.yml': 'groups: [{name: g, owner: {name: x}}, {name: g, owner: {name: x}}]\n' },
      'TRANSFORM_NAME_DOUBLED',
    ],
    'an owner who is nobody': [
      { 'models/g.yml': 'groups:\n  - name: g\n    owner: {}\n' },
      'TRANSFORM_YAML_SHAPE',
      'models/g.yml:3:5',
    ],
    'a snapshot that is not closed': [
      { 'snapshots/s.sql': '\n{% snapshot s %} select 1' },
      'TRANSFORM_JINJA_SYNTAX',
      'snapshots/s.sql:2:1',
    ],
    'a port that is text': [
      {
        'models/a.sql': one,
        'profiles.yml':
          'p:\n  target: t\n  outputs:\n    t: {type: postgres, host: h, port: "1", user: u, password: p, dbname: d, schema: s}\n',
      },
      'TRANSFORM_YAML_SHAPE',
      'profiles.yml:4:34',
    ],
    'ref of nothing': [{ 'models/a.sql': 'select\n{{ ref() }}' }, 'TRANSFORM_RAISED', 'models/a.sql:2:7'],
    'a snapshot without a strategy': [
      {
        'models/a.sql': one,
        'snapshots/s.yml': "snapshots: [{name: s, relation: ref('a'), config: {unique_key: id}}]\n",
      },
      'TRANSFORM_RAISED',
    ],
    'two sources of one name': [
      {
        'models/a.yml': 'sources: [{name: s, tables: [{name: t}]}]\n',
        'models/b.yml': 'sources: [{name: s, tables: [{name: t}]}]\n',
      },
      'TRANSFORM_NAME_DOUBLED',
    ],
    'no project': [{}, 'TRANSFORM_PROJECT_MISSING', undefined, { projectDir: '/nowhere' }],
    'no profile': [{ 'models/a.sql': one }, 'TRANSFORM_PROFILE_MISSING', undefined, { profile: 'other' }],
    'no such target': [{ 'models/a.sql': one }, 'TRANSFORM_TARGET_MISSING', undefined, { target: 'prod' }],
    'another database': [
      { 'models/a.sql': one, 'profiles.yml': 'p: {target: t, outputs: {t: {type: duckdb}}}\n' },
      'TRANSFORM_TARGET_UNSUPPORTED',
    ],
    'a database that is away': [{ 'models/a.sql': one }, 'TRANSFORM_DATABASE_AWAY', undefined, { command: 'run' }],
    'packages that are not installed': [
      { 'packages.yml': 'packages: [{local: ../x}]\n' },
      'TRANSFORM_PACKAGES_MISSING',
    ],
    'what --select does not know': [
      { 'models/a.sql': one },
      'TRANSFORM_SELECTOR_UNKNOWN',
      undefined,
      { command: 'ls', select: ['what:x'] },
    ],
  }
  test.for(Object.entries(cases))('%s', async ([, [files, code, place, changes]]) => {
    const error = await refusal(files, changes)
    const { file, line, column } = error.facts
    expect([error.code, place === undefined ? undefined : `${String(file)}:${String(line)}:${String(column)}`]).toEqual(
      [code, place],
    )
  })

  test('a seed of a gigabyte, with the remedy', async () => {
    put({ 'seeds/huge.csv': 'id\n' })
    truncateSync(join(folder, 'seeds/huge.csv'), 2 ** 30)
    const error = await refusal({})
    expect(error).toMatchObject({ code: 'TRANSFORM_SEED_TOO_LARGE', facts: { file: 'seeds/huge.csv', sizeMb: 1024 } })
    expect(error.explain('en').fix).toContain('source')
  })
})

test('a project of another version goes on without the check, one by old names of its folders too', async () => {
  put({
    'old/a.sql': one,
    'dbt_project.yml': 'name: shop\nprofile: p\nsource-paths: [old]\nrequire-dbt-version: ">=9.0.0"\n',
  })
  const lines: string[] = []
  const result = await invoke({ command: 'ls', checksVersion: false }, (event) =>
    lines.push(event.kind === 'output' ? event.line : ''),
  )
  expect([result.exitCode, lines.filter(Boolean)]).toEqual([0, ['shop.a']])
})

test('what is said holds no secret, and the flags of behaviour stand among the arguments', async () => {
  const secret = 'shiver-me-timbers'
  put({
    'dbt_project.yml': 'name: shop\nprofile: p\nflags: {require_unique_project_resource_names: true}\n',
    'models/a.sql':
      "{{ log('said ' ~ var('word'), info=true) }}{{ log(invocation_args_dict.require_unique_project_resource_names, info=true) }} select 1",
  })
  const said: string[] = []
  await invoke({ vars: { word: secret }, env: { DBT_ENV_SECRET_WORD: secret } }, (event) =>
    said.push(JSON.stringify(event)),
  )
  expect(said.join('\n')).toContain('said *****')
  expect(said.join('\n')).toContain('"True"')
  expect(said.join('\n')).not.toContain(secret)
})

describe('where an error stands', () => {
  test('is shown with the lines around it, and the line of every call', async () => {
    const error = await refusal({
      'macros/m.sql':
        '{% macro inner(x) %}\n\t{{ x / 0 }}\n{% endmacro %}\n{% macro outer(x) %}\n{{ inner(x) }}\n{% endmacro %}',
      'models/a.sql': 'select 1,\n  {{ outer(3) }}',
    })
    expect(errorPlace(folder, error.facts)).toEqual([
      'macros/m.sql:2:7',
      '    1 | {% macro inner(x) %}',
      '  > 2 |  {{ x / 0 }}',
      '      |       ^',
      '    3 | {% endmacro %}',
      '    4 | {% macro outer(x) %}',
      'called by macro outer at macros/m.sql:5:9\n  {{ inner(x) }}',
      'called by template at models/a.sql:2:11\n  {{ outer(3) }}',
    ])
  })

  test('has no frame outside the text, and none without a file', () => {
    expect(codeFrame('a\nb', 3, 1)).toEqual([])
    expect(errorPlace(folder, { file: 'nowhere.sql', line: 1, column: 1 })).toEqual([])
    expect(errorPlace(folder, {})).toEqual([])
  })
})

describe('on a database', { timeout: 120_000 }, () => {
  let server: Awaited<ReturnType<typeof startEmbedded>>
  let data: string
  let client: pg.Client
  let env: Record<string, string>

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'millrace-bad-server-'))
    server = await startEmbedded({ dir: join(data, 'server'), port: undefined, durable: false })
    const { host, port, user, password, database } = server.connection
    client = new pg.Client({ host, port, user, database, ...(password === null ? {} : { password }) })
    client.on('error', () => undefined)
    await client.connect()
    env = { U: user, P: password ?? '', D: database }
  }, 120_000)

  afterAll(async () => {
    await client.end().catch(() => undefined)
    await server.stop().catch(() => undefined)
    rmSync(data, { recursive: true, force: true })
  })

  const onServer = (files: Files): void =>
    put({ 'profiles.yml': profile(server.connection.host, server.connection.port), ...files })
  const statuses = (result: RunnerResult): Record<string, string> =>
    Object.fromEntries(result.nodes.map(({ uniqueId, status }) => [uniqueId.split('.').at(-1) ?? '', status]))
  const running = async (part: string): Promise<number> => {
    const text =
      'select count(*)::int as n from pg_stat_activity where query like $1 and state = $2 and pid <> pg_backend_pid()'
    const { rows } = await client.query<{ n: number }>(text, [`%${part}%`, 'active'])
    return rows[0]?.n ?? 0
  }
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((done) => setTimeout(done, 20))
  }

  test('ids beyond what a float holds arrive digit by digit', async () => {
    onServer({
      'models/a.sql': `{% set rows = run_query('select 9007199254740993::bigint as id, 12345678901234567890.10::numeric as amount') if execute else [] %}
select '{% for row in rows %}{{ row[0] }} {{ row[0] + 1 }} {{ row[1] }}{% endfor %}'::text as said`,
    })
    expect((await invoke({ command: 'run', env: { ...env, S: 'bad_ids' } })).exitCode).toBe(0)
    const { rows } = await client.query('select said from bad_ids.a')
    expect(rows).toEqual([{ said: '9007199254740993 9007199254740994 12345678901234567890.10' }])
  })

  test('a model that drops what it stands on fails by itself', async () => {
    onServer({
      'models/up.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/down.sql': "{{ config(pre_hook='drop table {{ ref(\"up\") }} cascade') }} select * from {{ ref('up') }}",
      'models/after.sql': "select * from {{ ref('down') }}",
    })
    const result = await invoke({ command: 'run', env: { ...env, S: 'bad_drop' } })
    expect([result.exitCode, statuses(result)]).toEqual([1, { up: 'success', down: 'error', after: 'skipped' }])
    // What the failed node did is taken back, and what it stood on is there again.
    expect((await client.query('select * from bad_drop.up')).rows).toEqual([{ id: 1 }])
  })

  test('Ctrl-C cancels what runs and writes the artifacts of what had ended, as dbt does', async () => {
    onServer({
      'models/first.sql': one,
      'models/slow.sql':
        "{{ config(materialized='table') }} select pg_sleep(600)::text as ctrl_c from {{ ref('first') }}",
      'models/later.sql': "select * from {{ ref('slow') }}",
    })
    const stop = new AbortController()
    const ended = invoke({ command: 'run', env: { ...env, S: 'bad_stop' }, signal: stop.signal })
    await until(async () => (await running('as ctrl_c')) > 0)
    stop.abort()
    const result = await ended
    expect([result.exitCode, statuses(result)]).toEqual([2, { first: 'success' }])
    await until(async () => (await running('as ctrl_c')) === 0)
    const written = JSON.parse(readFileSync(join(folder, 'target', 'run_results.json'), 'utf8')) as {
      results: unknown[]
    }
    expect(written.results).toHaveLength(1)
  })

  test('Ctrl-C in the middle of a microbatch model keeps the batches that went in, and retry does the rest', async () => {
    const slept = "{{ 600 if model.batch and model.batch.id == env_var('SLOW') else 0 }}"
    onServer({
      'models/up.sql': "select i as id, date '2024-01-01' + i as at from generate_series(0, 3) i",
      'models/up.yml': 'models: [{name: up, config: {event_time: at}}]',
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day', unique_key='id') }}
select id, at, pg_sleep(${slept})::text as batch_sleeps from {{ ref('up') }}`,
    })
    const eventTime = { start: '2024-01-01T00:00:00', end: '2024-01-05T00:00:00' }
    const own = { ...env, S: 'bad_batch' }
    const stop = new AbortController()
    const ended = invoke({ command: 'run', eventTime, env: { ...own, SLOW: '20240103' }, signal: stop.signal })
    // Of the third batch alone: those before it are seen at work too, and a stop among them would keep one batch less.
    await until(async () => (await running('pg_sleep(600)::text as batch_sleeps')) > 0)
    stop.abort()
    const cut = await ended
    expect([cut.exitCode, statuses(cut)]).toEqual([2, { up: 'success', daily: 'partial success' }])
    const ids = async (): Promise<unknown[]> =>
      (await client.query<{ id: number }>('select id from bad_batch.daily order by id')).rows.map(({ id }) => id)
    expect(await ids()).toEqual([0, 1])
    const again = await invoke({ command: 'retry', env: { ...own, SLOW: '' } })
    expect([again.exitCode, statuses(again)]).toEqual([0, { daily: 'success' }])
    expect(await ids()).toEqual([0, 1, 2, 3])
  })

  test('kill -9 in the middle of a batch and of a table: nothing half stands, and retry does the rest', async () => {
    const slept = "{{ 600 if model.batch and model.batch.id == env_var('SLOW') else 0 }}"
    onServer({
      'models/up.sql': "select i as id, date '2024-01-01' + i as at from generate_series(0, 3) i",
      'models/up.yml': 'models: [{name: up, config: {event_time: at}}]',
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day', unique_key='id') }}
select id, at, pg_sleep(${slept})::text as killed_batch from {{ ref('up') }}`,
      'models/wide.sql': `{{ config(materialized='table') }}
select 1 as id, pg_sleep({{ 600 if env_var('SLOW') else 0 }})::text as killed_table from {{ ref('up') }} limit 1`,
      'models/after.sql': "select * from {{ ref('wide') }}",
    })
    await client.query('create schema bad_kill; create table bad_kill.wide as select 0 as id')
    const window = ['--event-time-start', '2024-01-01', '--event-time-end', '2024-01-05']
    const place = ['--project-dir', folder, '--profiles-dir', folder]
    const own = { ...env, S: 'bad_kill' }
    const child = spawn(process.execPath, [program, 'dbt', 'build', ...place, ...window], {
      env: { ...process.env, ...own, SLOW: '20240103' },
      stdio: 'ignore',
      detached: true,
    })
    const gone = once(child, 'exit')
    const asleep = ['pg_sleep(600)::text as killed_batch', 'pg_sleep(600)::text as killed_table']
    const both = async () => Promise.all(asleep.map(running))
    try {
      await until(async () => (await both()).every((count) => count > 0))
    } finally {
      process.kill(-child.pid!, 'SIGKILL')
    }
    await gone
    // The server notices by itself that nobody waits for these any more.
    await until(async () => (await both()).every((count) => count === 0))
    const ids = async (name: string): Promise<unknown[]> =>
      (await client.query<{ id: number }>(`select id from bad_kill.${name} order by id`)).rows.map(({ id }) => id)
    expect([await ids('daily'), await ids('wide')]).toEqual([[0, 1], [0]])
    const again = await invoke({ command: 'retry', env: { ...own, SLOW: '' } })
    expect([again.exitCode, statuses(again)]).toEqual([0, { daily: 'success', wide: 'success', after: 'success' }])
    expect([await ids('daily'), await ids('wide')]).toEqual([[0, 1, 2, 3], [1]])
    const { rows } = await client.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'bad_kill'::regnamespace and relkind in ('r', 'v') order by 1",
    )
    expect(rows.map(({ name }) => name)).toEqual(['after', 'daily', 'up', 'wide'])
    expect(readdirSync(join(folder, 'target')).filter((name) => name.startsWith('unfinished'))).toEqual([])
  })

  test('two invocations in one target folder leave whole artifacts', async () => {
    onServer({ 'models/a.sql': one, 'models/b.sql': "select * from {{ ref('a') }}" })
    const both = await Promise.all(
      ['bad_two_a', 'bad_two_b'].map(async (S) => invoke({ command: 'run', env: { ...env, S } })),
    )
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    for (const file of ['manifest.json', 'run_results.json'])
      expect(() => JSON.parse(readFileSync(join(folder, 'target', file), 'utf8')) as unknown).not.toThrow()
    expect((await invoke({ command: 'ls', env: { ...env, S: 'bad_two_a' } })).exitCode).toBe(0)
  })

  test('a database that goes away in mid-run: what ran is kept, the rest is an error or skipped, and retry continues', async () => {
    onServer({
      'models/a.sql': one,
      'models/b.sql':
        "{{ config(materialized='table') }} select id, pg_sleep({{ env_var('NAP') }})::text as going_away from {{ ref('a') }}",
      'models/c.sql': "select * from {{ ref('b') }}",
    })
    const ended = invoke({ command: 'run', threads: 1, env: { ...env, S: 'bad_away', NAP: '600' } })
    await until(async () => (await running('as going_away')) > 0)
    await server.stop()
    const result = await ended
    expect([result.exitCode, statuses(result)]).toEqual([1, { a: 'success', b: 'error', c: 'skipped' }])
    expect(JSON.parse(readFileSync(join(folder, 'target', 'run_results.json'), 'utf8'))).toMatchObject({
      results: [{ status: 'success' }, { status: 'error' }, { status: 'skipped' }],
    })
    // Another port, for the old one may be taken by now.
    server = await startEmbedded({ dir: join(data, 'server'), port: undefined, durable: false })
    onServer({})
    const again = await invoke({ command: 'retry', env: { ...env, S: 'bad_away', NAP: '0' } })
    expect([again.exitCode, statuses(again)]).toEqual([0, { b: 'success', c: 'success' }])
  })
})
