import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'

/** A span of time as schema files write one; dbt takes it for none until both are there. */
interface Span {
  readonly count: number | null
  readonly period: string | null
}

interface Threshold {
  readonly warn_after: Span | null
  readonly error_after: Span | null
  readonly filter: string | null
}

const NO_SPAN: Span = { count: null, period: null }

/** What is written of freshness, every key filled in. */
export function fullThreshold(written: Mapping): Threshold {
  const span = (key: string): Span | null => {
    const value = written[key]
    if (value === null) return null
    if (!isMapping(value)) return NO_SPAN
    const { count, period } = value
    return {
      count: typeof count === 'number' ? count : null,
      period: typeof period === 'string' ? period : null,
    }
  }
  const { filter } = written
  return {
    warn_after: span('warn_after'),
    error_after: span('error_after'),
    filter: typeof filter === 'string' ? filter : null,
  }
}

function isSpan(span: Span | null): boolean {
  return span !== null && span.count !== null && span.period !== null
}

function isThreshold({ warn_after: warn, error_after: error }: Threshold): boolean {
  return isSpan(warn) || isSpan(error)
}

/** The inner one over the outer one, of a span both of whose halves are there; an explicit null ends the outer one. */
function mergedSpan(outer: Span | null, inner: Span | null): Span | null {
  if (inner === null) return null
  return isSpan(inner) ? inner : outer
}

/**
 * Freshness as a source, its config, a table and its config say it, from the outermost inwards: a null ends what stands above it, and what
 * is not there says nothing. The answer is null where it was ended, undefined where nobody said anything.
 */
export function mergedFreshness(levels: readonly Mapping[]): Mapping | null | undefined {
  const thresholds = levels.map((level): Threshold | null => {
    const written = level['freshness']
    return written === null ? null : fullThreshold(isMapping(written) ? written : {})
  })
  const merged = thresholds.reduce((outer, inner) => {
    if (inner === null) return null
    if (outer === null) return isThreshold(inner) ? inner : null
    return {
      warn_after: mergedSpan(outer.warn_after, inner.warn_after),
      error_after: mergedSpan(outer.error_after, inner.error_after),
      filter: inner.filter ?? outer.filter,
    }
  })
  if (merged === null) return null
  return isThreshold(merged) ? { ...merged } : undefined
}
