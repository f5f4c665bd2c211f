/** A line of the doctor's report, as the command line has it. */
interface DoctorFinding {
  readonly area: string
  readonly what: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly fix: string | null
}

/** What only the program that read the configuration can say of the project; every part of it is asked for when a screen wants it. */
export interface Insight {
  /** dbt's newest manifest as it lies on disk; null: nothing was built yet, or the project has no dbt. */
  manifest(): Promise<unknown>
  /** The configuration in force, names and values as they are written there; no secret is among them. */
  readonly general: readonly { readonly key: string; readonly value: string }[]
  /** For how many days each kind of thing is kept; null: as long as the database lives. */
  readonly retention: readonly {
    readonly what: 'raw' | 'logs' | 'facts' | 'results' | 'audit'
    readonly days: number | null
  }[]
  doctor(language: 'en' | 'ko'): Promise<readonly DoctorFinding[]>
}
