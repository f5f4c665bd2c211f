import type { Clock } from '../../../domain/clock.ts'
import type { RunnerEvent, RunnerRequest } from '../../runner.ts'
import type { Invocation } from '../context/base-names.ts'
import { ParseCache } from '../parse/parse-cache.ts'
import { runsBatches } from '../parse/microbatch.ts'
import { parseProject } from '../parse/parse-project.ts'
import type { ParseOptions, ParsedProject } from '../parse/parse-project.ts'
import { targetObject } from '../context/base-names.ts'
import { argumentsContent, behaviourOf, commandWord } from './arguments-content.ts'
import { Journal } from './journal.ts'
import { sayAdapter, sayBeginning, sayFound, sayUnused } from './journal-ends.ts'
import { sayMicrobatch } from './journal-batches.ts'
import { unusedConfigPaths } from './unused-configs.ts'
import { readNamedSelections } from '../graph/named-selections.ts'
import type { NamedSelections } from '../graph/named-selections.ts'
import { configurationContext } from '../project/configuration-context.ts'
import type { Environment } from '../project/configuration-context.ts'
import { readPackages } from '../project/packages.ts'
import { readTarget } from '../project/profile.ts'
import { packageVars, readProject } from '../project/project-file.ts'
import { checkRequiredVersion } from '../project/required-version.ts'
import { DBT_VERSION } from '../context/base-names.ts'
import type { Project } from '../project/project-file.ts'

export interface Machine {
  readonly clock: Clock
  readonly newId: () => string
  /** How packages come over the network. */
  readonly fetch: typeof fetch
}

export type OnEvent = (event: RunnerEvent) => void

/** Everything that is known before a database is asked. */
export interface Prepared extends ParsedProject {
  readonly project: Project
  readonly invocation: Invocation
  /** The invocation as the templates of each package see it. */
  readonly invocations: ReadonlyMap<string, Invocation>
  readonly quoting: Project['quoting']
  readonly queryComment: Project['queryComment']
  readonly selections: NamedSelections
  readonly startedAtMs: number
  /** The target folder as the project or the command line writes it: messages name it. */
  readonly targetPath: string
  readonly journal: Journal
  /** Whether microbatch models are built in batches. */
  readonly isBatched: boolean
}

/** Parses the project and keeps it for the next invocation, with the environment variables that it asked for. */
function parsedAnew(options: ParseOptions, cache: ParseCache, asked: ReadonlySet<string>): ParsedProject {
  const parsed = parseProject(options)
  cache.write(parsed, asked)
  return parsed
}

/** The environment, and the names that were asked of it. */
function remembering(env: Environment): { readonly env: Environment; readonly asked: ReadonlySet<string> } {
  const asked = new Set<string>()
  const get = (held: Environment, name: string | symbol): string | undefined => {
    if (typeof name !== 'string') return undefined
    asked.add(name)
    return held[name]
  }
  return { env: new Proxy(env, { get }), asked }
}

/** What each package sees of the invocation: its own name and its own vars. */
function invocationsOf(
  packages: readonly Project[],
  root: Project,
  invocation: Invocation,
): ReadonlyMap<string, Invocation> {
  return new Map(
    packages.map((one) => {
      const vars = packageVars(one, root, invocation.givenVars)
      return [one.name, { ...invocation, packageName: one.name, vars }]
    }),
  )
}

/** What there is to say of a project that was read. */
function sayParsed(
  journal: Journal,
  { manifest }: ParsedProject,
  project: Project,
  { request, isBatched }: { readonly request: RunnerRequest; readonly isBatched: boolean },
): void {
  sayMicrobatch(journal, manifest, isBatched)
  sayUnused(journal, unusedConfigPaths(project, manifest))
  // `parse` ends where the project is read.
  if (request.command !== 'parse' && request.docs?.compile !== false) sayFound(journal, manifest)
}

/** Reads and parses the project, or takes it as the last invocation left it; nothing has run when this throws. */
export function prepare(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Prepared {
  const startedAtMs = machine.clock.nowMs()
  const invocationId = machine.newId()
  const journal = new Journal(machine.clock, onEvent, invocationId, request.warnErrors)
  const { vars } = request
  sayBeginning(journal)
  const { env, asked } = remembering(request.env)
  const project = readProject({ projectDir: request.projectDir, targetPath: request.targetPath, vars, env })
  const profile = request.profile ?? project.profile
  const target = readTarget({
    profilesDir: request.profilesDir,
    profile,
    target: request.target,
    threads: request.threads,
    vars,
    env,
  })
  sayAdapter(journal)
  const invocation: Invocation = {
    invocationId,
    projectName: project.name,
    command: commandWord(request.command),
    fullRefresh: request.fullRefresh,
    target,
    packageName: project.name,
    storeFailures: request.storeFailures ?? false,
    empty: request.empty ?? false,
    useColors: request.useColors ?? true,
    failFast: request.failFast,
    vars: packageVars(project, project, vars),
    givenVars: vars,
    env,
    startedAtMs,
    args: { ...argumentsContent(request), ...behaviourOf(project.writtenFlags) },
    selected: [],
    print: (message) => journal.output(['PrintEvent', 'Z052'], message, { msg: message }),
    warn: (message) => journal.warn(['JinjaLogWarning', 'I061'], message, { msg: message }),
    log: (message, info) => journal.say(info ? 'info' : 'debug', ['JinjaLogInfo', 'I062'], message, { msg: message }),
  }
  const packages = readPackages(project, { vars, env })
  if (request.checksVersion !== false) for (const one of [project, ...packages]) checkRequiredVersion(one, DBT_VERSION)
  const invocations = invocationsOf([project, ...packages], project, invocation)
  const { fullRefresh, storeFailures, empty } = invocation
  const seen = { vars, target, fullRefresh, storeFailures, empty }
  const cache = new ParseCache({ project, packages, seen, env: request.env, unique: invocation.invocationId })
  const parsed =
    (request.partialParse === false ? null : cache.read()) ??
    parsedAnew({ project, packages, invocation }, cache, asked)
  const selections = readNamedSelections(
    project.folder,
    configurationContext(env, invocation.vars, new Map([['target', targetObject(target)]])),
    request.indirectSelection ?? 'eager',
  )
  const isBatched = runsBatches(parsed.macros, project.flags.batchesOwnStrategy)
  sayParsed(journal, parsed, project, { request, isBatched })
  return {
    journal,
    project,
    invocation,
    invocations,
    quoting: project.quoting,
    queryComment: project.queryComment,
    selections,
    targetPath: project.targetPath,
    startedAtMs,
    isBatched,
    ...parsed,
  }
}
