import assert from 'node:assert/strict'
import { z } from 'zod'
import { adapterNames, adapters } from './adapters.ts'
import type { AdapterName, Port } from './adapters.ts'
import type { AccessSettings } from './config-access.ts'
import { accessSection } from './config-access.ts'
import { connectionLevels, hubConversion, hubNaming } from './config-hub.ts'
import type { ConfigPath } from './config-locate.ts'
import type { PipelineSettings } from './config-pipeline.ts'
import { pipelineSection, saidBy, zoneName } from './config-pipeline.ts'
import type { ConversionDefinition } from './domain/conversion-definition.ts'
import type { Language } from './domain/errors.ts'
import { MillraceError } from './domain/errors.ts'
import type { NamingRule } from './domain/naming.ts'
import type { Level, Platform } from './domain/platform.ts'

/** An adapter chosen, with its options as its own schema returned them. */
export interface Chosen<Of extends Port> {
  readonly adapter: AdapterName<Of>
  readonly options: Readonly<Record<string, unknown>>
}

/** Who may send events to the collector, as it is configured. */
export interface WriteKey {
  readonly key: string
  readonly clickSecret?: string | undefined
  readonly ratePerSecond: number
}

/** What is to count as a conversion on a platform; `accountId` is empty for all of its accounts. */
export interface WantedDefinition {
  readonly platform: Platform
  readonly accountId: string
  readonly definition: ConversionDefinition
}

/** A checked configuration: every default filled in, every reference replaced by its value, every path absolute. */
export interface Settings {
  readonly projectDir: string
  readonly name: string
  readonly connections: Readonly<
    Record<
      string,
      Chosen<'connector'> & {
        readonly accountIds: readonly string[]
        /** Levels beside the campaign, by account; `*` is every account that is not named. */
        readonly levels: Readonly<Record<string, readonly Level[]>>
        /** The sandbox stands in for the platform: addresses and credentials are its own. */
        readonly sandboxed: boolean
      }
    >
  >
  readonly lake: Chosen<'lake'>
  readonly warehouse: Chosen<'warehouse'>
  /** Null: the project has no dbt step. */
  readonly transform:
    | (Chosen<'runner'> & {
        readonly project: string
        readonly profiles: string
        readonly vars: Readonly<Record<string, unknown>>
        readonly threads: number
      })
    | null
  readonly notify: Readonly<Record<string, Chosen<'notifier'> & { readonly language: Language }>>
  readonly access: AccessSettings
  readonly pipeline: PipelineSettings
  /** When the morning mail goes out and to whom; `at` undefined: by hand alone. */
  readonly brief: {
    readonly at?: string | undefined
    readonly zone: string
    readonly channels?: readonly string[] | undefined
  }
  readonly retention: { readonly raw: number }
  /** What opens the secrets that the warehouse keeps; undefined: the project's key file, if there is one. */
  readonly secrets: { readonly key?: string | undefined }
  readonly stream: {
    readonly log: Chosen<'log'>
    readonly counters: Chosen<'counters'>
    readonly zone: string
    /** Raw events go into the lake while they are counted. */
    readonly landing: boolean
    /** The platforms are asked every hour what the running days have cost. */
    readonly platformCost: boolean
    readonly writeKeys: Readonly<Record<string, WriteKey>>
  }
  readonly hub: {
    /** Reference rates: files (absolute), then an address; null: none, or the sandbox's when the project has one. */
    readonly rates: { readonly files: readonly string[]; readonly url: string | null }
    readonly conversions: readonly WantedDefinition[]
    readonly naming: readonly NamingRule[]
  }
  readonly sandbox: { readonly seed: number } | null
}

/** One thing that is wrong, by the path of the value it is about. */
export interface Finding {
  readonly path: ConfigPath
  readonly message: string
  /** What zod wanted; a text from the environment is read as that and checked again. */
  readonly expected?: string | undefined
}

export type Tree = Record<string, unknown>

const ownName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/)

/** The frame around the adapters' options; those are checked by the adapters' own schemas. */
export const frame = z.strictObject({
  name: z.string().min(1).optional(),
  connections: z.record(
    ownName,
    z.looseObject({
      connector: z.enum(adapterNames('connector')),
      accounts: z.array(z.string()).default([]),
      levels: connectionLevels,
      sandbox: z.boolean().default(true),
    }),
  ),
  lake: z.looseObject({ adapter: z.enum(adapterNames('lake')).default('folder') }),
  warehouse: z.looseObject({ adapter: z.enum(adapterNames('warehouse')).default('embedded') }),
  transform: z
    .looseObject({
      runner: z.enum(adapterNames('runner')).default('native'),
      project: z.string().default('dbt'),
      profiles: z.string().optional(),
      vars: z.record(z.string(), z.unknown()).default({}),
      threads: z.int().min(1).max(64).default(4),
    })
    .nullable(),
  notify: z.record(
    ownName,
    z.looseObject({ notifier: z.enum(adapterNames('notifier')), language: z.enum(['en', 'ko']).default('en') }),
  ),
  pipeline: pipelineSection,
  brief: z.strictObject({
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .optional(),
    zone: zoneName.optional(),
    channels: z.array(z.string().min(1)).optional(),
  }),
  retention: z.strictObject({ raw: z.int().min(1).default(400) }),
  secrets: z.strictObject({ key: z.string().min(1).optional() }),
  stream: z.strictObject({
    log: z.looseObject({ adapter: z.enum(adapterNames('log')).default('postgres') }).prefault({}),
    counters: z.looseObject({ adapter: z.enum(adapterNames('counters')).default('postgres') }).prefault({}),
    zone: zoneName.optional(),
    landing: z.boolean().default(true),
    platformCost: z.boolean().default(true),
    writeKeys: z
      .record(
        ownName,
        z.strictObject({
          key: z.string().min(1).max(200),
          clickSecret: z.string().min(16).optional(),
          ratePerSecond: z.int().min(1).default(10_000),
        }),
      )
      .default({}),
  }),
  hub: z.strictObject({
    rates: z
      .strictObject({ files: z.array(z.string().min(1)).default([]), url: z.url({ protocol: /^https?$/ }).optional() })
      .prefault({}),
    conversions: z.array(hubConversion).default([]),
    naming: z.array(hubNaming).default([]),
  }),
  access: accessSection,
  sandbox: z.strictObject({ seed: z.int().min(0).default(1) }).nullable(),
})

export type Frame = z.output<typeof frame>

/** Options that an adapter of the embedded default takes when the file says nothing; paths are relative to the project. */
export const embeddedDefaults: Readonly<Record<string, Tree>> = {
  'lake/folder': { root: '.millrace/lake' },
  'warehouse/embedded': { dir: '.millrace/postgres' },
  'notifier/file': { folder: '.millrace/outbox' },
}

/** The tree with every section there, so that a default inside a section is a default whether or not the file has the section. */
export function normalised(tree: Tree): Tree {
  const sections = [
    'connections',
    'lake',
    'warehouse',
    'transform',
    'notify',
    'pipeline',
    'brief',
    'retention',
    'secrets',
    'stream',
    'hub',
    'access',
  ] as const
  // An editor's word about the file, not the project's.
  const { $schema: _, ...said } = tree
  const whole: Tree = { ...said, sandbox: tree['sandbox'] === false ? null : (tree['sandbox'] ?? null) }
  for (const section of sections) whole[section] ??= {}
  if (whole['transform'] === false) whole['transform'] = null
  return whole
}

/** The words of a problem in the reader's language; zod's own, which name what was wanted and what was found. */
export type Words = z.core.$ZodErrorMap

export async function wordsOf(language: Language): Promise<Words> {
  const locales = await import('zod/locales')
  const own = locales[language]().localeError
  return (issue) => (issue.code === 'custom' ? saidBy(issue['params'], language) : undefined) ?? own(issue)
}

export function checkFrame(
  tree: Tree,
  words: Words | undefined,
): { readonly frame: Frame | undefined; findings: readonly Finding[] } {
  const result = frame.safeParse(tree, words && { error: words })
  return result.success
    ? { frame: result.data, findings: [] }
    : { frame: undefined, findings: findingsOf([], result.error) }
}

function findingsOf(base: ConfigPath, error: z.ZodError): readonly Finding[] {
  return error.issues.flatMap((issue): readonly Finding[] => {
    const path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...path, key], message: issue.message }))
    return [{ path, message: issue.message, expected: issue.code === 'invalid_type' ? issue.expected : undefined }]
  })
}

/** The ports that a section of the configuration opens. */
export type ConfiguredPort = Port

/** Options that the program gives an adapter, never a person. */
export const givenOptions: readonly string[] = ['warehouse', 'clock', 'secrets']

/** Keys of a section that belong to the frame and not to the adapter. */
export const frameKeys: Readonly<Record<ConfiguredPort, readonly string[]>> = {
  connector: ['connector', 'accounts', 'levels', 'sandbox'],
  lake: ['adapter'],
  warehouse: ['adapter'],
  runner: ['runner', 'project', 'profiles', 'vars', 'threads'],
  notifier: ['notifier', 'language'],
  log: ['adapter'],
  counters: ['adapter'],
}

/** An adapter of the port, whichever; only its schema knows its options. */
export interface AnyAdapter<Opened> {
  readonly options: z.ZodType
  open(options: unknown): Promise<Opened>
}

/** Imports an adapter. Throws CONFIG_PACKAGE_MISSING when a package that it needs is not installed. */
export async function loadAdapter(port: ConfiguredPort, name: string): Promise<AnyAdapter<unknown>> {
  const load = (adapters[port] as Readonly<Record<string, () => Promise<unknown>>>)[name]
  assert(load, `the schema lets only registered adapters through, and ${name} is not one`)
  try {
    return ((await load()) as { readonly adapter: AnyAdapter<unknown> }).adapter
  } catch (cause) {
    const missing = /^Cannot find package '([^']+)'/.exec(cause instanceof Error ? cause.message : '')?.[1]
    if (missing === undefined) throw cause
    throw new MillraceError('CONFIG_PACKAGE_MISSING', { adapter: name, package: missing }, { cause })
  }
}

/** Checks one section by the schema of the adapter that it chose, which is imported for it. */
export async function checkOptions(
  port: ConfiguredPort,
  name: string,
  section: { readonly path: ConfigPath; readonly value: Tree },
  words: Words | undefined,
): Promise<{ readonly options: Tree; readonly findings: readonly Finding[] }> {
  const adapter = await loadAdapter(port, name)
  // A key of the frame that the adapter knows as well, such as a connection's accounts, is the adapter's too.
  const shape = adapter.options instanceof z.ZodObject ? adapter.options.shape : {}
  const isOwn = (key: string) => !frameKeys[port].includes(key) || Object.hasOwn(shape, key)
  const own = Object.fromEntries(Object.entries(section.value).filter(([key]) => isOwn(key)))
  // What the program gives later only has to be there while a person's values are looked at.
  const later = Object.hasOwn(shape, 'warehouse') ? { warehouse: null } : {}
  const given = { ...embeddedDefaults[`${port}/${name}`], ...own, ...later }
  // A word that no option has is a slip of the pen, not something to drop in silence.
  const schema = adapter.options instanceof z.ZodObject ? adapter.options.strict() : adapter.options
  const result = await schema.safeParseAsync(given, words && { error: words })
  const told = (options: Tree): Tree =>
    Object.fromEntries(Object.entries(options).filter(([key]) => !givenOptions.includes(key)))
  return result.success
    ? { options: told(result.data as Tree), findings: [] }
    : { options: told(given), findings: findingsOf(section.path, result.error) }
}
