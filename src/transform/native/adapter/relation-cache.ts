import type { RelationType } from './relation.ts'

export type SchemaReader = (schema: string) => Promise<ReadonlyMap<string, RelationType>>

/** What relations each schema has: read once a schema, then kept up with what this invocation creates, drops and renames. */
export class RelationCache {
  readonly #read: SchemaReader
  readonly #schemas = new Map<string, Promise<Map<string, RelationType>>>()

  constructor(read: SchemaReader) {
    this.#read = read
  }

  relations(schema: string): Promise<Map<string, RelationType>> {
    const held = this.#schemas.get(schema)
    if (held !== undefined) return held
    const loading = this.#read(schema).then((found) => new Map(found))
    // A schema that could not be read may be asked for again.
    loading.catch(() => this.#schemas.delete(schema))
    this.#schemas.set(schema, loading)
    return loading
  }

  async added(schema: string, identifier: string, type: RelationType): Promise<void> {
    const relations = await this.relations(schema)
    relations.set(identifier, type)
  }

  async dropped(schema: string, identifier: string): Promise<void> {
    const relations = await this.#schemas.get(schema)
    relations?.delete(identifier)
  }

  /** A transaction that failed took its changes back: what the schema holds must be read again. */
  forget(schema: string): void {
    this.#schemas.delete(schema)
  }
}
