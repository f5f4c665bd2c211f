import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Node } from 'yaml'

/** Where something stands in a text, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type ConfigPath = readonly (string | number)[]

/** Finds where a value was written. Points at the nearest written parent when the value itself is computed or absent. */
export type Locate = (path: ConfigPath) => Position

/** Of an offset into the text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

/** For YAML, and for JSON, which YAML contains. */
export function locateInYaml(text: string): Locate {
  const document = parseDocument(text)
  return (path) => {
    let node: unknown = document.contents
    let offset = rangeStart(node) ?? 0
    for (const key of path) {
      const next = isMap(node)
        ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
        : undefined
      const value = next ? next.value : isSeq(node) ? node.items[Number(key)] : undefined
      if (value === undefined && !next) break
      offset = rangeStart(value) ?? rangeStart(next?.key) ?? offset
      node = value
    }
    return positionAt(text, offset)
  }
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

/** Offsets of one written value: where it starts, and where its members' values start when it is a literal of them. */
interface Written {
  readonly start: number
  readonly members: ReadonlyMap<string, Written>
}

/**
 * For TypeScript and JavaScript. Reads only the shape of the exported object literal: strings, comments, templates and brackets
 * are skipped over as wholes, keys are noted with the offset of their value. What is computed is one opaque value, so that a
 * message points at it rather than nowhere.
 */
export function locateInScript(text: string): Locate {
  const opened = /export\s+default\s+(?:\w+\s*(?:<[^>]*>)?\s*\(\s*)?|module\.exports\s*=\s*/.exec(text)
  const start = opened ? opened.index + opened[0].length : 0
  const root = opened ? new Reader(text).value(start).written : { start, members: new Map<string, Written>() }
  return (path) => {
    let written = root
    for (const key of path) {
      const next = written.members.get(String(key))
      if (!next) break
      written = next
    }
    return positionAt(text, written.start)
  }
}

const identifier = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
const quoted = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y
const nothing: ReadonlyMap<string, Written> = new Map()

class Reader {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at
    return pattern.exec(this.text)?.[0]
  }

  /** The offset of the next thing that is neither space nor comment. */
  #next(at: number): number {
    return at + (this.#match(blank, at)?.length ?? 0)
  }

  /** Reads a value and everything up to the comma or bracket that ends it. */
  value(from: number): { readonly written: Written; readonly end: number } {
    const start = this.#next(from)
    const open = this.text[start]
    if (open === '{') return this.#literal(start, (at) => this.#property(at))
    if (open === '[') {
      let index = 0
      return this.#literal(start, (at) => {
        const { written, end } = this.value(at)
        return { key: String(index++), written, end }
      })
    }
    return { written: { start, members: nothing }, end: this.#opaque(start) }
  }

  #literal(
    start: number,
    member: (at: number) => { readonly key: string; readonly written: Written; readonly end: number },
  ): { readonly written: Written; readonly end: number } {
    const members = new Map<string, Written>()
    const written = { start, members }
    let at = this.#next(start + 1)
    while (at < this.text.length && !/[}\]]/.test(this.text[at] ?? '')) {
      const { key, written: value, end } = member(at)
      members.set(key, value)
      // A character that no literal has here would be met for ever.
      at = this.#next(this.text[end] === ',' ? end + 1 : Math.max(end, at + 1))
    }
    return { written, end: this.#opaque(at + 1) }
  }

  #property(at: number): { readonly key: string; readonly written: Written; readonly end: number } {
    const quotedKey = this.#match(quoted, at)
    const key = quotedKey ?? this.#match(identifier, at) ?? ''
    const after = this.#next(at + key.length)
    const name = quotedKey ? quotedKey.slice(1, -1) : key
    if (key === '' || this.text[after] !== ':') {
      // A spread, a computed key, a method or a shorthand: known to be there, not what is in it.
      return { key: name, written: { start: at, members: nothing }, end: this.#opaque(at) }
    }
    return { key: name, ...this.value(after + 1) }
  }

  /** Skips an expression up to the comma or closing bracket that ends it at this depth. */
  #opaque(from: number): number {
    let depth = 0
    let at = from
    while (at < this.text.length) {
      at = this.#next(at)
      const character = this.text[at] ?? ''
      const skipped = character === '`' ? this.#template(at) : (this.#match(quoted, at)?.length ?? 0)
      if (skipped > 0) {
        at += skipped
        continue
      }
      if (/[([{]/.test(character)) depth++
      if (/[)\]}]/.test(character)) depth--
      if (depth < 0 || (depth === 0 && character === ',')) return at
      at++
    }
    return at
  }

  /** Length of a template literal; the expressions in it may hold templates again. */
  #template(start: number): number {
    let at = start + 1
    while (at < this.text.length && this.text[at] !== '`') {
      if (this.text[at] === '\\') at += 2
      else if (this.text.startsWith('${', at)) at = this.#opaque(at + 2) + 1
      else at++
    }
    return at + 1 - start
  }
}

/** The line with its neighbours and a caret under the column, as compilers show it. Tabs count as one column. */
export function codeFrame(text: string, { line, column }: Position): string {
  const lines = text.split('\n').map((one) => one.replaceAll('\t', ' ').trimEnd())
  const first = Math.max(1, line - 1)
  const shown = lines.slice(first - 1, line + 1)
  const width = String(line + 1).length
  return shown
    .flatMap((one, index) => {
      const number = first + index
      const row = `${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${one}`
      return number === line ? [row, `  ${' '.repeat(width)} | ${' '.repeat(Math.max(0, column - 1))}^`] : [row]
    })
    .join('\n')
}
