/** A shape beside each colour. */
export const runMarks: Readonly<Record<string, string>> = {
  success: '✓',
  unchanged: '=',
  failed: '✕',
  upstream_failed: '·',
  partial: '~',
  running: '▸',
  ready: '…',
  waiting: '…',
  queued: '…',
  cancelling: '…',
  cancelled: '–',
  skipped: '–',
}

/** How long something took; null while it goes on or before it began. */
export function secondsOf({
  startedAt,
  endedAt,
}: {
  readonly startedAt: string | null
  readonly endedAt: string | null
}): number | null {
  return startedAt === null || endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000
}

/** Of a run's days: one, or from and to. */
export function spanOf({ since, until }: { readonly since: string; readonly until: string }): string {
  return since === until ? since : `${since} – ${until}`
}
