import type {
  BinaryOperator,
  CallParts,
  ComparisonOperator,
  Expression,
  Filter,
  Parameter,
  Slice,
  Target,
} from './ast.ts'
import type { Token } from './lexer.ts'
import type { TokenStream } from './token-stream.ts'

/** The precedence of Jinja2 3.1, one method a level, so that what binds tighter is what is called deeper. */
const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='] satisfies ComparisonOperator[]
const TERMS: readonly string[] = ['+', '-'] satisfies BinaryOperator[]
const FACTORS: readonly string[] = ['*', '/', '//', '%'] satisfies BinaryOperator[]
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])
const RESERVED = new Set(['true', 'false', 'none', 'True', 'False', 'None'])
const NO_ARGUMENTS: CallParts = { positional: [], keyword: [], spread: null, spreadKeyword: null }

export class ExpressionParser {
  protected readonly stream: TokenStream

  constructor(stream: TokenStream) {
    this.stream = stream
  }

  /** Expressions with commas: a tuple where there is one. `plain` leaves out `a if b else c`, as after `if` and `in`. */
  parseTuple(options: { plain?: boolean; parenthesised?: boolean; endName?: string } = {}): Expression {
    const at = this.stream.at
    const items: Expression[] = []
    let isTuple = false
    while (!this.#tupleEnds(options.endName)) {
      items.push(options.plain === true ? this.#parseOr() : this.parseExpression())
      if (!this.stream.skipOperator(',')) break
      isTuple = true
    }
    const [only] = items
    if (!isTuple && only !== undefined) return only
    if (items.length === 0 && options.parenthesised !== true)
      this.stream.fail(`expected an expression, got ${this.stream.describe()}`)
    return { kind: 'tuple', items, at }
  }

  #tupleEnds(endName: string | undefined): boolean {
    const { kind } = this.stream.current
    if (kind === 'variable_end' || kind === 'block_end' || this.stream.isOperator(')')) return true
    return endName !== undefined && this.stream.isName(endName)
  }

  parseExpression(): Expression {
    let chosen = this.#parseOr()
    while (this.stream.skipName('if')) {
      const test = this.#parseOr()
      const otherwise = this.stream.skipName('else') ? this.parseExpression() : null
      chosen = { kind: 'condition', test, chosen, otherwise }
    }
    return chosen
  }

  #parseOr(): Expression {
    let left = this.#parseAnd()
    while (this.stream.skipName('or')) left = { kind: 'or', left, right: this.#parseAnd() }
    return left
  }

  #parseAnd(): Expression {
    let left = this.#parseNot()
    while (this.stream.skipName('and')) left = { kind: 'and', left, right: this.#parseNot() }
    return left
  }

  #parseNot(): Expression {
    if (this.stream.skipName('not')) return { kind: 'not', operand: this.#parseNot() }
    return this.#parseCompare()
  }

  #parseCompare(): Expression {
    const at = this.stream.at
    const first = this.#parseTerms()
    const rest: (readonly [ComparisonOperator, Expression])[] = []
    for (;;) {
      const operator = this.#comparison()
      if (operator === undefined) break
      rest.push([operator, this.#parseTerms()])
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest, at }
  }

  #comparison(): ComparisonOperator | undefined {
    const { current, following } = this.stream
    if (current.kind === 'operator' && COMPARISONS.includes(current.text))
      return this.stream.next().text as ComparisonOperator
    if (this.stream.skipName('in')) return 'in'
    if (!this.stream.isName('not') || following.kind !== 'name' || following.text !== 'in') return undefined
    this.stream.next()
    this.stream.next()
    return 'not in'
  }

  #parseTerms(): Expression {
    return this.#leftAssociative(TERMS, () => this.#parseConcat())
  }

  #parseConcat(): Expression {
    const at = this.stream.at
    const items = [this.#parseFactors()]
    while (this.stream.skipOperator('~')) items.push(this.#parseFactors())
    const [only] = items
    return items.length === 1 && only !== undefined ? only : { kind: 'concat', items, at }
  }

  #parseFactors(): Expression {
    return this.#leftAssociative(FACTORS, () => this.#leftAssociative(['**'], () => this.#parseUnary(true)))
  }

  #leftAssociative(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand()
    while (this.stream.current.kind === 'operator' && operators.includes(this.stream.current.text)) {
      const at = this.stream.at
      const operator = this.stream.next().text as BinaryOperator
      left = { kind: 'binary', operator, left, right: operand(), at }
    }
    return left
  }

  #parseUnary(withFilter: boolean): Expression {
    const at = this.stream.at
    const sign = this.stream.isOperator('-') || this.stream.isOperator('+') ? this.stream.next().text : undefined
    const inner: Expression =
      sign === undefined
        ? this.#parsePrimary()
        : { kind: 'sign', negative: sign === '-', operand: this.#parseUnary(false), at }
    const node = this.#parsePostfix(inner)
    return withFilter ? this.#parseFilterChain(node) : node
  }

  #parsePrimary(): Expression {
    const at = this.stream.at
    const token = this.stream.next()
    if (token.kind === 'name') {
      const constant = CONSTANTS.get(token.text)
      return constant === undefined ? { kind: 'name', name: token.text, at } : { kind: 'constant', value: constant }
    }
    if (token.kind === 'string') return { kind: 'constant', value: this.#adjacentStrings(token) }
    if (token.kind === 'integer') return { kind: 'constant', value: integer(token.text) }
    if (token.kind === 'float') return { kind: 'float', value: Number(token.text) }
    if (token.kind === 'operator' && token.text === '(') {
      const inner = this.parseTuple({ parenthesised: true })
      this.stream.expectOperator(')')
      return inner
    }
    if (token.kind === 'operator' && token.text === '[')
      return { kind: 'list', items: this.#parseItems(']', () => this.parseExpression()), at }
    if (token.kind === 'operator' && token.text === '{')
      return { kind: 'dict', items: this.#parseItems('}', () => this.#parsePair()), at }
    return this.stream.fail(`unexpected ${this.stream.describe(token)}`, token)
  }

  #adjacentStrings(first: Token): string {
    let text = first.text
    while (this.stream.current.kind === 'string') text += this.stream.next().text
    return text
  }

  #parsePair(): readonly [Expression, Expression] {
    const key = this.parseExpression()
    this.stream.expectOperator(':')
    return [key, this.parseExpression()]
  }

  #parseItems<Item>(closer: string, parseOne: () => Item): Item[] {
    const items: Item[] = []
    while (!this.stream.isOperator(closer)) {
      if (items.length > 0) this.stream.expectOperator(',')
      if (this.stream.isOperator(closer)) break
      items.push(parseOne())
    }
    this.stream.expectOperator(closer)
    return items
  }

  #parsePostfix(first: Expression): Expression {
    let node = first
    for (;;) {
      if (this.stream.isOperator('.')) node = this.#parseDot(node)
      else if (this.stream.isOperator('[')) node = this.#parseSubscript(node)
      else if (this.stream.isOperator('(')) node = this.#parseCall(node)
      else return node
    }
  }

  #parseFilterChain(first: Expression): Expression {
    let node = first
    for (;;) {
      if (this.stream.isOperator('|')) node = this.parseFilters(node) ?? node
      else if (this.stream.isName('is')) node = this.#parseTest(node)
      else if (this.stream.isOperator('(')) node = this.#parseCall(node)
      else return node
    }
  }

  #parseCall(callee: Expression): Expression {
    const at = this.stream.at
    return { kind: 'call', callee, ...this.#parseArguments(), at }
  }

  #parseDot(object: Expression): Expression {
    this.stream.next()
    const at = this.stream.at
    const token = this.stream.next()
    if (token.kind === 'name') return { kind: 'attribute', object, name: token.text, at }
    if (token.kind === 'integer')
      return { kind: 'item', object, key: { kind: 'constant', value: integer(token.text) }, at }
    return this.stream.fail('expected name or number', token)
  }

  #parseSubscript(object: Expression): Expression {
    const at = this.stream.at
    this.stream.next()
    const items: Expression[] = [this.#parseSubscribed()]
    let isTuple = false
    while (this.stream.skipOperator(',')) {
      isTuple = true
      if (this.stream.isOperator(']')) break
      items.push(this.#parseSubscribed())
    }
    this.stream.expectOperator(']')
    const [only] = items
    return { kind: 'item', object, key: !isTuple && only !== undefined ? only : { kind: 'tuple', items, at }, at }
  }

  #parseSubscribed(): Expression {
    const bound = (): Expression | null =>
      this.stream.isOperator(']') || this.stream.isOperator(':') || this.stream.isOperator(',')
        ? null
        : this.parseExpression()
    const start = bound()
    if (start !== null && !this.stream.isOperator(':')) return start
    this.stream.expectOperator(':')
    const stop = bound()
    const step = this.stream.skipOperator(':') ? bound() : null
    return { kind: 'slice', start, stop, step } satisfies Slice
  }

  #parseArguments(): CallParts {
    this.stream.expectOperator('(')
    const positional: Expression[] = []
    const keyword: (readonly [string, Expression])[] = []
    let spread: Expression | null = null
    let spreadKeyword: Expression | null = null
    for (let first = true; !this.stream.isOperator(')'); first = false) {
      if (!first) this.stream.expectOperator(',')
      if (!first && this.stream.isOperator(')')) break
      const { current, following } = this.stream
      const orderly = spreadKeyword === null
      if (this.stream.skipOperator('*'))
        spread = this.#ordered(orderly && spread === null, () => this.parseExpression())
      else if (this.stream.skipOperator('**')) spreadKeyword = this.#ordered(orderly, () => this.parseExpression())
      else if (current.kind === 'name' && following.kind === 'operator' && following.text === '=') {
        this.stream.next()
        this.stream.next()
        keyword.push([current.text, this.#ordered(orderly, () => this.parseExpression())])
      } else
        positional.push(this.#ordered(orderly && spread === null && keyword.length === 0, () => this.parseExpression()))
    }
    this.stream.expectOperator(')')
    return { positional, keyword, spread, spreadKeyword }
  }

  #ordered(allowed: boolean, parseOne: () => Expression): Expression {
    if (!allowed) this.stream.fail('invalid syntax for function call expression')
    return parseOne()
  }

  #dottedName(): string {
    let name = this.stream.expectName()
    while (this.stream.skipOperator('.')) name += `.${this.stream.expectName()}`
    return name
  }

  /** A chain of filters; `inline` when the first name stands without its bar, as in `{% filter upper %}`. */
  parseFilters(input: Expression | null, inline = false): Filter | null {
    let node: Expression | null = input
    let result: Filter | null = null
    for (let bare = inline; bare || this.stream.isOperator('|'); bare = false) {
      if (!bare) this.stream.next()
      const at = this.stream.at
      const name = this.#dottedName()
      const parts = this.stream.isOperator('(') ? this.#parseArguments() : NO_ARGUMENTS
      result = { kind: 'filter', name, input: node, ...parts, at }
      node = result
    }
    return result
  }

  #parseTest(subject: Expression): Expression {
    this.stream.next()
    const at = this.stream.at
    const negated = this.stream.skipName('not')
    const name = this.#dottedName()
    const test: Expression = { kind: 'test', name, subject, call: this.#testArguments(), at }
    return negated ? { kind: 'not', operand: test } : test
  }

  #testArguments(): CallParts {
    if (this.stream.isOperator('(')) return this.#parseArguments()
    const { current } = this.stream
    const opens = current.kind === 'operator' && (current.text === '[' || current.text === '{')
    const isValue =
      opens ||
      current.kind === 'string' ||
      current.kind === 'integer' ||
      current.kind === 'float' ||
      current.kind === 'name'
    if (!isValue || (current.kind === 'name' && ['else', 'or', 'and'].includes(current.text))) return NO_ARGUMENTS
    if (this.stream.isName('is')) this.stream.fail('You cannot chain multiple tests with is')
    return { ...NO_ARGUMENTS, positional: [this.#parsePostfix(this.#parsePrimary())] }
  }

  parseTarget(endName?: string, withNamespace = false): Target {
    const items: Target[] = []
    let isTuple = false
    do {
      if (items.length > 0 && this.stream.current.kind !== 'name' && !this.stream.isOperator('(')) break
      if (endName !== undefined && this.stream.isName(endName)) break
      items.push(this.#parseOneTarget(withNamespace))
      isTuple ||= this.stream.isOperator(',')
    } while (this.stream.skipOperator(','))
    const [only] = items
    return !isTuple && only !== undefined ? only : { kind: 'tuple', items }
  }

  #parseOneTarget(withNamespace: boolean): Target {
    if (this.stream.skipOperator('(')) {
      const inner = this.parseTarget(undefined, withNamespace)
      this.stream.expectOperator(')')
      return inner
    }
    const token = this.stream.current
    const name = this.stream.expectName()
    if (withNamespace && this.stream.skipOperator('.'))
      return { kind: 'namespace', name, attribute: this.stream.expectName() }
    if (RESERVED.has(name)) this.stream.fail(`can't assign to '${name}'`, token)
    return { kind: 'name', name }
  }

  parseSignature(): Parameter[] {
    this.stream.expectOperator('(')
    const parameters: Parameter[] = []
    while (!this.stream.isOperator(')')) {
      if (parameters.length > 0) this.stream.expectOperator(',')
      if (this.stream.isOperator(')')) break
      const name = this.stream.expectName()
      const fallback = this.stream.skipOperator('=') ? this.parseExpression() : null
      if (fallback === null && parameters.some((parameter) => parameter.fallback !== null)) {
        this.stream.fail('non-default argument follows default argument')
      }
      parameters.push({ name, fallback })
    }
    this.stream.expectOperator(')')
    return parameters
  }
}

function integer(text: string): number | bigint {
  const value = BigInt(text)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
