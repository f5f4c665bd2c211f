import { PackageFailure } from './package-failure.ts'

type Matcher = '>' | '>=' | '<' | '<=' | '='

/** A version with the way it is wanted, as dbt reads it: `>=1.0.0`, `1.2.3-b1`. */
interface VersionSpecifier {
  readonly matcher: Matcher
  readonly numbers: readonly [number, number, number]
  readonly prerelease: string | undefined
  readonly build: string | undefined
}

/** Undefined bounds are open. */
interface VersionRange {
  readonly start: VersionSpecifier | undefined
  readonly end: VersionSpecifier | undefined
}

const NUMBER = String.raw`(0|[1-9]\d*)`
const TAG = String.raw`(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)`
const VERSION = new RegExp(
  String.raw`^(>=|>|<=|<|=)?${NUMBER}\.${NUMBER}\.${NUMBER}(?:-?(${TAG}(?:\.${TAG})*))?(?:\+([0-9A-Za-z-]*(?:\.[0-9A-Za-z-]*)*))?$`,
)

/** Throws PackageFailure for what is no semantic version. */
export function readVersion(text: string): VersionSpecifier {
  const match = VERSION.exec(text)
  if (match === null) throw new PackageFailure(`"${text}" is not a valid semantic version.`)
  const [, matcher = '=', major, minor, patch, prerelease, build] = match
  return {
    matcher: matcher as Matcher,
    numbers: [Number(major), Number(minor), Number(patch)],
    prerelease,
    build,
  }
}

export function versionText({ matcher, numbers, prerelease, build }: VersionSpecifier, withMatcher = true): string {
  const tail = `${prerelease === undefined ? '' : `-${prerelease}`}${build === undefined ? '' : `+${build}`}`
  return `${withMatcher ? matcher : ''}${numbers.join('.')}${tail}`
}

const isLower = ({ matcher }: VersionSpecifier): boolean => matcher === '>' || matcher === '>='
const isUpper = ({ matcher }: VersionSpecifier): boolean => matcher === '<' || matcher === '<='
const isExact = ({ matcher }: VersionSpecifier): boolean => matcher === '='

function comparePrerelease(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')]
  for (const [index, one] of left.entries()) {
    const other = right[index]
    if (other === undefined) break
    const [x, y] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    const difference = x && y ? Number(one) - Number(other) : x ? -1 : y ? 1 : one < other ? -1 : one > other ? 1 : 0
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** dbt's order of two specifiers: by version, then by how their bounds lie beside each other. */
function compareVersions(a: VersionSpecifier, b: VersionSpecifier): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  const tagged = compareTags(a, b)
  return tagged === 0 ? compareBounds(a.matcher, b.matcher, a, b) : tagged
}

function compareTags(a: VersionSpecifier, b: VersionSpecifier): number {
  if (a.prerelease === undefined && b.prerelease === undefined) return 0
  // A prerelease of a version stays out of `<` that version.
  if (a.prerelease === undefined) return a.matcher === '<' ? -1 : 1
  if (b.prerelease === undefined) return -1
  return comparePrerelease(a.prerelease, b.prerelease)
}

function compareBounds(x: Matcher, y: Matcher, a: VersionSpecifier, b: VersionSpecifier): number {
  if ((x === '>=' && y === '<=') || (x === '<=' && y === '>=')) return 0
  if ((x === '<' && y === '<=') || (y === '>' && x === '>=') || (isUpper(a) && isLower(b))) return -1
  if ((y === '<' && x === '<=') || (x === '>' && y === '>=') || (isLower(a) && isUpper(b))) return 1
  return 0
}

function rangeOf(version: VersionSpecifier): VersionRange {
  if (isExact(version)) return { start: version, end: version }
  return isLower(version) ? { start: version, end: undefined } : { start: undefined, end: version }
}

class Incompatible extends Error {}

function combined(a: VersionSpecifier | undefined, b: VersionSpecifier | undefined, side: 'start' | 'end') {
  if (b === undefined) return a
  if (a === undefined) return b
  if (isExact(a)) return withExact(b, a, side)
  if (isExact(b)) return withExact(a, b, side)
  const difference = compareVersions(a, b)
  return (side === 'start' ? difference < 0 : difference > 0) ? b : a
}

function withExact(bound: VersionSpecifier, exact: VersionSpecifier, side: 'start' | 'end'): VersionSpecifier {
  const difference = compareVersions(bound, exact)
  const isIn = side === 'start' ? difference < 0 : difference > 0
  if (isIn || (difference === 0 && bound.matcher === (side === 'start' ? '>=' : '<='))) return exact
  throw new Incompatible()
}

function reduced(a: VersionRange, b: VersionRange): VersionRange {
  if (a.start !== undefined && b.start !== undefined && isExact(a.start) && isExact(b.start)) {
    if (compareVersions(a.start, b.start) !== 0) throw new Incompatible()
    return { start: a.start, end: a.start }
  }
  const range = { start: combined(a.start, b.start, 'start'), end: combined(a.end, b.end, 'end') }
  if (range.start !== undefined && range.end !== undefined && compareVersions(range.start, range.end) > 0)
    throw new Incompatible()
  return range
}

/** What all of the specifiers leave. Throws PackageFailure when they leave nothing. */
export function reduceVersions(versions: readonly VersionSpecifier[]): VersionRange {
  const ranges = versions.map(rangeOf)
  const last = ranges.pop()
  if (last === undefined) return { start: undefined, end: undefined }
  try {
    return ranges.reduce((left, right) => reduced(left, right), last)
  } catch (error) {
    if (!(error instanceof Incompatible)) throw error
    const options = versions.map((version) => `'${versionText(version)}'`).join(', ')
    throw new PackageFailure(`Could not find a satisfactory version from options: [${options}]`)
  }
}

export function areCompatible(versions: readonly VersionSpecifier[]): boolean {
  if (versions.length === 1) return true
  try {
    reduceVersions(versions)
    return true
  } catch (error) {
    if (error instanceof PackageFailure) return false
    throw error
  }
}

export function rangeText({ start, end }: VersionRange): string {
  if (start === undefined && end === undefined) return 'ANY'
  return [start, end].flatMap((bound) => (bound === undefined ? [] : [versionText(bound)])).join(', ')
}

/** The versions that may be installed, oldest first: without prereleases unless they are wanted. */
export function installable(versions: readonly string[], withPrereleases: boolean): string[] {
  return versions
    .map((text) => ({ text, version: readVersion(text) }))
    .filter(({ version }) => withPrereleases || version.prerelease === undefined)
    .sort((left, right) => compareVersions(left.version, right.version))
    .map(({ text }) => text)
}

/** The newest of the versions that lies in the range. */
export function newestIn(range: VersionRange, versions: readonly string[]): string | undefined {
  let best: { text: string; version: VersionSpecifier } | undefined
  for (const text of versions) {
    const version = readVersion(text)
    const bounds = [range.start, range.end].filter((bound) => bound !== undefined)
    if (!areCompatible([version, ...bounds])) continue
    if (best === undefined || compareVersions(best.version, version) < 0) best = { text, version }
  }
  return best?.text
}
