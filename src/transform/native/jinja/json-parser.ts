import { normalInteger } from './number.ts'
import type { Value } from './value.ts'
import { PyDict, PyFloat, PythonError } from './value.ts'

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- JSON text may hold no control character
const STRING = /"((?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*)"/y
const WORDS: readonly (readonly [string, Value])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', new PyFloat(Number.NaN)],
  ['Infinity', new PyFloat(Infinity)],
  ['-Infinity', new PyFloat(-Infinity)],
]
/** Deeper than this Python's own parser gives up as well. */
const DEPTH_MAX = 900

/**
 * Python's json.loads: keys keep their order whatever they look like, integers of any size are exact, 1.0 is a float, NaN and Infinity are read.
 * Throws ValueError.
 */
export function parseJson(text: string): Value {
  return new JsonParser(text).document()
}

class JsonParser {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  document(): Value {
    const value = this.#value(0)
    this.#match(SPACE)
    return this.#at === this.#text.length ? value : this.#fail('Extra data')
  }

  #value(depth: number): Value {
    if (depth > DEPTH_MAX) throw new PythonError('RuntimeError', 'maximum recursion depth exceeded')
    this.#match(SPACE)
    const character = this.#text[this.#at]
    if (character === '"') return this.#string()
    if (character === '[') return this.#list(depth)
    if (character === '{') return this.#dict(depth)
    const word = WORDS.find(([name]) => this.#text.startsWith(name, this.#at))
    if (word !== undefined) {
      this.#at += word[0].length
      return word[1]
    }
    const number = this.#match(NUMBER)
    if (number === null) return this.#fail('Expecting value')
    const isWhole = number[1] === undefined && number[2] === undefined
    return isWhole ? normalInteger(BigInt(number[0])) : new PyFloat(Number(number[0]))
  }

  #string(): string {
    const found = this.#match(STRING)
    return found === null ? this.#fail('Unterminated string') : (JSON.parse(found[0]) as string)
  }

  #list(depth: number): Value[] {
    const list: Value[] = []
    this.#at += 1
    if (this.#skip(']')) return list
    do list.push(this.#value(depth + 1))
    while (this.#skip(','))
    if (!this.#skip(']')) this.#fail("Expecting ',' delimiter")
    return list
  }

  #dict(depth: number): PyDict {
    const dict = new PyDict()
    this.#at += 1
    if (this.#skip('}')) return dict
    do {
      this.#match(SPACE)
      if (this.#text[this.#at] !== '"') this.#fail('Expecting property name enclosed in double quotes')
      const key = this.#string()
      if (!this.#skip(':')) this.#fail("Expecting ':' delimiter")
      dict.set(key, this.#value(depth + 1))
    } while (this.#skip(','))
    if (!this.#skip('}')) this.#fail("Expecting ',' delimiter")
    return dict
  }

  #skip(character: string): boolean {
    this.#match(SPACE)
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at = pattern.lastIndex
    return found
  }

  #fail(message: string): never {
    throw new PythonError('ValueError', `${message}: char ${this.#at}`)
  }
}
