import { PythonError } from './value.ts'

/** The flags of Python's re, as the numbers that they are. */
export const REGEX_FLAGS = { I: 2, L: 4, M: 8, S: 16, U: 32, X: 64, A: 256 } as const

const FLAG_OF_LETTER: Readonly<Record<string, number>> = { i: 2, L: 4, m: 8, s: 16, u: 32, x: 64, a: 256 }
const WORD = String.raw`\p{L}\p{N}_`
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`
const END = String.raw`(?![\s\S])`
const CLASS_PUNCTUATION = '()[]{}/-|&!#$%*+,.:;<=>?@^`~'
const SYNTAX = String.raw`^$\.*+?()[]{}|/`

/**
 * Python's pattern as JavaScript's (`v` flag). What the two read differently is written out: `\w` and `\d` know every script, `$` stands
 * before a last newline, `.` stops at newlines only, groups are named `(?P<name>…)`. ValueError for what cannot be read.
 */
export function translatedPattern(pattern: string, flags: number): { source: string; flags: number } {
  return new Translator(pattern, flags).run()
}

class Translator {
  readonly #text: string
  #flags: number
  #at = 0
  #out = ''

  constructor(text: string, flags: number) {
    this.#text = text
    this.#flags = flags
  }

  run(): { source: string; flags: number } {
    const global = /^\(\?([aiLmsux]+)\)/.exec(this.#text)
    if (global !== null) {
      for (const letter of global[1] ?? '') this.#flags |= FLAG_OF_LETTER[letter] ?? 0
      this.#at = global[0].length
    }
    while (this.#at < this.#text.length) this.#step()
    return { source: this.#out, flags: this.#flags }
  }

  #has(flag: keyof typeof REGEX_FLAGS): boolean {
    return (this.#flags & REGEX_FLAGS[flag]) !== 0
  }

  #step(): void {
    const character = this.#text[this.#at] ?? ''
    if (character === '\\') return this.#escape()
    if (character === '[') return this.#class()
    if (character === '(' && this.#text[this.#at + 1] === '?') return this.#group()
    this.#at += 1
    if (this.#has('X') && /\s/.test(character)) return
    if (this.#has('X') && character === '#') {
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#text.length : end
      return
    }
    this.#out += this.#plain(character)
  }

  #plain(character: string): string {
    if (character === '.') return this.#has('S') ? String.raw`[\s\S]` : String.raw`[^\n]`
    if (character === '^') return this.#has('M') ? String.raw`(?<![^\n])` : String.raw`(?<![\s\S])`
    if (character === '$') return this.#has('M') ? String.raw`(?![^\n])` : String.raw`(?=\n?${END})`
    if (character === '{') return this.#brace()
    return character === '}' || character === ']' || character === '/' ? `\\${character}` : character
  }

  /** A `{` that begins no repetition is a character; `{,3}` begins at none. */
  #brace(): string {
    const repetition = /^(\d*)(,?)(\d*)\}/.exec(this.#text.slice(this.#at))
    if (repetition === null || (repetition[1] === '' && repetition[3] === '')) return String.raw`\{`
    this.#at += repetition[0].length
    return `{${repetition[1] === '' ? '0' : (repetition[1] ?? '')}${repetition[2] ?? ''}${repetition[3] ?? ''}}`
  }

  #group(): void {
    const rest = this.#text.slice(this.#at)
    const comment = /^\(\?#[^)]*\)/.exec(rest)
    if (comment !== null) {
      this.#at += comment[0].length
      return
    }
    const [whole = '(?', named, backward] = /^\(\?P(?:<(\w+)>|=(\w+)\))/.exec(rest) ?? []
    this.#at += whole.length
    if (named !== undefined) this.#out += `(?<${named}>`
    else this.#out += backward === undefined ? '(?' : String.raw`\k<${backward}>`
    // What follows `(?` up to the colon or the sign belongs to the group's opening.
    const opening =
      named === undefined && backward === undefined
        ? (/^(?:[:=!]|<[=!]|[ims-]*:)/.exec(this.#text.slice(this.#at))?.[0] ?? '')
        : ''
    this.#out += opening
    this.#at += opening.length
  }

  #escape(): void {
    const letter = this.#text[this.#at + 1]
    if (letter === undefined) throw new PythonError('ValueError', `bad escape (end of pattern) at position ${this.#at}`)
    this.#at += 2
    this.#out += this.#escaped(letter)
  }

  #escaped(letter: string): string {
    const word = this.#has('A') ? 'A-Za-z0-9_' : WORD
    const at: Readonly<Record<string, string>> = {
      A: String.raw`(?<![\s\S])`,
      Z: END,
      b: `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`,
      B: `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`,
    }
    if (Object.hasOwn(at, letter)) return at[letter] ?? ''
    if ('wWdDsS'.includes(letter)) return this.#set(letter)
    if (/[1-9]/.test(letter)) return `\\${letter}`
    return this.#character(letter, SYNTAX)
  }

  /** `\w` and its kin as a class of its own, which may stand inside another one. */
  #set(letter: string): string {
    const ascii = this.#has('A')
    const sets: Readonly<Record<string, string>> = {
      w: ascii ? 'A-Za-z0-9_' : WORD,
      d: ascii ? '0-9' : String.raw`\p{Nd}`,
      s: ascii ? String.raw`\t-\r\x20` : SPACE,
    }
    const body = sets[letter.toLowerCase()] ?? ''
    return letter === letter.toLowerCase() ? `[${body}]` : `[^${body}]`
  }

  #character(letter: string, special: string): string {
    if (letter === 'x' || letter === 'u') return `\\${letter}`
    if (letter === 'a') return String.raw`\x07`
    if ('nrtfv'.includes(letter)) return `\\${letter}`
    if (letter === '0') return String.raw`\0`
    if (/[A-Za-z]/.test(letter))
      throw new PythonError('ValueError', `bad escape \\${letter} at position ${this.#at - 2}`)
    return special.includes(letter) ? `\\${letter}` : letter
  }

  #class(): void {
    this.#at += 1
    let out = '['
    if (this.#text[this.#at] === '^') {
      out += '^'
      this.#at += 1
    }
    for (let first = true; ; first = false) {
      const character = this.#text[this.#at]
      if (character === undefined) throw new PythonError('ValueError', 'unterminated character set')
      this.#at += 1
      if (character === ']' && !first) break
      out += this.#member(character)
    }
    this.#out += `${out}]`
  }

  #member(character: string): string {
    if (character === '\\') {
      const letter = this.#text[this.#at] ?? ''
      this.#at += 1
      if ('wWdDsS'.includes(letter)) return this.#set(letter)
      if (letter === 'b') return String.raw`\x08`
      return this.#character(letter, `${CLASS_PUNCTUATION}\\`)
    }
    const next = this.#text[this.#at]
    const isRange = character === '-' && next !== ']' && next !== undefined && this.#text[this.#at - 2] !== '['
    if (isRange) return '-'
    return CLASS_PUNCTUATION.includes(character) ? `\\${character}` : character
  }
}
