/** What of a range is loaded: never published, last attempt failed, newer word refused, or everything. */
export const reprocessModes = ['missing', 'failed', 'stale', 'all'] as const

export type Reprocess = (typeof reprocessModes)[number]
