import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'

/*
 * The exported DAG, run by a real Airflow from a folder of its own, against the sandbox; and the same days by our own engine.
 */

const airflow = process.env['MILLRACE_TEST_AIRFLOW'] ?? ''
const bin = new URL('../bin/millrace.cjs', import.meta.url).pathname
const dagId = 'millrace__ad_data_pipeline'
const dayMs = 86_400_000
const dayBefore = (days: number): string => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10)
/** Closed in every zone. */
const about = dayBefore(4)
/** `dags test` takes the instant at which the run would have fired, and runs the interval that ends there. */
const firedAt = `${dayBefore(3)}T02:00:00+09:00`

type Row = Readonly<Record<string, string>>

async function millrace(project: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args, '--project', project], {
    env: { ...process.env, MILLRACE_LANG: 'en' },
    maxBuffer: 2 ** 26,
  })
  return stdout
}

async function rows(project: string, query: string): Promise<readonly Row[]> {
  const text = await millrace(project, 'sql', query, '--format', 'ndjson')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)
}

function folder(name: string): string {
  const made = mkdtempSync(join(tmpdir(), `millrace-airflow-${name}-`))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Keeps a project's Postgres up between its commands, each of which would begin and end it. */
async function keepPostgres(project: string): Promise<void> {
  const server = await startEmbedded({ dir: join(project, '.millrace', 'postgres') })
  onTestFinished(() => server.stop())
}

/** Airflow's own commands, over a home of this test alone. */
function airflowIn(home: string, project: string) {
  const env = {
    ...process.env,
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__DAGS_FOLDER: join(home, 'dags'),
    MILLRACE_BIN: `'${process.execPath}' '${bin}'`,
    MILLRACE_PROJECT: project,
    PATH: `${dirname(airflow)}:${process.env['PATH'] ?? ''}`,
  }
  return async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(airflow, [...args], { env, maxBuffer: 2 ** 28 })
    return stdout + stderr
  }
}

const facts = `select platform, account_id, campaign_id, date, impressions, clicks, cost, conversions, currency
  from daily_campaign_metrics order by platform, account_id, campaign_id, date`

test(
  'airflow dags test loads what our own run loads, to the row; a changed pipeline is refused; its run shows up here',
  { timeout: 600_000 },
  async ({ skip }) => {
    if (airflow === '') skip('Airflow is not installed: scripts/services.sh install airflow')
    const [home, theirs, ours] = [folder('home'), folder('theirs'), folder('ours')]
    for (const project of [theirs, ours]) {
      await millrace(project, 'init', project, '--yes')
      await keepPostgres(project)
    }
    const dag = join(home, 'dags', 'ad_data_pipeline.py')
    mkdirSync(dirname(dag))
    await millrace(theirs, 'export', 'airflow', '--out', dag)
    const call = airflowIn(home, theirs)
    await call('db', 'migrate')
    await call('dags', 'reserialize')
    expect(await call('dags', 'list-import-errors')).toContain('No data found')
    await call('dags', 'test', dagId, firedAt)
    const loaded = await rows(theirs, facts)
    expect(loaded.length).toBeGreaterThan(0)
    const days = [...new Set(loaded.map((row) => row['date'] ?? ''))].toSorted()
    expect(days.at(-1)).toBe(about)
    await millrace(ours, 'run', '--since', days[0] ?? '', '--until', about)
    expect((await rows(ours, facts)).filter((row) => days.includes(row['date'] ?? ''))).toEqual(loaded)
    const [run] = await rows(theirs, `select kind, state, external_ref, partition_key::text as day from engine_run`)
    expect(run).toMatchObject({ kind: 'external', state: 'success', day: about })
    expect(run?.['external_ref']).toMatch(/^airflow:millrace__ad_data_pipeline:/)

    const text = readFileSync(dag, 'utf8')
    await millrace(theirs, 'export', 'airflow', '--out', dag)
    expect(readFileSync(dag, 'utf8')).toBe(text)
    writeFileSync(dag, text.replace(/SPEC = "sha256:\w{4}/, 'SPEC = "sha256:0000'))
    const refused = await call('dags', 'test', dagId, firedAt).catch(
      (error: { readonly stdout: string; readonly stderr: string }) => error.stdout + error.stderr,
    )
    expect(stripVTControlCharacters(refused)).toContain('AirflowFailException: millrace ended with 3')
  },
)
