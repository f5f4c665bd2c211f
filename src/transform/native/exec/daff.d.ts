/** The part of the package that draws differences of tables. */
declare module 'daff' {
  interface Drawn {
    readonly data: readonly (readonly unknown[])[]
  }
  interface Flags {
    ordered: boolean
  }
  interface Difference {
    hilite(output: Drawn): boolean
    hasDifference(): boolean
  }
  const daff: {
    readonly TableView: new (rows: readonly (readonly unknown[])[]) => Drawn
    readonly CompareFlags: new () => Flags
    readonly TableDiff: new (alignment: unknown, flags: Flags) => Difference
    readonly TerminalDiffRender: new () => { render(table: Drawn): string }
    compareTables(left: Drawn, right: Drawn, flags: Flags): { align(): unknown }
  }
  export default daff
}
