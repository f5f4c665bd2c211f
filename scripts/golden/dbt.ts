/**
 * Writes what real dbt-core makes of the golden project into src/transform/native/golden/expected.json:
 *   bash scripts/services.sh install dbt && node scripts/golden/dbt.ts
 * Each step is one invocation on a database of its own, which the next one finds as it was left. With names of projects (golden,
 * timed, wrong) behind it, their steps alone are done anew.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { adapter as dbtCore, defaultDbtFolder } from '../../src/transform/dbt-core.ts'
import { observe, writeProject } from '../../src/transform/native/golden/observe.fixture.ts'
import type { Observed } from '../../src/transform/native/golden/observe.fixture.ts'
import { steps } from '../../src/transform/native/golden/steps.fixture.ts'
import { openBench } from '../../src/transform/bench.fixture.ts'

await using bench = await openBench()
const runner = await dbtCore.open({ folder: defaultDbtFolder(process.env), install: false })
const folder = await writeProject(bench)
const file = new URL('../../src/transform/native/golden/expected.json', import.meta.url)
const only = process.argv.slice(2)
const held = only.length === 0 ? {} : (JSON.parse(await readFile(file, 'utf8')) as Record<string, Observed>)
const expected: Record<string, Observed> = {}
for (const step of steps) {
  const known = held[step.name]
  if (known !== undefined && !only.includes(step.project ?? 'golden')) {
    expected[step.name] = known
    continue
  }
  process.stderr.write(`${step.name}\n`)
  expected[step.name] = await observe(bench, runner, folder, step)
  await writeFile(file, `${JSON.stringify({ ...held, ...expected }, null, 1)}\n`)
}
