import type { ErrorTable } from './error-entry.ts'

export const lakeErrors = {} as const satisfies ErrorTable
