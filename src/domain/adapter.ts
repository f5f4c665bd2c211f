import type { z } from 'zod'

/** A package that an adapter imports only when it is opened. */
export interface Need {
  readonly package: string
  readonly version: string
}

/** One way through a port: what it is, what it must be told, what it needs installed, how it opens. */
export interface Adapter<Port, Options extends z.ZodType> {
  readonly name: string
  readonly summary: string
  readonly options: Options
  readonly needs?: readonly Need[]
  open(options: z.output<Options>): Promise<Port>
}

/** Gives an adapter its port's type while its options keep their own. */
export function defineAdapter<Port>() {
  return <Options extends z.ZodType>(adapter: Adapter<Port, Options>): Adapter<Port, Options> => adapter
}
