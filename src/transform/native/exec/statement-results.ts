import { Table } from '../adapter/table.ts'
import { hostFunction } from '../jinja/arguments.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { HostObject, PyDict } from '../jinja/value.ts'

export interface StatementResult {
  readonly message: string
  readonly table: Table
  readonly response: Value
}

/** What the statements of one node answered, by the names that they were given; `main` is the node's own. */
export class StatementResults {
  readonly #results = new Map<string, StatementResult>()

  readonly #stored = new PyDict()

  get(name: string): StatementResult | undefined {
    return this.#results.get(name)
  }

  /** The functions by which macros store and load results. */
  names(): [string, Value][] {
    const store = hostFunction(
      'store_result',
      ['name', 'response', 'agate_table'],
      ({ name = '', response = null, agate_table: table = null }) => {
        this.#keep(str(name), {
          message: str(response),
          response,
          table: table instanceof Table ? table : new Table([], []),
        })
        return ''
      },
    )
    const load = hostFunction('load_result', ['name'], ({ name = '' }) => this.#loaded(str(name)))
    const raw = hostFunction(
      'store_raw_result',
      ['name', 'message', 'code', 'rows_affected', 'agate_table'],
      ({ name = '', message = null, code = null, rows_affected: rows = null, agate_table: table = null }) => {
        const response = new HostObject('AdapterResponse', [
          ['_message', message],
          ['code', code],
          ['rows_affected', rows],
        ])
        this.#keep(str(name), {
          message: message === null ? 'OK' : str(message),
          response,
          table: table instanceof Table ? table : new Table([], []),
        })
        return ''
      },
    )
    return [
      ['_sql_results', this.#stored],
      ['store_raw_result', raw],
      ['store_result', store],
      ['load_result', load],
    ]
  }

  #keep(name: string, result: StatementResult): void {
    this.#results.set(name, result)
    this.#stored.set(name, this.#loaded(name))
  }

  #loaded(name: string): Value {
    const result = this.#results.get(name)
    if (result === undefined) return null
    return new HostObject('StatementResult', [
      ['response', result.response],
      ['table', result.table],
      ['data', [...result.table.iterate()]],
    ])
  }
}
