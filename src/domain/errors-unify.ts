import type { ErrorTable } from './error-entry.ts'

export const unifyErrors = {} as const satisfies ErrorTable
