import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Tree } from '../config-check.ts'
import { connectionsFolder } from '../config-read.ts'

export function connectionFile(projectDir: string, name: string): string {
  const file = (ending: string) => join(projectDir, connectionsFolder, `${name}.${ending}`)
  return existsSync(file('yml')) ? file('yml') : file('yaml')
}

/** The file as it is written, unchecked; undefined when there is none. */
export function readConnection(projectDir: string, name: string): Tree | undefined {
  const path = connectionFile(projectDir, name)
  return existsSync(path) ? (parse(readFileSync(path, 'utf8')) as Tree) : undefined
}

const heading = [
  '# A connection, as millrace connectors wrote it; it may be edited. No secret stands here: env:NAME and file:PATH are read',
  '# when it is opened, stored:NAME is kept closed in the warehouse. Options: docs/guide/connections.md',
]

/** The file's text. */
export function connectionText(section: Tree): string {
  return `${heading.join('\n')}\n${stringify(section)}`
}

/** Writes the file whole or not at all. */
export function writeConnection(projectDir: string, name: string, section: Tree): string {
  const path = connectionFile(projectDir, name)
  mkdirSync(join(projectDir, connectionsFolder), { recursive: true })
  const aside = `${path}.${process.pid}.tmp`
  writeFileSync(aside, connectionText(section))
  renameSync(aside, path)
  return path
}

export function removeConnection(projectDir: string, name: string): void {
  rmSync(connectionFile(projectDir, name), { force: true })
}
