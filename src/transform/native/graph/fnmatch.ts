const compiled = new Map<string, RegExp>()

/** Python's `fnmatch.fnmatchcase`: `*`, `?`, `[seq]` and `[!seq]` over the whole text; a `[` that is not closed is itself. */
export function fnmatch(text: string, pattern: string): boolean {
  let expression = compiled.get(pattern)
  if (expression === undefined) {
    expression = new RegExp(`^(?:${translated(Array.from(pattern))})$`, 'su')
    compiled.set(pattern, expression)
  }
  return expression.test(text)
}

export function hasWildcard(text: string): boolean {
  return /[*?[\]]/.test(text)
}

function translated(pattern: readonly string[]): string {
  let result = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '*') result += '.*'
    else if (character === '?') result += '.'
    else if (character === '[') {
      const end = closing(pattern, at + 1)
      result += end < 0 ? literal('[') : characterClass(pattern.slice(at + 1, end))
      if (end >= 0) at = end
    } else result += literal(character)
  }
  return result
}

function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** A `]` that stands first, or first after `!`, belongs to the set. */
function closing(pattern: readonly string[], start: number): number {
  let from = pattern[start] === '!' ? start + 1 : start
  if (pattern[from] === ']') from += 1
  return pattern.indexOf(']', from)
}

/** The inside of `[…]`. A range that runs backwards holds nothing; a set that holds nothing matches nothing. */
function characterClass(inside: readonly string[]): string {
  const isNegated = inside[0] === '!'
  const parts = ranges(isNegated ? inside.slice(1) : inside)
  if (parts === '') return isNegated ? '.' : '(?!)'
  return `[${isNegated ? '^' : ''}${parts}]`
}

function ranges(members: readonly string[]): string {
  let result = ''
  for (let at = 0; at < members.length; at++) {
    const from = members[at]!
    const to = members[at + 1] === '-' ? members[at + 2] : undefined
    if (to === undefined) {
      result += literal(from)
      continue
    }
    at += 2
    if (from.codePointAt(0)! <= to.codePointAt(0)!) result += `${literal(from)}-${literal(to)}`
  }
  return result
}
