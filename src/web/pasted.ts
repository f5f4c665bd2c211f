/** As many as the server keeps of one list. */
export const pastedMax = 10_000

/**
 * Names or ids out of what was pasted: a line each, of a row copied from a spreadsheet its first cell, quotes and the apostrophe that an
 * export puts before formulas taken off, each once. Pure.
 */
export function pastedNames(text: string): readonly string[] {
  const cells = text.split(/\r?\n/).map((line) => {
    const cell = (line.split('\t')[0] ?? '').trim()
    const bare = /^"(.*)"$/.exec(cell)?.[1]?.replaceAll('""', '"') ?? cell
    return /^'[=+\-@]/.test(bare) ? bare.slice(1) : bare
  })
  return [...new Set(cells.filter((one) => one !== ''))]
}
