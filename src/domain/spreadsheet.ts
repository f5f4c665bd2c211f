/** A spreadsheet takes a text that begins so for a formula; names of campaigns are written by strangers (OWASP: CSV injection). */
const formula = /^[=+\-@\t\r\n\0]/
const number = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** A text as a cell of a file that a spreadsheet may open: what would be a formula is made text by an apostrophe; numbers stay. */
export function plainCell(text: string): string {
  return formula.test(text) && !number.test(text) ? `'${text}` : text
}
