import { createHash } from 'node:crypto'
import { MillraceError } from '../../../domain/errors.ts'
import { PyDict } from '../jinja/value.ts'
import type { Value } from '../jinja/value.ts'
import { items } from '../jinja/operators.ts'
import { repr, str } from '../jinja/text.ts'
import { describedEntry } from './described.ts'
import { unitFixture } from './unit-fixtures.ts'
import type { DescribedEntry, Node, NodeVersion, UnitFixture, UnitOverrides, UnitTest } from './nodes.ts'
import type { NodeMaker } from './node-maker.ts'
import type { Described, SchemaFiles } from './schema-files.ts'

const INCREMENTAL = 'macro.dbt.is_incremental'

/**
 * The unit tests of a package with their rows read; one of a model with versions becomes one a version. Throws TRANSFORM_UNIT_TEST_INVALID,
 * in dbt's words, for one that cannot be run.
 */
export function unitTests(maker: NodeMaker, schema: SchemaFiles, nodes: readonly Node[]): readonly DescribedEntry[] {
  return schema.described
    .filter(({ kind }) => kind === 'unit_tests')
    .flatMap((described) => new UnitTestReader(maker, described, nodes).entries())
}

class UnitTestReader {
  readonly #maker: NodeMaker
  readonly #described: Described
  readonly #nodes: readonly Node[]
  readonly #raw: PyDict

  constructor(maker: NodeMaker, described: Described, nodes: readonly Node[]) {
    this.#maker = maker
    this.#described = described
    this.#nodes = nodes
    this.#raw = described.exact instanceof PyDict ? described.exact : new PyDict()
  }

  entries(): readonly DescribedEntry[] {
    const entry = describedEntry(this.#maker, this.#described)
    const model = str(this.#raw.get('model') ?? '')
    const tested = this.#models(model)
    const [first] = tested
    if (first === undefined)
      return this.#fail(
        `Unable to find model '${entry.packageName}.${model}' for unit test '${entry.name}' in ${entry.originalFilePath}`,
      )
    const unit = this.#unit(model, first)
    if (entry.config['enabled'] === false || first.config['enabled'] === false)
      return [{ ...entry, unit: { ...unit, schema: null }, refs: [], config: { ...entry.config, enabled: false } }]
    this.#checkIncremental(unit, first)
    const plain = { name: first.name, package: first.packageName }
    if (first.version === null) return [{ ...entry, unit, refs: [{ ...plain, version: null }] }]
    const chosen = tested.filter(({ version }) => isChosen(unit, version))
    if (chosen.length === 0)
      return this.#fail(`Unit test '${entry.name}' referenced a version of '${first.name}' which was not found.`)
    return chosen.map(({ version }) => ({
      ...entry,
      uniqueId: `${entry.uniqueId}_v${String(version)}`,
      unit: { ...unit, version },
      refs: [{ ...plain, version }],
    }))
  }

  /** The tested model; of one with versions all, the latest first. */
  #models(model: string): readonly Node[] {
    const [name] = model.split(' ')
    const own = this.#nodes.filter(
      (node) => node.resourceType === 'model' && node.name === name && node.packageName === this.#maker.project.name,
    )
    const latest = own.filter(({ version, latestVersion }) => version === latestVersion)
    return [...latest, ...own.filter((node) => !latest.includes(node))]
  }

  #unit(model: string, tested: Node): UnitTest {
    const read = (raw: Value, kind: 'input' | 'expected'): UnitFixture =>
      unitFixture(raw instanceof PyDict ? raw : new PyDict(), kind, {
        maker: this.#maker,
        nodes: this.#nodes,
        fail: (message) => this.#fail(message),
        name: this.#described.name,
        file: this.#described.file,
      })
    const unit = {
      model,
      given: items(this.#raw.get('given') ?? []).map((raw) => read(raw, 'input')),
      expect: read(this.#raw.get('expect') ?? null, 'expected'),
      overrides: overridesOf(this.#raw.get('overrides') ?? null),
      versions: versionsOf(this.#raw.get('versions') ?? null),
      version: null,
      schema: tested.config['enabled'] === false ? null : tested.schema,
    }
    return { ...unit, checksum: checksumOf(unit) }
  }

  #checkIncremental({ overrides, given }: UnitTest, tested: Node): void {
    if (!tested.dependsOnMacros.includes(INCREMENTAL)) return
    const flag = overrides?.macros.get('is_incremental')
    const { name } = this.#described
    if (typeof flag !== 'boolean')
      this.#fail(
        `Boolean override for 'is_incremental' must be provided for unit test '${name}' in model '${tested.name}'`,
      )
    if (flag && !given.some(({ input }) => input === 'this'))
      this.#fail(`Unit test '${name}' for incremental model '${tested.name}' must have a 'this' input`)
  }

  #fail(message: string): never {
    throw new MillraceError('TRANSFORM_UNIT_TEST_INVALID', { file: this.#described.file, message })
  }
}

function isChosen({ versions }: UnitTest, version: NodeVersion | null): boolean {
  if (versions === null || version === null) return true
  if (versions.exclude !== null && versions.exclude.length > 0) return !versions.exclude.includes(version)
  return versions.include?.includes(version) ?? false
}

function overridesOf(raw: Value): UnitOverrides | null {
  if (!(raw instanceof PyDict)) return null
  const part = (key: string): PyDict => {
    const value = raw.get(key)
    return value instanceof PyDict ? value : new PyDict()
  }
  return { macros: part('macros'), vars: part('vars'), envVars: part('env_vars') }
}

function versionsOf(raw: Value): UnitTest['versions'] {
  if (!(raw instanceof PyDict)) return null
  const list = (key: string): readonly NodeVersion[] | null => {
    const value = raw.get(key)
    return Array.isArray(value) ? value.map((one) => (typeof one === 'number' ? one : str(one))) : null
  }
  return { include: list('include'), exclude: list('exclude') }
}

/** dbt's checksum: over what Python prints of everything but the description. */
function checksumOf({ model, given, expect, overrides, versions }: Omit<UnitTest, 'checksum'>): string {
  const list = (numbers: readonly NodeVersion[] | null): string => (numbers === null ? 'None' : repr([...numbers]))
  const shown = [
    model,
    versions === null
      ? 'None'
      : `UnitTestNodeVersions(include=${list(versions.include)}, exclude=${list(versions.exclude)})`,
    `[${given.map((fixture) => fixtureRepr(fixture, 'UnitTestInputFixture', `input=${repr(fixture.input)}, `)).join(', ')}]`,
    fixtureRepr(expect, 'UnitTestOutputFixture', ''),
    overrides === null
      ? 'None'
      : `UnitTestOverrides(macros=${repr(overrides.macros)}, vars=${repr(overrides.vars)}, env_vars=${repr(overrides.envVars)})`,
    ...given.flatMap((fixture) => (fixture.fixture === null ? [] : [str(fixture.rows)])),
  ]
  return createHash('sha256').update(shown.join('-')).digest('hex')
}

function fixtureRepr({ rows, format, fixture }: UnitFixture, className: string, before: string): string {
  const word = { dict: 'Dict', csv: 'CSV', sql: 'SQL' }[format]
  return `${className}(${before}rows=${repr(rows)}, format=<UnitTestFormat.${word}: '${format}'>, fixture=${fixture === null ? 'None' : repr(fixture)})`
}
