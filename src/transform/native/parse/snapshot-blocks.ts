import { Template } from '../jinja/template.ts'
import type { SourceFile } from './files.ts'

/** One `{% snapshot name %}` of a file. */
export interface SnapshotBlock {
  readonly name: string
  readonly rawCode: string
  readonly template: Template
}

const BLOCK = /\{%-?\s*snapshot\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*endsnapshot\s*-?%\}/g

/** The snapshots of a file: dbt takes each block's inside as the template of a node of its own. */
export function snapshotBlocks(file: SourceFile): SnapshotBlock[] {
  const text = file.text.replaceAll(/\r\n?/g, '\n')
  return [...text.matchAll(BLOCK)].map((match) => {
    const [whole, name = '', body = ''] = match
    const before = text.slice(0, (match.index ?? 0) + whole.indexOf(body))
    return { name, rawCode: body, template: Template.parse(body, file.file, before.split('\n').length) }
  })
}
