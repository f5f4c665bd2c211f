import type { Connector } from '../connectors/connector.ts'

/** Files of one account as a connection that lives for one run. Throws FILES_*. */
export async function openImport(given: {
  readonly files: readonly string[]
  readonly platform: string
  readonly account: string
  readonly currency: string
  readonly zone: string
  /** A ready mapping's name, or a path. */
  readonly mapping: string
}): Promise<Connector> {
  const { adapter } = await import('../connectors/file.ts')
  return adapter.open(adapter.options.parse(given))
}
