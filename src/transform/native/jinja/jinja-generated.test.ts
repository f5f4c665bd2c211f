import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { MillraceError } from '../../../domain/errors.ts'
import { defaultDbtFolder } from '../../dbt-core.ts'
import { valueNames } from '../context/value-names.ts'
import { md5, modules } from '../context/base-names.ts'
import { hostFunction } from './arguments.ts'
import { generatedTemplates } from './generated-templates.fixture.ts'
import { jinjaGlobals } from './globals.ts'
import { Template } from './template.ts'
import { str } from './text.ts'
import type { Value } from './value.ts'

const python = join(defaultDbtFolder(process.env), 'bin', 'python')
const script = fileURLToPath(new URL('../../../../scripts/golden/jinja.py', import.meta.url))
const goldenFile = fileURLToPath(new URL('golden/generated.json', import.meta.url))
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')
const long = process.env['MILLRACE_LONG'] === '1'

const names = new Map<string, Value>([
  ...jinjaGlobals,
  ...valueNames,
  ['local_md5', hostFunction('local_md5', ['value'], ({ value = '' }) => md5(str(value)))],
  ['modules', modules(() => 0)],
])

/** What a template came to: its text, or null when it was refused. */
type Answer = string | null

function ours(source: string): Answer {
  try {
    const context = { lookup: (name: string) => names.get(name), permissive: false }
    return Template.parse(source, 'generated.sql').renderNow(context)
  } catch (error) {
    if (error instanceof MillraceError) return null
    throw error
  }
}

/** Python prints the address of a method; no template may rely on it. */
const withoutAddresses = (text: string): string =>
  text.replaceAll(/<built-in method (\w+) of \w+ object at 0x[\da-f]+>/g, '<function $1>')

function theirs(sources: readonly string[]): Answer[] {
  const asked = spawnSync(python, [script, '--stdin'], {
    input: JSON.stringify(sources),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONWARNINGS: 'ignore' },
  })
  const answers = JSON.parse(asked.stdout) as { readonly output?: string }[]
  return answers.map(({ output }) => (output === undefined ? null : withoutAddresses(output)))
}

function differing(sources: readonly string[], answers: readonly Answer[]): object[] {
  return sources.flatMap((source, index) => {
    const [mine, expected] = [ours(source), answers[index]]
    return mine === expected ? [] : [{ source, mine, expected }]
  })
}

interface Golden {
  readonly seed: number
  readonly answers: readonly Answer[]
}

/** MILLRACE_GOLDEN=1 has real Jinja2 write the answers anew. */
test('templates of a fixed seed render as real Jinja2 rendered them, or are refused as there', () => {
  const seed = 20_261_127
  if (process.env['MILLRACE_GOLDEN'] === '1')
    writeFileSync(goldenFile, `${JSON.stringify({ seed, answers: theirs(generatedTemplates(seed, 600)) }, null, 1)}\n`)
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden
  const sources = generatedTemplates(golden.seed, golden.answers.length)
  expect(golden.answers.filter((answer) => answer !== null).length).toBeGreaterThan(400)
  expect(golden.answers.filter((answer) => answer === null).length).toBeGreaterThan(50)
  expect(differing(sources, golden.answers)).toEqual([])
})

const seed = Number(process.env['MILLRACE_SEED'] ?? 7)
const count = long ? 20_000 : 0

test.runIf(long)(
  `${count} templates of seed ${seed} render as real Jinja2 renders them`,
  { timeout: 600_000 },
  ({ skip }) => {
    if (!required) skip(!existsSync(python), 'Jinja2 is not installed: scripts/services.sh install dbt')
    const sources = generatedTemplates(seed, count)
    expect(differing(sources, theirs(sources))).toEqual([])
  },
)
