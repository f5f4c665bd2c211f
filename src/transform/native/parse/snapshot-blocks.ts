import { syntaxError } from '../jinja/failure.ts'
import { Template } from '../jinja/template.ts'
import type { SourceFile } from './files.ts'

/** One `{% snapshot name %}` of a file. */
export interface SnapshotBlock {
  readonly name: string
  readonly rawCode: string
  readonly template: Template
}

const OPENING = /\{%-?\s*snapshot\s+\w+\s*-?%\}/g
const BLOCK = /\{%-?\s*snapshot\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*endsnapshot\s*-?%\}/g

/** A block that is opened and not closed would be no snapshot at all. */
function refuseUnclosed(text: string, file: string, closed: number): void {
  const openings = [...text.replaceAll(/\{#[\s\S]*?#\}/g, (comment) => ' '.repeat(comment.length)).matchAll(OPENING)]
  const open = openings[closed]
  if (open === undefined || closed >= openings.length) return
  const before = text.slice(0, open.index).split('\n')
  const place = { file, line: before.length, column: (before.at(-1) ?? '').length + 1 }
  throw syntaxError('Reached EOF without finding a close tag for snapshot', place)
}

/** The snapshots of a file: dbt takes each block's inside as the template of a node of its own. */
export function snapshotBlocks(file: SourceFile): SnapshotBlock[] {
  const text = file.text.replaceAll(/\r\n?/g, '\n')
  const blocks = [...text.matchAll(BLOCK)]
  refuseUnclosed(text, file.file, blocks.length)
  return blocks.map((match) => {
    const [whole, name = '', body = ''] = match
    const before = text.slice(0, (match.index ?? 0) + whole.indexOf(body))
    return { name, rawCode: body, template: Template.parse(body, file.file, before.split('\n').length) }
  })
}
