import type { NamingRule } from '../domain/naming.ts'
import { compileRule, readName } from '../unify/naming.ts'
import { putNamingVersion, storeReadings, unreadNames } from '../warehouse/names.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

const batchNames = 2_000

/**
 * Reads every name that the rules in force have not read yet, history included; with other rules than before, all of them. Returns how
 * many were read. Without rules nothing is done. Throws UNIFY_NAMING_INVALID.
 */
export async function readNames(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  rules: readonly NamingRule[],
  atMs: number,
): Promise<number> {
  if (rules.length === 0) return 0
  const compiled = rules.map(compileRule)
  const version = await putNamingVersion(warehouse, rules, atMs)
  let read = 0
  for (;;) {
    const names = await unreadNames(warehouse, version, batchNames)
    if (names.length === 0) return read
    const readings = names.map((one) => {
      const applying = compiled.filter(
        ({ rule }) => rule.level === one.level && (rule.platform === null || rule.platform === one.platform),
      )
      return { ...one, reading: readName(applying, one.name) }
    })
    await storeReadings(warehouse, version, readings)
    read += names.length
  }
}
