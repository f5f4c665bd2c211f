import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSuite } from '../config-quality.ts'
import { qualityJsonSchema } from './config-schema.ts'

let project: string

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'checks-'))
  mkdirSync(join(project, 'checks'))
})

afterEach(() => {
  rmSync(project, { recursive: true })
})

const file = (name: string, text: string) => writeFileSync(join(project, 'checks', name), text)

/** The places and words of the problems of one YAML file. */
async function problems(text: string): Promise<string> {
  file('own.yml', text)
  const error: unknown = await loadSuite(project).catch((thrown: unknown) => thrown)
  const { code, facts } = error as { readonly code: string; readonly facts: Record<string, string | number> }
  return code === 'QUALITY_CONFIG_INVALID' ? String(facts['problems']) : `${code} ${facts['line']}:${facts['column']}`
}

interface Loaded {
  readonly hash?: string
  readonly checks?: readonly string[]
  readonly problems?: string
}

/** In a process of its own: the test runner resolves imports in its own way, and a script's are to be resolved by ours. */
function loadedOutside(): Loaded {
  const module = JSON.stringify(new URL('../config-quality.ts', import.meta.url).href)
  const program = `const { loadSuite } = await import(${module})
const found = await loadSuite(${JSON.stringify(project)}).then(({ hash, checks }) => ({ hash, checks: checks.map((one) => one.id) }), (error) => error.facts)
console.log(JSON.stringify(found))`
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return JSON.parse(text) as Loaded
}

const check = (body: string) => `dataset: daily_campaign_metrics
checks:
  own:
${body
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`

describe('a file that is wrong is told with line and column', () => {
  test.each<readonly [string, string, RegExp]>([
    ['no YAML at all', 'dataset: [daily', /^CONFIG_SYNTAX 1:\d+$/],
    ['a tab for indentation', 'dataset: daily_campaign_metrics\nchecks:\n\town: 1\n', /^CONFIG_SYNTAX 3:1$/],
    [
      'the same check twice',
      check('metric: rowCount\nmustBe: 1') + '  own: { metric: rowCount, mustBe: 2 }\n',
      /^CONFIG_SYNTAX 6:3$/,
    ],
    ['no data set', 'checks: {}', /^checks\/own\.yml:1:1 {2}dataset: must be one of daily_campaign_metrics$/],
    ['another data set', 'dataset: orders', /own\.yml:1:10 {2}dataset: must be one of/],
    [
      'a misspelt setting',
      check('metric: rowCount\nmustBee: 1'),
      /own\.yml:5:14 {2}checks\.own\.mustBee: "mustBee" is not a setting here/,
    ],
    [
      'a metric that there is not',
      check('column: cost\nmetric: nulls\nmustBe: 0'),
      /own\.yml:5:13 {2}checks\.own\.metric: must be one of nullValues/,
    ],
    [
      'a column that there is not',
      check('column: spend\nmetric: nullValues\nmustBe: 0'),
      /own\.yml:4:13 {2}checks\.own\.column: must be one of campaign_id/,
    ],
    [
      'text where a number stands',
      check('metric: rowCount\nmustBe: many'),
      /own\.yml:5:13 {2}checks\.own\.mustBe: must be number/,
    ],
    ['two operators', check('metric: rowCount\nmustBe: 1\nmustNotBe: 2'), /own\.yml:6:16 .*exactly one of mustBe/],
    ['no operator', check('metric: rowCount'), /own\.yml:4:5 .*exactly one of mustBe/],
    ['a range upside down', check('metric: rowCount\nmustBeBetween: [5, 1]'), /own\.yml:5:20 .*5 is above 1/],
    [
      'a least value of text',
      check('column: currency\nmetric: invalidValues\narguments: { min: 1 }\nmustBe: 0'),
      /own\.yml:6:23 .*min is not for currency/,
    ],
    ['no column for null values', check('metric: nullValues\nmustBe: 0'), /own\.yml:4:13 .*nullValues needs a column/],
    [
      'an unknown substitution',
      check('type: sql\nquery: select * from {dataset} where {day}\nmustBe: 0'),
      /own\.yml:5:12 .*\{day\} is unknown/,
    ],
    [
      'a built-in check that there is not',
      check('use: ads.ctr'),
      /own\.yml:4:10 .*there is no built-in check "ads.ctr"/,
    ],
    [
      'an id with capitals',
      'dataset: daily_campaign_metrics\nchecks:\n  Own: { metric: rowCount, mustBe: 1 }\n',
      /own\.yml:3:8 {2}checks\.Own: "Own" cannot be the id/,
    ],
    [
      'a mute without a reason',
      'dataset: daily_campaign_metrics\nmute:\n  - { check: ads.nonneg, until: 2026-12-01, by: ops }\n',
      /own\.yml:3:5 {2}mute\.0\.reason: is needed \(string\)/,
    ],
    [
      'a mute of no check',
      'dataset: daily_campaign_metrics\nmute:\n  - { check: nope, until: 2026-12-01, reason: r, by: ops }\n',
      /own\.yml:3:14 {2}mute\.0\.check: there is no check "nope"/,
    ],
    [
      'a mute that ends on no day',
      'dataset: daily_campaign_metrics\nmute:\n  - { check: ads.nonneg, until: soon, reason: r, by: ops }\n',
      /own\.yml:3:33 {2}mute\.0\.until/,
    ],
    [
      'quarantine of a whole day',
      check('metric: rowCount\nmustBe: 1\nonFail: quarantine'),
      /own\.yml:6:13 .*only a check that says of a single row/,
    ],
  ])('%s', async (_, text, expected) => {
    expect(await problems(text)).toMatch(expected)
  })

  test('all problems of all files at once, and in Korean', async () => {
    file('a.yml', check('metric: rowCount\nmustBee: 1'))
    file('b.yml', 'dataset: orders')
    await expect(loadSuite(project)).rejects.toMatchObject({
      code: 'QUALITY_CONFIG_INVALID',
      facts: { count: 2, problemsKo: expect.stringContaining('여기에 쓰는 설정이 아닙니다') },
    })
  })

  test('a file with two mistakes in one check names the frame and the check', async () => {
    expect((await problems('dataset: orders\nchecks:\n  own: { metric: nulls }\n')).split('\n')).toHaveLength(2)
  })
})

describe('the two syntaxes', () => {
  const yaml = `# yaml-language-server: $schema=./quality.schema.json
dataset: daily_campaign_metrics
extends: [ads.core]
checks:
  cost_range: { column: cost, metric: invalidValues, arguments: { min: 0, max: 100000 }, mustBe: 0, severity: critical }
  no_free_clicks: { type: sql, query: "select * from {dataset} where {partition} and clicks > 0 and cost = 0", mustBe: 0, onFail: warn }
  ctr: { use: ads.ctr_range, mustBeLessThan: 0.5, unit: percent, warn: { mustBeLessThan: 0.1 } }
tags: { campaign_id: [pii] }
`
  const script = `import { defineQuality } from 'millrace'
export default defineQuality({
  dataset: 'daily_campaign_metrics',
  extends: ['ads.core'],
  checks: {
    cost_range: { column: 'cost', metric: 'invalidValues', arguments: { min: 0, max: 100000 }, mustBe: 0, severity: 'critical' },
    no_free_clicks: { type: 'sql', query: 'select * from {dataset} where {partition} and clicks > 0 and cost = 0', mustBe: 0, onFail: 'warn' },
    ctr: { use: 'ads.ctr_range', mustBeLessThan: 0.5, unit: 'percent', warn: { mustBeLessThan: 0.1 } },
  },
  tags: { campaign_id: ['pii'] },
})
`

  test('mean the same suite, to the hash', async () => {
    file('own.yml', yaml)
    const fromYaml = await loadSuite(project)
    rmSync(join(project, 'checks', 'own.yml'))
    file('own.ts', script)
    expect(loadedOutside()).toEqual({ hash: fromYaml.hash, checks: fromYaml.checks.map((one) => one.id) })
    expect(fromYaml.sqlChecks).toMatchObject([{ id: 'no_free_clicks', onFail: 'warn', blocking: false }])
    expect(fromYaml.hidden).toEqual(['campaign_id'])
  })

  test('a script that is wrong is told with line and column, too', () => {
    file('own.ts', script.replace("metric: 'invalidValues'", "metric: 'nulls'"))
    expect(loadedOutside()).toMatchObject({
      problems: expect.stringMatching(/^checks\/own\.ts:6:\d+ {2}checks\.cost_range\.metric: must be one of/),
    })
  })

  test('without a folder the built-in checks stand alone', async () => {
    rmSync(join(project, 'checks'), { recursive: true })
    expect((await loadSuite(project)).hash).toBeNull()
    mkdirSync(join(project, 'checks'))
  })

  test('one check in two files is refused', async () => {
    file('a.yml', check('metric: rowCount\nmustBe: 1'))
    file('b.yml', check('metric: rowCount\nmustBe: 2'))
    await expect(loadSuite(project)).rejects.toMatchObject({ code: 'QUALITY_CHECK_ID_INVALID' })
  })
})

test('docs/quality.schema.json is the same schema; write it anew with: millrace quality schema > docs/quality.schema.json', () => {
  const file = readFileSync(new URL('../../docs/quality.schema.json', import.meta.url), 'utf8')
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(qualityJsonSchema())))
})
