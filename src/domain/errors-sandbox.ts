import type { ErrorTable } from './error-entry.ts'

export const sandboxErrors = {} as const satisfies ErrorTable
