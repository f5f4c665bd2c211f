import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { caveatsOf, metricCatalogue, metricSql } from '../domain/metric-catalogue.ts'
import type { MetricSpec } from '../domain/metric-catalogue.ts'
import { platforms } from '../domain/platform.ts'

/** The line behind which a page's table is made, and the one before which it ends. */
const begins = '<!-- the metric catalogue begins -->\n'
const ends = '<!-- the metric catalogue ends -->\n'

const made = 'Made from the metric catalogue by src/cli/metrics-page.ts; a change here is undone by the next writing.'

/** dbt's macro of all ratios, over columns that the caller names by metric. */
function ratioMacros(): string {
  const lines = metricCatalogue
    .filter((one) => one.kind === 'ratio')
    .map((one) => `    ${metricSql(one, (id) => `{{ of['${id}'] }}`)} as ${one.id}`)
  return `{# ${made} #}

{# Every ratio of the catalogue. \`of\` names the column of each sum: {'cost': 'cost_converted', …}. #}
{% macro metric_ratios(of) -%}
${lines.join(',\n')}
{%- endmacro %}
`
}

/** A block of dbt docs a metric: \`{{ doc('metric_ctr') }}\`. */
function docBlocks(): string {
  const blocks = metricCatalogue.map((one) => `{% docs metric_${one.id} %}\n${described(one)}\n{% enddocs %}\n`)
  return blocks.join('\n')
}

function described(metric: MetricSpec): string {
  const nulls =
    metric.kind === 'ratio'
      ? ` Null when ${metric.denominator} is 0.`
      : metric.isNullable
        ? ' Null where the platform has no such metric.'
        : ''
  const caveats = platforms.flatMap((platform) =>
    (metric.caveats?.[platform] ? [metric.caveats[platform]] : []).map(
      (one) => `- ${platform} (${one.comparable.replace('_', ' ')}): ${one.en}`,
    ),
  )
  return [
    `${metric.meaning.en}: \`${metricSql(metric)}\`.${nulls}`,
    ...(caveats.length > 0 ? ['', ...caveats] : []),
  ].join('\n')
}

/** dbt's model of what is not comparable: a row for each metric and platform that something must be said of. */
function caveatModel(): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`
  const rows = metricCatalogue.flatMap((metric) =>
    platforms.flatMap((platform) => {
      const [worst] = caveatsOf(metric, platform)
      return worst ? [`    (${[metric.id, platform, worst.comparable, worst.en, worst.ko].map(text).join(', ')})`] : []
    }),
  )
  return `-- ${made}
{{ config(enabled=not var('seed_formulas')) }}

select
    metric,
    platform,
    comparable,
    why_en,
    why_ko
from (values
${rows.join(',\n')}
) as caveats (metric, platform, comparable, why_en, why_ko)
`
}

const cellOf = (text: string) => text.replaceAll('|', '\\|')

/** The table of the guide. */
function metricTable(): string {
  const rows = metricCatalogue.map((metric) => {
    const caveats = platforms.flatMap((platform) => {
      const own = metric.caveats?.[platform]
      return own ? [`${platform}: ${own.en}`] : []
    })
    const cells = [
      `\`${metric.id}\``,
      metric.meaning.en,
      `\`${metricSql(metric)}\``,
      metric.unit,
      metric.better,
      caveats.join('; ') || '–',
    ]
    return `| ${cells.map(cellOf).join(' | ')} |`
  })
  return `| metric | meaning | formula | unit | better | what is not comparable |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`
}

/** The page with its table anew. */
export function withTable(page: string): string {
  const [before = '', rest = ''] = page.split(begins)
  return `${before}${begins}\n${metricTable()}\n${ends}${rest.split(ends)[1] ?? ''}`
}

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(at(path), 'utf8')

/** Every file that the catalogue makes, with what it should hold. */
export function metricFiles(): Readonly<Record<string, string>> {
  return {
    'template/dbt/macros/metrics.sql': ratioMacros(),
    'template/dbt/models/metrics.md': docBlocks(),
    'template/dbt/models/marts/metric_caveats.sql': caveatModel(),
    'docs/guide/hub.md': withTable(read('docs/guide/hub.md')),
  }
}

/** Run by itself: `--write` writes the files, anything else names those that are out of date. */
if (import.meta.main) {
  for (const [path, text] of Object.entries(metricFiles())) {
    if (process.argv.includes('--write')) writeFileSync(at(path), text)
    else if (read(path) !== text) {
      process.stderr.write(`${path} is out of date: node src/cli/metrics-page.ts --write\n`)
      process.exitCode = 1
    }
  }
}
