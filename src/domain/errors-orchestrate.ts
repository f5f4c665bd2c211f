import type { ErrorTable } from './error-entry.ts'

export const orchestrateErrors = {} as const satisfies ErrorTable
