import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { compatibilityPage } from './compatibility-page.ts'
import { parseDbtArguments } from './dbt-command.ts'
import { examine } from './native/doctor/examine.ts'
import type { Finding } from './native/doctor/examine.ts'
import { features } from './native/feature-registry.ts'
import type { FeatureKind } from './native/feature-registry.ts'
import { nativeRunner } from './native.ts'
import type { RunnerRequest } from './runner.ts'

type Files = Readonly<Record<string, string>>

const base: Files = {
  'dbt_project.yml': 'name: shop\nprofile: p\n',
  'profiles.yml':
    'p:\n  target: dev\n  outputs:\n    dev: {type: postgres, host: 127.0.0.1, port: 1, user: u, password: p, dbname: d, schema: s}\n',
  'models/plain.sql': 'select 1 as id',
}

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-doctor-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function put(files: Files): void {
  for (const [path, text] of Object.entries({ ...base, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function examined(files: Files): Finding[] {
  put(files)
  return examine({ projectDir: folder, vars: {}, env: {} })
}

/** The smallest project that asks for a construct. */
const projects: Readonly<Record<FeatureKind, (name: string) => Files>> = {
  file: (name) => ({ [`models/other${name}`]: '' }),
  'project key': (name) => ({ 'dbt_project.yml': `${base['dbt_project.yml']}${name}: {x: {y: 1}}\n` }),
  'schema key': (name) =>
    name === 'unit_tests' || name === 'functions'
      ? { 'models/x.yml': `version: 2\n${name}:\n  - {name: x, model: plain}\n` }
      : { 'models/x.yml': `version: 2\nsources:\n  - name: s\n    tables: [{name: t}]\n    ${name}: {a: 1}\n` },
  config: (name) => ({
    'models/x.sql': `{{ config(${name}=${name === 'contract' ? "{'enforced': true}" : "'x'"}) }} select 1`,
  }),
  materialization: (name) => ({ 'models/x.sql': `{{ config(materialized='${name}') }} select 1` }),
  block: (name) => ({ 'macros/x.sql': `{% ${name} x %}{% end${name} %}` }),
  name: (name) => ({ 'models/x.sql': `select\n  '{{ ${name} }}'` }),
  'adapter method': (name) => ({ 'macros/x.sql': `{% macro x() %}{% do adapter.${name}() %}{% endmacro %}` }),
  module: (name) => ({ 'models/x.sql': `select '{{ modules.${name} }}'` }),
  option: () => ({}),
}

const constructs = features
  .filter(({ level }) => level === 'C')
  .flatMap(({ name, constructs: words = {} }) =>
    Object.entries(words).flatMap(([kind, list]) => list.map((word) => [kind as FeatureKind, word, name] as const)),
  )

test('docs/compatibility.md is what the registry says; write it anew with: node src/transform/compatibility-page.ts --write', () => {
  const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')
  expect(page).toBe(compatibilityPage(features))
})

test('every refused feature says by what it is refused, and no construct is claimed twice', () => {
  const mute = features.filter(({ level, constructs: words }) => level === 'C' && words === undefined)
  expect(mute).toEqual([])
  const named = constructs.map(([kind, word]) => `${kind} ${word}`)
  expect(named).toEqual([...new Set(named)])
  expect(features.filter(({ level, constructs: words }) => level !== 'C' && words !== undefined)).toEqual([])
})

describe('a project that asks for it', () => {
  test.for(constructs.filter(([kind]) => kind !== 'option'))(
    '%s %s is refused, and found by the doctor, as %s',
    async ([kind, word, feature]) => {
      const found = examined(projects[kind](word))
      expect(found.map((one) => [one.feature, one.construct])).toContainEqual([feature, `${kind} ${word}`])
      const request: RunnerRequest = {
        command: 'parse',
        projectDir: folder,
        profilesDir: folder,
        select: [],
        exclude: [],
        vars: {},
        fullRefresh: false,
        failFast: false,
        env: {},
      }
      const refused = nativeRunner(standingClock(0)).invoke(request, () => undefined)
      await expect(refused).rejects.toMatchObject({ code: 'TRANSFORM_FEATURE_UNSUPPORTED', facts: { feature } })
    },
  )
})

test.for(constructs.filter(([kind]) => kind === 'option'))(
  '%s %s of the command line is refused, as %s',
  async ([, word, feature]) => {
    put({})
    const line = word === '--static' ? ['docs', 'generate', word] : ['run', word, '3 days']
    const request = parseDbtArguments([...line, '--project-dir', folder], {}, folder)
    const refused = nativeRunner(standingClock(0)).invoke(request, () => undefined)
    await expect(refused).rejects.toMatchObject({ code: 'TRANSFORM_FEATURE_UNSUPPORTED', facts: { feature } })
  },
)

describe('the doctor', () => {
  test('finds nothing in a project that is all covered', () => expect(examined({})).toEqual([]))

  test('names every place, with file, line and column, in packages too', () => {
    const found = examined({
      'models/a.sql': "{{ config(\n  materialized='dynamic_table') }}\nselect '{{ function }}', {{ 1 | unheard }}",
      'models/b.sql': 'select {{ if',
      'models/c.yml':
        'version: 2\nsources:\n  - name: s\n    overrides: other\n    tables: [{name: t, external: {a: 1}}]\n',
      'models/d.yml': 'version: 2\nmodels: [\n',
      'dbt_project.yml': `${base['dbt_project.yml']}models: {shop: {deep: {+materialized: dynamic_table}}}\n`,
      'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
      'dbt_packages/kit/macros/m.sql': '{% macro m() %}\n{{ function }}{% endmacro %}',
    })
    expect(found.map(({ file, line, column, construct }) => `${file}:${line}:${column} ${construct}`)).toEqual([
      'dbt_project.yml:3:24 materialization dynamic_table',
      'kit/macros/m.sql:2:4 name function',
      'models/a.sql:1:10 materialization dynamic_table',
      'models/a.sql:3:12 name function',
      'models/a.sql:3:33 filter unheard',
      'models/b.sql:1:8 syntax',
      'models/c.yml:4:5 schema key overrides',
      'models/c.yml:5:24 schema key external',
      'models/d.yml:3:1 syntax',
    ])
  })

  test('leaves alone what a project calls by the same name itself', () => {
    const macro = '{% macro write() %}1{% endmacro %}'
    expect(
      examined({ 'macros/m.sql': macro, 'models/a.sql': 'select {{ write() }}{% set function = 1 %}{{ function }}' }),
    ).toEqual([])
    expect(examined({ 'models/x.yml': 'version: 2\nmodels:\n  - name: plain\n    meta: {versions: 1}\n' })).toEqual([])
  })
})
