import { MillraceError } from '../../domain/errors.ts'
import { features } from './feature-registry.ts'
import type { FeatureKind } from './feature-registry.ts'

const refused: ReadonlyMap<string, string> = new Map(
  features
    .filter(({ level }) => level === 'C')
    .flatMap(({ name, constructs = {} }) =>
      Object.entries(constructs).flatMap(([kind, words]) => words.map((word) => [`${kind} ${word}`, name] as const)),
    ),
)

export interface FeaturePlace {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** The feature's name when the native runner does not do it, else undefined. */
export function unsupportedFeature(kind: FeatureKind, name: string): string | undefined {
  return refused.get(`${kind} ${name}`)
}

/** Throws TRANSFORM_FEATURE_UNSUPPORTED, naming place and remedy, when the native runner does not do this. */
export function refuse(kind: FeatureKind, name: string, place: FeaturePlace): void {
  const feature = unsupportedFeature(kind, name)
  if (feature === undefined) return
  throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', {
    file: place.file,
    line: place.line ?? 1,
    column: place.column ?? 1,
    feature,
    construct: `${kind} ${name}`,
  })
}
