// Reads configurations in a process of its own, as the program does. The test runner replaces import() by its own loader, which
// knows nothing of the hooks that lead `import … from 'millrace'` to the running installation.
import type { ConfigRequest, Inspection } from '../src/config-inspect.ts'
import { inspectConfig, inspectionError } from '../src/config-inspect.ts'
import { MillraceError } from '../src/domain/errors.ts'

export interface ChildReply {
  readonly inspection?: Inspection
  /** The error that reading threw, or that `loadConfig` would throw. */
  readonly error?: { readonly code: string; readonly facts: Readonly<Record<string, unknown>> }
  /** What was registered as secret. */
  readonly secrets: readonly string[]
}

process.on('message', (request: Omit<ConfigRequest, 'secrets'>) => {
  void answer(request).then((reply) => process.send?.(reply))
})

async function answer(request: Omit<ConfigRequest, 'secrets'>): Promise<ChildReply> {
  const secrets: string[] = []
  const coded = ({ code, facts }: MillraceError) => ({ code, facts })
  try {
    const inspection = await inspectConfig({ ...request, secrets: { add: (value) => void secrets.push(value) } })
    return { inspection, secrets, ...(!inspection.settings && { error: coded(inspectionError(inspection)) }) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { secrets, error: coded(error) }
  }
}
