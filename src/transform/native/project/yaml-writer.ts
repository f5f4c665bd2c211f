import { PyDate, PyDateTime } from '../jinja/civil-time.ts'
import { order } from '../jinja/operators.ts'
import { floatText, str, typeName } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict, PyFloat, PySet, PyTuple, PythonError } from '../jinja/value.ts'

const WIDTH = 80
/** Plain text that a reader of YAML 1.1 would take for something else. */
const RESOLVED = [
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^(?:~|null|Null|NULL|)$/,
  /^(?:<<|=)$/,
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
]

/** Python's yaml.safe_dump in block style. Throws ValueError for a value that YAML has no safe form for. */
export function toYaml(value: Value, sortKeys = false): string {
  const lines = block(value, 0, sortKeys)
  const isPlainScalar = !isCollection(value) && !/^['"]/.test(lines)
  return isPlainScalar ? `${lines}\n...\n` : `${lines}\n`
}

function isCollection(value: Value): boolean {
  return Array.isArray(value) || value instanceof PyTuple || value instanceof PyDict || value instanceof PySet
}

function listOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value
  return value instanceof PyTuple ? value.items : undefined
}

function block(value: Value, indent: number, sortKeys: boolean): string {
  const pad = ' '.repeat(indent)
  const list = listOf(value)
  if (list !== undefined) {
    if (list.length === 0) return '[]'
    return list.map((item) => `- ${block(item, indent + 2, sortKeys)}`).join(`\n${pad}`)
  }
  if (value instanceof PyDict) return members(value, indent, sortKeys)
  if (value instanceof PySet)
    return `!!set${[...value.iterate()].map((item) => `\n${pad}${scalar(item, indent)}: null`).join('')}`
  return scalar(value, indent)
}

function members(dict: PyDict, indent: number, sortKeys: boolean): string {
  if (dict.size() === 0) return '{}'
  const entries = sortKeys ? dict.entries().sort(([left], [right]) => order(left, right)) : dict.entries()
  const pad = ' '.repeat(indent)
  return entries
    .map(([key, item]) => {
      const name = scalar(key, indent)
      const isEmpty = item instanceof PyDict ? item.size() === 0 : listOf(item)?.length === 0
      if (!isCollection(item) || isEmpty) return `${name}: ${block(item, indent + 2, sortKeys)}`
      // A list stands under its key without a step in, a dict with one.
      if (item instanceof PyDict) return `${name}:\n${pad}  ${block(item, indent + 2, sortKeys)}`
      return `${name}:${item instanceof PySet ? ' ' : `\n${pad}`}${block(item, item instanceof PySet ? indent + 2 : indent, sortKeys)}`
    })
    .join(`\n${pad}`)
}

function scalar(value: Value, indent: number): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof PyFloat) return float(value.value)
  if (value instanceof PyDate) return value.text()
  if (value instanceof PyDateTime) return value.text()
  if (typeof value === 'string') return text(value, indent)
  throw new PythonError('ValueError', `cannot represent an object of type ${typeName(value)}: ${str(value)}`)
}

function float(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  const shown = floatText(value)
  return shown.includes('.') ? shown : shown.replace('e', '.0e')
}

function text(value: string, indent: number): string {
  // Anything but printable ASCII is escaped, which only double quotes can do.
  if (/[^\n\u0020-\u007e]/.test(value) || / \n/.test(value)) return doubleQuoted(value)
  const isPlain =
    !value.includes('\n') &&
    !/^\s|\s$|^[#,[\]{}&*!|>'"%@`]|^(?:[-?:](?=\s|$))|^---|^\.\.\.|: |:$| #/.test(value) &&
    !RESOLVED.some((pattern) => pattern.test(value))
  if (isPlain) return folded(value, indent)
  const body = value.replaceAll("'", "''").replaceAll(/\n+/g, (breaks) => `\n${breaks}${' '.repeat(indent)}`)
  return `'${value.includes('\n') ? body : folded(body, indent + 1)}'`
}

/** Long text goes on in the next line at a single space once it has passed the width. */
function folded(value: string, indent: number): string {
  if (indent + value.length <= WIDTH) return value
  let [line, out] = ['', '']
  for (const [index, word] of value.split(/(?<! ) (?! )/).entries()) {
    const isFull = indent + line.length > WIDTH
    if (index > 0 && isFull) {
      out += `${line}\n${' '.repeat(indent)}`
      line = word
    } else line = index === 0 ? word : `${line} ${word}`
  }
  return out + line
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\0': '\\0',
}

function doubleQuoted(value: string): string {
  const body = Array.from(value, (character) => {
    if (Object.hasOwn(ESCAPES, character)) return ESCAPES[character]
    const code = character.codePointAt(0) ?? 0
    if (code >= 0x20 && code < 0x7f) return character
    if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
    if (code <= 0xffff) return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
    return `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`
  })
  return `"${body.join('')}"`
}
