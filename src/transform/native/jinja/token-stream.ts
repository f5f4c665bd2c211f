import { packPosition, syntaxError } from './failure.ts'
import type { Token, TokenKind } from './lexer.ts'

const END: Token = { kind: 'end', text: '', line: 1, column: 1, offset: 0, endOffset: 0 }

/** The parser's reading head over the tokens of one template. */
export class TokenStream {
  readonly file: string
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(tokens: readonly Token[], file: string) {
    this.#tokens = tokens
    this.file = file
  }

  get current(): Token {
    return this.#tokens[this.#index] ?? this.#tokens.at(-1) ?? END
  }

  get following(): Token {
    return this.#tokens[this.#index + 1] ?? END
  }

  get at(): number {
    return packPosition(this.current.line, this.current.column)
  }

  next(): Token {
    const token = this.current
    this.#index += 1
    return token
  }

  isOperator(text: string): boolean {
    return this.current.kind === 'operator' && this.current.text === text
  }

  isName(text: string): boolean {
    return this.current.kind === 'name' && this.current.text === text
  }

  skipOperator(text: string): boolean {
    if (!this.isOperator(text)) return false
    this.next()
    return true
  }

  skipName(text: string): boolean {
    if (!this.isName(text)) return false
    this.next()
    return true
  }

  expectOperator(text: string): Token {
    if (!this.isOperator(text)) this.fail(`expected token '${text}', got ${this.describe()}`)
    return this.next()
  }

  expectName(): string {
    if (this.current.kind !== 'name') this.fail(`expected a name, got ${this.describe()}`)
    return this.next().text
  }

  expectKind(kind: TokenKind, wording: string): Token {
    if (this.current.kind !== kind) this.fail(`expected ${wording}, got ${this.describe()}`)
    return this.next()
  }

  describe(token: Token = this.current): string {
    if (token.kind === 'end') return 'the end of the template'
    if (token.kind === 'block_end') return 'the end of the tag'
    if (token.kind === 'variable_end') return 'the end of the print statement'
    return `'${token.text}'`
  }

  fail(message: string, token: Token = this.current): never {
    throw syntaxError(message, { file: this.file, line: token.line, column: token.column })
  }
}
