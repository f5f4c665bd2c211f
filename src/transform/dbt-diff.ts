import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { compareManifests, compareMaps, compareResults } from './dbt-compare.ts'
import type { ComparedManifest, Difference } from './dbt-compare.ts'
import { readTarget } from './native/project/profile.ts'
import type { Target } from './native/project/profile.ts'
import { readProject } from './native/project/project-file.ts'
import type { Runner, RunnerEvent, RunnerRequest, RunnerResult } from './runner.ts'

const RELATIONS = readFileSync(new URL('relations_of_schemas.sql', import.meta.url), 'utf8')
const PASSWORD = 'MILLRACE_DIFF_PASSWORD'

export interface DiffOptions {
  readonly request: RunnerRequest
  readonly native: Runner
  readonly dbtCore: Runner
  /** Columns that differ from run to run, such as the time of building. */
  readonly ignoredColumns: readonly string[]
  readonly onEvent: (event: RunnerEvent) => void
}

export interface Diff {
  readonly differences: readonly Difference[]
  /** The schemas that the two runs built in; they stay, to be looked at. */
  readonly schemas: readonly [string, string]
  readonly nodes: number
  readonly relations: number
}

/**
 * Runs one request by both runners, each into schemas of its own beside the profile's, and compares compiled SQL, manifest, relations,
 * rows and statuses. Throws what an invocation throws that cannot be carried out.
 */
export async function diffRunners({ request, native, dbtCore, ignoredColumns, onEvent }: DiffOptions): Promise<Diff> {
  const { vars, env } = request
  const project = readProject({ projectDir: request.projectDir, targetPath: request.targetPath, vars, env })
  const profile = request.profile ?? project.profile
  const target = readTarget({ ...request, profile })
  const folder = await mkdtemp(join(tmpdir(), 'millrace-diff-'))
  try {
    const run = async (runner: Runner, side: 'native' | 'dbt_core') => {
      const schema = `${target.schema}_${side}`
      const profilesDir = await profileFolder(folder, target, schema)
      const targetPath = join(project.targetFolder, 'diff', side)
      const own = { ...request, profilesDir, profile: target.profileName, target: target.name, targetPath }
      return runner.invoke({ ...own, env: { ...env, [PASSWORD]: target.password } }, onEvent)
    }
    const mine = await run(native, 'native')
    const theirs = await run(dbtCore, 'dbt_core')
    return await compared(target, mine, theirs, ignoredColumns)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A profile that differs from the project's own in its schema alone; the password stays in the environment. */
async function profileFolder(folder: string, target: Target, schema: string): Promise<string> {
  const output = {
    type: 'postgres',
    host: target.host,
    port: target.port,
    user: target.user,
    password: `{{ env_var('${PASSWORD}') }}`,
    dbname: target.database,
    schema,
    threads: target.threads,
    ...(target.ssl === null ? {} : { sslmode: target.ssl }),
    ...(target.searchPath === null ? {} : { search_path: target.searchPath }),
    ...(target.role === null ? {} : { role: target.role }),
  }
  const content = { [target.profileName]: { target: target.name, outputs: { [target.name]: output } } }
  // JSON is YAML, too.
  await writeFile(join(folder, 'profiles.yml'), JSON.stringify(content), { mode: 0o600 })
  return folder
}

async function compared(
  target: Target,
  mine: RunnerResult,
  theirs: RunnerResult,
  ignored: readonly string[],
): Promise<Diff> {
  const schemas = [`${target.schema}_native`, `${target.schema}_dbt_core`] as const
  const read = async ({ manifestPath }: RunnerResult): Promise<ComparedManifest> =>
    JSON.parse((await readFile(manifestPath ?? '', 'utf8')).replaceAll(schemas[1], schemas[0])) as ComparedManifest
  const [own, real] = [await read(mine), await read(theirs)]
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
  })
  await client.connect()
  try {
    const [ours, others] = [await relationsOf(client, schemas[0]), await relationsOf(client, schemas[1])]
    const shared = [...ours].filter(([name, columns]) => others.get(name) === columns).map(([name]) => name)
    return {
      differences: [
        ...compareManifests(own, real),
        ...compareResults(mine.nodes, theirs.nodes),
        ...compareMaps('relation', ours, others),
        ...(await rowsOf(client, schemas, shared, ignored)),
      ],
      schemas,
      nodes: theirs.nodes.length,
      relations: others.size,
    }
  } finally {
    await client.end()
  }
}

/** By what a schema adds to the prefix and the relation's name: kind, columns and types. */
async function relationsOf(client: pg.Client, prefix: string): Promise<Map<string, string>> {
  const { rows } = await client.query<[string, string, string, string]>({
    text: RELATIONS,
    values: [prefix],
    rowMode: 'array',
  })
  return new Map(
    rows.map(([schema, name, kind, columns]) => [`${schema.slice(prefix.length)}.${name}`, `${kind}: ${columns}`]),
  )
}

/** Rows as JSON, because some types know no equality; the row's name is one that no column has, or it would mean the column; how many stand on one side alone. */
async function rowsOf(
  client: pg.Client,
  [native, dbtCore]: readonly [string, string],
  names: readonly string[],
  ignored: readonly string[],
): Promise<Difference[]> {
  const found: Difference[] = []
  for (const name of names) {
    const [suffix = '', relation = ''] = name.split('.')
    const of = (prefix: string): string =>
      `select (to_jsonb(whole_row_) - $1::text[])::text from ${pg.escapeIdentifier(prefix + suffix)}.${pg.escapeIdentifier(relation)} whole_row_`
    const only = async (one: string, other: string): Promise<number> => {
      const { rows } = await client.query<{ n: string }>(
        `select count(*) as n from (${of(one)} except all ${of(other)}) x`,
        [ignored],
      )
      return Number(rows[0]?.n ?? 0)
    }
    const [mine, theirs] = [await only(native, dbtCore), await only(dbtCore, native)]
    if (mine + theirs > 0)
      found.push({ kind: 'rows', id: name, native: `${mine} of its own`, dbtCore: `${theirs} of its own` })
  }
  return found
}
