import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

const pods = process.env['MILLRACE_TEST_PODS'] ?? ''
const noPods = 'the tools of pods are not installed: scripts/services.sh install pods'

/** As much of a pod as says what it will do. */
interface Pod {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly restartPolicy: string
    readonly serviceAccountName?: string
    readonly terminationGracePeriodSeconds: number
    readonly containers: readonly { readonly name: string; readonly image: string; readonly args?: readonly string[] }[]
  }
}

describe('pods and images', () => {
  test(
    'the real provider makes a pod of every task, with what millrace is told in it',
    { timeout: 120_000 },
    ({ skip }) => {
      if (pods === '') skip(noPods)
      const file = written(airflowDag(pipeline, { ...options, runner: 'pod' }))
      const script = new URL('../../test/airflow_pods.py', import.meta.url).pathname
      const env = {
        ...process.env,
        AIRFLOW_HOME: dirname(file),
        AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
        MILLRACE_POD_IMAGE: 'registry.example/millrace:1',
        MILLRACE_POD_NAMESPACE: 'ads',
        MILLRACE_POD_SERVICE_ACCOUNT: 'loader',
      }
      const said = execFileSync(pods, [script, file], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const made = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, Pod>>
      expect(Object.keys(made)).toEqual([
        'list_accounts',
        'google_ads.extract_google_ads_data',
        'google_ads.transform_and_load_data',
        'meta_ads.extract_meta_ads_data',
        'meta_ads.transform_and_load_data',
        'run_dbt_models',
        'notify',
      ])
      for (const { metadata, spec } of Object.values(made)) {
        expect(metadata.name).toMatch(/^millrace-[a-z0-9-]+$/)
        expect([
          metadata.namespace,
          spec.serviceAccountName,
          spec.restartPolicy,
          spec.terminationGracePeriodSeconds,
        ]).toEqual(['ads', 'loader', 'Never', 20])
        expect(spec.containers.map((one) => one.name)).toEqual(['base', 'airflow-xcom-sidecar'])
      }
      const [base] = made['google_ads.extract_google_ads_data']?.spec.containers ?? []
      expect([base?.image, base?.args?.join(' ')]).toEqual([
        'registry.example/millrace:1',
        `task run ad_data_pipeline extract_google_ads_data --interval-start 2026-11-24T17:00:00+00:00 --interval-end 2026-11-25T17:00:00+00:00 --account google_ads/1 --expect-spec ${specHash(pipeline)} --try 2 --max-tries 3 --external-run airflow:millrace__ad_data_pipeline:scheduled__1 --log-format json --result /airflow/xcom/return.json`,
      ])
    },
  )

  const root = new URL('../../', import.meta.url).pathname

  test('hadolint has nothing against the image, and finds what is wrong with a bad one', ({ skip }) => {
    if (pods === '') skip(noPods)
    const lint = (file: string) => spawnSync(join(dirname(pods), 'hadolint'), [file], { encoding: 'utf8' }).stdout
    expect(lint(join(root, 'Dockerfile'))).toBe('')
    expect(lint(written('FROM node\nRUN cd /x\n'))).toMatch(/DL3006[\s\S]*DL3003/)
  })

  test('the compose file is what the specification takes', ({ skip }) => {
    if (pods === '') skip(noPods)
    const script =
      'import sys; from compose_spec import PyCompose; print(PyCompose.from_yaml(sys.stdin.read()).service_names())'
    const names = (text: string) => execFileSync(pods, ['-c', script], { input: text, encoding: 'utf8', stdio: 'pipe' })
    const text = readFileSync(join(root, 'compose.yaml'), 'utf8')
    expect(names(text)).toBe("['millrace']\n")
    expect(() => names(text.replace('stop_grace_period: 60s', 'stop_grace_period: sixty'))).toThrow(/duration `sixty`/)
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
