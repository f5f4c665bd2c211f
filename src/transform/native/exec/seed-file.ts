import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSeed } from '../adapter/seed-table.ts'
import type { SeedTable } from '../adapter/seed-table.ts'
import type { Node } from '../parse/nodes.ts'
import { isMapping } from '../project/shape.ts'

/** The rows of a seed's own file. Throws TRANSFORM_SEED_INVALID. */
export function seedOf(node: Node): SeedTable {
  const { column_types: types, delimiter } = node.config
  const given = new Set(isMapping(types) ? Object.keys(types).map((name) => name.toLowerCase()) : [])
  const text = readFileSync(join(node.rootFolder, node.originalFilePath), 'utf8')
  return readSeed(text, node.originalFilePath, typeof delimiter === 'string' ? delimiter : ',', given)
}
