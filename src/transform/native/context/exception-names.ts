import { MillraceError } from '../../../domain/errors.ts'
import { bind } from '../jinja/arguments.ts'
import { attribute, item } from '../jinja/access.ts'
import { repr, str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostDict, HostFunction, Undefined } from '../jinja/value.ts'
import { contractFailed } from './contract-error.ts'

/** dbt's word for the kind of an error, before the node that it is about. */
type Kind = 'Compilation' | 'Database' | 'Runtime' | 'FailFast' | 'Internal'

function raised(message: string, kind: Kind = 'Compilation'): never {
  throw new MillraceError('TRANSFORM_RAISED', { message, kind })
}

type Read = (name: string) => Value
type Raise = (read: Read) => never

/** What a member of an argument prints as; nothing for one that it has not. */
function member(value: Value, ...path: readonly string[]): string {
  const found = path.reduce(
    (held, name) => (held === null || held instanceof Undefined ? null : attribute(held, name)),
    value,
  )
  return found instanceof Undefined ? '' : str(found)
}

function told(kind: Kind): Raise {
  return (read) => raised(str(read('msg')), kind)
}

function ambiguousAlias(read: Read): never {
  const [first, second, given] = [read('node_1'), read('node_2'), read('duped_name')]
  const own = ['database', 'schema', 'alias'].map((part) => member(first, part)).join('.')
  const place = (node: Value): string => `\n- ${member(node, 'unique_id')} (${member(node, 'original_file_path')})`
  return raised(
    `dbt found two resources with the database representation "${given === null ? own : str(given)}".\ndbt cannot create two resources with identical database representations. To fix this,\nchange the configuration of one of these resources:${place(first)}${place(second)}`,
  )
}

function ambiguousMatch(read: Read): never {
  const place = (match: Value): string =>
    ['schema', 'name'].map((part) => member(item(item(match, 'metadata'), part))).join('.')
  return raised(
    `dbt found two relations in your warehouse with similar database identifiers. dbt\nis unable to determine which of these relations was created by the model "${str(read('unique_id'))}".\nIn order for dbt to correctly generate the catalog, one of the following relations must be deleted or renamed:\n\n - ${place(read('match_1'))}\n - ${place(read('match_2'))}`,
  )
}

function wrongType(read: Read): never {
  const relation = str(read('relation'))
  return raised(
    `Trying to create ${str(read('expected_type'))} ${relation}, but it currently exists as a ${member(read('relation'), 'type')}. Either drop ${relation} manually, or run dbt with \`--full-refresh\` and dbt will drop it for you.`,
  )
}

function materializationMissing(read: Read): never {
  const type = str(read('adapter_type'))
  const types = type === 'default' ? "'default'" : `'default' and '${type}'`
  const name = member(read('model'), 'config', 'materialized')
  return raised(`No materialization '${name}' was found for adapter ${type}! (searched types ${types})`)
}

function typesMissing(read: Read): never {
  return raised(
    `Contracted models require data_type to be defined for each column. Please ensure that the column name and data_type are defined within the YAML configuration for the ${repr(read('column_names'))} column(s).`,
  )
}

function yamlInvalid(read: Read): never {
  return raised(
    `The yml property file at ${str(read('path'))} is invalid because ${str(read('issue'))}. Please consult the documentation for more information on yml property file syntax:\n\nhttps://docs.getdbt.com/reference/configs-and-properties`,
  )
}

/** By dbt's names: the parameters of each function and what it says. */
const raising: Readonly<Record<string, readonly [parameters: readonly string[], raise: Raise]>> = {
  raise_compiler_error: [['msg', 'node'], told('Compilation')],
  raise_not_implemented: [['msg'], told('Compilation')],
  raise_database_error: [['msg', 'node'], told('Database')],
  raise_dependency_error: [['msg'], told('Runtime')],
  raise_fail_fast_error: [['msg', 'node'], told('FailFast')],
  raise_cache_inconsistent: [
    ['message'],
    (read) => raised(`Cache inconsistency detected: ${str(read('message'))}`, 'Internal'),
  ],
  missing_config: [
    ['model', 'name'],
    (read) =>
      raised(
        `Model '${member(read('model'), 'unique_id')}' does not define a required config parameter '${str(read('name'))}'.`,
      ),
  ],
  missing_materialization: [['model', 'adapter_type'], materializationMissing],
  missing_relation: [['relation', 'model'], (read) => raised(`Relation ${str(read('relation'))} not found!`)],
  relation_wrong_type: [['relation', 'expected_type', 'model'], wrongType],
  raise_ambiguous_alias: [['node_1', 'node_2', 'duped_name'], ambiguousAlias],
  raise_ambiguous_catalog_match: [['unique_id', 'match_1', 'match_2'], ambiguousMatch],
  raise_dataclass_not_dict: [
    ['obj'],
    (read) =>
      raised(
        `The object ("${str(read('obj'))}") was used as a dictionary. This capability has been removed from objects of this type.`,
      ),
  ],
  raise_dep_not_found: [
    ['node', 'node_description', 'required_pkg'],
    (read) =>
      raised(
        `Error while parsing ${str(read('node_description'))}.\nThe required package "${str(read('required_pkg'))}" was not found. Is the package installed?\nHint: You may need to run \`dbt deps\`.`,
      ),
  ],
  raise_duplicate_patch_name: [
    ['patch_1', 'existing_patch_path'],
    (read) =>
      raised(
        `dbt found two schema.yml entries for the same resource named ${member(read('patch_1'), 'name')}. Resources and their associated columns may only be described a single time.`,
      ),
  ],
  raise_duplicate_resource_name: [
    ['node_1', 'node_2'],
    (read) => raised(`dbt found two resources with the name "${member(read('node_1'), 'name')}".`),
  ],
  raise_invalid_property_yml_version: [['path', 'issue'], yamlInvalid],
  column_type_missing: [['column_names'], typesMissing],
}

function functionOf(name: string, [parameters, raise]: readonly [readonly string[], Raise]): HostFunction {
  return new HostFunction(name, (call: CallArguments) => {
    const given = bind(call, parameters, name)
    return raise((parameter) => given[parameter] ?? null)
  })
}

/** `exceptions`: dbt's own ways of ending a node with an error, and its warnings. */
export function exceptionNames(warn: (message: string) => void): HostDict {
  const warning = (name: string, text: (call: CallArguments) => string): readonly [string, Value] => [
    name,
    new HostFunction(name, (call) => {
      warn(text(call))
      return ''
    }),
  ]
  return new HostDict([
    warning('warn', (call) => str(bind(call, ['msg', 'node'], 'warn').msg ?? '')),
    warning('warn_snapshot_timestamp_data_types', snapshotTypes),
    ...Object.entries(raising).map(([name, entry]): [string, Value] => [name, functionOf(name, entry)]),
    [
      'raise_contract_error',
      new HostFunction('raise_contract_error', (call) =>
        contractFailed(bind(call, ['yaml_columns', 'sql_columns'], 'raise_contract_error')),
      ),
    ],
  ])
}

function snapshotTypes(call: CallArguments): string {
  const names = ['snapshot_time_data_type', 'updated_at_data_type'] as const
  const { snapshot_time_data_type: time = '', updated_at_data_type: updated = '' } = bind(call, names, 'warn')
  return `Data type of snapshot table timestamp columns (${str(time)}) doesn't match derived column 'updated_at' (${str(updated)}). Please update snapshot config 'updated_at'.`
}
