/** Platforms in the order of colours; whatever else there is gets the last ones. */
const platformColours: Readonly<Record<string, string>> = {
  google_ads: 'var(--google)',
  meta_ads: 'var(--meta)',
}
const otherColours = ['var(--third)', 'var(--fourth)', 'var(--skip)']

export function colourOf(platform: string, place: number): string {
  return platformColours[platform] ?? otherColours[place % otherColours.length] ?? 'var(--skip)'
}

export interface VolumeRow {
  readonly date: string
  readonly platform: string
  readonly rows: number
}

/** One row a day with a column for each platform; a day without rows of a platform has none, which is not zero. */
export function pivotVolume(rows: readonly VolumeRow[]): {
  readonly platforms: readonly string[]
  readonly days: readonly (Readonly<Record<string, number>> & { readonly date: string })[]
} {
  const platforms = [...new Set(rows.map((row) => row.platform))].sort()
  const byDay = Map.groupBy(rows, (row) => row.date)
  const days = [...byDay].map(
    ([date, own]) =>
      ({ date, ...Object.fromEntries(own.map((row) => [row.platform, row.rows])) }) as unknown as Readonly<
        Record<string, number>
      > & { readonly date: string },
  )
  return { platforms, days: days.sort((one, other) => (one.date < other.date ? -1 : 1)) }
}
