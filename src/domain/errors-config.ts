import type { ErrorTable } from './error-entry.ts'

export const configErrors = {} as const satisfies ErrorTable
