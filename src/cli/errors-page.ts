import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ErrorEntry } from '../domain/error-entry.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { catalogue } from '../domain/errors.ts'

const head = `# Errors

Every error of Millrace has a code. The command line, the log and the messages use the same text, in English and Korean; \`millrace errors CODE\` prints it.
In the text, \`{name}\` stands for a fact that the error carries; the column "facts" lists them as programs read them. "Retry" says whether the same call may succeed later with nothing changed.

This page is made from the catalogue (\`node src/cli/errors-page.ts --write\`), and a test holds the two together.

| code | what it means | facts | how to solve | retry | exit |
|---|---|---|---|---|---|
`

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The catalogue as a page: pure, codes in alphabetical order, which is also that of the rooms in their names. */
export function errorsPage(entries: Readonly<Record<string, ErrorEntry>>): string {
  const sorted = Object.entries(entries).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const rows = sorted.map(([code, { en, facts, retryable, exit }]) => {
    const meaning = cell(`${en.what}. ${en.why}`)
    const named = facts.map((fact) => `\`${fact}\``).join(', ') || '–'
    return `| \`${code}\` | ${meaning} | ${named} | ${cell(en.fix)} | ${retryable ? 'yes' : 'no'} | ${exitCodes[exit]} |`
  })
  return `${head}${rows.join('\n')}\n`
}

const page = fileURLToPath(new URL('../../docs/errors.md', import.meta.url))

/** Run by itself: `--write` writes docs/errors.md, anything else says whether it is up to date. */
if (import.meta.main) {
  const text = errorsPage(catalogue)
  if (process.argv.includes('--write')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    process.stderr.write('docs/errors.md is out of date: node src/cli/errors-page.ts --write\n')
    process.exitCode = 1
  }
}
