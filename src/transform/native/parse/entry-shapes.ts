import { isMapping } from '../project/shape.ts'
import { isColor } from './html-colors.ts'
import {
  and,
  anything,
  either,
  keyed,
  leaf,
  listOf,
  mapping,
  oneOf,
  orNull,
  text,
  textOrNumber,
  whole,
  yesNo,
} from '../project/value-shape.ts'
import type { Keys, Shape } from '../project/value-shape.ts'

/** What dbt's own JSON schemas say of the entries of schema files, before anything is made of them. */

const texts = listOf(text)
const optionalText = orNull(text)
const tests = listOf(either(text, mapping))
const color = leaf('a color of HTML, by name or as #rrggbb', (value) => typeof value === 'string' && isColor(value))
/** Also what `docs` of a node's configuration holds. */
export const docs = keyed({ takes: { show: yesNo, node_color: orNull(color) }, isClosed: true })
const moment = leaf('a date', (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:[T ].*)?$/.test(value))

/** What every entry and every column may say of itself. */
const described = {
  description: text,
  meta: mapping,
  data_type: optionalText,
  constraints: listOf(mapping),
  docs,
  config: mapping,
} satisfies Keys['takes']

const bothTests = leaf("tests under 'data_tests' or under 'tests', not both", (value) => {
  const isGiven = (key: string): boolean => isMapping(value) && Array.isArray(value[key]) && value[key].length > 0
  return !(isGiven('data_tests') && isGiven('tests'))
})

const column = and(
  keyed({
    needs: { name: text },
    takes: {
      ...described,
      data_tests: tests,
      tests,
      quote: orNull(yesNo),
      tags: either(texts, text),
      granularity: optionalText,
    },
  }),
  bothTests,
)
const tested = { ...described, data_tests: tests, tests, columns: listOf(column) }

const version = keyed({
  needs: { v: textOrNumber },
  takes: {
    defined_in: optionalText,
    description: text,
    access: optionalText,
    config: mapping,
    constraints: listOf(mapping),
    docs,
    data_tests: orNull(tests),
    tests: orNull(tests),
    columns: listOf(mapping),
    deprecation_date: orNull(moment),
  },
  isClosed: true,
})

const node: Shape = and(
  keyed({
    needs: { name: text },
    takes: {
      ...tested,
      quote_columns: orNull(yesNo),
      access: optionalText,
      latest_version: orNull(textOrNumber),
      versions: listOf(version),
      deprecation_date: orNull(moment),
      time_spine: orNull(
        keyed({ needs: { standard_granularity_column: text }, takes: { custom_granularities: listOf(mapping) } }),
      ),
    },
  }),
  bothTests,
)

const limit = orNull(
  keyed({ takes: { count: orNull(whole), period: orNull(oneOf('minute', 'hour', 'day')) }, isClosed: true }),
)
const freshness = orNull(
  keyed({ takes: { warn_after: limit, error_after: limit, filter: optionalText }, isClosed: true }),
)
const quoting = keyed({
  takes: Object.fromEntries(['database', 'schema', 'identifier', 'column'].map((key) => [key, orNull(yesNo)])),
  isClosed: true,
})
const oneQuestion = leaf("asked by 'loaded_at_field' or by 'loaded_at_query', not both", (value) => {
  const isGiven = (key: string): boolean => isMapping(value) && Boolean(value[key])
  return !(isGiven('loaded_at_field') && isGiven('loaded_at_query'))
})
/** Of the configuration of what is no node; a node's own is held against its types when all levels are known. */
const settings = { enabled: yesNo, tags: either(texts, text), meta: mapping }
const asked = { loaded_at_field: optionalText, loaded_at_query: optionalText, quoting, freshness, tags: texts }
const sourceConfig = keyed({ takes: { ...settings, freshness, loaded_at_field: optionalText } })
const table = and(
  keyed({
    needs: { name: text },
    takes: { ...tested, ...asked, identifier: optionalText, config: sourceConfig },
  }),
  oneQuestion,
)
const source = and(
  keyed({
    needs: { name: text },
    takes: {
      ...asked,
      description: text,
      meta: mapping,
      config: sourceConfig,
      database: optionalText,
      schema: optionalText,
      loader: text,
      tables: listOf(table),
      // Refused by name, with the remedy, where it is read.
      overrides: anything,
      external: anything,
    },
    isClosed: true,
  }),
  oneQuestion,
)

const macro = keyed({
  needs: { name: text },
  takes: {
    ...described,
    arguments: listOf(
      keyed({ needs: { name: text }, takes: { type: optionalText, description: text }, isClosed: true }),
    ),
  },
})
const onlyDescribed = keyed({ needs: { name: text }, takes: described })
const owner = and(
  keyed({ takes: { email: orNull(either(text, texts)), name: optionalText } }),
  leaf("with a 'name' or an 'email'", (value) => isMapping(value) && Boolean(value['name'] ?? value['email'])),
)
const rows = { rows: orNull(either(text, listOf(mapping))), format: oneOf('csv', 'dict', 'sql'), fixture: optionalText }

/** By the key under which the entry stands. */
export const entryShapes: Readonly<Record<string, Shape>> = {
  models: node,
  seeds: node,
  snapshots: node,
  analyses: keyed({ needs: { name: text }, takes: { ...described, columns: listOf(column) } }),
  tests: onlyDescribed,
  data_tests: onlyDescribed,
  macros: macro,
  sources: source,
  exposures: keyed({
    needs: { name: text, type: oneOf('dashboard', 'notebook', 'analysis', 'ml', 'application'), owner },
    takes: {
      description: text,
      label: optionalText,
      maturity: orNull(oneOf('low', 'medium', 'high')),
      meta: mapping,
      tags: either(texts, text),
      url: optionalText,
      depends_on: texts,
      config: keyed({ takes: settings }),
    },
    isClosed: true,
  }),
  groups: keyed({
    needs: { name: text, owner },
    takes: { description: optionalText, config: mapping },
    isClosed: true,
  }),
  unit_tests: keyed({
    needs: {
      name: text,
      model: text,
      given: listOf(keyed({ needs: { input: text }, takes: rows, isClosed: true })),
      expect: keyed({ takes: rows, isClosed: true }),
    },
    takes: {
      description: text,
      overrides: orNull(keyed({ takes: { macros: mapping, vars: mapping, env_vars: mapping }, isClosed: true })),
      config: keyed({ takes: settings }),
      versions: orNull(mapping),
    },
    isClosed: true,
  }),
  metrics: keyed({
    needs: { name: text, label: text, type: text, type_params: mapping },
    takes: {
      description: text,
      filter: anything,
      time_granularity: optionalText,
      meta: mapping,
      tags: either(texts, text),
      config: keyed({ takes: settings }),
    },
    isClosed: true,
  }),
  semantic_models: keyed({
    needs: { name: text, model: text },
    takes: {
      description: optionalText,
      label: optionalText,
      config: mapping,
      entities: listOf(keyed({ needs: { name: text, type: text } })),
      measures: listOf(keyed({ needs: { name: text, agg: text } })),
      dimensions: listOf(keyed({ needs: { name: text, type: text } })),
      defaults: orNull(mapping),
      primary_entity: optionalText,
    },
    isClosed: true,
  }),
  saved_queries: keyed({
    needs: { name: text, query_params: keyed({ takes: { metrics: texts, group_by: texts } }) },
    takes: {
      description: optionalText,
      label: optionalText,
      exports: listOf(keyed({ needs: { name: text } })),
      config: mapping,
      tags: either(texts, text),
    },
    isClosed: true,
  }),
}
