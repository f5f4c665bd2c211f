import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { timeZone } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { specHash } from './ad-graph.ts'
import type { AirflowOptions } from './airflow-export.ts'
import { airflowDag } from './airflow-export.ts'
import { adDataPipeline } from './pipeline.ts'
import type { Pipeline } from './pipeline.ts'

const airflow = process.env['MILLRACE_TEST_AIRFLOW'] ?? ''
const absent = 'Airflow is not installed: scripts/services.sh install airflow'
const program = (name: string): string => join(dirname(airflow), name)
const pipeline = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
const options: AirflowOptions = { runner: 'process', poolSlots: 4 }

function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-airflow-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'exported.py')
  writeFileSync(file, text)
  return file
}

describe('the exported file', () => {
  test('is the same for the same pipeline, and names the pipeline that it was written from', () => {
    const again = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
    expect(airflowDag(again, options)).toBe(airflowDag(pipeline, options))
    expect(airflowDag(pipeline, options)).toContain(`SPEC = "${specHash(pipeline)}"`)
    const other = adDataPipeline(['google_ads'], timeZone('Asia/Seoul'))
    expect(specHash(other)).not.toBe(specHash(pipeline))
    expect(airflowDag(other, options)).not.toContain('meta_ads')
  })

  test.for(['0 2 * * 1-5', '0 2,14 * * *', '*/5 * * * *', '0 2 1 * *'])('is refused for %s: not once a day', (cron) => {
    const refused = (): string => airflowDag({ ...pipeline, schedule: { ...pipeline.schedule, cron } }, options)
    expect(refused).toThrow(expect.toSatisfy((e: unknown) => isMillraceError(e, 'ORCHESTRATE_EXPORT_SCHEDULE')))
  })

  test.for(['all', 'latest', 'none'] as const)('has catch-up %s in the one form that Airflow has', (catchup) => {
    const text = airflowDag({ ...pipeline, catchup }, options)
    expect(text).toContain(`catchup=${catchup === 'all' ? 'True' : 'False'},`)
  })
})

describe('real tools over it', () => {
  test.for(['process', 'pod'] as const)("ruff's AIR rules have nothing against the %s runner", (runner, { skip }) => {
    if (airflow === '') skip(absent)
    const file = written(airflowDag(pipeline, { ...options, runner }))
    const rules = ['check', '--preview', '--isolated', '--no-cache', '--select', 'AIR,F,E9', file]
    expect(execFileSync(program('ruff'), rules, { encoding: 'utf8' })).toContain('All checks passed!')
  })

  test('any description is the same text in Python', { timeout: 60_000 }, ({ skip }) => {
    if (airflow === '') skip(absent)
    const texts = fc.sample(fc.string({ unit: 'binary' }), { numRuns: 200, seed: 7 })
    const files = texts.map((description) => airflowDag({ ...pipeline, description }, options))
    const script = `import ast, json, sys
def description(source):
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.keyword) and n.arg == "description"]
    return calls[0].value.value
print(json.dumps([description(one) for one in json.load(sys.stdin)]))`
    const said = execFileSync(program('python'), ['-c', script], { input: JSON.stringify(files), encoding: 'utf8' })
    expect(JSON.parse(said)).toEqual(texts)
  })

  test('Airflow tries again, fails at once or skips by the exit code', { timeout: 180_000 }, ({ skip }) => {
    if (airflow === '') skip(absent)
    const seen = observed(pipeline)
    const raised = Object.fromEntries(
      Object.entries(seen.endings).map(([code, one]) => [code, one.raised ?? 'nothing']),
    )
    expect(raised).toEqual({
      '0': 'nothing',
      ...Object.fromEntries(['1', '4', '6', '75', '130', 'never'].map((code) => [code, 'AirflowException'])),
      ...Object.fromEntries(['2', '3', '5', '7', 'no interval'].map((code) => [code, 'AirflowFailException'])),
      '99': 'AirflowSkipException',
    })
    // One second to the signal, one to the second signal: the sixty that it would have slept are not waited for.
    expect(seen.endings['never']?.seconds).toBeLessThan(30)
    expect(seen.endings['0']?.result?.argv.join(' ')).toBe(
      `task run ad_data_pipeline a_step --interval-start 2026-11-24T17:00:00+00:00 --interval-end 2026-11-25T17:00:00+00:00 --account google_ads/1 --expect-spec ${specHash(pipeline)} --try 2 --max-tries 3 --external-run airflow:the_dag:run:1 --log-format json --result stdout`,
    )
    expect(seen.upstream['google_ads.transform_and_load_data']).toContain('google_ads.extract_google_ads_data')
    expect(seen.upstream['run_dbt_models']).toEqual([
      'google_ads.transform_and_load_data',
      'meta_ads.transform_and_load_data',
    ])
    expect(seen.pools['meta_ads.extract_meta_ads_data']).toBe('ads_api')
  })
})

interface Observed {
  readonly endings: Readonly<
    Record<
      string,
      { readonly raised?: string; readonly seconds?: number; readonly result?: { readonly argv: readonly string[] } }
    >
  >
  readonly upstream: Readonly<Record<string, readonly string[]>>
  readonly pools: Readonly<Record<string, string>>
}

function observed(one: Pipeline): Observed {
  const file = written(airflowDag(one, options))
  const script = new URL('../../test/airflow_exits.py', import.meta.url).pathname
  const env = {
    ...process.env,
    AIRFLOW_HOME: dirname(file),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    MILLRACE_PROJECT: '',
  }
  const said = execFileSync(program('python'), [script, file], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Observed
}
