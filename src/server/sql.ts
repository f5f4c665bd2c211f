import { readFileSync } from 'node:fs'

const texts = new Map<string, string>()

/** The text of a `.sql` file of this room; read once. */
export function sql(name: string): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}
