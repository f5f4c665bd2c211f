import type { Manifest, Node } from './nodes.ts'

const UNIQUE: ReadonlySet<string> = new Set(['unique', 'unique_combination_of_columns'])

/** The columns by which each model's rows are told apart, as dbt infers them: by its constraints, else by its tests. */
export function primaryKeys(manifest: Manifest): ReadonlyMap<string, readonly string[]> {
  const tests = new Map<string, Node[]>()
  for (const node of [...manifest.nodes.values(), ...manifest.disabled.values()]) {
    const subject = node.genericTest?.attachedNode
    if (subject !== null && subject !== undefined) tests.set(subject, [...(tests.get(subject) ?? []), node])
  }
  const models = [...manifest.nodes.values()].filter(({ resourceType }) => resourceType === 'model')
  return new Map(models.map((model) => [model.uniqueId, [...keyOf(model, tests.get(model.uniqueId) ?? [])].sort()]))
}

function keyOf(model: Node, tests: readonly Node[]): readonly string[] {
  const own = model.constraints.find(({ type }) => type === 'primary_key')
  if (own !== undefined) return own['columns'] as string[]
  const marked = [...model.columns.values()].find(({ constraints }) =>
    constraints.some(({ type }) => type === 'primary_key'),
  )
  if (marked !== undefined) return [marked.name]
  const of = (wanted: (test: Node) => boolean): string[] => [...new Set(tests.filter(wanted).flatMap(columnsOf))]
  const isUnique = ({ genericTest }: Node): boolean => UNIQUE.has(genericTest?.name ?? '')
  const enabled = of((test) => isUnique(test) && test.config['enabled'] !== false)
  const disabled = of((test) => isUnique(test) && test.config['enabled'] === false)
  const present = of(({ genericTest }) => genericTest?.name === 'not_null')
  const both = present.filter((column) => enabled.includes(column) || disabled.includes(column))
  return [both, enabled].find((columns) => columns.length > 0) ?? disabled
}

function columnsOf({ genericTest }: Node): readonly string[] {
  const { column_name: column, combination_of_columns: combination } = { ...genericTest?.kwargs }
  if (typeof column === 'string') return [column]
  return Array.isArray(combination) ? combination.filter((one) => typeof one === 'string') : []
}
