/** A day without a time is midnight, an instant without a zone is the machine's: dbt's own reading, written in UTC. */
export function deprecationDate(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const text = value.replace(' ', 'T')
  const [day = '', time = '00:00:00'] = text.split('T')
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? `${day}T${time.replace('Z', '+00:00')}` : `${day}T${time}+00:00`
}
