import { createHash } from 'node:crypto'
import { MillraceError } from '../../../domain/errors.ts'
import { fromHost } from '../jinja/json.ts'
import { repr } from '../jinja/text.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { ColumnEntry, Contract, NodeConfig } from './nodes.ts'

const TYPES: ReadonlySet<unknown> = new Set(['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom'])

/** A constraint with every key that dbt gives it; one on the model has columns, too. */
export function constraintOf(raw: Mapping, level: 'column' | 'model', where: string): Mapping {
  const { type } = raw
  if (!TYPES.has(type)) throw new MillraceError('TRANSFORM_CONSTRAINT_INVALID', { where, type: String(type) })
  return {
    type,
    name: raw['name'] ?? null,
    expression: raw['expression'] ?? null,
    warn_unenforced: raw['warn_unenforced'] ?? true,
    warn_unsupported: raw['warn_unsupported'] ?? true,
    to: raw['to'] ?? null,
    to_columns: raw['to_columns'] ?? [],
    ...(level === 'model' ? { columns: raw['columns'] ?? [] } : {}),
  }
}

export interface Promised {
  readonly name: string
  readonly file: string
  readonly config: NodeConfig
  readonly columns: ReadonlyMap<string, ColumnEntry>
  readonly constraints: readonly Mapping[]
  /** A schema file has an entry of it; dbt asks for the columns of a contract only where it reads one. */
  readonly isDescribed: boolean
}

/** A model's contract. Throws TRANSFORM_CONTRACT_INVALID for one that cannot be kept. */
export function contractOf(promised: Promised): Contract {
  const given: Mapping = isMapping(promised.config['contract']) ? promised.config['contract'] : {}
  const enforced = given['enforced'] === true
  const contract = { enforced, alias_types: given['alias_types'] !== false }
  if (enforced && promised.isDescribed && promised.columns.size === 0)
    throw new MillraceError('TRANSFORM_CONTRACT_INVALID', {
      file: promised.file,
      message: 'Constraints must be defined in a `yml` schema configuration file like `schema.yml`.',
    })
  checkPrimaryKeys(promised)
  return { ...contract, checksum: enforced && promised.columns.size > 0 ? checksumOf(promised) : null }
}

function checkPrimaryKeys({ file, columns, constraints }: Promised): void {
  const isKey = (constraint: Mapping): boolean => constraint['type'] === 'primary_key'
  const keys = [...columns.values()].flatMap((column) => (column.constraints.some(isKey) ? [column.name] : []))
  const fail = (message: string): never => {
    throw new MillraceError('TRANSFORM_CONTRACT_INVALID', { file, message })
  }
  if (keys.length > 1)
    fail(
      `Found ${keys.length} columns (${repr(keys)}) with primary key constraints defined. Primary keys for multiple columns must be defined as a model level constraint.`,
    )
  if (keys.length > 0 && constraints.some(isKey))
    fail(
      'Primary key constraints defined at the model level and the columns level. Primary keys can be defined at the model level or the column level, not both.',
    )
}

/** dbt's checksum of a contract: over the columns by name and, where the database holds to them, the model's own constraints. */
function checksumOf({ config, columns, constraints }: Promised): string {
  const sorted = [...columns.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
  const shape = sorted.map(
    (column) => `|${column.name}${column.dataType ?? 'None'}${pythonList(column.constraints, 'ColumnLevelConstraint')}`,
  )
  const { materialized } = config
  const enforces = materialized === 'table' || materialized === 'incremental'
  const own = enforces ? `${materialized}${pythonList(constraints, 'ModelLevelConstraint')}` : ''
  return createHash('sha256')
    .update(shape.join('') + own)
    .digest('hex')
}

/** How Python prints a list of its constraint objects. */
function pythonList(constraints: readonly Mapping[], className: string): string {
  const shown = constraints.map((constraint) => {
    const members = Object.entries(constraint).map(([key, value]) =>
      key === 'type' ? `type=<ConstraintType.${String(value)}: '${String(value)}'>` : `${key}=${repr(fromHost(value))}`,
    )
    return `${className}(${members.join(', ')})`
  })
  return `[${shown.join(', ')}]`
}
