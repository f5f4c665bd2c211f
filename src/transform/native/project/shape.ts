import { MillraceError } from '../../../domain/errors.ts'
import type { YamlFile } from './yaml-file.ts'

export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Readers of values that YAML delivered; each throws TRANSFORM_YAML_SHAPE with the place when the value has another shape. */
export class Reader {
  readonly #file: YamlFile
  constructor(file: YamlFile) {
    this.#file = file
  }

  mapping(value: unknown, path: readonly (string | number)[]): Mapping {
    if (value === undefined || value === null) return {}
    return isMapping(value) ? value : this.fail(path, 'a mapping')
  }

  list(value: unknown, path: readonly (string | number)[]): readonly unknown[] {
    if (value === undefined || value === null) return []
    return Array.isArray(value) ? value : this.fail(path, 'a list')
  }

  text(value: unknown, path: readonly (string | number)[]): string {
    if (typeof value === 'string') return value
    return typeof value === 'number' ? String(value) : this.fail(path, 'text')
  }

  textList(value: unknown, path: readonly (string | number)[]): readonly string[] {
    if (typeof value === 'string') return [value]
    return this.list(value, path).map((item, index) => this.text(item, [...path, index]))
  }

  fail(path: readonly (string | number)[], expected: string): never {
    throw new MillraceError('TRANSFORM_YAML_SHAPE', {
      file: this.#file.file,
      ...this.#file.position(path),
      key: path.join('.'),
      expected,
    })
  }
}
