import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { standingClock } from '../../domain/clock.ts'
import { MillraceError } from '../../domain/errors.ts'
import { nativeRunner } from '../native.ts'
import type { RunnerEvent, RunnerRequest } from '../runner.ts'
import { withExpressions } from './exec/compile-node.ts'
import { runPlan } from './exec/schedule.ts'

type Files = Readonly<Record<string, string>>

const base: Files = {
  'dbt_project.yml':
    'name: shop\nprofile: p\nmodels:\n  shop:\n    +tags: [all]\n    marts:\n      +materialized: table\n      +tags: mart\n',
  'profiles.yml':
    'p:\n  target: dev\n  outputs:\n    dev: {type: postgres, host: 127.0.0.1, port: 1, user: u, password: p, dbname: d, schema: s, threads: 2}\n',
  'models/src.yml': 'version: 2\nsources:\n  - name: raw\n    tables: [{name: events}]\n',
  'models/staging/stg.sql': "select * from {{ source('raw', 'events') }}",
  'models/marts/mart.sql': "{{ config(tags=['own']) }}\nselect * from {{ ref('stg') }}",
  'models/marts/final.sql': "select * from {{ ref('mart') }}",
  'models/marts/marts.yml':
    'version: 2\nmodels:\n  - name: mart\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n',
}

async function invoke(files: Files, changes: Partial<RunnerRequest> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-project-'))
  try {
    for (const [path, text] of Object.entries({ ...base, ...files })) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const events: RunnerEvent[] = []
    const request: RunnerRequest = {
      command: 'ls',
      projectDir: folder,
      profilesDir: folder,
      select: [],
      exclude: [],
      vars: {},
      fullRefresh: false,
      failFast: false,
      env: {},
      ...changes,
    }
    const result = await nativeRunner(standingClock(0)).invoke(request, (event) => events.push(event))
    return {
      result,
      lines: events.flatMap((event) => (event.kind === 'output' ? [event.line] : [])),
      warnings: events.flatMap((event) => (event.kind === 'log' && event.level === 'warn' ? [event.message] : [])),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function refusal(files: Files, changes: Partial<RunnerRequest> = {}): Promise<MillraceError> {
  const failure: unknown = await invoke(files, changes).catch((error: unknown) => error)
  if (failure instanceof MillraceError) return failure
  throw new Error(`nothing was refused: ${String(failure)}`)
}

const mart = 'shop.marts.mart'
const tests = ['shop.marts.not_null_mart_id', 'shop.marts.unique_mart_id']

describe('selection', () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['mart'], [mart, ...tests]],
    [['mart+1'], ['shop.marts.final', mart, ...tests]],
    [['+mart'], [mart, ...tests, 'shop.staging.stg', 'source:shop.raw.events']],
    [['1+mart'], [mart, ...tests, 'shop.staging.stg']],
    [['@stg'], ['shop.marts.final', mart, ...tests, 'shop.staging.stg', 'source:shop.raw.events']],
    [['source:raw+1'], ['shop.staging.stg', 'source:shop.raw.events']],
    [['tag:mart,tag:own'], [mart, ...tests]],
    [['path:models/staging'], ['shop.staging.stg']],
    [['models/marts/final.sql'], ['shop.marts.final']],
    [['config.materialized:view'], ['shop.staging.stg']],
    [['config.materialized:undefined'], []],
    [['config.severity:eRRor'], tests],
    [['config.enabled:True,marts.final'], ['shop.marts.final']],
    [['config.tags:mart,marts.final'], ['shop.marts.final']],
    [['marts.yml'], []],
    [['marts.*'], ['shop.marts.final', mart, ...tests]],
    [['shop.marts'], ['shop.marts.final', mart, ...tests]],
    [['test_type:generic'], tests],
    [['test_name:unique'], ['shop.marts.unique_mart_id']],
    [['resource_type:source'], ['source:shop.raw.events']],
    [['file:stg.sql final'], ['shop.marts.final', 'shop.staging.stg']],
    [['nothing_here'], []],
  ]
  test.for(cases)('%s', async ([select, expected]) => {
    const { lines } = await invoke({}, { select })
    expect([...lines].sort()).toEqual([...expected].sort())
  })

  test('lines stand in the order of the unique ids', async () => {
    const { lines } = await invoke({}, { select: ['+mart'] })
    expect(lines).toEqual([mart, 'shop.staging.stg', 'source:shop.raw.events', ...tests])
  })

  test('exclude takes away, resource types narrow', async () => {
    expect((await invoke({}, { exclude: ['mart+'] })).lines).toEqual(['shop.staging.stg', 'source:shop.raw.events'])
    expect((await invoke({}, { resourceTypes: ['test'] })).lines).toEqual(tests)
  })

  const refused: readonly (readonly [Partial<RunnerRequest>, string])[] = [
    [{ select: ['nothing:here'] }, 'TRANSFORM_SELECTOR_UNKNOWN'],
    [{ select: ['@mart+'] }, 'TRANSFORM_SELECTOR_VALUE'],
    [{ select: ['source:a.b.c.d'] }, 'TRANSFORM_SELECTOR_VALUE'],
    [{ select: ['test_type:other'] }, 'TRANSFORM_SELECTOR_VALUE'],
    [{ select: ['resource_type:data'] }, 'TRANSFORM_SELECTOR_VALUE'],
    [{ select: ['version:newest'] }, 'TRANSFORM_SELECTOR_VALUE'],
    [{ select: ['state:modified'] }, 'TRANSFORM_STATE_MISSING'],
    [{ select: ['result:error'], statePath: '/nowhere' }, 'TRANSFORM_STATE_MISSING'],
    [{ selector: 'absent' }, 'TRANSFORM_SELECTOR_MISSING'],
    [{ select: ['selector:absent'] }, 'TRANSFORM_SELECTOR_MISSING'],
  ]
  test.for(refused)('%j is refused with %s', async ([changes, code]) => {
    expect((await refusal({}, changes)).code).toBe(code)
  })

  test('a selection that finds nothing is said', async () => {
    const { warnings } = await invoke({}, { select: ['mart', 'nothing_here'] })
    expect(warnings).toEqual(["The selection criterion 'nothing_here' does not match any enabled nodes"])
  })
})

describe('selectors.yml', () => {
  const selectors = (text: string): Files => ({ 'selectors.yml': `selectors:\n${text}` })

  test('the default holds when nothing is selected, and `selector:` names one', async () => {
    const files = selectors(
      "  - {name: one, default: \"{{ target.name == 'dev' }}\", definition: mart}\n  - {name: two, definition: {method: tag, value: all, exclude: ['tag:mart']}}\n",
    )
    expect((await invoke(files)).lines).toEqual([mart, ...tests])
    expect((await invoke(files, { select: ['stg'] })).lines).toEqual(['shop.staging.stg'])
    expect((await invoke(files, { select: ['selector:one+'] })).lines).toEqual(['shop.marts.final', mart, ...tests])
  })

  const wrong: readonly (readonly [string, number, string])[] = [
    ['  - {name: a, definition: [x]}\n', 2, 'a list for a definition'],
    ['  - {name: a}\n', 2, 'no definition'],
    ['  - name: a\n    definition: {union: [x], intersection: [y]}\n', 3, 'two operators'],
    ['  - name: a\n    definition: {method: selector, value: later}\n', 3, 'a selector that comes later'],
    ['  - name: a\n    definition: {union: [{exclude: [x]}, {exclude: [y]}]}\n', 3, 'two exclusions'],
    ['  - {name: a, default: true, definition: x}\n  - {name: b, default: true, definition: x}\n', 1, 'two defaults'],
    ['  - name: a\n    definition: {method: tag, value: x, indirect_selection: sometimes}\n', 3, 'a mode of no kind'],
  ]
  test.for(wrong)('%s', async ([text, line]) => {
    const refused = await refusal(selectors(text))
    expect([refused.code, refused.facts['line']]).toEqual(['TRANSFORM_SELECTORS_FILE', line])
  })
})

describe('what is not covered is refused before anything runs, with its place', () => {
  const cases: Readonly<Record<string, readonly [Files, object]>> = {
    'a name of the context': [
      { 'models/a.sql': 'select 1\n{% if submit_python_job %} x {% endif %}' },
      { file: 'models/a.sql', line: 2, column: 7 },
    ],
    'an adapter method': [
      { 'macros/m.sql': '\n{% macro m() %}\n{% do adapter.add_query("x") %}{% endmacro %}' },
      { file: 'macros/m.sql', line: 3, column: 15 },
    ],
    'a Python model': [{ 'models/a.py': '' }, { file: 'models/a.py', feature: 'Python models' }],
  }
  test.for(Object.entries(cases))('%s', async ([, [files, place]]) => {
    const error = await refusal(files, { command: 'build' })
    expect(error.code).toBe('TRANSFORM_FEATURE_UNSUPPORTED')
    expect(error.facts).toMatchObject(place)
    expect(error.message).toContain('--runner dbt-core')
  })
})

describe('mistakes are named with their place', () => {
  const cases: Readonly<Record<string, readonly [Files, string, object]>> = {
    'a missing ref': [
      { 'models/a.sql': "select * from {{ ref('nobody') }}" },
      'TRANSFORM_REF_MISSING',
      { file: 'models/a.sql', reference: 'nobody' },
    ],
    'a missing source': [
      { 'models/a.sql': "select * from {{ source('raw', 'nobody') }}" },
      'TRANSFORM_SOURCE_MISSING',
      { reference: 'raw.nobody' },
    ],
    'a missing var': [
      { 'models/src.yml': 'sources: [{name: raw, schema: "{{ var(\'v\') }}", tables: [{name: events}]}]\n' },
      'TRANSFORM_VAR_MISSING',
      { variable: 'v' },
    ],
    'a missing variable of the environment': [
      { 'profiles.yml': base['profiles.yml']?.replace('127.0.0.1', '"{{ env_var(\'NO_HOST\') }}"') ?? '' },
      'TRANSFORM_ENV_VAR_MISSING',
      { file: 'profiles.yml', variable: 'NO_HOST' },
    ],
    'broken YAML': [{ 'models/x.yml': 'version: 2\nmodels: [\n' }, 'TRANSFORM_YAML_SYNTAX', { file: 'models/x.yml' }],
    'a key that dbt does not have': [
      { 'models/x.yml': 'version: 2\nmodles: []\n' },
      'TRANSFORM_KEY_UNKNOWN',
      { line: 2, column: 1, key: 'modles' },
    ],
    'a wrong type': [
      { 'models/x.yml': 'version: 2\nmodels: 5\n' },
      'TRANSFORM_YAML_SHAPE',
      { line: 2, column: 1, expected: 'a list' },
    ],
    'a cycle': [
      { 'models/a.sql': "select * from {{ ref('b') }}", 'models/b.sql': "select * from {{ ref('a') }}" },
      'TRANSFORM_CYCLE',
      {},
    ],
    'a doubled name': [{ 'models/other/stg.sql': 'select 1' }, 'TRANSFORM_NAME_DOUBLED', { name: 'stg' }],
    'an unknown test': [
      { 'models/x.yml': 'version: 2\nmodels:\n  - name: stg\n    data_tests: [made_up]\n' },
      'TRANSFORM_MACRO_MISSING',
      { macro: 'test_made_up' },
    ],
    'an unknown filter': [
      { 'models/a.sql': "select {{ 'x' | shout }}" },
      'TRANSFORM_JINJA_SYNTAX',
      { file: 'models/a.sql', line: 1 },
    ],
    'an unknown materialization': [
      { 'models/a.sql': "{{ config(materialized='hologram') }}select 1" },
      'TRANSFORM_MATERIALIZATION_UNKNOWN',
      { materialization: 'hologram' },
    ],
    'a raised error': [
      { 'models/a.sql': "{{ exceptions.raise_compiler_error('no') }}" },
      'TRANSFORM_RAISED',
      { file: 'models/a.sql', line: 1, message: 'no' },
    ],
    'a database that is away': [{}, 'TRANSFORM_DATABASE_AWAY', { port: 1 }],
  }
  test.for(Object.entries(cases))('%s', async ([, [files, code, facts]]) => {
    const error = await refusal(files, { command: 'build' })
    expect(error.code).toBe(code)
    expect(error.facts).toMatchObject(facts)
  })

  test('an unknown target names those that there are', async () => {
    expect((await refusal({}, { target: 'prod' })).facts).toMatchObject({ target: 'prod', targets: 'dev' })
  })
})

describe('the plan', () => {
  test('never more at once than threads, parents first, and what waits for a failure is skipped', async () => {
    const items = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, name]))
    const needs = new Map([
      ['c', new Set(['a'])],
      ['d', new Set(['c'])],
      ['e', new Set(['b'])],
    ])
    let running = 0
    let most = 0
    const results = await runPlan<string, string>(
      { items, needs },
      {
        threads: 2,
        signal: undefined,
        run: async (item) => {
          most = Math.max(most, (running += 1))
          await new Promise((resolve) => setTimeout(resolve, 2))
          running -= 1
          return item === 'a' ? 'error' : 'success'
        },
        skip: () => 'skipped',
        blocks: (result) => result !== 'success',
        stops: () => false,
      },
    )
    expect(Object.fromEntries(results)).toEqual({ a: 'error', b: 'success', c: 'skipped', d: 'skipped', e: 'success' })
    expect(most).toBe(2)
  })

  test('ephemeral models go in front as dbt puts them', () => {
    expect(withExpressions('select 1', [' x as (\nselect 2\n)'])).toBe('with x as (\nselect 2\n) select 1')
    expect(withExpressions('-- c\nwith a as (select 1) select 2', [' x as (\n1\n)'])).toBe(
      '-- c\nwith  x as (\n1\n), a as (select 1) select 2',
    )
  })
})
