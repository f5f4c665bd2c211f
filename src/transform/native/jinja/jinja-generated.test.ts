import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { MillraceError } from '../../../domain/errors.ts'
import { defaultDbtFolder } from '../../dbt-core.ts'
import { generatedTemplates } from './generated-templates.fixture.ts'
import { jinjaGlobals } from './globals.ts'
import { Template } from './template.ts'

const python = join(defaultDbtFolder(process.env), 'bin', 'python')
const script = fileURLToPath(new URL('../../../../scripts/golden/jinja.py', import.meta.url))
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

interface Answer {
  readonly output?: string
  readonly error?: string
}

function ours(source: string): string {
  try {
    const context = { lookup: (name: string) => jinjaGlobals.get(name), permissive: false }
    return Template.parse(source, 'generated.sql').renderNow(context)
  } catch (error) {
    if (error instanceof MillraceError) return 'refused'
    throw error
  }
}

const seed = Number(process.env['MILLRACE_SEED'] ?? 20_261_127)
const count = process.env['MILLRACE_LONG'] === '1' ? 20_000 : 1_500

/** Both render the same text, or both refuse. */
test(`${count} templates of seed ${seed} render as real Jinja2 renders them`, { timeout: 120_000 }, ({ skip }) => {
  if (!required) skip(!existsSync(python), 'Jinja2 is not installed: scripts/services.sh install dbt')
  const sources = generatedTemplates(seed, count)
  const asked = spawnSync(python, [script, '--stdin'], { input: JSON.stringify(sources), encoding: 'utf8', maxBuffer: 2 ** 28 })
  const answers = JSON.parse(asked.stdout) as Answer[]
  const differing = sources.flatMap((source, index) => {
    const { output, error } = answers[index] ?? {}
    const [mine, theirs] = [ours(source), error === undefined ? output : 'refused']
    return mine === theirs ? [] : [{ source, mine, theirs: theirs === 'refused' ? error : theirs }]
  })
  expect(answers.filter(({ error }) => error === undefined).length).toBeGreaterThan(count / 4)
  expect(differing).toEqual([])
})
