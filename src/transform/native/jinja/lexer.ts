import { SPACE_CLASS, trimEnd, trimStart } from './text.ts'
import { syntaxError } from './failure.ts'

export type TokenKind =
  | 'data'
  | 'block_begin'
  | 'block_end'
  | 'variable_begin'
  | 'variable_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end'

/** `offset` counts UTF-16 units of the normalised source; `line` and `column` start at 1. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly line: number
  readonly column: number
  readonly offset: number
  readonly endOffset: number
}

const OPERATORS = ['**', '//', '==', '!=', '<=', '>=', ...'+-/*%~[](){}><=.:|,;'.split('')] as const
const FLOAT = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy
const SPACES = new RegExp(`[${SPACE_CLASS}]+`, 'uy')
const RAW_BEGIN = new RegExp(`\\{%[-+]?[${SPACE_CLASS}]*raw[${SPACE_CLASS}]*(-?)%\\}`, 'uy')
const RAW_END = new RegExp(`\\{%([-+]?)[${SPACE_CLASS}]*endraw[${SPACE_CLASS}]*([-+]?)%\\}`, 'gu')
const ESCAPE = /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g
const PLAIN_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
}

/** The source as Jinja2 reads it: every line end is a newline, and one newline at the very end is dropped. */
function normaliseSource(source: string): string {
  const text = source.replaceAll(/\r\n?/g, '\n')
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

/**
 * Splits a template into tokens by Jinja2's rules with dbt's settings (no line statements, no trimmed blocks).
 * `firstLine` is the line of the file on which the source begins, so that positions are those of the file.
 * Throws TRANSFORM_JINJA_SYNTAX.
 */
export function tokenize(source: string, file: string, firstLine = 1): Token[] {
  return new Lexer(normaliseSource(source), file, firstLine).run()
}

class Lexer {
  readonly #source: string
  readonly #file: string
  readonly #lineStarts: number[] = [0]
  readonly #firstLine: number
  readonly #tokens: Token[] = []
  #position = 0
  #stripNext = false

  constructor(source: string, file: string, firstLine: number) {
    this.#source = source
    this.#file = file
    this.#firstLine = firstLine
    for (let index = source.indexOf('\n'); index >= 0; index = source.indexOf('\n', index + 1))
      this.#lineStarts.push(index + 1)
  }

  run(): Token[] {
    const opening = /\{[{%#]/g
    for (;;) {
      opening.lastIndex = this.#position
      const found = opening.exec(this.#source)
      if (found === null) break
      this.#enter(found.index)
    }
    this.#data(this.#source.slice(this.#position), this.#position, false)
    this.#push('end', '', this.#source.length, this.#source.length)
    return this.#tokens
  }

  #enter(start: number): void {
    const sign = this.#source[start + 2]
    this.#data(this.#source.slice(this.#position, start), this.#position, sign === '-')
    const inside = start + 2 + (sign === '-' || sign === '+' ? 1 : 0)
    const kind = this.#source[start + 1]
    if (kind === '#') this.#comment(start, inside)
    else if (kind === '%' && this.#raw(start)) return
    else this.#tag(kind === '%' ? 'block' : 'variable', start, inside)
  }

  #comment(start: number, inside: number): void {
    const end = this.#source.indexOf('#}', inside)
    if (end < 0) this.#fail('Missing end of comment tag', start)
    this.#stripNext = end > inside && this.#source[end - 1] === '-'
    this.#position = end + 2
  }

  #raw(start: number): boolean {
    RAW_BEGIN.lastIndex = start
    const begin = RAW_BEGIN.exec(this.#source)
    if (begin === null) return false
    const from = start + begin[0].length
    RAW_END.lastIndex = from
    const end = RAW_END.exec(this.#source)
    if (end === null) this.#fail('Missing end of raw directive', start)
    this.#stripNext = begin[1] === '-'
    this.#data(this.#source.slice(from, end.index), from, end[1] === '-')
    this.#stripNext = end[2] === '-'
    this.#position = end.index + end[0].length
    return true
  }

  #tag(kind: 'block' | 'variable', start: number, inside: number): void {
    const closing = kind === 'block' ? '%}' : '}}'
    this.#push(`${kind}_begin`, '', start, inside)
    this.#position = inside
    const brackets: string[] = []
    for (;;) {
      this.#skipSpaces()
      const at = this.#position
      if (at >= this.#source.length) this.#fail(`unexpected end of template, expected '${closing}'`, start)
      if (brackets.length === 0 && this.#close(kind, closing, at)) return
      this.#lexeme(brackets)
    }
  }

  #close(kind: 'block' | 'variable', closing: string, at: number): boolean {
    const sign = this.#source[at]
    const signed = (sign === '-' || (sign === '+' && kind === 'block')) && this.#source.startsWith(closing, at + 1)
    if (!signed && !this.#source.startsWith(closing, at)) return false
    const end = at + closing.length + (signed ? 1 : 0)
    this.#push(`${kind}_end`, '', at, end)
    this.#stripNext = signed && sign === '-'
    this.#position = end
    return true
  }

  #lexeme(brackets: string[]): void {
    const at = this.#position
    const character = this.#source[at] ?? ''
    if (character === '"' || character === "'") return this.#string(character)
    const float = this.#source[at - 1] === '.' ? undefined : this.#match(FLOAT)
    if (float !== undefined) return this.#take('float', float.replaceAll('_', ''), float.length)
    const integer = this.#match(INTEGER)
    if (integer !== undefined) return this.#take('integer', integer.replaceAll('_', ''), integer.length)
    const name = this.#match(NAME)
    if (name !== undefined) return this.#take('name', name, name.length)
    const operator = OPERATORS.find((candidate) => this.#source.startsWith(candidate, at))
    if (operator === undefined) this.#fail(`unexpected char ${JSON.stringify(character)}`, at)
    this.#balance(operator, brackets)
    return this.#take('operator', operator, operator.length)
  }

  #balance(operator: string, brackets: string[]): void {
    const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
    const closer = pairs[operator]
    if (closer !== undefined) brackets.push(closer)
    if (!')]}'.includes(operator)) return
    const expected = brackets.pop()
    if (expected === undefined) this.#fail(`unexpected '${operator}'`, this.#position)
    if (expected !== operator) this.#fail(`unexpected '${operator}', expected '${expected}'`, this.#position)
  }

  #string(quote: string): void {
    const from = this.#position
    let end = from + 1
    while (end < this.#source.length && this.#source[end] !== quote) end += this.#source[end] === '\\' ? 2 : 1
    if (end >= this.#source.length) this.#fail(`unexpected char ${JSON.stringify(quote)}`, from)
    const text = this.#unescape(this.#source.slice(from + 1, end), from)
    this.#push('string', text, from, end + 1)
    this.#position = end + 1
  }

  /** Python's escapes; an unknown one keeps its backslash, which regular expressions in templates rely on. */
  #unescape(raw: string, from: number): string {
    return raw.replaceAll(ESCAPE, (whole, body: string) => {
      if (body.length > 1 && 'xuU'.includes(body[0] ?? ''))
        return String.fromCodePoint(Number.parseInt(body.slice(1), 16))
      if (/^[0-7]/.test(body)) return String.fromCodePoint(Number.parseInt(body, 8))
      if ('xuUN'.includes(body)) this.#fail(`truncated \\${body} escape in a string`, from)
      return PLAIN_ESCAPES[body] ?? whole
    })
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position
    return pattern.exec(this.#source)?.[0]
  }

  #skipSpaces(): void {
    this.#position += this.#match(SPACES)?.length ?? 0
  }

  #data(text: string, offset: number, stripEnd: boolean): void {
    const left = this.#stripNext ? trimStart(text) : text
    this.#stripNext = false
    const kept = stripEnd ? trimEnd(left) : left
    if (kept !== '') this.#push('data', kept, offset, offset + text.length)
    this.#position = offset + text.length
  }

  #take(kind: TokenKind, text: string, length: number): void {
    this.#push(kind, text, this.#position, this.#position + length)
    this.#position += length
  }

  #push(kind: TokenKind, text: string, offset: number, endOffset: number): void {
    const place = this.#place(offset)
    this.#tokens.push({ kind, text, line: place.line, column: place.column, offset, endOffset })
  }

  #place(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + this.#firstLine, column: offset - (this.#lineStarts[low] ?? 0) + 1 }
  }

  #fail(message: string, offset: number): never {
    throw syntaxError(message, { file: this.#file, ...this.#place(offset) })
  }
}
