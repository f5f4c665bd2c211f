import { readFileSync } from 'node:fs'

/** Pieces of the exported file that are the same for every pipeline. */
export type PythonName = 'process' | 'pod' | 'fan-out'

/** The text of an `airflow-….py` of this room. */
export function python(name: PythonName): string {
  return readFileSync(new URL(`./airflow-${name}.py`, import.meta.url), 'utf8').trimEnd()
}

/** A text as Python writes it: JSON's escapes are among Python's. */
export const literal = (text: string): string => JSON.stringify(text)
