import { MillraceError } from '../../../domain/errors.ts'
import { hostFunction, textArgument } from '../jinja/arguments.ts'
import { jinjaGlobals } from '../jinja/globals.ts'
import { fromHost, toHost, toJson } from '../jinja/json.ts'
import type { TemplateContext } from '../jinja/macro.ts'
import { str } from '../jinja/text.ts'
import { Template } from '../jinja/template.ts'
import type { Value } from '../jinja/value.ts'
import type { HostFunction } from '../jinja/value.ts'
import { isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const SECRET = 'DBT_ENV_SECRET_'

/** dbt's env_var: the variable, else the default, else TRANSFORM_ENV_VAR_MISSING. Secrets are for profiles.yml and packages.yml alone. */
export function envVar(environment: Environment, takesSecrets = false): HostFunction {
  return hostFunction('env_var', ['var', 'default'], ({ var: name, default: fallback }) => {
    const key = textArgument(name, 'env_var')
    if (key.startsWith(SECRET) && !takesSecrets)
      throw new MillraceError('TRANSFORM_RAISED', {
        message: `Secret env vars are allowed only in profiles.yml or packages.yml. Found '${key}' referenced elsewhere.`,
      })
    const value = environment[key]
    if (value !== undefined) return value
    if (fallback !== undefined) return fallback === null ? null : str(fallback)
    throw new MillraceError('TRANSFORM_ENV_VAR_MISSING', { variable: key })
  })
}

/** dbt's var for configuration files and templates: the given variables, else the default, else TRANSFORM_VAR_MISSING. */
export function varFunction(vars: Mapping, isParsing = false): HostFunction {
  return hostFunction('var', ['name', 'default'], ({ name, default: fallback }) => {
    const key = textArgument(name, 'var')
    if (Object.hasOwn(vars, key)) return fromHost(vars[key])
    if (fallback !== undefined) return fallback
    // While a node is parsed dbt lets a missing variable pass: the node may never run.
    if (isParsing) return null
    const supplied = toJson(fromHost(vars), { sortKeys: true, indent: 4 })
    throw new MillraceError('TRANSFORM_VAR_MISSING', { variable: key, supplied })
  })
}

/** What configuration files may use: env_var, var, target and Jinja itself. */
export function configurationContext(
  environment: Environment,
  vars: Mapping,
  more: ReadonlyMap<string, Value> = new Map(),
  takesSecrets = false,
): TemplateContext {
  const names = new Map<string, Value>([
    ...jinjaGlobals,
    ['env_var', envVar(environment, takesSecrets)],
    ['var', varFunction(vars)],
    ...more,
  ])
  return { lookup: (name) => names.get(name), permissive: false }
}

/** Renders every text in a configuration value, as dbt does: text that is one expression takes the expression's type. */
export function renderConfiguration(value: unknown, context: TemplateContext, file: string): unknown {
  if (typeof value === 'string') {
    return /\{[{%#]/.test(value) ? toHost(Template.parse(value, file).nativeNow(context)) : value
  }
  if (Array.isArray(value)) return value.map((item) => renderConfiguration(item, context, file))
  if (!isMapping(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderConfiguration(item, context, file)]))
}
