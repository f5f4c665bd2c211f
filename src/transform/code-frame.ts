import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Lines shown before and after the one that is meant. */
const AROUND = 2

/** The lines around a place, the place marked: what an editor would show. Lines and columns count from 1; a place outside has no frame. */
export function codeFrame(text: string, line: number, column: number): string[] {
  const lines = text.split(/\r\n?|\n/)
  if (line < 1 || line > lines.length) return []
  const first = Math.max(1, line - AROUND)
  const last = Math.min(lines.length, line + AROUND)
  const width = String(last).length
  const shown: string[] = []
  for (let number = first; number <= last; number += 1) {
    const content = (lines[number - 1] ?? '').replaceAll('\t', ' ')
    shown.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${content}`.trimEnd())
    if (number === line && column > 0) shown.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1)}^`)
  }
  return shown
}

export interface PlaceFacts {
  readonly file?: unknown
  readonly line?: unknown
  readonly column?: unknown
  /** `macro inner (macros/m.sql:2:8) < template (models/a.sql:2:11)`: innermost first. */
  readonly stack?: unknown
}

/** Where an error of a dbt project stands: the place, its code, and for each call that led there the line that made it. */
export function errorPlace(projectDir: string, { file, line, column, stack }: PlaceFacts): string[] {
  if (typeof file !== 'string' || typeof line !== 'number' || line < 1) return []
  const text = textOf(projectDir, file)
  if (text === undefined) return []
  const at = typeof column === 'number' ? column : 0
  const calls = typeof stack === 'string' ? callsOf(stack).slice(1) : []
  return [
    `${file}:${line}${at > 0 ? `:${at}` : ''}`,
    ...codeFrame(text, line, at).map((one) => `  ${one}`),
    ...calls.map(
      (call) => `called by ${call.name} at ${call.file}:${call.line}:${call.column}${lineOf(projectDir, call)}`,
    ),
  ]
}

interface CallPlace {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly column: number
}

function callsOf(stack: string): CallPlace[] {
  return [...stack.matchAll(/(?:^| < )(.*?) \(([^()]*):(\d+):(\d+)\)/g)].map(([, name, file, line, column]) => ({
    name: name ?? '',
    file: file ?? '',
    line: Number(line),
    column: Number(column),
  }))
}

function lineOf(projectDir: string, { file, line }: CallPlace): string {
  const text = textOf(projectDir, file)
    ?.split(/\r\n?|\n/)
    .at(line - 1)
    ?.trim()
  return text === undefined || text === '' ? '' : `\n  ${text}`
}

/** A file of the project, or of one of its packages, which name their files from their own folder. */
function textOf(projectDir: string, file: string): string | undefined {
  const packages = join(projectDir, 'dbt_packages')
  const folders = existsSync(packages) ? readdirSync(packages).map((name) => join(packages, name)) : []
  const found = [projectDir, ...folders].map((folder) => join(folder, file)).find((path) => existsSync(path))
  return found === undefined ? undefined : readFileSync(found, 'utf8')
}
