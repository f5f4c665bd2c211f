import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { features } from './native/feature-registry.ts'
import type { Feature, FeatureLevel } from './native/feature-registry.ts'

const head = `# What the native dbt runner does

Made from the registry that the runner itself refuses by (\`node src/transform/compatibility-page.ts --write\`); a test holds the two together, and another one builds a project for each
refused construct and watches the refusal. \`millrace dbt doctor\` names every place of a project that asks for one.

| mark | what it means |
|---|---|
| **A** | as dbt does it |
| **B** | read and kept in the manifest, nothing is run for it |
| **C** | refused before anything runs, with file, line, column and the remedy \`--runner dbt-core\` |
`

const marks: Readonly<Record<FeatureLevel, string>> = { A: '**A**', B: '**B**', C: '**C**' }

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function row({ name, level, note, constructs = {} }: Feature): string {
  const words = Object.entries(constructs).map(
    ([kind, list]) => `${kind} ${list.map((one) => `\`${one}\``).join(', ')}`,
  )
  const what = [note, level === 'C' ? words.join('; ') : undefined].filter((text) => text !== undefined).join('; ')
  return `| ${marks[level]} | ${cell(name)} | ${cell(what)} |`
}

/** The registry as a page: pure, areas in the order in which they first appear. */
export function compatibilityPage(list: readonly Feature[]): string {
  const areas = [...new Set(list.map(({ area }) => area))]
  const sections = areas.map((area) => {
    const rows = list.filter((one) => one.area === area).map(row)
    return `\n## ${area}\n\n| | feature | what it covers, or what asks for it |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return head + sections.join('')
}

/** Run by itself: `--write` writes docs/compatibility.md, anything else says whether it is up to date. */
if (import.meta.main) {
  const page = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url))
  const text = compatibilityPage(features)
  if (process.argv.includes('--write')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    process.stderr.write('docs/compatibility.md is out of date: node src/transform/compatibility-page.ts --write\n')
    process.exitCode = 1
  }
}
