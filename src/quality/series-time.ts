/**
 * Civil time as written, in hours since 1970-01-01 00:00: an offset behind it is not applied, because weekdays and hours are those of
 * the series' zone. `ISO 8601`, `YYYY/MM/DD HH:MM`, `M/D/YYYY`, `D.M.YYYY`, `YYYYMMDD[HH[MM[SS]]]`, Unix seconds, milliseconds or
 * microseconds (as UTC), English month names. Undefined for anything else. A smaller whole number is the row's place in a series: see `hoursOf`.
 */
function civilHour(text: string): number | undefined {
  const written = text.trim()
  const iso = /^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T\s_]+(.*))?$/.exec(written)
  if (iso) return hourAt(iso[1], iso[2], iso[3] ?? '1', iso[4])
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[T\s]+(.*))?$/.exec(written)
  if (american) {
    const monthFirst = hourAt(american[3], american[1], american[2], american[4])
    return monthFirst ?? hourAt(american[3], american[2], american[1], american[4])
  }
  const european = /^(\d{1,2})[.-](\d{1,2})[.-](\d{4})(?:[T\s]+(.*))?$/.exec(written)
  if (european) return hourAt(european[3], european[2], european[1], european[4])
  const packed = /^((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})?(\d{2})?)?$/.exec(written)
  const fromPacked =
    packed &&
    hourAt(packed[1], packed[2], packed[3], packed[4] && `${packed[4]}:${packed[5] ?? '00'}:${packed[6] ?? '00'}`)
  if (fromPacked !== undefined && fromPacked !== null) return fromPacked
  if (/^-?\d+(?:\.\d+)?$/.test(written)) return unixHour(Number(written))
  const named = /[A-Za-z]{3}/.test(written)
    ? Date.parse(`${written.replace(/\s*(?:UTC|GMT|Z)?$/i, '')} UTC`)
    : Number.NaN
  return Number.isNaN(named) ? undefined : named / 3_600_000
}

/** Beneath it a number is no Unix second of our time (it is before 1973) but a place in a series. */
const secondsMin = 100_000_000

function unixHour(value: number): number | undefined {
  if (value < secondsMin) return undefined
  if (value < 1e11) return value / 3600
  if (value < 1e14) return value / 3_600_000
  return value / 3_600_000_000
}

function hourAt(year = '', month = '', day = '', clock = ''): number | undefined {
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  // A day that is not in the calendar would otherwise become the next month's.
  const back = new Date(midnight)
  if (back.getUTCMonth() !== Number(month) - 1 || back.getUTCDate() !== Number(day)) return undefined
  const time =
    /^(\d{1,2})(?::?(\d{2}))?(?::?(\d{2})(?:[.,](\d+))?)?\s*(AM|PM)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|\[.*\])*$/i.exec(
      clock.trim(),
    )
  if (clock.trim() === '') return midnight / 3_600_000
  if (!time) return undefined
  const [, hour = '0', minute = '0', second = '0', fraction = '0', half] = time
  const shift = half === undefined ? 0 : /pm/i.test(half) ? (hour === '12' ? 0 : 12) : hour === '12' ? -12 : 0
  const [hours, minutes, seconds] = [Number(hour) + shift, Number(minute), Number(`${second}.${fraction}`)]
  if (hours > 24 || minutes > 59 || seconds >= 61) return undefined
  return midnight / 3_600_000 + hours + minutes / 60 + seconds / 3600
}

export interface Times {
  readonly hours: readonly number[]
  /** The first row whose time could not be read, and what stands there. */
  readonly broken: { readonly row: number; readonly text: string } | null
}

/** The times of a column. A column of small whole numbers only counts steps of `stepHours`. */
export function hoursOf(texts: readonly string[], stepHours: number): Times {
  const places = texts.every((text) => /^\s*-?\d{1,8}(?:\.0+)?\s*$/.test(text) && Math.abs(Number(text)) < secondsMin)
  const packed = places && texts.every((text) => civilHour(text) !== undefined)
  if (places && !packed) return { hours: texts.map((text) => Number(text) * stepHours), broken: null }
  const hours: number[] = []
  for (const [row, text] of texts.entries()) {
    const hour = civilHour(text)
    if (hour === undefined) return { hours, broken: { row, text } }
    hours.push(hour)
  }
  return { hours, broken: null }
}
