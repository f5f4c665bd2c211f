import { MillraceError } from '../../../domain/errors.ts'
import { Reader } from '../project/shape.ts'
import type { YamlFile } from '../project/yaml-file.ts'
import { entryShapes } from './entry-shapes.ts'
import { listOf } from '../project/value-shape.ts'

/**
 * Holds what stands under a key of a schema file against dbt's own schema of such entries. Throws TRANSFORM_YAML_SHAPE or
 * TRANSFORM_KEY_UNKNOWN with the place of the first fault.
 */
export function checkEntries(file: YamlFile, key: string, entries: unknown): void {
  const shape = entryShapes[key]
  const fault = shape === undefined ? undefined : listOf(shape)(entries)
  if (fault === undefined) return
  const path = [key, ...fault.path]
  if (fault.expected !== null) new Reader(file).fail(path, fault.expected)
  throw new MillraceError('TRANSFORM_KEY_UNKNOWN', {
    file: file.file,
    ...file.position(path),
    key: String(path.at(-1)),
  })
}
