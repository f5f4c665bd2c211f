import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Node, Page } from './meta-ads-client.ts'
import type { MetaLevel } from './meta-ads-levels.ts'

/** Asks for these fields in every way that there is; throws CONNECTORS_TOO_MUCH_DATA when none of them answers so much. */
export type AskFields = (fields: readonly string[]) => Promise<readonly Page[]>

interface Answer {
  readonly rows: ReadonlyMap<string, Node>
  readonly summary: Node
  readonly requestId: string | undefined
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null))

/**
 * The last way to make a question smaller, when it is about one campaign's day: half of its fields, and half of these, each with what
 * names a row, joined again. Answers whose rows are not the same ones are refused: a row must not be made of two, nor of a part.
 */
export async function pageByFields(
  ask: AskFields,
  level: MetaLevel,
  fields: readonly string[],
  account: string,
): Promise<Page> {
  const naming = ['campaign_id', level.mapping.entityId, level.mapping.currency ?? 'account_currency']
  const keys = [...new Set(naming)].filter((name) => fields.includes(name))
  const keyOf = (node: Node) => `${text(node[level.mapping.date])}|${text(node[level.mapping.entityId])}`
  const answers: Answer[] = []
  const read = async (part: readonly string[]): Promise<void> => {
    try {
      const pages = await ask([...keys, ...part])
      const rows = new Map(pages.flatMap((page) => page.rows.map((node) => [keyOf(node), node] as const)))
      answers.push({ rows, summary: pages.at(-1)?.summary ?? {}, requestId: pages.at(-1)?.requestId })
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_TOO_MUCH_DATA') || part.length < 2) throw error
      const middle = Math.ceil(part.length / 2)
      await read(part.slice(0, middle))
      await read(part.slice(middle))
    }
  }
  const rest = fields.filter((name) => !keys.includes(name))
  const middle = Math.ceil(rest.length / 2)
  for (const part of [rest.slice(0, middle), rest.slice(middle)]) await read(part)
  return joined(answers, account)
}

function joined(answers: readonly Answer[], account: string): Page {
  const [first, ...others] = answers
  const keys = [...(first?.rows.keys() ?? [])]
  if (others.some(({ rows }) => rows.size !== keys.length || keys.some((key) => !rows.has(key)))) {
    const detail = 'answers about parts of the fields have different rows'
    throw new MillraceError('CONNECTORS_TRANSIENT', { platform: 'meta_ads', account, detail })
  }
  const merge = (nodes: readonly Node[]): Node => Object.assign({}, ...nodes) as Node
  return {
    rows: keys.map((key) => merge(answers.map(({ rows }) => rows.get(key) ?? {}))),
    summary: merge(answers.map(({ summary }) => summary)),
    requestId: answers.at(-1)?.requestId,
    after: undefined,
  }
}
