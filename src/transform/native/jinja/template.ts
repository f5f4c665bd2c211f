import { compileFunction } from 'node:vm'
import type { Definition, Expression, Statement } from './ast.ts'
import { ReturnSignal, TemplateFailure, publicError, trace } from './failure.ts'
import { Generator } from './generate.ts'
import type { CompiledMacro, Macro, TemplateContext } from './macro.ts'
import { hasLowerCaseNames, isFolded, isLiteral, readingOf } from './native-value.ts'
import { parseTemplate } from './parse.ts'
import { knownNames, runtime } from './runtime.ts'
import type { Scope } from './runtime.ts'
import { str } from './text.ts'
import type { Awaitable, Keywords, Value } from './value.ts'
import { PythonError } from './value.ts'

export type Mode = 'async' | 'sync'

/** Names that a render adds to the context, such as the arguments of a generic test. */
export type ExtraNames = Readonly<Record<string, Value>>

/**
 * One template, parsed once. The JavaScript of each twin is made when it is first needed: `render` waits at every call, so that macros may ask
 * the database; `renderNow` is for parsing, where a call that needs the database is an error.
 * All of them throw TRANSFORM_JINJA_RUNTIME, or the coded error of the context's own function with the place added.
 */
export class Template {
  readonly file: string
  readonly firstLine: number
  readonly source: string
  #statements: readonly Statement[] | undefined
  readonly #compiled = new Map<string, unknown>()

  private constructor(source: string, file: string, firstLine: number) {
    this.source = source
    this.file = file
    this.firstLine = firstLine
  }

  /** Throws TRANSFORM_JINJA_SYNTAX with file, line and column. `firstLine` is where the source begins in its file. */
  static parse(source: string, file: string, firstLine = 1): Template {
    const template = new Template(source, file, firstLine)
    template.#statements = parseTemplate(source, file, firstLine)
    return template
  }

  /** The same for a source that is known to parse: it is parsed when it is first needed. */
  static later(source: string, file: string, firstLine = 1): Template {
    return new Template(source, file, firstLine)
  }

  get statements(): readonly Statement[] {
    this.#statements ??= parseTemplate(this.source, this.file, this.firstLine)
    return this.#statements
  }

  get definitions(): readonly Definition[] {
    return this.statements.filter((statement) => statement.kind === 'macro')
  }

  async render(context: TemplateContext, extra: ExtraNames = {}): Promise<string> {
    return atTheDoorAsync(() => this.#main('async')(runtime, context, scopeOf(extra)) as Promise<string>)
  }

  renderNow(context: TemplateContext, extra: ExtraNames = {}): string {
    return atTheDoor(() => this.#main('sync')(runtime, context, scopeOf(extra)) as string)
  }

  /**
   * As dbt renders configuration: a template that is one expression gives its value, any other its text. What is known beforehand is text,
   * unless one of dbt's filters `as_bool`, `as_number` and `as_native` says what to read it as.
   */
  nativeNow(context: TemplateContext, extra: ExtraNames = {}): Value {
    const expression = this.#onlyExpression()
    if (expression === undefined) return this.renderNow(context, extra)
    return atTheDoor(() => read(expression, this.#valueNow(expression, context, extra), this.file))
  }

  async native(context: TemplateContext, extra: ExtraNames = {}): Promise<Value> {
    const expression = this.#onlyExpression()
    if (expression === undefined) return this.render(context, extra)
    const compiled = this.#once('async value', () =>
      compile(generator(this.file, 'async').value(expression), 'async', this.file),
    )
    return atTheDoorAsync(async () => read(expression, await compiled(runtime, context, scopeOf(extra)), this.file))
  }

  /** The value of one of Python's literals; undefined for any other text. */
  static literal(source: string, file: string): Value | undefined {
    if (hasLowerCaseNames(source)) return undefined
    try {
      const template = Template.parse(`{{ ${source} }}`, file)
      const expression = template.#onlyExpression()
      if (expression === undefined || !isLiteral(expression)) return undefined
      return template.#valueNow(expression, { lookup: () => undefined, permissive: false }, {})
    } catch {
      return undefined
    }
  }

  #valueNow(expression: Expression, context: TemplateContext, extra: ExtraNames): Value {
    const compiled = this.#once('sync value', () =>
      compile(generator(this.file, 'sync').value(expression), 'sync', this.file),
    )
    return compiled(runtime, context, scopeOf(extra)) as Value
  }

  /** The compiled form of one of `definitions`; its free names come from the context that calls it. */
  macro(definition: Definition, mode: Mode): CompiledMacro {
    return this.#once(`${mode} ${definition.start}`, () => {
      const code = `const s0=Object.create(null);return ${generator(this.file, mode).macro(definition)};`
      return (compileFunction(code, ['R'], { filename: this.file }) as (host: typeof runtime) => CompiledMacro)(runtime)
    })
  }

  #main(mode: Mode): CompiledTemplate {
    return this.#once(mode, () => compile(generator(this.file, mode).template(this.statements), mode, this.file))
  }

  #onlyExpression(): Expression | undefined {
    const [only] = this.statements
    return this.statements.length === 1 && only?.kind === 'output' ? only.expression : undefined
  }

  #once<Result>(key: string, make: () => Result): Result {
    const held = this.#compiled.get(key) as Result | undefined
    if (held !== undefined) return held
    const made = make()
    this.#compiled.set(key, made)
    return made
  }
}

type CompiledTemplate = (host: typeof runtime, context: TemplateContext, scope: Scope) => Awaitable<Value>

function read(expression: Expression, value: Value, file: string): Value {
  const reading =
    expression.kind === 'filter'
      ? placed(expression.name, file, expression.at, () =>
          readingOf(expression.name, value, (text) => Template.literal(text, file)),
        )
      : undefined
  return reading === undefined ? (isFolded(expression) ? str(value) : value) : reading.value
}

function placed<Result>(name: string, file: string, at: number, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw trace(error, name, file, at)
  }
}

function generator(file: string, mode: Mode): Generator {
  return new Generator(file, mode === 'async', knownNames)
}

function compile(body: string, mode: Mode, file: string): CompiledTemplate {
  const code = `return ${mode === 'async' ? 'async ' : ''}function(R,c,s0){${body}};`
  return (compileFunction(code, [], { filename: file }) as () => CompiledTemplate)()
}

function scopeOf(extra: ExtraNames): Scope {
  const scope = Object.create(null) as Scope
  for (const [name, value] of Object.entries(extra)) scope[`$${name}`] = value
  return scope
}

function atTheDoor<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw outward(error)
  }
}

async function atTheDoorAsync<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw outward(error)
  }
}

function outward(error: unknown): unknown {
  if (error instanceof ReturnSignal)
    return publicError(new TemplateFailure(new PythonError('RuntimeError', error.message)))
  return publicError(error)
}

/** Calls a macro from the host: the error that leaves is the coded one, with the stack of macros. */
export async function callMacro(
  macro: Macro,
  positional: readonly Value[],
  keyword: Keywords = NO_KEYWORDS,
): Promise<Value> {
  return atTheDoorAsync(async () => macro.call({ positional, keyword }))
}

/** The same for a macro compiled for parsing, where nothing may wait. */
export function callMacroNow(macro: Macro, positional: readonly Value[], keyword: Keywords = NO_KEYWORDS): Value {
  return atTheDoor(() => runtime.settled(macro.call({ positional, keyword })))
}

const NO_KEYWORDS: Keywords = new Map()
