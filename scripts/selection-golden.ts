// Writes what real dbt-core answers to the selections of src/transform/selection-cases.fixture.ts into src/transform/native/graph/golden/selection.json.
//
// scripts/services.sh install dbt, then: node scripts/selection-golden.ts
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  currentSources,
  earlierArtifacts,
  earlierProject,
  selectionProject,
} from '../src/transform/selection.fixture.ts'
import { selectionCases } from '../src/transform/selection-cases.fixture.ts'
import type { Files } from '../src/transform/selection.fixture.ts'

const root = join(import.meta.dirname, '..')
const services = process.env['MILLRACE_SERVICES_DIR'] ?? join(homedir(), '.cache', 'millrace-services')
const python = join(services, 'dbt', 'bin', 'python')
const folder = mkdtempSync(join(tmpdir(), 'millrace-selection-'))

function put(below: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, below, path)), { recursive: true })
    writeFileSync(join(folder, below, path), text)
  }
}

function run(program: string, args: readonly string[], input = ''): string {
  const ended = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false', DO_NOT_TRACK: '1' },
  })
  process.stderr.write(ended.stderr)
  if (ended.status !== 0) throw new Error(`${program} ended with ${ended.status}\n${ended.stdout}`)
  return ended.stdout
}

try {
  put('earlier', earlierProject)
  put('earlier/target', earlierArtifacts)
  put('now', selectionProject)
  put('now/target', { 'sources.json': currentSources })
  const earlier = join(folder, 'earlier')
  run(join(services, 'dbt', 'bin', 'dbt'), ['parse', '--project-dir', earlier, '--profiles-dir', earlier, '--quiet'])
  const given = { project: join(folder, 'now'), state: join(earlier, 'target'), cases: selectionCases }
  const answers = JSON.parse(
    run(python, [join(root, 'scripts', 'golden', 'dbt-selection.py')], JSON.stringify(given)),
  ) as (string[] | null)[]
  const lines = answers.map((answer) => JSON.stringify(answer))
  writeFileSync(
    join(root, 'src', 'transform', 'native', 'graph', 'golden', 'selection.json'),
    `[\n${lines.join(',\n')}\n]\n`,
  )
  process.stderr.write(`${answers.length} selections answered\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
