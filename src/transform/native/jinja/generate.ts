import type { Call, Definition, Expression, Parameter, Statement, Target } from './ast.ts'
import { unreachable } from './failure.ts'
import { ExpressionGenerator } from './generate-expression.ts'
import type { FunctionFrame } from './generate-expression.ts'

const quote = (text: string): string => JSON.stringify(text)

type For = Extract<Statement, { kind: 'for' }>
type Branch = Extract<Statement, { kind: 'if' }>
type SetBlock = Extract<Statement, { kind: 'set_block' }>

/**
 * Turns statements into JavaScript. One generator makes both twins: the async one waits at calls, the sync one is for parsing, where nothing
 * may ask the database. Scopes are objects with the outer scope as prototype and keys behind `$`, so that a template's `__proto__` is just a name.
 * Output goes to a string variable a buffer, so that `break` out of a captured block needs no unwinding.
 */
export class Generator extends ExpressionGenerator {
  #buffer = 'o'

  /** The body of `function (R, c, s0)` that renders the statements to text. */
  template(body: readonly Statement[]): string {
    return this.#function({ returns: 'never', label: 'template', at: 0 }, 's0', () => this.#statements(body))
  }

  /** The body of `function (R, c, s0)` that evaluates one expression to its value. */
  value(node: Expression): string {
    return this.#function(
      { returns: 'never', label: 'expression', at: 0 },
      's0',
      () => `return ${this.expression(node)};`,
    )
  }

  /** An expression that makes a macro of a definition; its free names are looked up in `s0` and then in the context of the call. */
  macro(node: Definition): string {
    return this.#callable(node.name, `macro ${node.label}`, node.parameters, node.body, node.at, 'directly')
  }

  #statements(body: readonly Statement[]): string {
    return body.map((node) => this.#statement(node)).join('\n')
  }

  #statement(node: Statement): string {
    switch (node.kind) {
      case 'data':
        return `${this.#buffer}+=${quote(node.text)};`
      case 'output':
        return (
          this.#return(node.expression, node.at) ??
          `p=${node.at};${this.#buffer}+=R.str(${this.expression(node.expression)});`
        )
      case 'do':
        return this.#return(node.expression, node.at) ?? `p=${node.at};${this.expression(node.expression)};`
      case 'set':
        return `p=${node.at};${this.#assign(node.target, this.expression(node.expression))}`
      case 'set_block':
        return this.#setBlock(node)
      case 'filter_block': {
        const { code, captured } = this.#capture(node.body)
        return `${code}p=${node.at};${this.#buffer}+=R.written(${this.filter(node.filter, captured)});`
      }
      case 'with':
        return this.#with(node)
      case 'if':
        return this.#branch(node)
      case 'for':
        return this.#for(node)
      case 'call_block':
        return this.#callBlock(node)
      case 'break':
        return 'break;'
      case 'continue':
        return 'continue;'
      case 'macro':
        return `${this.scope}[${quote(`$${node.name}`)}]=R.bound(${this.macro(node)},c);`
      default:
        return unreachable(node)
    }
  }

  /** dbt's `return(value)` as a plain JavaScript return where the statement stands in a macro's own body. */
  #return(node: Expression, at: number): string | undefined {
    const frame = this.frames.at(-1)
    if (frame === undefined || frame.returns === 'never' || node.kind !== 'call') return undefined
    if (node.callee.kind !== 'name' || node.callee.name !== 'return') return undefined
    const argument = node.positional[0] ?? node.keyword[0]?.[1]
    const value = argument === undefined ? 'null' : this.expression(argument)
    if (frame.returns === 'directly') return `p=${at};return ${value};`
    return `p=${at};throw R.returnSignal(${value});`
  }

  #branch(node: Branch): string {
    const otherwise = node.otherwise.length === 0 ? '' : `else{${this.#statements(node.otherwise)}}`
    return `p=${node.at};if(R.truth(${this.expression(node.test)})){${this.#statements(node.body)}}${otherwise}`
  }

  #assign(target: Target, value: string): string {
    if (target.kind === 'name') return `${this.scope}[${quote(`$${target.name}`)}]=${value};`
    if (target.kind === 'namespace') {
      return `R.assignAttribute(${this.expression({ kind: 'name', name: target.name, at: 0 })},${quote(target.attribute)},${value});`
    }
    const held = this.unique('u')
    const parts = target.items.map((item, index) => this.#assign(item, `${held}[${index}]`))
    return `const ${held}=R.unpack(${value},${target.items.length});${parts.join('')}`
  }

  #inScope(code: (scope: string) => string): string {
    const outer = this.scope
    const inner = this.unique('s')
    this.scope = inner
    const body = code(outer)
    this.scope = outer
    return body
  }

  /** Renders a body into a variable of its own, in an inner scope as Jinja does. */
  #capture(body: readonly Statement[]): { code: string; captured: string } {
    const outer = this.#buffer
    const captured = this.unique('o')
    this.#buffer = captured
    const code = this.#inScope(
      (scope) => `let ${captured}='';const ${this.scope}=Object.create(${scope});${this.#statements(body)}`,
    )
    this.#buffer = outer
    return { code, captured }
  }

  #setBlock(node: SetBlock): string {
    const { code, captured } = this.#capture(node.body)
    const value = node.filter === null ? captured : this.filter(node.filter, captured)
    return `${code}p=${node.at};${this.#assign(node.target, value)}`
  }

  #with(node: Extract<Statement, { kind: 'with' }>): string {
    const values = node.targets.map(([, value]) => this.expression(value))
    return this.#inScope((outer) => {
      const assignments = node.targets.map(([target], index) => this.#assign(target, values[index] ?? 'null'))
      return `{const ${this.scope}=Object.create(${outer});p=${node.at};${assignments.join('')}${this.#statements(node.body)}}`
    })
  }

  #for(node: For): string {
    if (!node.recursive) return `{p=${node.at};${this.#loop(node, this.expression(node.items), 'null', '1')}}`
    const recurse = this.unique('f')
    const outer = this.#buffer
    this.#buffer = this.unique('o')
    const body = `let ${this.#buffer}='';${this.#loop(node, 'items', recurse, 'depth')}return ${this.#buffer};`
    this.#buffer = outer
    const arrow = `${this.isAsync ? 'async ' : ''}(items,depth)=>{${body}}`
    return `{const ${recurse}=${arrow};p=${node.at};${outer}+=${this.awaited(`${recurse}(${this.expression(node.items)},1)`)};}`
  }

  #loop(node: For, items: string, recurse: string, depth: string): string {
    const [list, index, chosen] = [this.unique('l'), this.unique('i'), this.unique('k')]
    const filtered = node.test === null ? '' : this.#loopFilter(node, node.test, list, chosen)
    const body = this.#inScope(
      (outer) =>
        `const ${this.scope}=Object.create(${outer});${this.scope}.$loop=R.loop(${list},${index},${depth},${recurse});` +
        `${this.#assign(node.target, `${list}[${index}]`)}${this.#statements(node.body)}`,
    )
    const otherwise = node.otherwise.length === 0 ? '' : `if(${list}.length===0){${this.#statements(node.otherwise)}}`
    return `let ${list}=R.items(${items},p=${node.at});${filtered}for(let ${index}=0;${index}<${list}.length;${index}++){${body}}${otherwise}`
  }

  #loopFilter(node: For, test: Expression, list: string, chosen: string): string {
    const item = this.unique('x')
    const body = this.#inScope(
      (outer) =>
        `const ${this.scope}=Object.create(${outer});${this.#assign(node.target, item)}if(R.truth(${this.expression(test)}))${chosen}.push(${item});`,
    )
    return `{const ${chosen}=[];for(const ${item} of ${list}){${body}}${list}=${chosen};}`
  }

  #callBlock(node: Extract<Statement, { kind: 'call_block' }>): string {
    const caller = this.#callable('caller', 'call block', node.parameters, node.body, node.at, 'by signal')
    const call: Call = node.call
    return `p=${node.at};${this.#buffer}+=R.written(${this.call(call, `R.bound(${caller},c)`)});`
  }

  /** `R.macro(name, parameters, reads, body)`: the body gets the context of the call and the bound arguments. */
  #callable(
    name: string,
    label: string,
    parameters: readonly Parameter[],
    body: readonly Statement[],
    at: number,
    returns: FunctionFrame['returns'],
  ): string {
    const outerScope = this.scope
    const inner = this.unique('s')
    this.scope = inner
    let reads: ReadonlySet<string> = new Set()
    const code = this.#function({ returns, label, at }, inner, (frame) => {
      const bindings = parameters.map((parameter, index) => this.#binding(parameter, index))
      const text = this.#statements(body)
      reads = frame.reads
      const implicit = ['varargs', 'kwargs', 'caller'].filter((special) => reads.has(special))
      const specials = implicit.map((special) => `${inner}.$${special}=b.${special};`)
      return `const ${inner}=Object.create(${outerScope});${specials.join('')}${bindings.join('')}${text}`
    })
    this.scope = outerScope
    const specials = ['varargs', 'kwargs', 'caller'].filter((special) => reads.has(special))
    const names = JSON.stringify(parameters.map((parameter) => parameter.name))
    return `R.macro(${quote(name)},${names},${JSON.stringify(specials)},${this.isAsync ? 'async ' : ''}function(c,b){${code}})`
  }

  #binding(parameter: Parameter, index: number): string {
    const absent = `parameter '${parameter.name}' was not provided`
    const fallback = parameter.fallback === null ? `R.missing(${quote(absent)})` : this.expression(parameter.fallback)
    return `${this.scope}[${quote(`$${parameter.name}`)}]=b.values[${index}]===undefined?${fallback}:b.values[${index}];`
  }

  /** A function body with its own position, buffer and temporaries, and the catch that adds its frame to an error. */
  #function(
    options: { returns: FunctionFrame['returns']; label: string; at: number },
    scope: string,
    body: (frame: FunctionFrame) => string,
  ): string {
    const frame: FunctionFrame = { temporaries: [], reads: new Set(), returns: options.returns }
    const outer = { scope: this.scope, buffer: this.#buffer }
    this.scope = scope
    this.#buffer = 'o'
    this.frames.push(frame)
    const code = body(frame)
    this.frames.pop()
    this.scope = outer.scope
    this.#buffer = outer.buffer
    const temporaries = frame.temporaries.length === 0 ? '' : `let ${frame.temporaries.join(',')};`
    const handler = options.returns === 'directly' ? 'return R.caught' : 'throw R.trace'
    return `let p=${options.at},o='';${temporaries}try{${code}\nreturn o;}catch(e){${handler}(e,${quote(options.label)},${quote(this.file)},p);}`
  }
}
