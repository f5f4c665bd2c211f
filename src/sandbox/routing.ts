import type { Route } from './scenario.ts'

/** What a path asks for, before anything is checked. */
export interface Target {
  readonly route: Route
  readonly version: string
  /** The id in the path, as it was written: it may be one that does not exist. */
  readonly account: string | undefined
}

const patterns: readonly (readonly [RegExp, Route])[] = [
  [/^(?:\/oauth2\/v[34])?\/token$/, 'google.token'],
  [/^\/(v\d+)\/customers:listAccessibleCustomers$/, 'google.accessible'],
  [/^\/(v\d+)\/customers\/([^/]+)\/googleAds:search$/, 'google.search'],
  [/^\/(v\d+)\/customers\/([^/]+)\/googleAds:searchStream$/, 'google.stream'],
  [/^(?:\/(v\d+\.\d+))?\/me\/adaccounts\/?$/, 'meta.accounts'],
  [/^(?:\/(v\d+\.\d+))?\/act_([^/]+)\/campaigns\/?$/, 'meta.campaigns'],
  [/^(?:\/(v\d+\.\d+))?\/act_([^/]+)\/insights\/?$/, 'meta.insights'],
  [/^(?:\/(v\d+\.\d+))?\/act_([^/]+)\/?$/, 'meta.account'],
  [/^(?:\/(v\d+\.\d+))?\/(\d+)\/insights\/?$/, 'meta.job_insights'],
  [/^(?:\/(v\d+\.\d+))?\/(\d+)\/?$/, 'meta.job'],
]

/** Google's versions are `v26`, Meta's `v26.0`: so both platforms can live at one address. */
export function targetOf(path: string, method = 'GET'): Target | undefined {
  for (const [pattern, found] of patterns) {
    const match = pattern.exec(path)
    // The same edge, read or asked to be worked at: Meta tells them apart by the method.
    const route = found === 'meta.insights' && method === 'POST' ? 'meta.job_submit' : found
    if (match) return { route, version: match[1] ?? '', account: match[2] }
  }
  return undefined
}
