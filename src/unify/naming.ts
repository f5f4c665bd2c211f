import { MillraceError } from '../domain/errors.ts'
import type { NameReading, NamingRule } from '../domain/naming.ts'

/** A rule ready to read names: two expressions that differ only in which of several readings they find first. */
export interface CompiledRule {
  readonly rule: NamingRule
  readonly segments: readonly string[]
  readonly longest: RegExp
  readonly shortest: RegExp
  /** The first so many pieces alone, from none to all: where a name stops to fit is what is wrong with it. */
  readonly prefixes: readonly RegExp[]
}

type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'segment'; readonly name: string; readonly isWide: boolean }

const shape = /\{([a-z][a-z0-9_]*)(\*?)\}/g

/** Segments that are dates by their name. */
const dates: Readonly<Record<string, string>> = {
  yyyy: '\\d{4}',
  yyyymm: '\\d{4}(?:0[1-9]|1[0-2])',
  yyyymmdd: '\\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])',
}

/** More would let a name of a few hundred signs be tried in millions of ways. */
const wideMax = 2

/** As long as any platform lets a name be. */
const nameLengthMax = 1_024

/**
 * Compiles `{country}_{objective}_{audience*}_{yyyymm}`. A segment holds none of the signs between segments, unless a star lets it; one
 * with an enum holds one of its values; `yyyy`, `yyyymm` and `yyyymmdd` are dates. Throws UNIFY_NAMING_INVALID.
 */
export function compileRule(rule: NamingRule): CompiledRule {
  const pieces = piecesOf(rule)
  const invalid = (reason: string) => new MillraceError('UNIFY_NAMING_INVALID', { rule: rule.name, reason })
  const segments = pieces.flatMap((one) => (one.kind === 'segment' ? [one.name] : []))
  if (segments.length === 0) throw invalid('its pattern has no {segment}')
  const twice = segments.find((name, at) => segments.indexOf(name) !== at)
  if (twice !== undefined) throw invalid(`it has the segment {${twice}} twice`)
  const unused = Object.keys(rule.enums).find((name) => !segments.includes(name))
  if (unused !== undefined) throw invalid(`it lists values of {${unused}}, which its pattern does not have`)
  const empty = Object.entries(rule.enums).find(([, values]) => values.length === 0 || values.includes(''))
  if (empty) throw invalid(`{${empty[0]}} has no values, or an empty one`)
  if (pieces.filter((one) => one.kind === 'segment' && one.isWide).length > wideMax)
    throw invalid(`more than ${wideMax} segments have a star`)
  const glued = pieces.find((one, at) => isOpen(rule, one) && pieces[at + 1] && isOpen(rule, pieces[at + 1]))
  if (glued) throw invalid('two segments without a list of values stand side by side, with no sign between them')
  const signs = [...new Set(pieces.flatMap((one) => (one.kind === 'literal' ? Array.from(one.text) : [])))].join('')
  const source = (some: readonly Piece[], isLongest: boolean) =>
    some.map((one) => sourceOf(rule, one, signs, isLongest)).join('')
  return {
    rule,
    segments,
    longest: new RegExp(`^${source(pieces, true)}$`, 'u'),
    shortest: new RegExp(`^${source(pieces, false)}$`, 'u'),
    prefixes: pieces.map((_, at) => new RegExp(`^${source(pieces.slice(0, at + 1), true)}`, 'u')),
  }
}

function piecesOf({ name, pattern }: NamingRule): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const match of pattern.matchAll(shape)) {
    if (match.index > at) pieces.push({ kind: 'literal', text: pattern.slice(at, match.index) })
    pieces.push({ kind: 'segment', name: match[1] ?? '', isWide: match[2] === '*' })
    at = match.index + match[0].length
  }
  if (at < pattern.length) pieces.push({ kind: 'literal', text: pattern.slice(at) })
  const stray = pieces.find((one) => one.kind === 'literal' && /[{}]/.test(one.text))
  if (stray)
    throw new MillraceError('UNIFY_NAMING_INVALID', {
      rule: name,
      reason: 'a brace in its pattern belongs to no segment: a segment is {lower_case}, or {lower_case*}',
    })
  return pieces
}

/** A segment whose end only the next sign can tell. */
function isOpen(rule: NamingRule, piece: Piece | undefined): boolean {
  return piece?.kind === 'segment' && !rule.enums[piece.name] && !(piece.name in dates)
}

function sourceOf(rule: NamingRule, piece: Piece, signs: string, isLongest: boolean): string {
  if (piece.kind === 'literal') return escaped(piece.text)
  const lazy = isLongest ? '' : '?'
  const values = rule.enums[piece.name]
  if (values) return `(${sortedByLength(values, isLongest).map(escaped).join('|')})`
  const date = dates[piece.name]
  if (date !== undefined) return `(${date})`
  if (piece.isWide || signs === '') return `(.+${lazy})`
  return `([^${escaped(signs).replaceAll('-', '\\-')}]+${lazy})`
}

/** A text as itself in an expression; a hyphen has a meaning of its own only between brackets. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function sortedByLength(values: readonly string[], isLongest: boolean): readonly string[] {
  return values.toSorted((a, b) => (isLongest ? b.length - a.length : a.length - b.length))
}

/**
 * Reads a name by the first rule that fits it. A name that one rule reads in two ways is ambiguous and is read in none: the reading
 * with the longest and that with the shortest first segments are the same exactly when there is only one. A name that no rule fits is
 * a violation of the one that it follows furthest.
 */
export function readName(rules: readonly CompiledRule[], name: string): NameReading {
  if (rules.length === 0) return { outcome: 'violation', rule: '', segment: '', found: name }
  const text = name.slice(0, nameLengthMax)
  for (const { rule, segments, longest, shortest } of rules) {
    const one = longest.exec(text)
    if (!one) continue
    const other = shortest.exec(text)
    const named = (match: RegExpExecArray | null) =>
      Object.fromEntries(segments.map((segment, at) => [segment, match?.[at + 1] ?? '']))
    const segment = segments.find((_, at) => one[at + 1] !== other?.[at + 1])
    if (segment === undefined) return { outcome: 'matched', rule: rule.name, segments: named(one) }
    return { outcome: 'ambiguous', rule: rule.name, readings: [named(one), named(other)] }
  }
  return furthest(rules, text)
}

function furthest(rules: readonly CompiledRule[], text: string): NameReading {
  const followed = rules.map((compiled) => ({
    compiled,
    pieces: compiled.prefixes.findIndex((one) => !one.test(text)),
  }))
  const lengthOf = ({ compiled, pieces }: (typeof followed)[number]) => (pieces < 0 ? compiled.prefixes.length : pieces)
  const best = followed.reduce((one, other) => (lengthOf(other) > lengthOf(one) ? other : one))
  const pieces = piecesOf(best.compiled.rule)
  const at = lengthOf(best)
  const fits = at === 0 ? '' : (best.compiled.prefixes[at - 1]?.exec(text)?.[0] ?? '')
  const piece = pieces[at]
  // Behind the last piece something is left over; a sign that is missing is told by what should follow it.
  const segment = piece?.kind === 'segment' ? piece.name : piece ? `"${piece.text}"` : 'end'
  return { outcome: 'violation', rule: best.compiled.rule.name, segment, found: text.slice(fits.length) }
}
