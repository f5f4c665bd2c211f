import type { ErrorTable } from './error-entry.ts'

export const connectorsErrors = {} as const satisfies ErrorTable
