import { anything, either, keyed, leaf, listOf, mapping, orNull, text, textOrNumber, yesNo } from './value-shape.ts'
import type { Shape } from './value-shape.ts'

const texts = orNull(listOf(text))
const tree = orNull(mapping)
const statements = orNull(either(text, listOf(text)))
const of = (shape: Shape, ...keys: readonly string[]): Record<string, Shape> =>
  Object.fromEntries(keys.map((key) => [key, shape]))
const version = leaf(
  'a version such as 1.0.0',
  (value) => typeof value === 'number' || (typeof value === 'string' && /^\d+\.\d+(?:\.\d+[-+.\w]*)?$/.test(value)),
)
const quoting = keyed({
  takes: of(orNull(yesNo), 'schema', 'database', 'project', 'identifier', 'snowflake_ignore_case'),
  isClosed: true,
})
const comment = keyed({ takes: { comment: orNull(text), append: orNull(yesNo), 'job-label': yesNo }, isClosed: true })

/** What dbt's own JSON schema says of dbt_project.yml, before anything is made of it. */
export const projectShape: Shape = keyed({
  takes: {
    ...of(texts, 'source-paths', 'model-paths', 'macro-paths', 'data-paths', 'seed-paths', 'test-paths'),
    ...of(texts, 'analysis-paths', 'docs-paths', 'asset-paths', 'function-paths', 'snapshot-paths', 'clean-targets'),
    ...of(orNull(text), 'target-path', 'profile', 'log-path', 'packages-install-path'),
    ...of(tree, 'models', 'seeds', 'snapshots', 'vars', 'dbt-cloud'),
    ...of(mapping, 'sources', 'tests', 'data_tests', 'unit_tests', 'exposures', 'metrics', 'analyses'),
    ...of(statements, 'on-run-start', 'on-run-end'),
    version: orNull(version),
    quoting: orNull(quoting),
    'require-dbt-version': orNull(either(text, listOf(textOrNumber))),
    dispatch: listOf(keyed({ needs: { macro_namespace: text, search_order: either(text, listOf(text)) } })),
    'query-comment': orNull(either(text, comment)),
    'restrict-access': yesNo,
    flags: anything,
  },
})
