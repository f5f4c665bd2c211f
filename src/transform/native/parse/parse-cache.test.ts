import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { standingClock } from '../../../domain/clock.ts'
import { nativeRunner } from '../../native.ts'
import type { RunnerRequest } from '../../runner.ts'
import { selectionProject } from '../../selection.fixture.ts'

let folder: string
const native = nativeRunner(standingClock(0))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** What `ls` lists, and whether templates were rendered for it: a template says so. */
async function listed(changes: Partial<RunnerRequest> = {}) {
  const lines: string[] = []
  let isParsed = false
  const plain = { select: [], exclude: [], vars: {}, fullRefresh: false, failFast: false, env: {} }
  await native.invoke({ command: 'ls', projectDir: folder, profilesDir: folder, ...plain, ...changes }, (event) => {
    if (event.kind === 'output') lines.push(event.line)
    if (event.kind === 'log' && event.message === 'rendered') isParsed = true
  })
  return { lines, isParsed }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cache-'))
  for (const [path, text] of Object.entries(selectionProject)) put(path, text)
  put(
    'models/said.sql',
    "{% do log('rendered', info=true) %}{{ config(alias=env_var('ALIAS', 'none'), tags=[var('tag', 'plain')]) }} select 1",
  )
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a project that has not changed is not parsed again', () => {
  test('and reads the same', async () => {
    const manifest = (): object =>
      JSON.parse(readFileSync(join(folder, 'target', 'manifest.json'), 'utf8'), (key, value: unknown) =>
        key === 'metadata' ? null : value,
      ) as object
    const cold = await listed()
    const written = manifest()
    const warm = await listed()
    expect([cold.isParsed, warm.isParsed]).toEqual([true, false])
    expect(warm.lines).toEqual(cold.lines)
    expect(manifest()).toEqual(written)
  })

  test('although other commands, targets of output and unread variables of the environment differ', async () => {
    await listed()
    expect((await listed({ command: 'parse', env: { OTHER: 'x' }, select: ['stg_orders'] })).isParsed).toBe(false)
  })
})

describe('anything that a template can see parses anew', () => {
  const changes: Readonly<Record<string, () => Partial<RunnerRequest> | void>> = {
    'a file of the same length': () => put('models/gone.sql', 'select 2 as a'),
    'a file that is gone': () => rmSync(join(folder, 'models/gone.sql')),
    'a file that is new': () => put('models/deep/new.sql', 'select 1'),
    'a schema file': () => put('models/said.yml', 'version: 2\nmodels:\n  - name: said\n    config: {tags: [more]}\n'),
    'a macro of a package': () => put('dbt_packages/helper/macros/m.sql', '{% macro m() %}{% endmacro %}'),
    'the project file': () => put('dbt_project.yml', `${selectionProject['dbt_project.yml']}vars: {tag: other}\n`),
    'a variable': () => ({ vars: { tag: 'given' } }),
    'a variable of the environment that a template reads': () => ({ env: { ALIAS: 'other' } }),
    'a full refresh': () => ({ fullRefresh: true }),
    'the target': () =>
      put('profiles.yml', (selectionProject['profiles.yml'] ?? '').replace('schema: s', 'schema: other')),
    'being told so': () => ({ partialParse: false }),
    'a cache that is cut off': () => truncateSync(join(folder, 'target', 'partial_parse.millrace'), 1000),
    'a cache of another kind': () => put('target/partial_parse.millrace', 'text'),
  }
  test.for(Object.entries(changes))('%s', async ([, change]) => {
    put('models/gone.sql', 'select 1 as a')
    await listed()
    const request = change() ?? {}
    expect((await listed(request)).isParsed).toBe(true)
  })

  test('and what it finds is what a project without a cache shows', async () => {
    await listed()
    put('models/said.sql', 'select 1')
    put('macros/own.sql', `${selectionProject['macros/own.sql']}\n{% test extra(model) %}select 1{% endtest %}`)
    const warm = await listed({ select: ['said', 'tag:plain'] })
    rmSync(join(folder, 'target'), { recursive: true })
    expect(warm.lines).toEqual((await listed({ select: ['said', 'tag:plain'] })).lines)
    expect(existsSync(join(folder, 'target', 'partial_parse.millrace'))).toBe(true)
  })
})
