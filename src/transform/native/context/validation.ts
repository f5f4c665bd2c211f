import { MillraceError } from '../../../domain/errors.ts'
import { equal } from '../jinja/operators.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostDict, HostFunction } from '../jinja/value.ts'

/** `validation.any`: dbt calls it with brackets, `any[…]`, and with parentheses alike it gives a check of one value. */
class AnyOf extends HostFunction {
  constructor() {
    super('any', ({ positional }) => checkOf(positional))
  }
}

function checkOf(allowed: readonly Value[]): Value {
  return new HostFunction('inner', ({ positional: [value = null] }: CallArguments) => {
    if (allowed.some((one) => equal(one, value))) return null
    const list = allowed.map((one) => str(one)).join(',')
    const message = `Expected value "${str(value)}" to be one of ${list}`
    throw new MillraceError('TRANSFORM_RAISED', { message, kind: 'Runtime' })
  })
}

/** `validation`: checks that `config.get` and `config.require` take as their validator. */
export const validation = new HostDict([['any', new AnyOf()]])

/** Lets a configured value pass its validator; what that raises is the node's error. */
export function checkValue(value: Value, validator: Value): void {
  if (validator instanceof HostFunction) void validator.call({ positional: [value], keyword: new Map() })
}
