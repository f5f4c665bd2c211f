/**
 * The only reader of the browser's clock. It may be wrong by hours: it is used for ages, as the difference of two of its own
 * readings, and never for a date or an instant on a screen; those come from the server.
 */
export function ageOf(sinceMs: number): number {
  return Math.max(0, Math.round((Date.now() - sinceMs) / 1_000))
}
