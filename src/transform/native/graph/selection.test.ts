import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingClock } from '../../../domain/clock.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { adapter as dbtCore, defaultDbtFolder } from '../../dbt-core.ts'
import { installedVersion, pinnedDbt } from '../../dbt-install.ts'
import { nativeRunner } from '../../native.ts'
import type { Runner, RunnerRequest } from '../../runner.ts'
import { currentSources, earlierArtifacts, earlierProject, selectionProject } from '../../selection.fixture.ts'
import type { Files } from '../../selection.fixture.ts'
import { selectionCases } from '../../selection-cases.fixture.ts'
import type { SelectionCase } from '../../selection-cases.fixture.ts'
import { listing } from '../exec/listing.ts'
import { prepare } from '../exec/prepare.ts'
import type { Prepared } from '../exec/prepare.ts'
import { selected } from '../exec/selected.ts'

// Written by scripts/selection-golden.ts with real dbt-core; null is a selection that dbt refuses.
const golden = JSON.parse(readFileSync(new URL('golden/selection.json', import.meta.url), 'utf8')) as (
  | string[]
  | null
)[]
const dbtFolder = defaultDbtFolder(process.env)
const absent = installedVersion(dbtFolder) !== pinnedDbt.core
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

const native = nativeRunner(standingClock(0))
let folder: string

function put(below: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, below, path)), { recursive: true })
    writeFileSync(join(folder, below, path), text)
  }
}

function request(below: string, changes: Partial<RunnerRequest>): RunnerRequest {
  const project = join(folder, below)
  const plain = { select: [], exclude: [], vars: {}, fullRefresh: false, failFast: false, env: {} }
  return { command: 'ls', projectDir: project, profilesDir: project, ...plain, ...changes }
}

function asked(one: SelectionCase, state: string): Partial<RunnerRequest> {
  return {
    select: one.select ?? [],
    exclude: one.exclude ?? [],
    selector: one.selector,
    indirectSelection: one.indirect,
    resourceTypes: one.types,
    excludeResourceTypes: one.excludeTypes,
    output: one.output,
    outputKeys: one.keys,
    statePath: join(folder, state, 'target'),
  }
}

async function answer(runner: Runner, one: SelectionCase, state: string): Promise<string[]> {
  const lines: string[] = []
  await runner.invoke(request('now', asked(one, state)), (event) => {
    if (event.kind === 'output') lines.push(event.line)
  })
  return lines
}

/** The project is parsed once for each way of taking tests along, because selectors.yml is read with it. */
const parsed = new Map<string, Prepared>()

function listed(one: SelectionCase): string[] | null {
  const wanted = request('now', asked(one, 'earlier'))
  const mode = one.indirect ?? 'eager'
  const prepared = parsed.get(mode) ?? prepare(wanted, { clock: standingClock(0), newId: () => 'id' }, () => undefined)
  parsed.set(mode, prepared)
  try {
    return listing(selected(prepared, wanted), wanted, prepared)
  } catch (error) {
    if (error instanceof MillraceError) return null
    throw error
  }
}

/** JSON is compared as what it says. dbt repeats a test's own tags in its configuration; they are compared once. */
function comparable(lines: readonly string[] | null, { output }: SelectionCase): unknown {
  if (output !== 'json') return lines
  return lines?.map((line) =>
    JSON.parse(line, (key, value: unknown) => (key === 'tags' && Array.isArray(value) ? [...new Set(value)] : value)),
  )
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-selection-'))
  put('earlier', earlierProject)
  put('earlier/target', earlierArtifacts)
  put('now', selectionProject)
  put('now/target', { 'sources.json': currentSources })
  await native.invoke(request('earlier', { command: 'parse' }), () => undefined)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every selection has its answer', () => {
  expect(golden).toHaveLength(selectionCases.length)
  expect(golden.filter((lines) => lines !== null && lines.length > 0).length).toBeGreaterThan(150)
})

describe('`ls` answers as dbt-core does', () => {
  const cases = selectionCases.map((one, index) => [JSON.stringify(one), one, index] as const)
  test.for(cases)('%s', ([, one, index]) => {
    expect(comparable(listed(one), one)).toEqual(comparable(golden[index] ?? null, one))
  })
})

describe('real dbt-core', { timeout: 400_000 }, () => {
  const ready = (skip: (condition: boolean, note: string) => void): void => {
    if (!required) skip(absent, 'dbt-core is not installed: scripts/services.sh install dbt')
  }

  test('still gives the golden answers, by a sample', async ({ skip }) => {
    ready(skip)
    put('real', earlierProject)
    put('real/target', earlierArtifacts)
    const runner = await dbtCore.open({ folder: dbtFolder, install: false })
    await runner.invoke(request('real', { command: 'parse' }), () => undefined)
    const one = selectionCases.at(-1)!
    expect(await answer(runner, one, 'real')).toEqual(golden.at(-1))
  })

  test('writes a manifest that the native runner compares with', async ({ skip }) => {
    ready(skip)
    for (const state of ['new', 'old', 'modified.body', 'modified.relation', 'modified.macros']) {
      const select = `state:${state}`
      const one = { select: [select] }
      const index = selectionCases.findIndex((other) => JSON.stringify(other) === JSON.stringify(one))
      expect(await answer(native, one, 'real')).toEqual(golden[index])
    }
  })
})
