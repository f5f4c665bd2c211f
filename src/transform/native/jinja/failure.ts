import { MillraceError, isMillraceError } from '../../../domain/errors.ts'
import type { Facts } from '../../../domain/errors.ts'
import { PythonError } from './value.ts'
import type { Value } from './value.ts'

export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One call of the stack of templates: where in which macro or template the next inner one was called. */
export interface Frame extends Place {
  readonly name: string
}

/** Packs a position into one number, so that compiled code can note it before every call for the price of an assignment. */
export const COLUMNS_PER_LINE = 4096

export function packPosition(line: number, column: number): number {
  return line * COLUMNS_PER_LINE + Math.min(column, COLUMNS_PER_LINE - 1)
}

/** An error on its way up through compiled templates; it gathers a frame a call and becomes a MillraceError at the top. */
export class TemplateFailure extends Error {
  readonly reason: unknown
  readonly frames: Frame[] = []
  constructor(reason: unknown) {
    super(reason instanceof Error ? reason.message : String(reason))
    this.reason = reason
  }
}

/** dbt's `return(value)` where it could not be compiled to a plain return: it unwinds to the nearest macro. */
export class ReturnSignal extends Error {
  readonly value: Value
  constructor(value: Value) {
    super('return() was called outside a macro')
    this.value = value
  }
}

/** Adds the frame of a function that an error passes through; called by compiled code only. */
export function trace(error: unknown, name: string, file: string, position: number): TemplateFailure {
  const failure = error instanceof TemplateFailure ? error : new TemplateFailure(error)
  failure.frames.push({
    name,
    file,
    line: Math.floor(position / COLUMNS_PER_LINE),
    column: position % COLUMNS_PER_LINE,
  })
  return failure
}

function stackText(frames: readonly Frame[]): string {
  return frames.map((frame) => `${frame.name} (${frame.file}:${frame.line}:${frame.column})`).join(' < ')
}

/** What leaves the engine: the coded error with file, line, column and the stack of macros, innermost first. */
export function publicError(error: unknown): unknown {
  if (!(error instanceof TemplateFailure)) return error
  const [innermost] = error.frames
  const place: Facts = {
    file: innermost?.file ?? '',
    line: innermost?.line ?? 0,
    column: innermost?.column ?? 0,
    stack: stackText(error.frames),
  }
  if (isMillraceError(error.reason)) {
    return new MillraceError(
      error.reason.code,
      { ...place, ...error.reason.facts },
      { cause: error.reason.cause ?? error.reason },
    )
  }
  if (error.reason instanceof PythonError) {
    return new MillraceError(
      'TRANSFORM_JINJA_RUNTIME',
      { ...place, kind: error.reason.kind, message: error.reason.message },
      { cause: error.reason },
    )
  }
  if (error.reason instanceof RangeError && /call stack/i.test(error.reason.message)) {
    return new MillraceError('TRANSFORM_JINJA_RUNTIME', {
      ...place,
      kind: 'RecursionError',
      message: 'macros call each other without end',
      stack: '',
    })
  }
  if (error.reason instanceof RangeError) {
    return new MillraceError('TRANSFORM_JINJA_RUNTIME', {
      ...place,
      kind: 'OverflowError',
      message: error.reason.message,
    })
  }
  return error.reason
}

/** Ends a switch over every kind of a tree: a kind without a case does not compile. */
export function unreachable(kind: never): never {
  throw new TypeError(`no case for ${String(kind)}`)
}

export function syntaxError(message: string, place: Place): MillraceError {
  return new MillraceError('TRANSFORM_JINJA_SYNTAX', { ...place, message })
}
