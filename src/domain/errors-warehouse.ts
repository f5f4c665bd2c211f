import type { ErrorTable } from './error-entry.ts'

export const warehouseErrors = {} as const satisfies ErrorTable
