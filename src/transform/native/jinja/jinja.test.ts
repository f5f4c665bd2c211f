import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../../domain/errors.ts'
import { datetimeModule } from './datetime-module.ts'
import { ReturnSignal } from './failure.ts'
import { jinjaGlobals } from './globals.ts'
import { toJson } from './json.ts'
import { parseJson } from './json-parser.ts'
import type { TemplateContext } from './macro.ts'
import { Macro } from './macro.ts'
import { Template, callMacro } from './template.ts'
import type { Value } from './value.ts'
import { HostFunction, PyDecimal, PyDict, PyFloat } from './value.ts'

interface GoldenCase {
  readonly source: string
  readonly output?: string
  readonly error?: string
}

// Written by scripts/golden/jinja.py with real Jinja2.
const golden = JSON.parse(readFileSync(new URL('golden/expected.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly GoldenCase[]
}

function contextOf(names: Readonly<Record<string, Value>> = {}, permissive = false): TemplateContext {
  return { lookup: (name) => (Object.hasOwn(names, name) ? names[name] : jinjaGlobals.get(name)), permissive }
}

function renderNow(source: string, names: Readonly<Record<string, Value>> = {}): string {
  return Template.parse(source, 'models/a.sql').renderNow(contextOf(names))
}

function failure(work: () => unknown): MillraceError {
  try {
    work()
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('real Jinja2', () => {
  test.for(golden.cases)('$source', async (golden) => {
    const now = outcome(() => renderNow(golden.source))
    const later = await outcomeLater(golden.source)
    expect(now).toEqual(later)
    expect(now).toEqual(golden.error === undefined ? { output: golden.output } : { refused: true })
  })
})

function outcome(work: () => string): object {
  try {
    return { output: work() }
  } catch (error) {
    if (error instanceof MillraceError) return { refused: true }
    throw error
  }
}

async function outcomeLater(source: string): Promise<object> {
  try {
    return { output: await Template.parse(source, 'models/a.sql').render(contextOf()) }
  } catch (error) {
    if (error instanceof MillraceError) return { refused: true }
    throw error
  }
}

describe('places', () => {
  test('a syntax error names file, line and column', () => {
    const error = failure(() => renderNow('select 1\n  {{ 1 + }}'))
    expect(error.code).toBe('TRANSFORM_JINJA_SYNTAX')
    expect(error.facts).toMatchObject({ file: 'models/a.sql', line: 2, column: 10 })
  })

  test('a template that begins later in its file keeps the lines of the file', () => {
    const error = failure(() => Template.parse('\n{{ 1 + }}', 'macros/m.sql', 40))
    expect(error.facts).toMatchObject({ line: 41, column: 8 })
  })

  test('an error in a macro carries a line for every call, innermost first', () => {
    const source =
      '{% macro inner(x) %}\n{{ x.y.z }}\n{% endmacro %}{% macro outer() %}\n\n{{ inner({}) }}{% endmacro %}{{ outer() }}'
    const error = failure(() => renderNow(source))
    expect(error.code).toBe('TRANSFORM_JINJA_RUNTIME')
    expect(error.facts).toMatchObject({
      line: 2,
      kind: 'UndefinedError',
      message: "'dict object' has no attribute 'y'",
    })
    expect(error.facts['stack']).toBe(
      'macro inner (models/a.sql:2:8) < macro outer (models/a.sql:5:9) < template (models/a.sql:5:38)',
    )
  })

  test('positions of renders that run at once do not mix', async () => {
    const wait = new HostFunction('wait', async () => {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return null
    })
    const template = Template.parse('{% do wait() %}\n\n{{ x.y.z }}', 'a.sql')
    const other = Template.parse('{% do wait() %}{% do wait() %}\n\n\n\n{{ 1 }}', 'b.sql')
    const context = contextOf({ wait, x: new PyDict() })
    const results = await Promise.allSettled([
      template.render(context),
      other.render(context),
      template.render(context),
    ])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'rejected'])
    const [first] = results
    expect(first?.status === 'rejected' ? (first.reason as MillraceError).facts : {}).toMatchObject({
      file: 'a.sql',
      line: 3,
    })
  })

  test('an endless recursion is refused, not a crash', () => {
    const error = failure(() => renderNow('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'))
    expect(error.facts['kind']).toBe('RecursionError')
  })
})

describe('dbt', () => {
  const define = (source: string) => {
    const template = Template.parse(source, 'macros/m.sql')
    const [definition] = template.definitions
    if (definition === undefined) throw new Error('no definition')
    return { template, definition }
  }
  const returnFunction = new HostFunction('return', (call) => {
    throw new ReturnSignal(call.positional[0] ?? null)
  })

  test('return() ends a macro with a value, wherever it stands', async () => {
    const bodies = [
      '{{ return([1]) }}x',
      '{% do return([1]) %}x',
      '{% for i in [1, 2] %}{% if i %}{{ return([i]) }}{% endif %}{% endfor %}',
      '{% set y = return([1]) %}',
    ]
    for (const body of bodies) {
      const { template, definition } = define(`{% macro f() %}a${body}b{% endmacro %}`)
      const macro = new Macro(template.macro(definition, 'async'), contextOf({ return: returnFunction }))
      expect(await callMacro(macro, [])).toEqual([1])
    }
  })

  test('return() in a call block unwinds the macro that runs the block', () => {
    const source =
      '{% macro run() %}before{{ caller() }}after{% endmacro %}' +
      '{% macro f() %}[{% call run() %}{{ return("value") }}{% endcall %}]{% endmacro %}{{ f() }}'
    expect(renderNow(source, { return: returnFunction })).toBe('[value]')
  })

  test('the blocks of dbt are definitions with the names that dbt registers', () => {
    const source =
      '{% macro m(a, b=1) %}{% endmacro %}{% test positive(model, column_name) %}{% endtest %}{% data_test d(model) %}{% enddata_test %}' +
      "{% materialization table, adapter='postgres' %}{% endmaterialization %}{% materialization view, default %}{% endmaterialization %}" +
      '{% snapshot s %}{% endsnapshot %}{% docs words %}text{% enddocs %}'
    const { definitions } = Template.parse(source, 'macros/all.sql')
    expect(definitions.map((definition) => definition.name)).toEqual([
      'm',
      'test_positive',
      'test_d',
      'materialization_table_postgres',
      'materialization_view_default',
      'snapshot_s',
      'dbt_docs__words',
    ])
    expect(definitions.map((definition) => source.slice(definition.start, definition.end))[1]).toBe(
      '{% test positive(model, column_name) %}{% endtest %}',
    )
  })

  test('a permissive context lets unknown names be called and walked into', () => {
    const template = Template.parse('{{ nothing.here[1]("x").there }}|', 'a.sql')
    expect(template.renderNow(contextOf({}, true))).toBe('|')
    expect(failure(() => template.renderNow(contextOf())).facts['message']).toBe("'nothing' is undefined")
  })

  test('the sync twin refuses a call that needs the database', () => {
    const query = new HostFunction('run_query', async () => Promise.resolve(1))
    expect(failure(() => renderNow('{{ run_query() }}', { run_query: query })).facts['message']).toMatch(
      /needs the database/,
    )
  })

  test('a configuration value that is one expression keeps its type', () => {
    const native = (source: string) =>
      Template.parse(source, 'dbt_project.yml').nativeNow(contextOf({ flag: true, list: [1] }))
    expect([native('{{ flag }}'), native('{{ list }}'), native('a{{ flag }}'), native('plain')]).toEqual([
      true,
      [1],
      'aTrue',
      'plain',
    ])
  })
})

describe('the sandbox', () => {
  const escapes = [
    '{{ "".constructor }}',
    '{{ [].constructor.constructor("return process")() }}',
    '{{ {}.constructor }}',
    '{{ {}.__proto__ }}',
    '{{ (1).toString }}',
    '{{ f.constructor }}',
    '{{ f.prototype }}',
    '{{ f.call }}',
    '{{ f["constructor"] }}',
    '{{ [].length }}{{ "".length }}',
    '{{ [].map }}{{ [].push }}',
    '{{ obj.hidden }}{{ obj["attribute"] }}{{ obj.value }}',
    '{{ range.constructor }}',
    '{{ loop.constructor }}',
    '{% for i in [1] %}{{ loop.constructor }}{{ loop.__proto__ }}{% endfor %}',
    '{{ namespace(a=1).members }}{{ namespace().constructor }}',
    '{{ ("x"|upper).constructor }}',
    '{{ "{0.constructor}".format(f) }}',
    '{{ [f]|map(attribute="constructor")|list|first }}',
    '{{ f|attr("constructor") }}{{ f|attr("__proto__") }}',
    '{{ decimal.digits }}{{ float.value }}',
    '{% macro m() %}{% endmacro %}{{ m.invoke }}{{ m.definition }}{{ m.constructor }}',
    '{{ __proto__ }}{{ constructor }}{{ globalThis }}{{ process }}{{ require }}{{ R }}{{ c }}{{ s0 }}',
    '{% set __proto__ = 1 %}{% set constructor = 2 %}{% set ns = namespace() %}{% set ns.__proto__ = 5 %}',
  ]
  const names: Readonly<Record<string, Value>> = {
    f: new HostFunction('f', () => null),
    obj: new PyDict(),
    loop: null,
    decimal: new PyDecimal('1.0'),
    float: new PyFloat(1),
  }

  test.for(escapes)('%s reaches nothing', (source) => {
    const result = outcome(() => renderNow(source, names)) as { output?: string }
    expect(result.output ?? '').toBe('')
  })

  test('a template cannot break out of the generated code', () => {
    const hostile = '`${process.exit()}` \\u2028 */ // \n \'+process.exit()+\' "+process.exit()+"'
    expect(renderNow(`${hostile}{{ ${JSON.stringify("';process.exit()//")} }}`)).toBe(`${hostile}';process.exit()//`)
  })

  test('what would exhaust the memory is refused', () => {
    for (const source of [
      '{{ "x" * 10**12 }}',
      '{{ 10 ** (10 ** 9) }}',
      '{{ range(10**9) }}',
      '{{ "x".center(10**12) }}',
      '{{ [0] * 10**12 }}',
    ]) {
      expect(failure(() => renderNow(source)).code).toBe('TRANSFORM_JINJA_RUNTIME')
    }
  })
})

describe('values', () => {
  test('integers of any size survive JSON and arithmetic', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(renderNow(`{{ (${a}) + (${b}) }}`)).toBe(String(a + b))
        expect(toJson(parseJson(`[${a}]`))).toBe(`[${a}]`)
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  test('floor division and remainder agree with Python for every sign', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer().filter((n) => n !== 0),
        (a, b) => {
          const quotient = Number(renderNow(`{{ (${a}) // (${b}) }}`))
          const rest = Number(renderNow(`{{ (${a}) % (${b}) }}`))
          expect(quotient * b + rest).toBe(a)
          expect(rest === 0 || rest < 0 === b < 0).toBe(true)
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })

  test('text prints as itself, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(renderNow('{{ value }}', { value: text })).toBe(text)
        expect(renderNow('{{ value|length }}', { value: text })).toBe(String(Array.from(text).length))
        expect(renderNow('{{ value[::-1][::-1] }}', { value: text })).toBe(text)
      }),
      { seed: 7, numRuns: 50 },
    )
  })

  test('a decimal keeps its digits', () => {
    const names = { cost: new PyDecimal('1.50') }
    expect(
      renderNow('{{ cost }} {{ cost + 1 }} {{ cost * cost }} {{ [cost] }} {{ cost == 1.5 }} {{ cost > 1 }}', names),
    ).toBe("1.50 2.50 2.2500 [Decimal('1.50')] True True")
    expect(renderNow('{{ cost / 3 }} {{ cost / 1 }} {{ -cost }} {{ cost // 1 }}', names)).toBe('0.50 1.50 -1.50 1')
  })

  test('a date is not a datetime, and both print and reckon as Python has it', () => {
    const names = { datetime: datetimeModule(() => Date.UTC(2026, 1, 28, 23, 59, 58)) }
    const printed = (expression: string) => renderNow(`{{ ${expression} }}`, names)
    expect(printed('datetime.date(2024, 2, 28) + datetime.timedelta(days=2)')).toBe('2024-03-01')
    expect(printed('[datetime.date(2024, 1, 5)]')).toBe('[datetime.date(2024, 1, 5)]')
    expect(printed('datetime.datetime(2024, 1, 5)')).toBe('2024-01-05 00:00:00')
    expect(printed('datetime.date(2024, 1, 5) == datetime.datetime(2024, 1, 5)')).toBe('False')
    expect(printed('datetime.datetime.now().strftime("%Y%m%d %H:%M:%S %j %a %b")')).toBe(
      '20260228 23:59:58 059 Sat Feb',
    )
    expect(printed('(datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1)).days')).toBe('29')
    expect(printed('datetime.datetime.fromisoformat("2024-01-05T06:07:08.5") - datetime.timedelta(hours=7)')).toBe(
      '2024-01-04 23:07:08.500000',
    )
    expect(printed('datetime.date(2024, 1, 5) < datetime.date(2024, 1, 6)')).toBe('True')
    expect(failure(() => printed('datetime.date(2023, 2, 29)')).facts['kind']).toBe('ValueError')
  })
})
