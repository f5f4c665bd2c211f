import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDbtArguments } from './dbt-command.ts'
import { parseDbtInvocation } from './dbt-command.ts'
import { dbtHelp, dbtVersion } from './dbt-help.ts'
import { dbtArguments } from './dbt-process.ts'

const parse = (line: string) => parseDbtArguments(line.split(' '), {}, '/project')

function refusal(line: string): unknown {
  try {
    return parse(line)
  } catch (error) {
    return error
  }
}

describe("dbt's command line", () => {
  test('a bare command takes the folder it stands in', () => {
    expect(parse('build')).toMatchObject({
      command: 'build',
      projectDir: '/project',
      profilesDir: '/project',
      select: [],
      exclude: [],
      vars: {},
    })
  })

  test('lists take every word up to the next flag', () => {
    expect(parse('run --select a+ tag:x,b --exclude c d --threads 8 -f -x')).toMatchObject({
      select: ['a+', 'tag:x,b'],
      exclude: ['c', 'd'],
      threads: 8,
      fullRefresh: true,
      failFast: true,
    })
    expect(parse('ls -s a -s b --resource-type model test')).toMatchObject({
      command: 'ls',
      select: ['a', 'b'],
      resourceTypes: ['model', 'test'],
    })
  })

  test('vars are a YAML mapping', () => {
    const vars = parseDbtArguments(['run', '--vars', '{start_date: "2024-02-01", seed_formulas: yes}'], {}, '/p').vars
    expect(vars).toEqual({ start_date: '2024-02-01', seed_formulas: true })
  })

  test("dbt's own variables stand in for flags", () => {
    const env = { DBT_PROFILES_DIR: '/profiles', DBT_TARGET: 'prod' }
    expect(parseDbtArguments(['run'], env, '/p')).toMatchObject({ profilesDir: '/profiles', target: 'prod' })
  })

  test('an option of another command is refused, as dbt refuses it', () => {
    expect(refusal('test --full-refresh')).toMatchObject({ facts: { argument: '--full-refresh' } })
    expect(refusal('run --limit 5')).toMatchObject({ facts: { argument: '--limit' } })
    expect(parse('retry --full-refresh')).toMatchObject({ fullRefresh: true })
  })

  test('two words are one command, and --output is what the command makes of it', () => {
    expect(parse('source freshness -o out.json')).toMatchObject({
      command: 'source-freshness',
      sourcesPath: 'out.json',
    })
    expect(parse('show --inline x --output json --limit -1')).toMatchObject({ preview: 'json', limit: -1 })
    expect(parse('docs generate --no-compile --empty-catalog')).toMatchObject({
      docs: { compile: false, emptyCatalog: true, static: false },
    })
  })

  test('a flag stands on the line, in the environment or in the project, in that order', () => {
    const env = { DBT_FAIL_FAST: '1', DBT_ENGINE_FULL_REFRESH: 'true', DBT_EMPTY: 'false' }
    expect(parseDbtArguments(['run'], env, '/p')).toMatchObject({ failFast: true, fullRefresh: true, empty: false })
    expect(parseDbtArguments(['run', '--no-fail-fast'], env, '/p').failFast).toBe(false)
    const folder = mkdtempSync(join(tmpdir(), 'millrace-flags-'))
    writeFileSync(
      join(folder, 'dbt_project.yml'),
      'flags: {fail_fast: true, warn_error_options: {error: [A], silence: [B]}, log_format: json}',
    )
    const { request, log } = parseDbtInvocation(['run'], {}, folder)
    expect(request).toMatchObject({ failFast: true, warnErrors: { error: ['A'], warn: [], silence: ['B'] } })
    expect([log.format, log.fileFormat, log.level]).toEqual(['json', 'json', 'info'])
    expect(parseDbtInvocation(['run', '-q', '--log-format', 'text'], {}, folder).log).toMatchObject({
      format: 'text',
      level: 'error',
    })
  })

  test('--help names the options that a command takes', () => {
    expect(dbtHelp(['show', '--help'])).toContain('--limit LIMIT')
    expect(dbtHelp(['test', '--help'])).not.toContain('--full-refresh')
    expect(dbtHelp(['--help'])).toContain('source freshness')
    expect(dbtVersion('native')).toContain('- installed: 1.11.16')
  })

  test.for([
    '',
    'fly',
    'run --nonsense',
    'run extra',
    'run --threads none',
    'run --vars [1]',
    'run-operation',
    'run --indirect-selection sometimes',
    'show',
    'source',
    'show --inline x --select a',
    'run --warn-error --warn-error-options {}',
  ])('%s is refused as usage', (line) => {
    expect(refusal(line)).toMatchObject({ code: 'TRANSFORM_ARGUMENT_UNKNOWN', exitCode: 2 })
  })

  test('a request becomes a command line that dbt understands, and reads back as itself', () => {
    const request = parse('build --select a b --exclude c --target t --vars {x:1} --threads 2 --full-refresh')
    const line = dbtArguments({ ...request, vars: { x: 1 } })
    expect(line.slice(0, 3)).toEqual(['--log-format', 'json', 'build'])
    const { projectDir, select, exclude, target, threads, fullRefresh } = parseDbtArguments(
      line.slice(2),
      {},
      '/elsewhere',
    )
    expect({ projectDir, select, exclude, target, threads, fullRefresh }).toEqual({
      projectDir: '/project',
      select: ['a', 'b'],
      exclude: ['c'],
      target: 't',
      threads: 2,
      fullRefresh: true,
    })
  })
})
