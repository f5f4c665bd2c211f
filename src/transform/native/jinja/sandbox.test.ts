import { expect, test } from 'vitest'
import { MillraceError } from '../../../domain/errors.ts'
import { modules } from '../context/base-names.ts'
import { valueNames } from '../context/value-names.ts'
import { Relation } from '../adapter/relation.ts'
import { jinjaGlobals } from './globals.ts'
import type { TemplateContext } from './macro.ts'
import { Template } from './template.ts'
import type { Value } from './value.ts'

/*
 * Templates are other people's code. Each of these tries to reach from Jinja to what is behind it: JavaScript's prototypes, functions and
 * globals, the process, files, the network; or Python's own doors, which the sandbox of Jinja2 keeps shut. Each must print nothing of it or be refused.
 */
const names = new Map<string, Value>([
  ...jinjaGlobals,
  ...valueNames,
  ['modules', modules(() => 0)],
  ['this', new Relation({ database: 'd', schema: 's', identifier: 'i' })],
])

const subjects = [
  "''",
  '1',
  '1.5',
  'true',
  '[]',
  '{}',
  '(1, 2)',
  'range',
  'namespace()',
  'this',
  'modules',
  'modules.re',
  'set([1])',
  'missing',
  'loop',
  'm',
] as const
const doors = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupGetter__',
  'call',
  'apply',
  'bind',
  'caller',
  '__class__',
  '__globals__',
  '__subclasses__',
  '__init__',
  '__mro__',
  '__dict__',
] as const

const written: readonly string[] = [
  "{{ ''.constructor.constructor('return process')() }}",
  "{{ [].constructor.constructor('return this')().process.exit(7) }}",
  "{{ {}.constructor.constructor('return globalThis')() }}",
  "{{ range.constructor('return process')() }}",
  "{{ (1).constructor.constructor('return 1')() }}",
  "{{ {}['__proto__']['polluted'] }}",
  "{% set d = {} %}{% do d.update({'__proto__': {'polluted': 1}}) %}{{ {}.polluted }}",
  "{% set ns = namespace() %}{% set ns.__proto__ = {'polluted': 1} %}{{ namespace().polluted }}",
  "{% set __proto__ = {'polluted': 1} %}{{ polluted }}",
  '{% set constructor = 1 %}{{ toString }}',
  '{% macro __proto__() %}x{% endmacro %}{{ polluted }}',
  '{{ process }}',
  '{{ globalThis }}',
  '{{ require("fs") }}',
  '{{ import("fs") }}',
  "{{ fetch('http://127.0.0.1') }}",
  '{{ Function("return 1")() }}',
  '{{ eval("1") }}',
  '{{ R }}{{ c }}{{ s0 }}{{ p }}{{ o }}',
  '{{ R.name }}',
  '{{ this.constructor }}',
  '{{ arguments[0] }}',
  "{{ '{0.constructor}'.format('') }}",
  "{{ '{0.__class__}'.format('') }}",
  "{{ '{0.__class__.__mro__}'.format(1) }}",
  "{{ '{x[constructor]}'.format(x={}) }}",
  "{{ '%(constructor)s' % {} }}",
  "{{ [''] | map(attribute='constructor') | list }}",
  "{{ [''] | map(attribute='constructor.constructor') | list }}",
  "{{ [{}] | selectattr('constructor') | list }}",
  "{{ [{}] | groupby('__proto__') | list }}",
  "{{ [[]] | sort(attribute='constructor') | list }}",
  "{{ [1] | map('constructor') | list }}",
  "{{ [1] | map('__proto__') | list }}",
  "{{ [1] | select('constructor') | list }}",
  "{{ '' | attr('constructor') }}",
  "{{ '' | attr('__class__') }}",
  "{{ {} | attr('__proto__') }}",
  '{{ 1 | constructor }}',
  '{{ 1 | __proto__ }}',
  '{{ 1 is constructor }}',
  "{{ modules.re.sub('a', '\\\\g<constructor>', 'a') }}",
  "{{ modules.re.match('(?P<__proto__>a)', 'a').groupdict() }}",
  "{{ modules.re.match('(?P<constructor>a)', 'a').group('toString') }}",
  '{{ modules.datetime.constructor }}',
  "{{ modules.os.system('id') }}",
  '{{ modules.sys }}{{ modules.subprocess }}',
  "{{ modules['__proto__'] }}",
  "{{ modules.itertools.chain.constructor('return 1')() }}",
  "{{ modules.pytz.timezone('../../etc/passwd') }}",
  "{{ modules.pytz.timezone('__proto__') }}",
  '{{ fromjson(\'{"__proto__": {"polluted": 1}}\').polluted }}{{ {}.polluted }}',
  "{{ fromyaml('__proto__: {polluted: 1}').polluted }}{{ {}.polluted }}",
  '{{ fromyaml(\'!!js/function "function(){}"\') }}',
  "{{ fromyaml('!!python/object/apply:os.system [id]') }}",
  '{{ dict(__proto__=1).polluted }}',
  '{% macro m() %}{{ caller.constructor }}{% endmacro %}{% call m() %}x{% endcall %}',
  '{% macro m() %}{{ varargs.constructor }}{{ kwargs.__proto__ }}{% endmacro %}{{ m(1, a=2) }}',
  '{% for i in [1] %}{{ loop.constructor }}{{ loop.__proto__ }}{% endfor %}',
  "{{ cycler('a').constructor }}{{ joiner().constructor }}",
  "{% include '/etc/passwd' %}",
  "{% import 'os' as os %}",
  "{% from 'os' import system %}",
  "{% extends 'x' %}",
  '{{ self }}{{ self._TemplateReference__context }}',
  "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  '{{ range.__globals__ }}',
  "{{ namespace.__init__.__globals__['os'].popen('id').read() }}",
  "{{ lipsum.__globals__['os'] }}",
  '{{ `${process.pid}` }}',
  "{{ '\\u0060${process.pid}\\u0060' | length }}",
  "{% set x = '*/;process.exit(7);/*' %}{{ x | length }}",
  '{{ "\');process.exit(7);(\'" | length }}',
]

const every = [
  ...subjects.flatMap((subject) => doors.map((door) => `{{ (${subject}).${door} }}|{{ (${subject})['${door}'] }}`)),
  ...written,
]

/** The text of a template, both twins of it; the empty text for a refusal, which must be a coded one. */
async function rendered(source: string, context: TemplateContext): Promise<string> {
  try {
    const template = Template.parse(source, 'escape.sql')
    return template.renderNow(context) + (await template.render(context))
  } catch (error) {
    if (error instanceof MillraceError && error.code.startsWith('TRANSFORM_JINJA_')) return ''
    throw new Error(`${source} broke the engine`, { cause: error })
  }
}

/** What a template that got through would print. */
const LEAK = /native code|\[object|function \w*\s*\(|=>|pid|root:|<class|<slot|polluted|ReferenceError|SyntaxError/

test(`${every.length} ways out of the sandbox are shut`, async () => {
  const context = { lookup: (name: string) => names.get(name), permissive: false }
  for (const source of every) {
    const printed = await rendered(source, context)
    expect.soft({ source, printed }).toEqual({ source, printed: expect.not.stringMatching(LEAK) })
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

/** Templates that would take all time or all memory. Python's dbt has no bound on most of them; a server must. */
const bombs: readonly string[] = [
  '{{ range(10**9) | list | length }}',
  '{{ range(0, 10**18, 1) }}',
  "{{ 'x' * 10**9 }}",
  '{{ [0] * 10**9 }}',
  '{{ 10 ** 10 ** 8 }}',
  '{{ 2 ** (10 ** 9) }}',
  '{{ 10 ** 6 ** 9 * 10 ** 6 ** 9 }}',
  "{{ 'x'.zfill(10**10) }}",
  "{{ 'x'.center(10**10) }}",
  "{{ 'x'.ljust(10**10) | length }}",
  "{{ '%1000000000d' % 1 }}",
  "{{ '{:1000000000}'.format(1) }}",
  "{{ '%.1000000000f' % 1.5 }}",
  "{{ 'x' | center(10**10) }}",
  "{{ 'a\nb' | indent(10**10) }}",
  "{{ '\t' .expandtabs(10**10) }}",
  '{% for i in range(100000) %}{% for j in range(100000) %}{% for k in range(100000) %}{% endfor %}{% endfor %}{% endfor %}',
  '{% set l = [1] %}{% for i in l %}{% do l.append(i) %}{% endfor %}',
  '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  '{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m("x") }}',
  "{% set ns = namespace(x='x') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x | length }}",
  "{% set ns = namespace(x='x') %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | length }}",
  '{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | length }}',
  "{% set ns = namespace(x='aa') %}{% for i in range(40) %}{% set ns.x = ns.x | replace('a', 'aaaa') %}{% endfor %}{{ ns.x | length }}",
  "{% set ns = namespace(x=['a', 'b']) %}{% for i in range(60) %}{% set ns.x = [ns.x | join('x'), ns.x | join('y')] %}{% endfor %}{{ ns.x | length }}",
  '{% set ns = namespace(x=10) %}{% for i in range(64) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}',
  '{{ modules.itertools.product(range(1000), range(1000), range(1000)) | list | length }}',
  '{{ modules.itertools.permutations(range(30)) | list | length }}',
  '{{ modules.itertools.count() | list }}',
  '{{ modules.itertools.cycle([1]) | list }}',
  '{{ modules.itertools.repeat(1) | list }}',
  '{{ modules.itertools.combinations(range(100), 50) | list | length }}',
  "{{ modules.re.match('(a+)+$', 'a' * 40 ~ 'b') }}",
  "{{ fromjson('[' * 100000) }}",
  "{{ fromyaml('a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]') }}",
]

// Those that count up to a bound take seconds, and run with the long tests.
const isSlow = (source: string): boolean =>
  /range\(100000\)|l.append|itertools|range\((?:30|40|60|64)\)|\(a\+\)/.test(source)
const chosen = bombs.filter((source) => process.env['MILLRACE_LONG'] === '1' || !isSlow(source))

test.for(chosen)('%s ends', { timeout: 120_000 }, async (source) => {
  const context = { lookup: (name: string) => names.get(name), permissive: false }
  const text = await rendered(source, context)
  expect(text.length).toBeLessThan(200_000)
})
