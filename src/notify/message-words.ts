/** What a run's message says in one language; every language has every word, or the program does not compile. */
export interface MessageWords {
  readonly locale: string
  /** After the pipeline's name in subject and title. The seed's own words: "Ad Data Pipeline Success". */
  readonly state: Readonly<Record<'success' | 'partial' | 'failed', string>>
  /** What the state means, for a reader who sees nothing else. */
  readonly lead: Readonly<Record<'success' | 'partial' | 'failed', string>>
  readonly label: {
    readonly days: string
    readonly accounts: string
    readonly rows: string
    readonly partitions: string
    readonly cost: string
    readonly checks: string
    readonly models: string
    readonly took: string
    readonly warehouse: string
    readonly command: string
    readonly run: string
  }
  readonly heading: {
    readonly summary: string
    readonly perAccount: string
    readonly troubles: string
    readonly waiting: string
    readonly look: string
  }
  /** `from` to `to`, both inclusive. */
  readonly range: (from: string, to: string, days: string) => string
  readonly daysCount: (days: string) => string
  readonly accounts: (count: string, platforms: string) => string
  readonly rows: (rows: string, changed: string) => string
  readonly partitions: (
    counts: Readonly<Record<'published' | 'unchanged' | 'refused' | 'failed' | 'superseded', string>>,
  ) => string
  readonly noCost: string
  readonly checks: (pass: string, warn: string, fail: string) => string
  readonly models: (models: string, pass: string, warn: string, fail: string) => string
  readonly seconds: (seconds: string) => string
  readonly fix: string
  readonly wholeRun: string
  readonly more: (count: string) => string
  readonly waits: (dates: string, zone: string) => string
  readonly accountState: Readonly<Record<'landed' | 'refused' | 'failed' | 'waiting', string>>
  readonly automatic: string
}
