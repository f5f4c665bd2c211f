import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapter as native } from '../../native.ts'
import { openBench } from '../../bench.fixture.ts'
import type { Bench } from '../../bench.fixture.ts'
import { observe, writeProject } from './observe.fixture.ts'
import type { Observed } from './observe.fixture.ts'
import { steps } from './steps.fixture.ts'

/** Written by real dbt-core: scripts/golden/dbt.ts. */
const expected = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Observed>
>

describe('a project of many constructs is what real dbt-core makes of it', { timeout: 120_000 }, () => {
  let bench: Bench
  let folder: string
  beforeAll(async () => {
    bench = await openBench()
    folder = await writeProject(bench)
  }, 120_000)
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
  })

  test.each(steps)('$name', async (step) => {
    const observed = await observe(bench, await native.open({}), folder, step)
    const golden = expected[step.name]
    for (const part of [
      'exitCode',
      'results',
      'compiled',
      'run',
      'manifest',
      'relations',
      'events',
      'lines',
      'rows',
    ] as const)
      expect.soft(observed[part], part).toEqual(golden?.[part])
  })
})
