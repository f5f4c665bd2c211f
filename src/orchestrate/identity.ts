import type { Random } from '../domain/clock.ts'

/** A UUID version 7: it sorts by the time it was made, so that ids of runs and extracts read in order. Chance is injected for replay. */
export function uuid(atMs: number, random: Random): string {
  const time = Math.floor(atMs).toString(16).padStart(12, '0')
  const digits = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('')
  const variant = (8 + Math.floor(random() * 4)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-${variant}${digits(3)}-${digits(12)}`
}
