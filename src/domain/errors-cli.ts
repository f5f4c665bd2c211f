import type { ErrorTable } from './error-entry.ts'

export const cliErrors = {} as const satisfies ErrorTable
