import { bind, hostFunction } from '../jinja/arguments.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { fromHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, presentOr } from '../jinja/value.ts'
import { isMapping } from '../project/shape.ts'
import { checkValue } from './validation.ts'

/** `config` while the project is parsed: it takes what is configured, and every question is answered by an empty text, as in dbt. */
export class ParseConfig extends HostFunction {
  readonly #capture: (call: CallArguments) => void
  constructor(capture: (call: CallArguments) => void) {
    super('config', (call) => {
      capture(call)
      return ''
    })
    this.#capture = capture
  }
  override attribute(name: string): Value | undefined {
    if (name === 'set') return hostFunction('set', ['name', 'value'], (given) => this.#set(given))
    if (name.startsWith('persist_')) return new HostFunction(name, () => false)
    return READING.has(name) ? new HostFunction(name, () => '') : undefined
  }
  #set({ name = '', value = null }: Partial<Record<'name' | 'value', Value>>): string {
    this.#capture({ positional: [], keyword: new Map([[str(name), value]]) })
    return ''
  }
}

const READING: ReadonlySet<string> = new Set(['get', 'require', 'meta_get', 'meta_require'])

/** `config` of a node that runs: it answers, and configures nothing any more. */
export class ConfigObject extends HostFunction {
  readonly #owner: string
  readonly #read: (key: string) => unknown
  /** `owner` is the node's unique id, which errors name. */
  constructor(owner: string, read: (key: string) => unknown) {
    super('config', () => '')
    this.#owner = owner
    this.#read = read
  }
  override attribute(name: string): Value | undefined {
    if (name === 'get') return this.#getter(name, (key) => this.#get(key))
    if (name === 'meta_get') return this.#getter(name, (key) => this.#meta(key))
    if (name === 'require') return this.#requirer(name, (key) => this.#get(key))
    if (name === 'meta_require') return this.#requirer(name, (key) => this.#meta(key))
    if (name === 'persist_relation_docs') return new HostFunction(name, () => this.#persists('relation'))
    if (name === 'persist_column_docs') return new HostFunction(name, () => this.#persists('columns'))
    return name === 'set' ? new HostFunction(name, () => '') : undefined
  }
  /** dbt checks what is read only where there is a default beside it. */
  #getter(name: string, read: (key: string) => Value | undefined): Value {
    return hostFunction(name, ['name', 'default', 'validator'], (given) => {
      const { name: key = '', default: fallback = null, validator = null } = given
      const value = presentOr(read(str(key)), () => fallback)
      if (fallback !== null) checkValue(value, validator)
      return value
    })
  }
  #requirer(name: string, read: (key: string) => Value | undefined): Value {
    return new HostFunction(name, (call) => {
      const { name: key = '', validator = null } = bind(call, ['name', 'validator'], name)
      const value = read(str(key))
      if (value === undefined) throw this.#missing(str(key))
      checkValue(value, validator)
      return value
    })
  }
  #missing(key: string): MillraceError {
    const message = `Model '${this.#owner}' does not define a required config parameter '${key}'.`
    return new MillraceError('TRANSFORM_RAISED', { message })
  }
  #persists(what: 'relation' | 'columns'): boolean {
    const chosen = this.#read('persist_docs')
    return isMapping(chosen) && chosen[what] === true
  }
  #meta(key: string): Value | undefined {
    const meta = this.#read('meta')
    return isMapping(meta) && Object.hasOwn(meta, key) ? fromHost(meta[key]) : undefined
  }
  /** dbt keeps hooks under the names with `_`; under those of the files it finds nothing. */
  #get(key: string): Value | undefined {
    if (key === 'pre-hook' || key === 'post-hook') return undefined
    const value = this.#read(key === 'pre_hook' ? 'pre-hook' : key === 'post_hook' ? 'post-hook' : key)
    return value === undefined ? undefined : fromHost(value)
  }
}
