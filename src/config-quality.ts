import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readConfigFile } from './config-read.ts'
import { MillraceError } from './domain/errors.ts'
import type { Language } from './domain/errors.ts'
import { checkQuality } from './quality/config-check.ts'
import type { ParsedQuality } from './quality/config-check.ts'
import type { Suite } from './quality/suite.ts'
import { builtinSuite, compileSuite } from './quality/suite.ts'

/** Folder of a project's checks, each file a `defineQuality` in TypeScript or the same in YAML. */
const folder = 'checks'

const isChecks = (name: string) => /\.(ya?ml|ts|js|mjs)$/.test(name) && !name.endsWith('.d.ts')

/**
 * Reads every file of the project's folder `checks`, in the order of their names, and makes one suite of them; without any it is the
 * built-in one. Throws QUALITY_CONFIG_INVALID with every problem of every file, each with its line and column, and CONFIG_SYNTAX or
 * CONFIG_FAILED for a file that is not even YAML or TypeScript.
 */
export async function loadSuite(projectDir: string): Promise<Suite> {
  const dir = join(projectDir, folder)
  const names = existsSync(dir) ? readdirSync(dir).filter(isChecks).sort() : []
  if (names.length === 0) return builtinSuite
  const parsed: ParsedQuality[] = []
  const lines: Record<Language, string[]> = { en: [], ko: [] }
  for (const name of names) {
    const { value, locate } = await readConfigFile(join(dir, name))
    const checked = checkQuality(value)
    parsed.push(checked.parsed)
    for (const { path, en, ko } of checked.problems) {
      const { line, column } = locate(path)
      const place = `${folder}/${basename(name)}:${line}:${column}  ${path.join('.') || '(file)'}: `
      lines.en.push(place + en)
      lines.ko.push(place + ko)
    }
  }
  if (lines.en.length > 0)
    throw new MillraceError('QUALITY_CONFIG_INVALID', {
      count: lines.en.length,
      problems: lines.en.join('\n'),
      problemsKo: lines.ko.join('\n'),
    })
  return compileSuite(parsed)
}
