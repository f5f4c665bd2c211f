import { isMapping } from '../project/shape.ts'

export type Quoted = Readonly<Record<'database' | 'schema' | 'identifier', boolean>>

const PARTS = ['database', 'schema', 'identifier'] as const

/** Which parts of a name are quoted: all, unless a level says otherwise; the last level that speaks wins. */
export function quotingPolicy(...levels: readonly unknown[]): Quoted {
  const policy = { database: true, schema: true, identifier: true }
  for (const level of levels) {
    if (!isMapping(level)) continue
    for (const part of PARTS) if (typeof level[part] === 'boolean') policy[part] = level[part]
  }
  return policy
}
