import { bind } from '../jinja/arguments.ts'
import { truth } from '../jinja/operators.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { relationArgument } from './adapter-method.ts'
import type { Method } from './adapter-method.ts'
import { columnsOf } from './columns.ts'

const BEHAVIOURS = ['ignore', 'invalidate', 'new_record']

async function setting(config: Value, key: string): Promise<Value> {
  const get = config instanceof PyDict ? config.get(key) : await configValue(config, key)
  return get ?? null
}

async function configValue(config: Value, key: string): Promise<Value> {
  const get =
    typeof config === 'object' && config !== null && 'attribute' in config ? config.attribute('get') : undefined
  if (typeof get !== 'object' || get === null || !('call' in get)) return null
  return get.call({ positional: [key], keyword: new Map() } satisfies CallArguments)
}

/** What happens to rows whose key is gone from the source. */
const hardDeletes: Method = async (_options, call) => {
  const [config = null] = call.positional
  const invalidates = await setting(config, 'invalidate_hard_deletes')
  const chosen = await setting(config, 'hard_deletes')
  if (invalidates !== null && chosen !== null)
    throw new MillraceError('TRANSFORM_RAISED', {
      message:
        "You cannot set both the 'invalidate_hard_deletes' and 'hard_deletes' config properties on the same snapshot.",
    })
  if (truth(invalidates)) return 'invalidate'
  if (chosen === null) return 'ignore'
  if (BEHAVIOURS.includes(str(chosen))) return str(chosen)
  throw new MillraceError('TRANSFORM_RAISED', { message: 'Invalid setting for property hard_deletes.' })
}

/** Refuses a target that lacks the columns by which a snapshot keeps its history. */
const validTarget: Method = async (options, call) => {
  const { column_names: names = null, strategy = null } = bind(
    call,
    ['relation', 'column_names', 'strategy'],
    'assert_valid_snapshot_target_given_strategy',
  )
  const held = new Set(
    (await columnsOf(options.session, relationArgument(call))).map((column) => column.name.toLowerCase()),
  )
  const wanted = ['dbt_scd_id', 'dbt_valid_from', 'dbt_valid_to']
  if (strategy instanceof PyDict && strategy.get('hard_deletes') === 'new_record') wanted.push('dbt_is_deleted')
  const missing = wanted
    .map((key) => str((names instanceof PyDict ? names.get(key) : undefined) ?? key))
    .filter((name) => !held.has(name.toLowerCase()))
  if (missing.length > 0)
    throw new MillraceError('TRANSFORM_RAISED', {
      message: `Snapshot target is missing configured columns: ${missing.join(', ')}`,
    })
  return ''
}

export const snapshotMethods = {
  get_hard_deletes_behavior: hardDeletes,
  assert_valid_snapshot_target_given_strategy: validTarget,
} as const
