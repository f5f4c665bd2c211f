import { queryRefusal } from './google-error.ts'

export type TokenKind = 'word' | 'string' | 'number' | 'operator' | 'comma' | 'open' | 'close' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written; of a string, what stands between the quotes. */
  readonly text: string
}

const rules: readonly (readonly [TokenKind | 'space', RegExp])[] = [
  ['space', /\s+/y],
  ['word', /[A-Za-z_][A-Za-z0-9_.]*/y],
  ['number', /-?\d+(?:\.\d+)?/y],
  ['operator', /<>|!=|<=|>=|=|<|>/y],
  ['comma', /,/y],
  ['open', /\(/y],
  ['close', /\)/y],
]

/** Reads a string from its opening quote; a doubled backslash, `\'` and `\"` are the escapes. */
function stringToken(query: string, from: number): readonly [Token, number] {
  const quote = query[from]!
  let text = ''
  for (let at = from + 1; at < query.length; at++) {
    const sign = query[at]!
    if (sign === '\n')
      throw queryRefusal('PROHIBITED_NEWLINE_IN_STRING', 'Error in query: newline in a string literal.')
    if (sign === quote) return [{ kind: 'string', text }, at + 1]
    if (sign === '\\') {
      at++
      if (!`\\'"`.includes(query[at] ?? '-')) {
        throw queryRefusal('BAD_ESCAPE_SEQUENCE', `Error in query: bad escape sequence '\\${query[at] ?? ''}'.`)
      }
    }
    text += query[at]
  }
  throw queryRefusal('STRING_NOT_TERMINATED', `Error in query: string literal is not terminated: ${query.slice(from)}.`)
}

/** Splits a query into tokens; the last is always `end`. Throws a query refusal for signs that GAQL does not have. */
export function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  scan: while (at < query.length) {
    if (query[at] === "'" || query[at] === '"') {
      const [token, next] = stringToken(query, at)
      tokens.push(token)
      at = next
      continue
    }
    for (const [kind, pattern] of rules) {
      pattern.lastIndex = at
      const match = pattern.exec(query)
      if (!match) continue
      if (kind !== 'space') tokens.push({ kind, text: match[0] })
      at += match[0].length
      continue scan
    }
    throw queryRefusal('BAD_SYMBOL', `Error in query: invalid symbol '${query[at]}'.`)
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}
