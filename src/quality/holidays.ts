import Holidays from 'date-holidays'

/**
 * Public holidays of a country (`KR`, `US`, or a region as `DE-BY`) in these years, as days since 1970-01-01. Undefined for a country that
 * the calendar does not know. Dates are civil, so that no zone moves them.
 */
export function publicHolidays(country: string, years: { readonly from: number; readonly to: number }) {
  const [code = '', ...region] = country.toUpperCase().split('-')
  const calendar = new Holidays()
  if (!(code in calendar.getCountries())) return undefined
  calendar.init(code, region[0] ?? '', region[1] ?? '')
  const days = new Set<number>()
  for (let year = years.from; year <= years.to; year += 1)
    for (const holiday of calendar.getHolidays(year)) if (holiday.type === 'public') days.add(dayOf(holiday.date))
  return days
}

function dayOf(date: string): number {
  const [year = 0, month = 1, day = 1] = date.slice(0, 10).split('-').map(Number)
  return Date.UTC(year, month - 1, day) / 86_400_000
}
