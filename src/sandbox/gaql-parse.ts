import type { Token, TokenKind } from './gaql-lexer.ts'
import { tokenize } from './gaql-lexer.ts'
import { queryRefusal } from './google-error.ts'

export type Operator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'IN'
  | 'NOT IN'
  | 'LIKE'
  | 'NOT LIKE'
  | 'CONTAINS ANY'
  | 'CONTAINS ALL'
  | 'CONTAINS NONE'
  | 'IS NULL'
  | 'IS NOT NULL'
  | 'DURING'
  | 'BETWEEN'
  | 'REGEXP_MATCH'
  | 'NOT REGEXP_MATCH'

export interface Condition {
  readonly field: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** A query as written: names are not yet checked against any table. */
export interface Query {
  readonly select: readonly string[]
  readonly from: string
  readonly where: readonly Condition[]
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[]
  readonly limit: number | undefined
  readonly omitUnselectedResourceNames: boolean
}

/** Walks the tokens; keywords are compared without regard to case. */
class Cursor {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  peek(): Token {
    return this.#tokens[this.#at]!
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  isKeyword(word: string): boolean {
    const token = this.peek()
    return token.kind === 'word' && token.text.toUpperCase() === word
  }

  skipKeyword(word: string): boolean {
    if (!this.isKeyword(word)) return false
    this.#at++
    return true
  }

  skip(kind: TokenKind): boolean {
    if (this.peek().kind !== kind) return false
    this.#at++
    return true
  }

  /** Refuses what stands here: the end of the query has its own code. */
  unexpected(): never {
    const token = this.peek()
    if (token.kind === 'end') throw queryRefusal('UNEXPECTED_END_OF_QUERY', 'Error in query: unexpected end of query.')
    throw queryRefusal('UNEXPECTED_INPUT', `Error in query: unexpected input ${token.text}.`)
  }
}

function fieldName(cursor: Cursor): string {
  if (cursor.peek().kind !== 'word') cursor.unexpected()
  return cursor.next().text
}

function fieldList(cursor: Cursor): readonly string[] {
  const fields = [fieldName(cursor)]
  while (cursor.skip('comma')) fields.push(fieldName(cursor))
  return fields
}

function singleValue(cursor: Cursor): string {
  const token = cursor.peek()
  if (token.kind === 'open')
    throw queryRefusal('EXPECTED_SINGLE_VALUE', 'Error in query: expected a single value, not a list.')
  if (token.kind !== 'string' && token.kind !== 'number' && token.kind !== 'word') cursor.unexpected()
  return cursor.next().text
}

function valueList(cursor: Cursor): readonly string[] {
  if (!cursor.skip('open')) throw queryRefusal('EXPECTED_LIST', 'Error in query: expected a list in parentheses.')
  if (cursor.skip('close')) {
    throw queryRefusal('PROHIBITED_EMPTY_LIST_IN_CONDITION', 'Error in query: empty list in a condition.')
  }
  const values = [singleValue(cursor)]
  while (cursor.skip('comma')) values.push(singleValue(cursor))
  if (!cursor.skip('close')) cursor.unexpected()
  return values
}

function betweenValues(cursor: Cursor): readonly string[] {
  const first = singleValue(cursor)
  if (!cursor.skipKeyword('AND'))
    throw queryRefusal('EXPECTED_AND', 'Error in query: BETWEEN expects AND between its values.')
  return [first, singleValue(cursor)]
}

/** What may follow `field` as words, and how its values are read. */
const wordOperators: readonly (readonly [readonly string[], Operator, (cursor: Cursor) => readonly string[]])[] = [
  [['NOT', 'IN'], 'NOT IN', valueList],
  [['NOT', 'LIKE'], 'NOT LIKE', (cursor) => [singleValue(cursor)]],
  [['NOT', 'REGEXP_MATCH'], 'NOT REGEXP_MATCH', (cursor) => [singleValue(cursor)]],
  [['IN'], 'IN', valueList],
  [['LIKE'], 'LIKE', (cursor) => [singleValue(cursor)]],
  [['REGEXP_MATCH'], 'REGEXP_MATCH', (cursor) => [singleValue(cursor)]],
  [['CONTAINS', 'ANY'], 'CONTAINS ANY', valueList],
  [['CONTAINS', 'ALL'], 'CONTAINS ALL', valueList],
  [['CONTAINS', 'NONE'], 'CONTAINS NONE', valueList],
  [['IS', 'NULL'], 'IS NULL', () => []],
  [['IS', 'NOT', 'NULL'], 'IS NOT NULL', () => []],
  [['DURING'], 'DURING', (cursor) => [singleValue(cursor).toUpperCase()]],
  [['BETWEEN'], 'BETWEEN', betweenValues],
]

function condition(cursor: Cursor, tokensFrom: () => readonly string[]): Condition {
  const field = fieldName(cursor)
  const token = cursor.peek()
  if (token.kind === 'operator') {
    cursor.next()
    return { field, operator: (token.text === '<>' ? '!=' : token.text) as Operator, values: [singleValue(cursor)] }
  }
  if (token.kind !== 'word') cursor.unexpected()
  const ahead = tokensFrom()
  for (const [words, operator, values] of wordOperators) {
    if (!words.every((word, index) => ahead[index] === word)) continue
    for (const word of words) cursor.skipKeyword(word)
    return { field, operator, values: values(cursor) }
  }
  throw queryRefusal('BAD_OPERATOR', `Error in query: invalid operator '${token.text}'.`)
}

function orderings(cursor: Cursor): Query['orderBy'] {
  if (!cursor.skipKeyword('BY')) throw queryRefusal('EXPECTED_BY', 'Error in query: ORDER must be followed by BY.')
  const orderBy: { field: string; descending: boolean }[] = []
  do {
    const field = fieldName(cursor)
    const descending = cursor.skipKeyword('DESC')
    if (!descending) cursor.skipKeyword('ASC')
    orderBy.push({ field, descending })
  } while (cursor.skip('comma'))
  return orderBy
}

function limitValue(cursor: Cursor): number {
  const token = cursor.next()
  if (token.kind !== 'number' || !/^\d+$/.test(token.text)) {
    throw queryRefusal('BAD_LIMIT_VALUE', `Error in query: LIMIT is not a whole number: '${token.text}'.`)
  }
  if (Number(token.text) < 1) throw queryRefusal('LIMIT_VALUE_TOO_LOW', 'Error in query: LIMIT must be at least 1.')
  return Number(token.text)
}

function parameters(cursor: Cursor): boolean {
  let omit = false
  do {
    const name = fieldName(cursor)
    if (!['omit_unselected_resource_names', 'include_drafts'].includes(name)) {
      throw queryRefusal('BAD_PARAMETER_NAME', `Error in query: unknown parameter '${name}'.`)
    }
    if (cursor.next().text !== '=') cursor.unexpected()
    const value = cursor.next().text.toLowerCase()
    if (value !== 'true' && value !== 'false') {
      throw queryRefusal('BAD_PARAMETER_VALUE', `Error in query: '${value}' is not a value of ${name}.`)
    }
    if (name === 'omit_unselected_resource_names') omit = value === 'true'
  } while (cursor.skip('comma'))
  return omit
}

/** Reads GAQL: `SELECT f,… FROM r [WHERE c AND …] [ORDER BY …] [LIMIT n] [PARAMETERS k=v]`. There is no OR. */
export function parseQuery(text: string): Query {
  const tokens = tokenize(text)
  const cursor = new Cursor(tokens)
  if (!cursor.skipKeyword('SELECT')) throw queryRefusal('EXPECTED_SELECT', 'Error in query: expected SELECT.')
  const select = fieldList(cursor)
  if (!cursor.skipKeyword('FROM'))
    throw queryRefusal('EXPECTED_FROM', 'Error in query: expected FROM after the fields.')
  const from = fieldName(cursor)
  const where: Condition[] = []
  if (cursor.skipKeyword('WHERE')) {
    const ahead = () => {
      const index = tokens.indexOf(cursor.peek())
      return tokens.slice(index, index + 3).map((token) => token.text.toUpperCase())
    }
    do where.push(condition(cursor, ahead))
    while (cursor.skipKeyword('AND'))
  }
  const orderBy = cursor.skipKeyword('ORDER') ? orderings(cursor) : []
  const limit = cursor.skipKeyword('LIMIT') ? limitValue(cursor) : undefined
  const omitUnselectedResourceNames = cursor.skipKeyword('PARAMETERS') ? parameters(cursor) : false
  if (cursor.peek().kind !== 'end') cursor.unexpected()
  return { select, from, where, orderBy, limit, omitUnselectedResourceNames }
}
