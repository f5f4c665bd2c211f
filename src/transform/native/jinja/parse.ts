import type { BlockTag, Definition, Expression, Statement, Target } from './ast.ts'
import { tokenize } from './lexer.ts'
import { ExpressionParser } from './parse-expression.ts'
import { TokenStream } from './token-stream.ts'

/** Parses a template with dbt's tags. Throws TRANSFORM_JINJA_SYNTAX with file, line and column. */
export function parseTemplate(source: string, file: string, firstLine = 1): Statement[] {
  return new TemplateParser(new TokenStream(tokenize(source, file, firstLine), file)).parseAll()
}

/** How the name that dbt registers comes from the tag and the name as written. */
const registeredNames: Readonly<Record<BlockTag, (label: string, adapter: string) => string>> = {
  macro: (label) => label,
  test: (label) => `test_${label}`,
  data_test: (label) => `test_${label}`,
  materialization: (label, adapter) => `materialization_${label}_${adapter}`,
  snapshot: (label) => `snapshot_${label}`,
  docs: (label) => `dbt_docs__${label}`,
}

const LOADER_TAGS = new Set(['include', 'import', 'from', 'extends', 'block', 'autoescape', 'trans'])

class TemplateParser extends ExpressionParser {
  readonly #statements: Readonly<Record<string, (at: number) => Statement>> = {
    set: (at) => this.#parseSet(at),
    if: (at) => this.#parseIf(at),
    for: (at) => this.#parseFor(at),
    macro: (at) => this.#parseDefinition('macro', at),
    test: (at) => this.#parseDefinition('test', at),
    data_test: (at) => this.#parseDefinition('data_test', at),
    snapshot: (at) => this.#parseDefinition('snapshot', at),
    docs: (at) => this.#parseDefinition('docs', at),
    materialization: (at) => this.#parseDefinition('materialization', at),
    call: (at) => this.#parseCallBlock(at),
    filter: (at) => this.#parseFilterBlock(at),
    with: (at) => this.#parseWith(at),
    do: (at) => ({ kind: 'do', expression: this.#single(), at }),
    print: (at) => ({ kind: 'output', expression: this.#single(), at }),
    break: (at) => this.#loopControl('break', at),
    continue: (at) => this.#loopControl('continue', at),
  }
  #loopDepth = 0
  #tagOffset = 0

  parseAll(): Statement[] {
    return this.#parseUntil(null)
  }

  #parseUntil(ends: readonly string[] | null): Statement[] {
    const body: Statement[] = []
    for (;;) {
      const token = this.stream.current
      if (token.kind === 'end') {
        if (ends === null) return body
        this.stream.fail(
          `Unexpected end of template. Jinja was looking for the following tags: '${ends.join("' or '")}'`,
        )
      }
      if (token.kind === 'data') body.push({ kind: 'data', text: this.stream.next().text })
      else if (token.kind === 'variable_begin') body.push(this.#parseOutput())
      else {
        const { following } = this.stream
        if (ends !== null && following.kind === 'name' && ends.includes(following.text)) return body
        body.push(this.#parseStatement())
      }
    }
  }

  #parseOutput(): Statement {
    const at = this.stream.at
    this.stream.next()
    const expression = this.parseTuple()
    this.stream.expectKind('variable_end', 'end of print statement')
    return { kind: 'output', expression, at }
  }

  #parseStatement(): Statement {
    const at = this.stream.at
    this.#tagOffset = this.stream.next().offset
    const token = this.stream.current
    const name = this.stream.expectName()
    const parse = Object.hasOwn(this.#statements, name) ? this.#statements[name] : undefined
    if (parse !== undefined) return parse(at)
    if (LOADER_TAGS.has(name))
      this.stream.fail(`the tag '${name}' does not exist in dbt: templates there have no loader; use a macro`, token)
    return this.stream.fail(`Encountered unknown tag '${name}'.`, token)
  }

  /** The end of an opening tag; the colon is Python's habit and Jinja lets it pass. */
  #endTag(): void {
    this.stream.skipOperator(':')
    this.stream.expectKind('block_end', 'end of statement block')
  }

  /** A body up to one of `ends`; returns it with the tag that ended it, whose name has been read but not its rest. */
  #body(ends: readonly string[]): { body: Statement[]; ender: string } {
    this.#endTag()
    const body = this.#parseUntil(ends)
    this.stream.next()
    return { body, ender: this.stream.next().text }
  }

  #closedBody(end: string): Statement[] {
    const { body } = this.#body([end])
    this.stream.expectKind('block_end', 'end of statement block')
    return body
  }

  #single(): Expression {
    const expression = this.parseTuple()
    this.stream.expectKind('block_end', 'end of statement block')
    return expression
  }

  #parseSet(at: number): Statement {
    const target = this.parseTarget(undefined, true)
    if (this.stream.skipOperator('=')) return { kind: 'set', target, expression: this.#single(), at }
    const filter = this.parseFilters(null)
    return { kind: 'set_block', target, filter, body: this.#closedBody('endset'), at }
  }

  #parseIf(at: number): Statement {
    const test = this.parseTuple({ plain: true })
    const { body, ender } = this.#body(['elif', 'else', 'endif'])
    return { kind: 'if', test, body, otherwise: this.#parseElse(ender), at }
  }

  #parseElse(ender: string): Statement[] {
    if (ender === 'elif') return [this.#parseIf(this.stream.at)]
    if (ender === 'else') return this.#closedBody('endif')
    this.stream.expectKind('block_end', 'end of statement block')
    return []
  }

  #parseFor(at: number): Statement {
    const target = this.parseTarget('in')
    if (!this.stream.skipName('in')) this.stream.fail(`expected token 'in', got ${this.stream.describe()}`)
    const items = this.parseTuple({ plain: true, endName: 'recursive' })
    const test = this.stream.skipName('if') ? this.parseExpression() : null
    const recursive = this.stream.skipName('recursive')
    this.#loopDepth += 1
    const { body, ender } = this.#body(['endfor', 'else'])
    this.#loopDepth -= 1
    const otherwise = ender === 'else' ? this.#closedBody('endfor') : []
    if (ender === 'endfor') this.stream.expectKind('block_end', 'end of statement block')
    return { kind: 'for', target, items, test, recursive, body, otherwise, at }
  }

  #loopControl(kind: 'break' | 'continue', at: number): Statement {
    if (this.#loopDepth === 0) this.stream.fail(`'${kind}' outside a loop`)
    this.stream.expectKind('block_end', 'end of statement block')
    return { kind, at }
  }

  #parseDefinition(tag: BlockTag, at: number): Definition {
    const start = this.#tagOffset
    const label = this.stream.expectName()
    const isFunction = tag === 'macro' || tag === 'test' || tag === 'data_test'
    const parameters = isFunction ? this.parseSignature() : []
    const options =
      tag === 'materialization' ? this.#materializationOptions() : { adapter: 'default', supportedLanguages: null }
    const outerDepth = this.#loopDepth
    this.#loopDepth = 0
    const { body } = this.#body([`end${tag}`])
    this.#loopDepth = outerDepth
    const end = this.stream.expectKind('block_end', 'end of statement block').endOffset
    const name = registeredNames[tag](label, options.adapter)
    return {
      kind: 'macro',
      tag,
      name,
      label,
      parameters,
      supportedLanguages: options.supportedLanguages,
      body,
      start,
      end,
      at,
    }
  }

  #materializationOptions(): { adapter: string; supportedLanguages: readonly string[] | null } {
    let adapter = 'default'
    let supportedLanguages: readonly string[] | null = null
    while (this.stream.skipOperator(',')) {
      const option = this.stream.expectName()
      if (option === 'default') continue
      this.stream.expectOperator('=')
      const value = this.parseExpression()
      if (option === 'adapter' && value.kind === 'constant') adapter = String(value.value)
      else if (option === 'supported_languages' && value.kind === 'list')
        supportedLanguages = value.items.map(constantText)
      else this.stream.fail(`unknown materialization option '${option}'`)
    }
    return { adapter, supportedLanguages }
  }

  #parseCallBlock(at: number): Statement {
    const parameters = this.stream.isOperator('(') ? this.parseSignature() : []
    const call = this.parseExpression()
    if (call.kind !== 'call') this.stream.fail('expected call')
    return { kind: 'call_block', parameters, call, body: this.#closedBody('endcall'), at }
  }

  #parseFilterBlock(at: number): Statement {
    const filter = this.parseFilters(null, true)
    if (filter === null) this.stream.fail('expected a filter')
    return { kind: 'filter_block', filter, body: this.#closedBody('endfilter'), at }
  }

  #parseWith(at: number): Statement {
    const targets: (readonly [Target, Expression])[] = []
    while (this.stream.current.kind !== 'block_end') {
      if (targets.length > 0) this.stream.expectOperator(',')
      const target = this.parseTarget()
      this.stream.expectOperator('=')
      targets.push([target, this.parseExpression()])
    }
    return { kind: 'with', targets, body: this.#closedBody('endwith'), at }
  }
}

function constantText(expression: Expression): string {
  return expression.kind === 'constant' ? String(expression.value) : ''
}
