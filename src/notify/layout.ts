/**
 * Text as it stands on 80 columns of a terminal or a plain mail. Hangul, Han, kana and full-width forms take two columns there;
 * counting characters would push every Korean table out of line.
 */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

const marks = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Columns that the text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += marks.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** The text filled up with blanks to a width in columns; longer text stays as it is. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Lines of at most `columns`, broken at blanks; a word that is longer by itself (an address, a path) stays whole, to be copied. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && columnsOf(last) + 1 + columnsOf(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
