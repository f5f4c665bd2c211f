import { isAbsolute, join, resolve } from 'node:path'
import { adapterNames } from './adapters.ts'
import type { ConfiguredPort, Finding, Frame, Settings, Tree, Words } from './config-check.ts'
import { checkFrame, checkOptions, normalised } from './config-check.ts'
import { definitionOf, levelsByAccount } from './config-hub.ts'
import { copied, setAt } from './config-layers.ts'
import type { ConfigPath } from './config-locate.ts'
import { pathText } from './config-references.ts'
import { sandboxOptions } from './config-sandbox.ts'

export interface Checked {
  /** Undefined when anything is wrong. */
  readonly settings: Settings | undefined
  /** The tree as it is in force, defaults filled in as far as the check came. */
  readonly shown: Tree
  readonly findings: readonly Finding[]
}

/** Checks the frame and every section that names its adapter rightly, so that one mistake does not hide the next. */
export async function checkTree(
  tree: Tree,
  sandboxed: ReadonlySet<string>,
  projectDir: string,
  words: Words | undefined,
): Promise<Checked> {
  const whole = normalised(tree)
  const { frame, findings } = checkFrame(whole, words)
  const shown = copied(frame ?? whole) as Tree
  const all = [...findings]
  const options = new Map<string, Tree>()
  for (const { port, adapter, path, value } of sectionsOf(frame ?? whole, sandboxed)) {
    const checked = await checkOptions(port, adapter, { path, value }, words)
    all.push(...checked.findings)
    options.set(pathText(path), withPaths(checked.options, projectDir))
    for (const [key, option] of Object.entries(checked.options)) setAt(shown, [...path, key], option)
  }
  for (const name of sandboxed)
    for (const key of Object.keys(
      sandboxOptions(String((shown['connections'] as Record<string, Tree>)[name]?.['connector'])),
    ))
      setAt(shown, ['connections', name, key], '(sandbox)')
  return {
    settings: frame && all.length === 0 ? settingsOf(frame, { sandboxed, projectDir, options }) : undefined,
    shown,
    findings: all,
  }
}

interface Section {
  readonly port: ConfiguredPort
  readonly adapter: string
  readonly path: ConfigPath
  readonly value: Tree
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The sections that choose an adapter there is. */
function sectionsOf(tree: Tree, sandboxed: ReadonlySet<string>): readonly Section[] {
  const named = (port: ConfiguredPort, key: string, parent: 'connections' | 'notify'): readonly Section[] =>
    Object.entries(isTree(tree[parent]) ? tree[parent] : {})
      .filter((entry): entry is [string, Tree] => isTree(entry[1]))
      .map(([name, section]) => ({
        port,
        adapter: String(section[key]),
        path: [parent, name],
        value:
          port === 'connector' && sandboxed.has(name)
            ? { ...section, ...sandboxOptions(String(section[key])) }
            : section,
      }))
  const single = (
    port: ConfiguredPort,
    key: string,
    name: string,
    fallback: string,
    parent?: string,
  ): readonly Section[] => {
    const above = parent === undefined ? tree : tree[parent]
    const section = isTree(above) ? above[name] : undefined
    const chosen = isTree(section) ? (section[key] ?? fallback) : undefined
    return isTree(section) && typeof chosen === 'string'
      ? [{ port, adapter: chosen, path: parent === undefined ? [name] : [parent, name], value: section }]
      : []
  }
  return [
    ...named('connector', 'connector', 'connections'),
    ...single('lake', 'adapter', 'lake', 'folder'),
    ...single('warehouse', 'adapter', 'warehouse', 'embedded'),
    ...single('runner', 'runner', 'transform', 'native'),
    ...named('notifier', 'notifier', 'notify'),
    ...single('log', 'adapter', 'log', 'postgres', 'stream'),
    ...single('counters', 'adapter', 'counters', 'postgres', 'stream'),
  ].filter(({ port, adapter }) => (adapterNames(port) as readonly string[]).includes(adapter))
}

interface Checks {
  readonly sandboxed: ReadonlySet<string>
  readonly projectDir: string
  /** Options of each section by its path, as the adapter's schema returned them. */
  readonly options: ReadonlyMap<string, Tree>
}

function settingsOf(frame: Frame, { sandboxed, projectDir, options }: Checks): Settings {
  const optionsAt = (path: string) => options.get(path) ?? {}
  const { lake, warehouse, transform } = frame
  return {
    projectDir,
    name: frame.name ?? projectDir.split(/[\\/]/).at(-1) ?? 'millrace',
    connections: Object.fromEntries(
      Object.entries(frame.connections).map(([name, { connector, accounts, levels }]) => [
        name,
        {
          adapter: connector,
          // An adapter that takes the ids itself also knows how its platform decorates them.
          accountIds: Object.hasOwn(optionsAt(`connections.${name}`), 'accounts') ? [] : accounts,
          levels: levelsByAccount(levels),
          options: optionsAt(`connections.${name}`),
          sandboxed: sandboxed.has(name),
        },
      ]),
    ),
    lake: { adapter: lake.adapter, options: optionsAt('lake') },
    warehouse: { adapter: warehouse.adapter, options: optionsAt('warehouse') },
    transform: transform && transformOf(transform, projectDir, optionsAt('transform')),
    notify: Object.fromEntries(
      Object.entries(frame.notify).map(([name, { notifier, language }]) => [
        name,
        { adapter: notifier, language, options: optionsAt(`notify.${name}`) },
      ]),
    ),
    pipeline: frame.pipeline,
    brief: { ...frame.brief, zone: frame.brief.zone ?? frame.pipeline.zone },
    retention: frame.retention,
    secrets: frame.secrets,
    stream: {
      log: { adapter: frame.stream.log.adapter, options: optionsAt('stream.log') },
      counters: { adapter: frame.stream.counters.adapter, options: optionsAt('stream.counters') },
      zone: frame.stream.zone ?? frame.pipeline.zone,
      landing: frame.stream.landing,
      platformCost: frame.stream.platformCost,
      writeKeys: frame.stream.writeKeys,
    },
    hub: {
      rates: {
        files: frame.hub.rates.files.map((file) => resolve(projectDir, file)),
        url: frame.hub.rates.url ?? null,
      },
      naming: frame.hub.naming,
      conversions: frame.hub.conversions.map((wanted) => ({
        platform: wanted.platform,
        accountId: wanted.account ?? '',
        definition: definitionOf(wanted),
      })),
    },
    access: frame.access,
    sandbox: frame.sandbox,
  }
}

function transformOf(
  { runner, project, profiles, vars, threads }: NonNullable<Frame['transform']>,
  projectDir: string,
  options: Tree,
): Settings['transform'] {
  const folder = resolve(projectDir, project)
  return {
    adapter: runner,
    options,
    project: folder,
    profiles: profiles === undefined ? folder : resolve(projectDir, profiles),
    vars,
    threads,
  }
}

/** Options that name files: relative ones are meant from the project's folder, wherever the command is started. */
const pathOption = /^(root|dir|path|folder|file|files|mapping)$|(Path|Folder|Dir|File)$/

function withPaths(options: Tree, projectDir: string): Tree {
  const absolute = (value: unknown): unknown =>
    typeof value === 'string' && !isAbsolute(value) ? join(projectDir, value) : value
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      pathOption.test(key) ? (Array.isArray(value) ? value.map(absolute) : absolute(value)) : value,
    ]),
  )
}
