import { defineAdapter } from '../domain/adapter.ts'

/** dbt's commands that a runner takes; what a runner does not do is refused before anything runs, by name. */
export const runnerCommands = [
  'build',
  'run',
  'test',
  'seed',
  'snapshot',
  'run-operation',
  'compile',
  'parse',
  'ls',
  'show',
  'source-freshness',
  'docs-generate',
  'clone',
  'retry',
  'debug',
  'deps',
  'clean',
] as const
export type RunnerCommand = (typeof runnerCommands)[number]

/** dbt's flags of `deps`. */
export interface DependencyOptions {
  readonly upgrade: boolean
  /** Write package-lock.yml and install nothing. */
  readonly lockOnly: boolean
  readonly add?:
    | { readonly name: string; readonly version: string | undefined; readonly source: 'hub' | 'git' | 'local' }
    | undefined
  readonly checksVersion: boolean
}

/** One invocation of dbt, whichever runner carries it out. Absent paths and names are dbt's own defaults. */
export interface RunnerRequest {
  readonly command: RunnerCommand
  /** Folder that holds dbt_project.yml. */
  readonly projectDir: string
  /** Folder that holds profiles.yml. */
  readonly profilesDir: string
  readonly profile?: string | undefined
  readonly target?: string | undefined
  /** Where artifacts go; `target` inside the project unless the project says otherwise. */
  readonly targetPath?: string | undefined
  /** dbt's selection syntax: a space is a union, a comma an intersection. Empty: everything. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  readonly resourceTypes?: readonly string[] | undefined
  readonly excludeResourceTypes?: readonly string[] | undefined
  /** A selection of selectors.yml, instead of `select` and `exclude`. */
  readonly selector?: string | undefined
  /** When tests come along with what they look at; dbt's own default is `eager`. */
  readonly indirectSelection?: 'eager' | 'cautious' | 'buildable' | 'empty' | undefined
  /** Folder with the artifacts of an earlier invocation, for `state:`, `result:` and `source_status:`. */
  readonly statePath?: string | undefined
  /** How `ls` writes what it lists; `selector` by default. */
  readonly output?: 'selector' | 'name' | 'path' | 'json' | undefined
  /** The keys that `ls --output json` writes, with dots into what they hold; dbt's usual ones when absent. */
  readonly outputKeys?: readonly string[] | undefined
  /** Folder of the artifacts that unselected nodes are resolved from, when it is not `statePath`. */
  readonly deferStatePath?: string | undefined
  /** Whether a reference to a node that is not selected and not built here goes to the relation of the earlier run. */
  readonly defer?: boolean | undefined
  /** The same even where the node is built here. */
  readonly favorState?: boolean | undefined
  /** SQL that is compiled or shown in place of a node: `show` and `compile`. */
  readonly inline?: string | undefined
  /** Rows that `show` prints; a negative number prints all, five when absent. */
  readonly limit?: number | undefined
  /** How `show` and `compile` write what they print; `text` when absent. */
  readonly preview?: 'text' | 'json' | undefined
  /** `docs-generate`: whether models are compiled first, and whether the database is asked for its relations. */
  readonly docs?: { readonly compile: boolean; readonly emptyCatalog: boolean; readonly static: boolean } | undefined
  /** Where `source-freshness` writes its results; sources.json of the target folder when absent. */
  readonly sourcesPath?: string | undefined
  /** `clean`: whether folders outside the project are left alone; they are unless told otherwise. */
  readonly cleanOutside?: boolean | undefined
  /** Warnings that end the invocation as errors: every one, or those of dbt's names for them. */
  readonly warnErrors?: WarnErrors | undefined
  /** Whether artifacts are written; they are unless told otherwise. */
  readonly writeJson?: boolean | undefined
  /** Whether references read nothing, so that models are built without rows. */
  readonly empty?: boolean | undefined
  /** The window of time that microbatch models are built for, as `YYYY-MM-DDTHH:MM:SS` in UTC; both or none. */
  readonly eventTime?: { readonly start: string; readonly end: string } | undefined
  /** dbt's `--sample`: a window of time that references are read from. */
  readonly sample?: string | undefined
  /** Whether `show` and `compile` print the bare rows or SQL, without a title. */
  readonly quiet?: boolean | undefined
  /** `debug`: whether only the connection is looked at. */
  readonly onlyConnection?: boolean | undefined
  /** The command line as it was written, for the artifacts. */
  readonly invocationCommand?: string | undefined
  readonly vars: Readonly<Record<string, unknown>>
  /** Nodes that run at once; undefined leaves it to the profile. */
  readonly threads?: number | undefined
  readonly fullRefresh: boolean
  /** Whether the project may be taken as the last invocation parsed it, when nothing that it reads has changed; true by default. */
  readonly partialParse?: boolean | undefined
  /** Whether `require-dbt-version` is held to; it is unless this says otherwise. */
  readonly checksVersion?: boolean | undefined
  readonly failFast: boolean
  /** Whether tests keep the rows that they find, unless their own configuration says otherwise. */
  readonly storeFailures?: boolean | undefined
  /** Whether messages that dbt colours keep their colours in artifacts too, as dbt has it unless told otherwise. */
  readonly useColors?: boolean | undefined
  /** The macro that `run-operation` calls, with its arguments by name. */
  readonly operation?: { readonly macro: string; readonly args: Readonly<Record<string, unknown>> } | undefined
  /** What `deps` is to do beside installing what the project asks for. */
  readonly dependencies?: DependencyOptions | undefined
  /** Variables that `env_var` sees, beside none of the process's own: the caller decides. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Cancels running queries and ends the invocation; nodes not begun are skipped. */
  readonly signal?: AbortSignal | undefined
}

/** dbt's own words for how a node ended; `partial success` is a microbatch model some of whose batches failed. */
export type NodeStatus = 'success' | 'partial success' | 'error' | 'skipped' | 'pass' | 'fail' | 'warn' | 'no-op'

/** Which of dbt's warnings are errors; `error` as `all` or by name, those of `warn` and `silence` excepted. */
export interface WarnErrors {
  readonly error: 'all' | readonly string[]
  readonly warn: readonly string[]
  readonly silence: readonly string[]
}

/** One of dbt's structured log events, by dbt's own name and code. */
export interface LoggedEvent {
  readonly name: string
  readonly code: string
  readonly data: Readonly<Record<string, unknown>>
  readonly invocationId: string
  readonly thread: string
  readonly processId: number
  /** When it happened: an ISO instant with microseconds. */
  readonly instant: string
}

export interface NodeResult {
  readonly uniqueId: string
  readonly resourceType: string
  readonly status: NodeStatus
  readonly message: string | null
  /** Quoted as in the SQL; null for tests and ephemeral models. */
  readonly relationName: string | null
  readonly executionSeconds: number
  /** Rows that a test found; null where nothing was counted. */
  readonly failures: number | null
}

export type RunnerEvent =
  | { readonly kind: 'node_started'; readonly uniqueId: string; readonly index: number; readonly total: number }
  | { readonly kind: 'node_finished'; readonly index: number; readonly total: number; readonly result: NodeResult }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly event?: LoggedEvent | undefined
    }
  /** A line of `ls`, rows of `show` or compiled SQL: data for stdout. */
  | { readonly kind: 'output'; readonly line: string; readonly event?: LoggedEvent | undefined }

export interface RunnerResult {
  /** dbt's own: 0 all well, 1 a node failed, 2 the invocation could not be carried out. */
  readonly exitCode: 0 | 1 | 2
  readonly nodes: readonly NodeResult[]
  /** Null when the command writes none. */
  readonly manifestPath: string | null
  readonly runResultsPath: string | null
}

export interface RunnerCapabilities {
  /** Commands that it carries out; any other is refused with TRANSFORM_COMMAND_UNSUPPORTED. */
  readonly commands: readonly RunnerCommand[]
  /** Whether every construct that dbt knows runs; otherwise the registry of features says which do. */
  readonly everyFeature: boolean
}

/**
 * Runs dbt projects. A node that fails is a result, never an exception; an invocation that cannot be carried out (syntax, missing
 * reference, unknown profile, unsupported feature) throws a coded error before anything runs.
 */
export interface Runner {
  readonly name: string
  readonly capabilities: RunnerCapabilities
  invoke(request: RunnerRequest, onEvent: (event: RunnerEvent) => void): Promise<RunnerResult>
}

export const defineRunner = defineAdapter<Runner>()
