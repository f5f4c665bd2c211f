import { formatValue } from './format.ts'
import { repr, str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { PythonError } from './value.ts'

/** How a field `{0.name[key]}` walks into its argument; injected, so that formatting obeys the sandbox. */
export type FieldAccess = (value: Value, key: string, kind: 'attribute' | 'item') => Value

/** Python's `text.format(...)`: fields, conversions, the format mini language, nested fields in the specification. */
export function formatText(text: string, call: CallArguments, access: FieldAccess): string {
  return new Formatter(call, access).text(text, 2)
}

class Formatter {
  readonly #call: CallArguments
  readonly #access: FieldAccess
  #automatic = 0
  #numbering: 'automatic' | 'manual' | undefined

  constructor(call: CallArguments, access: FieldAccess) {
    this.#call = call
    this.#access = access
  }

  text(text: string, depth: number): string {
    if (depth < 0) throw new PythonError('ValueError', 'Max string recursion exceeded')
    let result = ''
    for (let index = 0; index < text.length; index++) {
      const character = text[index] ?? ''
      if ((character === '{' || character === '}') && text[index + 1] === character) {
        result += character
        index += 1
      } else if (character === '{') {
        const end = closingBrace(text, index)
        result += this.#field(text.slice(index + 1, end), depth)
        index = end
      } else if (character === '}') throw new PythonError('ValueError', "Single '}' encountered in format string")
      else result += character
    }
    return result
  }

  #field(body: string, depth: number): string {
    const match = /^([^!:[]*(?:\[[^\]]*\][^!:[]*)*)(?:!([\s\S]?))?(?::([\s\S]*))?$/.exec(body)
    if (match === null) throw new PythonError('ValueError', `invalid replacement field '${body}'`)
    const [whole, path = '', conversion, specification = ''] = match
    if (conversion === undefined ? whole.endsWith('!') : !/^[rsa]$/.test(conversion))
      throw new PythonError('ValueError', `Unknown conversion specifier '${conversion ?? ''}'`)
    const [, head = '', rest = ''] = /^([^.[]*)([\s\S]*)$/.exec(path) ?? []
    const value = this.#steps(rest).reduce(
      (object, [kind, key]) => this.#access(object, key, kind),
      this.#argument(head),
    )
    const shown = conversion === undefined ? value : conversion === 's' ? str(value) : repr(value)
    return formatValue(shown, this.text(specification, depth - 1))
  }

  #argument(head: string): Value {
    if (!/^\d*$/.test(head)) {
      const named = this.#call.keyword.get(head)
      if (named === undefined) throw new PythonError('KeyError', repr(head))
      return named
    }
    const numbering = head === '' ? 'automatic' : 'manual'
    if (this.#numbering !== undefined && this.#numbering !== numbering)
      throw new PythonError('ValueError', `cannot switch from ${this.#numbering} field numbering to ${numbering}`)
    this.#numbering = numbering
    const index = head === '' ? this.#automatic++ : Number(head)
    const value = this.#call.positional[index]
    if (value === undefined)
      throw new PythonError('IndexError', `Replacement index ${index} out of range for positional args tuple`)
    return value
  }

  #steps(rest: string): (readonly ['attribute' | 'item', string])[] {
    const steps = [...rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]|([\s\S])/g)]
    return steps.map(([, attribute, key, stray]) => {
      if (stray !== undefined) throw new PythonError('ValueError', 'Empty attribute in format string')
      return attribute === undefined ? ['item', key ?? ''] : ['attribute', attribute]
    })
  }
}

function closingBrace(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth += 1
    if (text[index] === '}') depth -= 1
    if (depth === 0) return index
  }
  throw new PythonError('ValueError', "expected '}' before end of string")
}
