import { MillraceError, isMillraceError } from '../../../domain/errors.ts'
import type { YamlFile } from '../project/yaml-file.ts'

/** Renders a value of a schema file. An error of a template in it stands at the text that holds the template. */
export function placing<Rendered>(file: YamlFile, value: unknown, render: (value: unknown) => Rendered): Rendered {
  try {
    return render(value)
  } catch (error) {
    const text = failing(value, render)
    const place = text === undefined ? undefined : file.placeOf(text)
    if (!isMillraceError(error) || place === undefined) throw error
    throw new MillraceError(error.code, { ...error.facts, file: file.file, ...place }, { cause: error })
  }
}

/** The first text in a value that cannot be rendered. */
function failing(value: unknown, render: (text: string) => unknown): string | undefined {
  if (typeof value === 'object' && value !== null)
    return Object.values(value)
      .map((item: unknown) => failing(item, render))
      .find((text) => text !== undefined)
  if (typeof value !== 'string') return undefined
  try {
    render(value)
    return undefined
  } catch {
    // Which text it was is all that is asked here; the error itself is on its way already.
    return value
  }
}
