import { readFileSync } from 'node:fs'

/** Templates written at random from a seed and a grammar: what Jinja2 has to say about each is asked of Jinja2. */

/** Numbers that follow from a seed alone (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = Math.trunc(state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** The names that every template begins with. */
const NAMES =
  "{%- set a = [3, 1, 2] -%}{%- set d = {'x': 1, 'y': ['b', 'a'], 'z': none} -%}{%- set s = 'Hello World' -%}{%- set n = 7 -%}{%- set e = [] -%}" +
  "{%- set rows = [{'v': 1, 'k': 'b'}, {'v': 2, 'k': 'a'}, {'v': 1, 'k': 'C'}] -%}"

/**
 * The productions of each kind; `@N` is a number, `@S` text, `@L` a list, `@D` a dict, `@B` a condition, `@A` anything, `@M` a moment,
 * `@X` a statement. Those under `ends` have no placeholder that could grow, and are what is left when the depth is used up.
 */
interface Grammar {
  readonly [kind: string]: { readonly ends: readonly string[]; readonly grows: readonly string[] }
}

const grammar = JSON.parse(readFileSync(new URL('golden/grammar.json', import.meta.url), 'utf8')) as Grammar
const productions = new Map(
  Object.entries(grammar).map(([kind, { ends, grows }]) => [kind, { ends, all: [...ends, ...grows] }]),
)
const KINDS = ['N', 'S', 'L', 'D', 'B', 'A'] as const

class TemplateMaker {
  readonly #next: (below: number) => number
  constructor(seed: number) {
    this.#next = numbers(seed)
  }

  template(): string {
    return NAMES + this.#controlled(this.#grown('X', 3))
  }

  #one<Item>(list: readonly Item[]): Item {
    const item = list[this.#next(list.length)]
    if (item === undefined) throw new Error('an empty list has no item')
    return item
  }

  #grown(kind: string, depth: number): string {
    const rules = productions.get(kind)
    if (rules === undefined) throw new Error(`the grammar has no ${kind}`)
    const production = this.#one(depth <= 0 ? rules.ends : rules.all)
    return production.replaceAll(/@([A-Z])/g, (_all, wanted: string) => {
      // One argument in thirty is of another kind than the place wants, because refusals have to agree as well.
      const noisy = (KINDS as readonly string[]).includes(wanted) && this.#next(30) === 0
      return this.#grown(noisy ? this.#one(KINDS) : wanted, depth - 1)
    })
  }

  /** Some tags take whitespace control, and some line ends come between them. */
  #controlled(text: string): string {
    return text.replaceAll(/\{%|%\}|\{\{(?! x \}\})|(?<!\{\{ x )\}\}/g, (tag) => {
      if (this.#next(8) > 0) return tag
      const sign = this.#next(3) === 0 && tag !== '{{' && tag !== '}}' ? '+' : '-'
      return tag.startsWith('{')
        ? `${this.#one(['', ' ', '\n'])}${tag}${sign}`
        : `${sign}${tag}${this.#one(['', ' ', '\n', '\n '])}`
    })
  }
}

/** So many templates of a seed. */
export function generatedTemplates(seed: number, count: number): string[] {
  const maker = new TemplateMaker(seed)
  return Array.from({ length: count }, () => maker.template())
}
