import { bind } from './arguments.ts'
import { str } from './text.ts'
import type { CallArguments, Value } from './value.ts'
import { HostFunction, HostObject, PyTuple, PythonError } from './value.ts'

/** Python's pattern as JavaScript's: the two differ in how a group is named, in `\A` and `\Z`. What JavaScript cannot read is refused. */
function compiled(pattern: Value, flags: string): RegExp {
  const source = str(pattern)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replace(/^\\A/, '^')
    .replace(/\\Z$/, '$')
  const inline = /^\(\?([ims]+)\)/.exec(source)
  try {
    return new RegExp(source.slice(inline?.[0].length ?? 0), `${flags}${inline?.[1] ?? ''}`)
  } catch (cause) {
    throw new PythonError('ValueError', `the pattern ${str(pattern)} cannot be read: ${String(cause)}`)
  }
}

/** `\1` and `\g<name>` of a replacement. */
function replacement(text: string, groups: readonly string[], named: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\\(?:(\d+)|g<(\w+)>)/g, (_all, index: string | undefined, name: string | undefined) =>
    index === undefined ? (named[name ?? ''] ?? groups[Number(name)] ?? '') : (groups[Number(index)] ?? ''),
  )
}

function substituted(call: CallArguments): Value {
  const {
    pattern = '',
    repl = '',
    string = '',
    count = 0,
  } = bind(call, ['pattern', 'repl', 'string', 'count', 'flags'], 'sub')
  let left = Number(count) === 0 ? Infinity : Number(count)
  return str(string).replaceAll(compiled(pattern, 'g'), (all, ...rest: unknown[]) => {
    if (left === 0) return all
    left -= 1
    const last = rest.at(-1)
    const named = typeof last === 'object' && last !== null ? (last as Record<string, string>) : {}
    const groups = rest.filter((part) => typeof part === 'string').slice(0, -1)
    return replacement(str(repl), [all, ...groups], named)
  })
}

function matchObject(found: RegExpExecArray | null): Value {
  if (found === null) return null
  const group = (key: Value): Value => (typeof key === 'number' ? found[key] : found.groups?.[str(key)]) ?? null
  const list = found.slice(1).map((part): Value => part ?? null)
  return new HostObject('Match', [
    ['group', new HostFunction('group', (call) => group(call.positional[0] ?? 0))],
    ['groups', new HostFunction('groups', () => new PyTuple(list))],
    ['start', new HostFunction('start', () => found.index)],
    ['end', new HostFunction('end', () => found.index + found[0].length)],
  ])
}

function matcher(name: string, before: string, after: string): readonly [string, Value] {
  return [
    name,
    new HostFunction(name, (call) => {
      const { pattern = '', string = '' } = bind(call, ['pattern', 'string', 'flags'], name)
      return matchObject(compiled(`${before}${str(pattern)}${after}`, '').exec(str(string)))
    }),
  ]
}

function all(call: CallArguments): Value {
  const { pattern = '', string = '' } = bind(call, ['pattern', 'string', 'flags'], 'findall')
  return [...str(string).matchAll(compiled(pattern, 'g'))].map(([whole, ...groups]): Value => {
    if (groups.length === 0) return whole
    return groups.length === 1 ? (groups[0] ?? '') : new PyTuple(groups.map((part) => part ?? ''))
  })
}

function parts(call: CallArguments): Value {
  const { pattern = '', string = '' } = bind(call, ['pattern', 'string', 'maxsplit', 'flags'], 'split')
  return str(string).split(compiled(pattern, ''))
}

/** `modules.re`: the functions that SQL projects call, over JavaScript's expressions. */
export const regexModule = new HostObject('re', [
  ['sub', new HostFunction('sub', substituted)],
  matcher('match', '^(?:', ')'),
  matcher('fullmatch', '^(?:', ')$'),
  matcher('search', '', ''),
  ['findall', new HostFunction('findall', all)],
  ['split', new HostFunction('split', parts)],
  ['escape', new HostFunction('escape', (call) => str(call.positional[0] ?? '').replaceAll(/[^\w]/g, String.raw`\$&`))],
])
