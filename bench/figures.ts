/** Figures by name, units last in the name; null when a rival or a service is absent. */
export type Figures = Readonly<Record<string, number | null>>

/** One line of the printed table: ours, the rival's or the bar, and their ratio. */
export interface Line {
  readonly what: string
  readonly ours: number | null
  readonly unit: string
  /** The rival's figure of the same run, where there is a rival. */
  readonly rival?: { readonly name: string; readonly value: number | null } | undefined
  /** The bar that a figure is held against; `atMost` or `atLeast`. */
  readonly bar?: { readonly atMost: number } | { readonly atLeast: number } | undefined
}

export interface BenchOptions {
  readonly long: boolean
  /** Names of the parts that are asked for; none: all of them. Only some rooms have parts. */
  readonly parts: readonly string[]
  readonly say: (line: string) => void
}

export interface Bench {
  readonly figures: Figures
  readonly lines: readonly Line[]
}
