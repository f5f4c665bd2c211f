import { Script, createContext } from 'node:vm'
import { bind } from './arguments.ts'
import { indexOf } from './number.ts'
import { repr, str, textLength, typeName } from './text.ts'
import { REGEX_FLAGS, translatedPattern } from './regex-pattern.ts'
import type { Awaitable, CallArguments, Value } from './value.ts'
import { HostDict, HostFunction, PyDict, PyGenerator, PyObject, PyTuple, PythonError, presentOr } from './value.ts'

/** Runs `work` under a clock that can stop even a regular expression. */
const watch = new Script('work()')
const SECONDS_MAX = 2

type Anchor = 'search' | 'match' | 'fullmatch'

function subject(value: Value | undefined): string {
  if (typeof value === 'string') return value
  throw new PythonError('TypeError', `expected string or bytes-like object, got '${typeName(value ?? null)}'`)
}

/** A compiled pattern, as `re.compile` gives it. */
class Pattern extends PyObject {
  readonly typeName = 're.Pattern'
  readonly #source: string
  readonly #flags: number
  readonly #expressions = new Map<Anchor, RegExp>()
  readonly #translated: string
  readonly #letters: string

  constructor(source: string, flags: number) {
    super()
    this.#source = source
    const { source: translated, flags: all } = translatedPattern(source, flags)
    this.#flags = all
    this.#translated = translated
    this.#letters = `dgv${(all & REGEX_FLAGS.I) === 0 ? '' : 'i'}`
    this.expression('search')
  }

  expression(anchor: Anchor): RegExp {
    const held = this.#expressions.get(anchor)
    if (held !== undefined) return held
    const body = { search: '', match: '', fullmatch: String.raw`(?![\s\S])` }[anchor]
    const letters = anchor === 'search' ? this.#letters : this.#letters.replace('g', 'y')
    try {
      const made = new RegExp(anchor === 'search' ? this.#translated : `(?:${this.#translated})${body}`, letters)
      this.#expressions.set(anchor, made)
      return made
    } catch (cause) {
      throw new PythonError('ValueError', `the pattern ${repr(this.#source)} cannot be read: ${String(cause)}`)
    }
  }

  find(text: string, anchor: Anchor, from = 0): RegExpExecArray | null {
    const expression = this.expression(anchor)
    expression.lastIndex = from
    return this.#bounded(text, () => expression.exec(text))
  }

  all(text: string): RegExpExecArray[] {
    return this.#bounded(text, () => [...text.matchAll(this.expression('search'))])
  }

  /** A repeated group may take longer than the world lasts; it gets some seconds. What cannot explode runs as it is. */
  #bounded<Result>(text: string, work: () => Result): Result {
    if (text.length < 25 || !/\)[*+{]/.test(this.#source)) return work()
    let result: { readonly value: Result } | undefined
    try {
      watch.runInContext(createContext({ work: () => (result = { value: work() }) }), { timeout: SECONDS_MAX * 1000 })
    } catch {
      throw new PythonError('RuntimeError', `the pattern ${repr(this.#source)} takes longer than ${SECONDS_MAX} s`)
    }
    return result === undefined ? work() : result.value
  }

  override attribute(name: string): Value | undefined {
    if (name === 'pattern') return this.#source
    if (name === 'flags') return this.#flags | REGEX_FLAGS.U
    const method = Object.hasOwn(functions, name) ? functions[name] : undefined
    return method === undefined
      ? undefined
      : new HostFunction(name, (call) => method(this, call.positional, call.keyword))
  }

  override text(): string {
    return `re.compile(${repr(this.#source)})`
  }
}

class Match extends PyObject {
  readonly typeName = 're.Match'
  readonly #found: RegExpExecArray
  constructor(found: RegExpExecArray) {
    super()
    this.#found = found
  }

  group(key: Value): Value {
    const index = typeof key === 'number' ? key : key === true ? 1 : key === false ? 0 : undefined
    if (
      index !== undefined ? index < this.#found.length && index >= 0 : Object.hasOwn(this.#found.groups ?? {}, str(key))
    )
      return (index === undefined ? this.#found.groups?.[str(key)] : this.#found[index]) ?? null
    throw new PythonError('IndexError', 'no such group')
  }

  /** Where a group begins and ends, in characters; -1 twice for one that took no part. */
  span(key: Value): [number, number] {
    const indexes = this.#found.indices
    const place = typeof key === 'number' ? indexes?.[key] : indexes?.groups?.[str(key)]
    if (place === undefined) {
      this.group(key)
      return [-1, -1]
    }
    return [textLength(this.#found.input.slice(0, place[0])), textLength(this.#found.input.slice(0, place[1]))]
  }

  override item(key: Value): Value | undefined {
    return this.group(key)
  }

  override attribute(name: string): Value | undefined {
    const groups = this.#found.slice(1)
    const method = (body: (call: CallArguments) => Value): Value => new HostFunction(name, body)
    const methods: Readonly<Record<string, () => Value>> = {
      string: () => this.#found.input,
      lastindex: () => lastGroup(groups),
      group: () => method((call) => this.#groups(call.positional)),
      groups: () => method((call) => new PyTuple(groups.map((part) => part ?? argument(call, 'default')))),
      groupdict: () =>
        method(
          (call) =>
            new PyDict(
              Object.entries(this.#found.groups ?? {}).map(([key, part]) => [
                key,
                (part as string | undefined) ?? argument(call, 'default'),
              ]),
            ),
        ),
      start: () => method((call) => this.span(call.positional[0] ?? 0)[0]),
      end: () => method((call) => this.span(call.positional[0] ?? 0)[1]),
      span: () => method((call) => new PyTuple(this.span(call.positional[0] ?? 0))),
      expand: () => method((call) => expanded(subject(call.positional[0]), this.#found)),
    }
    return Object.hasOwn(methods, name) ? methods[name]?.() : undefined
  }

  #groups(keys: readonly Value[]): Value {
    if (keys.length <= 1) return this.group(keys[0] ?? 0)
    return new PyTuple(keys.map((key) => this.group(key)))
  }

  override truth(): boolean {
    return true
  }

  override text(): string {
    const [start, end] = this.span(0)
    return `<re.Match object; span=(${start}, ${end}), match=${repr(this.#found[0])}>`
  }
}

function argument(call: CallArguments, name: string): Value {
  return presentOr(call.positional[0], () => presentOr(call.keyword.get(name), () => null))
}

function lastGroup(groups: readonly (string | undefined)[]): Value {
  const last = groups.findLastIndex((part) => part !== undefined)
  return last < 0 ? null : last + 1
}

/** `\1`, `\g<name>` and the escapes of a replacement. */
function expanded(template: string, found: RegExpExecArray): string {
  const group = (key: string): string => {
    const index = /^\d+$/.test(key) ? Number(key) : undefined
    if (index === undefined ? !Object.hasOwn(found.groups ?? {}, key) : index >= found.length)
      throw new PythonError('ValueError', `invalid group reference ${key}`)
    return (index === undefined ? found.groups?.[key] : found[index]) ?? ''
  }
  const plain: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    f: '\f',
    v: '\v',
    a: '\u0007',
    '\\': '\\',
  }
  return template.replaceAll(
    /\\(?:g<(\w+)>|([1-9]\d?)|([\s\S]|$))/g,
    (all: string, name?: string, index?: string, letter?: string) => {
      if (name !== undefined) return group(name)
      if (index !== undefined) return group(index)
      if (letter !== undefined && Object.hasOwn(plain, letter)) return plain[letter] ?? ''
      if (letter === undefined || letter === '' || /[A-Za-z]/.test(letter))
        throw new PythonError('ValueError', `bad escape ${all}`)
      return letter === '0' ? '\0' : all
    },
  )
}

/** Replaces up to `most` matches. A callable replacement may have to wait, so the pieces are joined when all of them are there. */
function replaced(pattern: Pattern, repl: Value, text: string, most: number, numbered: boolean): Awaitable<Value> {
  const found = pattern.all(text).slice(0, most === 0 ? undefined : most)
  const pieces: Awaitable<Value>[] = []
  let end = 0
  for (const match of found) {
    pieces.push(text.slice(end, match.index))
    pieces.push(
      repl instanceof PyObject && repl.call !== undefined
        ? repl.call({ positional: [new Match(match)], keyword: new Map() })
        : expanded(subject(repl), match),
    )
    end = match.index + match[0].length
  }
  pieces.push(text.slice(end))
  const joined = (all: readonly Value[]): Value => {
    const result = all.map((piece) => subject(piece)).join('')
    return numbered ? new PyTuple([result, found.length]) : result
  }
  if (repl !== null && typeof repl !== 'string' && !(repl instanceof PyObject && repl.call !== undefined)) subject(repl)
  return pieces.some((piece) => piece instanceof Promise)
    ? Promise.all(pieces.map(async (piece) => piece)).then(joined)
    : joined(pieces as readonly Value[])
}

function split(pattern: Pattern, text: string, most: number): Value {
  const parts: Value[] = []
  let end = 0
  for (const match of pattern.all(text).slice(0, most === 0 ? undefined : most)) {
    parts.push(text.slice(end, match.index), ...match.slice(1).map((part): Value => part ?? null))
    end = match.index + match[0].length
  }
  return [...parts, text.slice(end)]
}

function foundAll(match: RegExpExecArray): Value {
  const [whole, ...groups] = match
  if (groups.length === 0) return whole
  return groups.length === 1 ? (groups[0] ?? '') : new PyTuple(groups.map((part) => part ?? ''))
}

type Method = (pattern: Pattern, positional: readonly Value[], keyword: ReadonlyMap<string, Value>) => Awaitable<Value>

function searching(anchor: Anchor): Method {
  return (pattern, positional, keyword) => {
    const { string, pos = 0 } = bind({ positional, keyword }, ['string', 'pos', 'endpos'], anchor)
    const found = pattern.find(subject(string), anchor, indexOf(pos))
    return found === null ? null : new Match(found)
  }
}

function replacing(numbered: boolean): Method {
  return (pattern, positional, keyword) => {
    const { repl = null, string, count = 0 } = bind({ positional, keyword }, ['repl', 'string', 'count'], 'sub')
    return replaced(pattern, repl, subject(string), indexOf(count), numbered)
  }
}

/** What a pattern can do; the module's functions are the same with the pattern in front and the flags at the end. */
const functions: Readonly<Record<string, Method>> = {
  search: searching('search'),
  match: searching('match'),
  fullmatch: searching('fullmatch'),
  sub: replacing(false),
  subn: replacing(true),
  split: (pattern, positional, keyword) => {
    const { string, maxsplit = 0 } = bind({ positional, keyword }, ['string', 'maxsplit'], 'split')
    return split(pattern, subject(string), indexOf(maxsplit))
  },
  findall: (pattern, positional, keyword) =>
    pattern.all(subject(bind({ positional, keyword }, ['string'], 'findall').string)).map(foundAll),
  finditer: (pattern, positional, keyword) => {
    const found = pattern.all(subject(bind({ positional, keyword }, ['string'], 'finditer').string))
    return new PyGenerator(() => found.map((match): Value => new Match(match)).values())
  },
}
const FLAGS_AFTER: Readonly<Record<string, number>> = { sub: 3, subn: 3, split: 2 }

function compiled(source: Value | undefined, flags: Value | undefined): Pattern {
  if (source instanceof Pattern) return source
  return new Pattern(subject(source), flags === undefined || flags === null ? 0 : indexOf(flags))
}

function moduleFunction(name: string, method: Method): HostFunction {
  return new HostFunction(name, ({ positional, keyword }) => {
    const [source = keyword.get('pattern'), ...rest] = positional
    const after = FLAGS_AFTER[name] ?? 1
    const flags = keyword.get('flags') ?? rest[after]
    const named = new Map([...keyword].filter(([key]) => key !== 'flags' && key !== 'pattern'))
    return method(compiled(source, flags), rest.slice(0, after), named)
  })
}

const LONG_NAMES = {
  IGNORECASE: 2,
  LOCALE: 4,
  MULTILINE: 8,
  DOTALL: 16,
  UNICODE: 32,
  VERBOSE: 64,
  ASCII: 256,
  NOFLAG: 0,
}

/** `modules.re`, with Python's reading of patterns. */
export const regexModule = new HostDict([
  ...Object.entries(functions).map(([name, method]): [string, Value] => [name, moduleFunction(name, method)]),
  ...Object.entries({ ...REGEX_FLAGS, ...LONG_NAMES }),
  [
    'compile',
    new HostFunction('compile', (call) => {
      const { pattern, flags } = bind(call, ['pattern', 'flags'], 'compile')
      return compiled(pattern, flags)
    }),
  ],
  ['purge', new HostFunction('purge', () => null)],
  [
    'escape',
    new HostFunction('escape', (call) =>
      subject(call.positional[0]).replaceAll(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, String.raw`\$&`),
    ),
  ],
])
