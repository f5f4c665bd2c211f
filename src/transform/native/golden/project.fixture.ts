import { plain } from './plain.fixture.ts'
import { promised } from './promised.fixture.ts'
import { units } from './units.fixture.ts'

/** One project of many small constructs: real dbt-core has built it once, and its answers are in expected.json. */
export const goldenProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: gold
version: "1.0"
profile: p
vars: {cut: 3}
models: {gold: {promised: {+tags: [all]}, plain: {+persist_docs: {relation: true, columns: true}}}}
unit_tests: {gold: {+tags: [u]}}
`,
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: golden, threads: 1}
`,
  ...plain,
  ...promised,
  ...units,
}
