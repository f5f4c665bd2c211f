import type { ErrorTable } from './error-entry.ts'

export const transformErrors = {} as const satisfies ErrorTable
