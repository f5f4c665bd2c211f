import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { caveatsOf, metricCatalogue, metricSql } from '../domain/metric-catalogue.ts'
import { metricFiles, withTable } from './metrics-page.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test.for(Object.entries(metricFiles()))(
  '%s is what the catalogue says; write it anew with: node src/cli/metrics-page.ts --write',
  ([path, text]) => {
    expect(text.length).toBeGreaterThan(500)
    expect(read(path)).toBe(text)
  },
)

test('only the table of a page is made anew', () => {
  const page = `# A\n<!-- the metric catalogue begins -->\nold\n<!-- the metric catalogue ends -->\nb\n`
  expect(withTable(page)).toMatch(/^# A\n<!--.*begins -->\n\n\| metric [^]*\|\n\n<!--.*ends -->\nb\n$/)
  expect(withTable(page)).not.toContain('old')
})

describe('the catalogue', () => {
  const ids = metricCatalogue.map((one) => one.id)

  test('names each metric once, and every part of a ratio is a sum', () => {
    expect(new Set(ids).size).toBe(ids.length)
    const sums = new Set(metricCatalogue.filter((one) => one.kind === 'sum').map((one) => one.id))
    const ratios = metricCatalogue.filter((one) => one.kind === 'ratio')
    expect(ratios.flatMap((one) => [one.numerator, one.denominator]).filter((id) => !sums.has(id))).toEqual([])
  })

  test('speaks both languages', () => {
    for (const { label, meaning, caveats } of metricCatalogue)
      for (const said of [label, meaning, ...Object.values(caveats ?? {})]) {
        expect(said.en.trim()).not.toBe('')
        expect(said.ko).toMatch(/[가-힣]/)
      }
  })

  test('gives a ratio the caveats of its parts, the graver first', () => {
    const cpc = metricCatalogue.find((one) => one.id === 'cpc')!
    expect(caveatsOf(cpc, 'meta_ads').map((one) => one.comparable)).toEqual(['not_comparable'])
    const cvr = metricCatalogue.find((one) => one.id === 'cvr')!
    expect(caveatsOf(cvr, 'meta_ads').map((one) => one.comparable)).toEqual(['not_comparable', 'limited'])
    expect(
      caveatsOf(
        metricCatalogue.find((one) => one.id === 'cpm')!,
        'google_ads',
      ),
    ).toEqual([])
  })

  test('has the formulas of the warehouse’s own view', () => {
    const view = read('src/warehouse/migrations/0002_daily_campaign_metrics.sql')
    const ofView = new Map(
      [...view.matchAll(/^\s+(f\.\S+ \/ nullif\(f\.\w+, 0\)) as (\w+)/gm)].map(([, sql = '', id = '']) => [id, sql]),
    )
    expect([...ofView.keys()]).toEqual(['ctr', 'cpc', 'cvr', 'cpa', 'roas'])
    for (const [id, sql] of ofView) {
      const metric = metricCatalogue.find((one) => one.id === id)!
      // numeric columns need no cast.
      const wanted = metricSql(metric, (part) => `f.${part}`)
      expect(sql.replace('::numeric', '')).toBe(wanted.replace('::numeric', ''))
    }
  })
})
