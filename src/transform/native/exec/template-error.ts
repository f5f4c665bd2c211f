import { MillraceError } from '../../../domain/errors.ts'
import type { Facts } from '../../../domain/errors.ts'

/** What a node's error says in dbt's words, line by line, and dbt's word for its kind. */
export interface TemplateErrorText {
  readonly kind: string
  readonly lines: readonly string[]
}

const NO_MACRO =
  'This can happen when calling a macro that does not exist. Check for typos and/or install package dependencies with "dbt deps".'

/**
 * An error of a template as dbt tells it: what was said, then the macros around it, to which the line and column of every call are added.
 * `where` is the node with its file; null where there is none.
 */
export function templateErrorLines(cause: Error, where: string | null): TemplateErrorText {
  if (!(cause instanceof MillraceError)) return { kind: 'Runtime', lines: cause.message.split('\n') }
  const said = saidBy(cause, where ?? '')
  const kind = cause.code === 'TRANSFORM_RAISED' ? cause.facts['kind'] : undefined
  return {
    kind: typeof kind === 'string' ? kind : 'Compilation',
    lines: [...said.split('\n'), ...(said === cause.message ? [] : stackLines(cause.facts, where ?? ''))],
  }
}

function saidBy({ code, facts, message }: MillraceError, where: string): string {
  const text = String(facts['message'])
  if (code === 'TRANSFORM_RAISED') return text
  if (code === 'TRANSFORM_JINJA_RUNTIME') return facts['kind'] === 'UndefinedError' ? `${text}. ${NO_MACRO}` : text
  if (code === 'TRANSFORM_VAR_MISSING') {
    const [, name = ''] = where.split(' ')
    return `Required var '${String(facts['variable'])}' not found in config:\nVars supplied to ${name} = ${String(facts['supplied'])}`
  }
  return message
}

/** `macro inner (macros/m.sql:2:7) < template (models/a.sql:1:4)`, as dbt writes a stack, innermost first. */
function stackLines({ stack }: Facts, where: string): readonly string[] {
  if (typeof stack !== 'string' || stack === '') return []
  const node = where.replace(/ \(.*$/, '')
  const frames = stack.split(' < ').map((frame) => frame.replace(/^template (?=\()/, `${node} `))
  return ['', ...frames.map((frame, at) => `${at === 0 ? '> in' : '> called by'} ${frame}`)]
}
