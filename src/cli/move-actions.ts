import type { Settings } from '../config-check.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Language } from '../domain/errors.ts'
import type { MovePlan } from '../warehouse/move.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const words = {
  en: {
    plan: (tables: number, rows: string, there: number, place: string) =>
      `${tables} tables with ${rows} rows to ${place}; ${there} are there already`,
    question: 'Move so?',
    declined: 'Nothing was changed.',
    table: (table: string, index: number, all: number) => `${index + 1}/${all} ${table} …`,
    moved: (tables: number, place: string) => `${tables} tables are at ${place}, equal by count and hash.`,
    views: (names: string) => `These views could not be made there: ${names}. Build them: millrace dbt build`,
    next: 'From now on: warehouse: { adapter: ’postgres’, url: ’env:…’ } in millrace.config.ts, or MILLRACE_DATABASE_URL.',
  },
  ko: {
    plan: (tables: number, rows: string, there: number, place: string) =>
      `테이블 ${tables}개(${rows}행)를 ${place}로. ${there}개는 이미 있음`,
    question: '이대로 옮길까요?',
    declined: '아무것도 바꾸지 않았습니다.',
    table: (table: string, index: number, all: number) => `${index + 1}/${all} ${table} …`,
    moved: (tables: number, place: string) => `테이블 ${tables}개가 ${place}에 있으며 행 수와 해시가 같습니다.`,
    views: (names: string) => `만들지 못한 뷰: ${names}. 다시 만들기: millrace dbt build`,
    next: '이제 millrace.config.ts에 warehouse: { adapter: ’postgres’, url: ’env:…’ } 또는 MILLRACE_DATABASE_URL 을 쓰세요.',
  },
} as const satisfies Record<Language, unknown>

export async function moveWarehouse(invocation: Invocation, given: Given, url: string): Promise<number> {
  const { output, language, signal } = invocation
  const said = words[language]
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { openPlain, openPlainUrl } = await import('../warehouse/table-sums.ts')
  const { markTarget, moveTables, planMove, refuseBusy } = await import('../warehouse/move.ts')
  const { makeRest, makeTables } = await import('../warehouse/move-schemas.ts')
  await using opening = new AsyncDisposableStack()
  const warehouse = opening.use(await openWarehouse(settings, openContext(invocation)))
  const fresh = opening.use(await openTarget(settings, url))
  const old = await openPlain(warehouse.connection)
  opening.defer(() => old.end())
  const target = await openPlainUrl(url)
  opening.defer(() => target.end())
  await refuseBusy(old)
  await old.query('begin isolation level repeatable read read only')
  const { schema } = warehouse.connection
  const sides = { old, new: target, schema, place: fresh.place }
  const plan = await planMove(sides)
  printPlan(invocation, plan, fresh.place)
  if (given['dryRun'] === true) return exitCodes.ok
  if (!(await confirmed(invocation, said.question))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  await markTarget(target, plan)
  await fresh.migrate()
  await makeTables(old, target, schema)
  const all = plan.tables.length
  const moved = await moveTables(sides, plan, {
    signal,
    onTable: ({ sum }, index) => output.footer([said.table(sum.table, index, all)]),
  })
  const unmade = await makeRest(old, target, schema)
  output.footer([])
  if (output.json) output.record({ event: 'moved', tables: moved.length, place: fresh.place, unmade })
  output.say(said.moved(moved.length, fresh.place))
  if (unmade.length > 0) output.warn(said.views(unmade.join(', ')))
  output.say(said.next)
  return exitCodes.ok
}

/** The new place as a warehouse, so that its own migrations make its tables. */
async function openTarget({ warehouse }: Settings, url: string): Promise<Warehouse> {
  const { loadAdapter } = await import('../config-check.ts')
  const adapter = await loadAdapter('warehouse', 'postgres')
  const { schema } = warehouse.options as { readonly schema?: string }
  return (await adapter.open(adapter.options.parse({ url, ...(schema !== undefined && { schema }) }))) as Warehouse
}

function printPlan({ output, language }: Invocation, { tables }: MovePlan, place: string): void {
  const rows = tables.map(({ sum, state }) => ({ table: sum.table, rows: sum.rows, state }))
  printRows(output, formatOf(undefined, output), ['table', 'rows', 'state'], rows)
  const total = tables.reduce((sum, one) => sum + BigInt(one.sum.rows), 0n).toLocaleString(language)
  const there = tables.filter(({ state }) => state === 'there').length
  output.say(words[language].plan(tables.length, total, there, place))
}
