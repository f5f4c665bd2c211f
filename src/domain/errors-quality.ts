import type { ErrorTable } from './error-entry.ts'

export const qualityErrors = {} as const satisfies ErrorTable
