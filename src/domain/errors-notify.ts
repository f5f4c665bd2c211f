import type { ErrorTable } from './error-entry.ts'

export const notifyErrors = {} as const satisfies ErrorTable
