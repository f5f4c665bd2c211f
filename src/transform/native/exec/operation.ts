import { Database } from '../adapter/database.ts'
import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { Project } from './compile-node.ts'
import { freeContext } from './free-context.ts'
import { errorText } from './run-node.ts'

/**
 * `run-operation`: calls a macro of the project, or `package.macro`, with arguments by name. The answer is what went wrong, or null.
 * What the macro did not commit is taken back. Throws TRANSFORM_MACRO_MISSING.
 */
export async function runOperation(
  project: Project,
  macro: string,
  args: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  const [packageName, name] = macro.includes('.') ? macro.split('.', 2) : [undefined, macro]
  const entry = project.macros.find(name ?? '', packageName)
  if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro })
  const database = new Database(project.invocation.target, 1)
  try {
    const session = await database.connect('macro')
    try {
      const { context } = freeContext(project, database, session, packageName)
      const keyword = new Map(Object.entries(args).map(([key, value]): [string, Value] => [key, fromHost(value)]))
      await context.bind(entry).call({ positional: [], keyword })
      return null
    } finally {
      await session.close()
    }
  } catch (error) {
    return errorText(error, `macro ${macro}`)
  } finally {
    await database.close()
  }
}
