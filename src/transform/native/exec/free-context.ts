import { MillraceError } from '../../../domain/errors.ts'
import type { Database } from '../adapter/database.ts'
import { RuntimeAdapter } from '../adapter/runtime-adapter.ts'
import type { Session } from '../adapter/session.ts'
import { baseNames } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import type { Macro } from '../jinja/macro.ts'
import type { Project } from './compile-node.ts'
import { graphNames } from './graph-names.ts'
import { StatementResults } from './statement-results.ts'

export interface FreeContext {
  readonly context: NodeContext
  readonly bound: (name: string) => Macro
}

/** A context of no node: for the macros that the runner calls itself, and for operations. */
export function freeContext(project: Project, database: Database, session: Session, packageName?: string): FreeContext {
  const invocation = project.invocations.get(packageName ?? '') ?? project.invocation
  const context: NodeContext = new NodeContext({
    macros: project.macros,
    mode: 'async',
    permissive: false,
    packageName,
    names: [
      ...baseNames(invocation),
      ...new StatementResults().names(),
      ['execute', true],
      ['graph', graphNames(project)],
    ],
  })
  const bound = (name: string): Macro => {
    const entry = project.macros.find(name, packageName)
    if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: name })
    return context.bind(entry)
  }
  const adapter = new RuntimeAdapter({
    session,
    cache: database.cache,
    dispatch: (name, namespace) => context.dispatch(name, namespace),
    macro: bound,
    lookup: (name) => context.lookup(name),
    unique: () => '',
  })
  context.set('adapter', adapter)
  return { context, bound }
}
