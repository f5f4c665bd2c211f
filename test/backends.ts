import type { Registered, SourceFile } from './house.ts'
import { contractPromises } from './house.ts'

interface Table {
  readonly adapters: readonly string[]
  /** Promise → one cell an adapter. */
  readonly rows: ReadonlyMap<string, readonly string[]>
  /** Adapter → the reasons beneath the table, each with what it is the reason for in brackets. */
  readonly reasons: readonly { readonly adapter: string; readonly reason: string }[]
}

const cells = (line: string) => line.slice(2, -2).split(' | ')

function tablesOf(page: string): readonly Table[] {
  return page
    .split('\n## ')
    .slice(1)
    .map((section) => {
      const lines = section.split('\n')
      const [head = '', , ...rows] = lines.filter((line) => line.startsWith('|'))
      const reasons = [...section.matchAll(/^- `([^`]+)`: (.+) \(.+\)$/gm)]
      return {
        adapters: cells(head).slice(1),
        rows: new Map(rows.map(cells).map(([promise = '', ...found]) => [promise, found])),
        reasons: reasons.map(([, adapter = '', reason = '']) => ({ adapter, reason })),
      }
    })
}

function faultsOfTable(
  table: Table,
  port: string,
  promises: readonly RegExp[],
  { names, words }: { readonly names: readonly string[]; readonly words: string },
): readonly string[] {
  const rows = [...table.rows.keys()]
  const dashed = names.filter((_, index) => [...table.rows.values()].some((row) => row[index] === '–'))
  return [
    ...(table.adapters.join() === names.join() ? [] : [`${port}: the columns are ${table.adapters.join()}`]),
    ...promises.filter((one) => !rows.some((row) => one.test(row))).map((one) => `${port}: no row ${one.source}`),
    ...rows.filter((row) => !promises.some((one) => one.test(row))).map((row) => `${port}: nothing promises ${row}`),
    ...[...table.rows].flatMap(([promise, row]) =>
      row.length === names.length && row.every((cell) => cell === 'kept' || cell === '–')
        ? []
        : [`${port}: ${promise} is ${row.join()}`],
    ),
    ...dashed
      .filter((name) => !table.reasons.some((one) => one.adapter === name))
      .map((name) => `${port}: a dash of ${name} has no reason`),
    ...table.reasons
      .filter(({ reason }) => !words.includes(reason))
      .map(({ adapter, reason }) => `${port}: no suite leaves out for ${adapter}: ${reason}`),
  ]
}

/**
 * Where the page and the contract suites part: a promise without a row, a row that nobody promises, a column too few, a cell that
 * is neither kept nor a dash, a dash without a reason, and a reason that no suite gives (`words` is the text of all suites).
 */
export function backendsFaults(
  page: string,
  contracts: readonly SourceFile[],
  adapters: readonly Registered[],
  words: string,
): readonly string[] {
  const ports = [...new Set(adapters.map((one) => one.port))]
  const tables = tablesOf(page)
  if (tables.length !== ports.length) return [`${tables.length} tables for ${ports.length} ports`]
  return ports.flatMap((port, index) => {
    const contract = contracts.find((file) => file.text.includes(`function ${port}Contract(`))
    const table = tables[index]
    if (!contract || !table) return [`${port} has no contract`]
    const parts = contracts.filter(
      (file) => file === contract || contract.text.includes(`from './${file.path.split('/')[1]}'`),
    )
    const names = adapters.filter((one) => one.port === port).map((one) => one.name)
    return faultsOfTable(table, port, parts.flatMap(contractPromises), { names, words })
  })
}
