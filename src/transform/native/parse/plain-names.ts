import type { Target } from '../project/profile.ts'
import type { MacroRegistry } from './macro-registry.ts'
import { INTERNAL_PACKAGE } from './macro-registry.ts'
import type { NodeParts } from './node-maker.ts'
import type { NodeConfig, ResourceType } from './nodes.ts'

export interface Names {
  readonly database: string
  readonly schema: string
  readonly alias: string
}

export type PlainNaming = (type: ResourceType, parts: NodeParts, config: NodeConfig) => Names | null

/**
 * dbt's own names without its macros being called, which for thousands of nodes takes longer than all else; null where a macro of the
 * project or of a package has a say, or where a name is anything but text.
 */
export function plainNaming(macros: MacroRegistry, packageName: string, target: Target): PlainNaming {
  const isOwn = ['database', 'schema', 'alias'].every((component) => isInternal(component, macros, packageName))
  return (type, { name, patch }, config) => {
    const { database = null, schema = null, alias = null } = config
    const isText = [database, schema, alias].every((given) => given === null || typeof given === 'string')
    if (!isOwn || !isText || type === 'snapshot' || hasVersion(patch)) return null
    return {
      database: typeof database === 'string' ? database.trim() : target.database,
      schema: typeof schema === 'string' ? `${target.schema}_${schema.trim()}` : target.schema,
      alias: typeof alias === 'string' && alias !== '' ? alias.trim() : name,
    }
  }
}

/** A version has a name of its own. */
function hasVersion(patch: object | undefined): boolean {
  return patch !== undefined && 'versioning' in patch && patch.versioning !== null && patch.versioning !== undefined
}

function isInternal(component: string, macros: MacroRegistry, packageName: string): boolean {
  const macro = `generate_${component}_name`
  const called = macros.naming(component, packageName)
  return (
    called?.packageName === INTERNAL_PACKAGE &&
    macros.dispatch(macro, INTERNAL_PACKAGE, packageName).packageName === INTERNAL_PACKAGE
  )
}
