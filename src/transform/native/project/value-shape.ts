import { isMapping } from './shape.ts'
import type { Mapping } from './shape.ts'

/** Where a value has another shape than dbt gives it, and which one that would be; no shape is expected of a key that dbt does not have. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly expected: string | null
}

/** Says what is wrong with a value, if anything is. */
export type Shape = (value: unknown) => Fault | undefined

/** Text that is a template has its type when it is rendered. */
const isTemplate = (value: unknown): boolean => typeof value === 'string' && /\{[{%]/.test(value)

export function leaf(expected: string, holds: (value: unknown) => boolean): Shape {
  return (value) => (isTemplate(value) || holds(value) ? undefined : { path: [], expected })
}

export const anything: Shape = () => undefined
export const text = leaf('text', (value) => typeof value === 'string')
export const yesNo = leaf('true or false', (value) => typeof value === 'boolean')
export const whole = leaf('a whole number', Number.isInteger)
export const textOrNumber = leaf(
  'text or a number',
  (value) => typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value)),
)
export const mapping = leaf('a mapping', isMapping)

export function oneOf(...words: readonly string[]): Shape {
  return leaf(`one of ${words.join(', ')}`, (value) => words.some((word) => word === value))
}

export function orNull(shape: Shape): Shape {
  return (value) => (value === null ? undefined : shape(value))
}

export function listOf(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return isTemplate(value) ? undefined : { path: [], expected: 'a list' }
    return firstFault(
      value.map((item: unknown, index) => [index, item] as const),
      () => shape,
    )
  }
}

/** The fault of the shape that comes nearest: of two that both fail, the one that got further in. */
export function either(...shapes: readonly Shape[]): Shape {
  return (value) => {
    const faults = shapes.map((shape) => shape(value))
    if (faults.includes(undefined)) return undefined
    return faults.reduce((best, fault) => (fault!.path.length > best!.path.length ? fault : best))
  }
}

export interface Keys {
  /** Keys that must be there. */
  readonly needs?: Readonly<Record<string, Shape>>
  readonly takes?: Readonly<Record<string, Shape>>
  /** Whether other keys are refused. */
  readonly isClosed?: boolean
}

export function keyed({ needs = {}, takes = {}, isClosed = false }: Keys): Shape {
  const shapes: Readonly<Record<string, Shape>> = { ...needs, ...takes }
  const other: Shape = isClosed ? () => ({ path: [], expected: null }) : anything
  return (value) => {
    if (!isMapping(value)) return isTemplate(value) ? undefined : { path: [], expected: 'a mapping' }
    const missing = Object.keys(needs).find((key) => !(key in value))
    if (missing !== undefined) return { path: [], expected: `a mapping with '${missing}'` }
    return firstFault(Object.entries(value), (key) => (Object.hasOwn(shapes, key) ? shapes[key]! : other))
  }
}

/** Both must hold. */
export function and(first: Shape, second: Shape): Shape {
  return (value) => first(value) ?? second(value)
}

function firstFault<Key extends string | number>(
  entries: readonly (readonly [Key, unknown])[],
  shapeOf: (key: Key) => Shape,
): Fault | undefined {
  for (const [key, value] of entries) {
    const fault = shapeOf(key)(value)
    if (fault !== undefined) return { ...fault, path: [key, ...fault.path] }
  }
  return undefined
}

/** A mapping whose values all have one shape. */
export function valuesOf(shape: Shape): Shape {
  return and(mapping, (value) => firstFault(Object.entries(value as Mapping), () => shape))
}
