import type { ReactNode } from 'react'

/** A column: what it is called, and what stands in it for a row. */
export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  readonly isNumber?: boolean
  /** Names the row to whoever hears the table. */
  readonly isHeader?: boolean
  readonly className?: string
  /** What its name is short for. */
  readonly abbr?: string
  /** Ids and names are not translated by browsers. */
  readonly isVerbatim?: boolean
}

interface DataTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  readonly className?: string
  /** Scrolls within itself also where it is longer than the screen. */
  readonly isTall?: boolean
  /** Sets a row apart from the others. */
  readonly rowClass?: (row: Row) => string | undefined
}

/** Rows under named columns, scrolled within themselves where they are wider than the screen, by keyboard too. */
export function DataTable<Row>({ label, isTall = false, ...table }: DataTableProps<Row>): ReactNode {
  return (
    <div className={isTall ? 'scroll tall' : 'scroll'} tabIndex={0} role="group" aria-label={label}>
      <PlainTable {...table} />
    </div>
  )
}

/** The table alone, for what scrolls already: a figure's numbers. */
export function PlainTable<Row>(props: Omit<DataTableProps<Row>, 'label' | 'isTall'>): ReactNode {
  const { rows, keyOf, columns, className, rowClass } = props
  return (
    <table className={className}>
      <thead>
        <tr>
          {columns.map(({ name, abbr, isNumber, isHeader, className: own }) => (
            <th key={name} scope="col" abbr={abbr} className={isNumber ? 'number' : isHeader ? undefined : own}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={rowClass?.(row)}>
            {columns.map((column) => (
              <Cell key={column.name} row={row} column={column} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<Row>({ row, column }: { readonly row: Row; readonly column: Column<Row> }): ReactNode {
  const { cell, isHeader, isNumber, isVerbatim, className } = column
  const shared = { className: isNumber ? 'number' : className, ...(isVerbatim && { translate: 'no' as const }) }
  return isHeader ? (
    <th scope="row" {...shared}>
      {cell(row)}
    </th>
  ) : (
    <td {...shared}>{cell(row)}</td>
  )
}
