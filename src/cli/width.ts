/** Characters that take two columns of a terminal: Hangul, Han, Kana, full-width forms, emoji; their half-width forms take one. */
const wide =
  /(?![\uff61-\uffdc])(?:[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u

/** Characters that take none: colour codes, and marks that sit on the character before them. */
const invisible = /\p{Cc}\[[0-9;]*[A-Za-z]|\p{Mn}|\u200b|\u200d|\ufe0f/gu

/** Answered without the expressions above: they take milliseconds to compile, which is what --help has. */
const plain = /^[\x20-\x7e]*$/

/** Columns that a text takes in a terminal. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length
  let columns = 0
  for (const character of text.replaceAll(invisible, '')) columns += wide.test(character) ? 2 : 1
  return columns
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - columnsOf(text))) + text
}

/** The text, or as much of it as fits with an ellipsis at its end. */
export function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let kept = ''
  let used = 1
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += columnsOf(segment)
    if (used > columns) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** A line of a code frame: `  17 |`, `> 18 |`, or the `     |   ^` below, whose caret means nothing when spaces before it go. */
const framed = /^(?:>|\s)\s*\d* \|/

/**
 * Breaks a text at spaces so that no line is wider; a single word that is wider stays whole, because paths are copied, and so does
 * a line of a code frame.
 */
export function wrapped(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    if (framed.test(paragraph)) return [paragraph]
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && columnsOf(longer) > columns) {
        lines.push(line)
        line = word
      } else line = longer
    }
    return [...lines, line]
  })
}
