import type { Call, CallParts, Expression, Filter } from './ast.ts'
import { COLUMNS_PER_LINE, syntaxError, unreachable } from './failure.ts'

const quote = (text: string): string => JSON.stringify(text)

/** What a generated function needs declared, known only when its body has been generated. */
export interface FunctionFrame {
  readonly temporaries: string[]
  /** Which of Jinja's implicit macro names the body reads. */
  readonly reads: Set<string>
  /** A macro's own body may return; the body of a call block must unwind through the macro that called it. */
  readonly returns: 'directly' | 'by signal' | 'never'
}

export interface KnownNames {
  readonly filters: ReadonlySet<string>
  readonly tests: ReadonlySet<string>
}

/**
 * Turns expressions into JavaScript. Every runtime call takes `p=<position>` as its last argument: arguments are evaluated in order, so the
 * position is noted after the operands' own calls and before the operation, in a variable local to the function: concurrent nodes never share it.
 */
export class ExpressionGenerator {
  protected readonly file: string
  protected readonly isAsync: boolean
  protected scope = 's0'
  protected frames: FunctionFrame[] = []
  readonly #known: KnownNames
  #unique = 0

  constructor(file: string, isAsync: boolean, known: KnownNames) {
    this.file = file
    this.isAsync = isAsync
    this.#known = known
  }

  protected unique(prefix: string): string {
    this.#unique += 1
    return `${prefix}${this.#unique}`
  }

  #temporary(): string {
    const name = this.unique('t')
    this.frames.at(-1)?.temporaries.push(name)
    return name
  }

  /** A call whose result may have to be waited for; the sync twin refuses a promise instead of printing it. */
  protected awaited(code: string): string {
    return this.isAsync ? `(await ${code})` : `R.settled(${code})`
  }

  expression(node: Expression): string {
    switch (node.kind) {
      case 'constant':
        return typeof node.value === 'bigint' ? `${node.value}n` : JSON.stringify(node.value)
      case 'float':
        return `R.float(${Number.isFinite(node.value) ? node.value : 'Infinity'})`
      case 'name':
        return this.#name(node.name)
      case 'tuple':
        return `R.tuple(${this.#list(node.items)})`
      case 'list':
        return this.#list(node.items)
      case 'concat':
        return `R.concat(${this.#list(node.items)})`
      case 'dict':
        return `R.dict([${node.items.map(([key, value]) => `[${this.expression(key)},${this.expression(value)}]`).join(',')}],p=${node.at})`
      case 'condition':
        return `(R.truth(${this.expression(node.test)})?${this.expression(node.chosen)}:${this.#otherwise(node.otherwise)})`
      case 'and':
      case 'or':
        return this.#logical(node.kind, node.left, node.right)
      case 'not':
        return `(!R.truth(${this.expression(node.operand)}))`
      case 'sign':
        return `R.sign(${node.negative},${this.expression(node.operand)},p=${node.at})`
      case 'binary':
        return `R.arithmetic(${quote(node.operator)},${this.expression(node.left)},${this.expression(node.right)},p=${node.at})`
      case 'compare':
        return this.#comparison(node)
      case 'attribute':
        return `R.attribute(${this.expression(node.object)},${quote(node.name)},p=${node.at})`
      case 'item':
        return this.#item(node)
      case 'slice':
        return `R.sliceObject(${this.#sliceParts(node)})`
      case 'call':
        return this.call(node, 'undefined')
      case 'filter':
        return this.filter(node, null)
      case 'test':
        return this.#test(node)
      default:
        return unreachable(node)
    }
  }

  #name(name: string): string {
    for (const frame of this.frames) frame.reads.add(name)
    return `R.name(${this.scope},c,${quote(name)})`
  }

  #list(items: readonly Expression[]): string {
    return `[${items.map((item) => this.expression(item)).join(',')}]`
  }

  #otherwise(node: Expression | null): string {
    return node === null
      ? `R.missing("the inline if-expression evaluated to false and no else section was defined.")`
      : this.expression(node)
  }

  #logical(kind: 'and' | 'or', left: Expression, right: Expression): string {
    const held = this.#temporary()
    const test = `R.truth(${held}=${this.expression(left)})`
    return kind === 'or' ? `(${test}?${held}:${this.expression(right)})` : `(${test}?${this.expression(right)}:${held})`
  }

  #comparison(node: Extract<Expression, { kind: 'compare' }>): string {
    let left = this.expression(node.first)
    const parts: string[] = []
    for (const [index, [operator, operand]] of node.rest.entries()) {
      const isLast = index === node.rest.length - 1
      const held = isLast ? undefined : this.#temporary()
      const right = held === undefined ? this.expression(operand) : `${held}=${this.expression(operand)}`
      parts.push(`R.compare(${quote(operator)},${left},${right},p=${node.at})`)
      left = held ?? left
    }
    return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join('&&')})`
  }

  #item(node: Extract<Expression, { kind: 'item' }>): string {
    const object = this.expression(node.object)
    if (node.key.kind === 'slice') return `R.slice(${object},${this.#sliceParts(node.key)},p=${node.at})`
    return `R.item(${object},${this.expression(node.key)},p=${node.at})`
  }

  #sliceParts(node: Extract<Expression, { kind: 'slice' }>): string {
    return [node.start, node.stop, node.step].map((part) => (part === null ? 'null' : this.expression(part))).join(',')
  }

  protected parts(call: CallParts): string {
    const positional = call.positional.map((argument) => this.expression(argument))
    if (call.spread !== null) positional.push(`...R.items(${this.expression(call.spread)})`)
    const pairs = call.keyword.map(([name, value]) => `[${quote(name)},${this.expression(value)}]`)
    const spread = call.spreadKeyword === null ? 'null' : this.expression(call.spreadKeyword)
    const keyword =
      pairs.length === 0 && call.spreadKeyword === null ? 'R.none' : `R.keywords([${pairs.join(',')}],${spread})`
    return `[${positional.join(',')}],${keyword}`
  }

  protected call(node: Call, caller: string): string {
    return this.awaited(`R.call(${this.expression(node.callee)},${this.parts(node)},${caller},p=${node.at})`)
  }

  /** `captured` is the code of the input where the filter chain works on a captured block. */
  protected filter(node: Filter, captured: string | null): string {
    if (!this.#known.filters.has(node.name)) this.#fail(`No filter named '${node.name}'.`, node.at)
    return `R.filter(${quote(node.name)},${this.#filterInput(node, captured)},${this.parts(node)},p=${node.at})`
  }

  #filterInput(node: Filter, captured: string | null): string {
    if (node.input === null) return captured ?? "''"
    return node.input.kind === 'filter' && captured !== null
      ? this.filter(node.input, captured)
      : this.expression(node.input)
  }

  #test(node: Extract<Expression, { kind: 'test' }>): string {
    if (!this.#known.tests.has(node.name)) this.#fail(`No test named '${node.name}'.`, node.at)
    return `R.test(${quote(node.name)},${this.expression(node.subject)},${this.parts(node.call)},p=${node.at})`
  }

  #fail(message: string, at: number): never {
    throw syntaxError(message, {
      file: this.file,
      line: Math.floor(at / COLUMNS_PER_LINE),
      column: at % COLUMNS_PER_LINE,
    })
  }
}
