import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { SqlRow, Session } from '../warehouse/warehouse.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, formats, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'sql',
  arguments: [{ name: '<query>', text: { en: 'One statement that reads', ko: '읽기만 하는 문장 하나' } }],
  options: [
    { flags: '--format <format>', text: { en: 'How rows are printed', ko: '행 출력 형식' }, choices: formats },
    {
      flags: '--timeout <seconds>',
      text: { en: 'How long the query may take; 60 when left out', ko: '쿼리 제한 시간(초). 생략하면 60' },
    },
  ],
  description: {
    en: 'Reads the warehouse: one statement in a read-only transaction. A table at a terminal, NDJSON in a pipe. numeric and bigint are printed with all their digits.',
    ko: '웨어하우스를 읽습니다. 읽기 전용 트랜잭션에서 한 문장만 실행합니다. 터미널에서는 표, 파이프에서는 NDJSON입니다. numeric과 bigint는 모든 자릿수를 출력합니다.',
  },
  examples: [
    {
      line: 'millrace sql "select date, sum(cost) from daily_campaign_metrics group by 1"',
      text: { en: 'cost by day', ko: '일별 비용' },
    },
    {
      line: 'millrace sql --format csv "select * from analytics.account_daily"',
      text: { en: 'a mart as CSV', ko: '마트를 CSV로' },
    },
  ],
  run: sql,
}

/** Statements that read and can stand inside another one, after any comments. */
const reading = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:select|with|values|table|\()/i

/** Statements that cannot stand inside another one; they only read. */
const bare = /^\s*(explain|show)\b/i

const words = {
  en: {
    readsOnly: 'millrace sql only reads: select, with, values, table, explain or show',
    one: 'it runs one statement',
  },
  ko: {
    readsOnly: 'millrace sql은 읽기만 합니다: select, with, values, table, explain, show',
    one: '한 문장만 실행합니다',
  },
} as const

/** The limits were this command's own: its errors name them, and not a server's settings. */
async function within<Result>(seconds: number, readsOnly: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (isMillraceError(cause, 'WAREHOUSE_READ_ONLY'))
      throw new MillraceError('CLI_USAGE', { command: 'sql', detail: readsOnly }, { cause })
    // The statement is the caller's: what the server makes of it is a mistake in the call, not a fault of the program.
    if (isMillraceError(cause, 'WAREHOUSE_QUERY_FAILED'))
      throw new MillraceError('CLI_SQL_REFUSED', cause.facts, { cause })
    if (!isMillraceError(cause, 'WAREHOUSE_STATEMENT_TIMEOUT')) throw cause
    throw new MillraceError('CLI_SQL_TIMEOUT', { seconds }, { cause })
  }
}

async function sql(invocation: Invocation, [query = '']: readonly string[], given: Given): Promise<number> {
  const said = words[invocation.language]
  const one = query.trim().replace(/;\s*$/, '')
  if (!reading.test(one) && !bare.test(one))
    throw new MillraceError('CLI_USAGE', { command: 'sql', detail: said.readsOnly })
  if (bare.test(one) && one.includes(';')) throw new MillraceError('CLI_USAGE', { command: 'sql', detail: said.one })
  const seconds = Number(given['timeout'] ?? 60)
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new MillraceError('CLI_USAGE', { command: 'sql', detail: '--timeout wants a number of seconds above 0' })
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const { columns, rows } = await within(seconds, said.readsOnly, () =>
    warehouse.transaction(async (session) => {
      await session.query('set transaction read only')
      await session.query(`set local statement_timeout = ${Math.round(seconds * 1_000)}`)
      return readRows(session, one)
    }),
  )
  printRows(invocation.output, formatOf(given['format'], invocation.output), columns, rows)
  return 0
}

/**
 * Asked with a parameter, a statement goes the protocol's extended way, which takes exactly one: `select 1; commit; drop …` is
 * refused by the server instead of leaving the read-only transaction.
 */
async function readRows(
  session: Session,
  one: string,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly SqlRow[] }> {
  if (bare.test(one)) {
    const rows = await session.query(one)
    return { columns: Object.keys(rows[0] ?? {}), rows }
  }
  const rows = await session.query(`select * from (\n${one}\n) as asked where $1::int = 1`, [1])
  const [first] =
    rows.length > 0
      ? rows
      : await session.query(
          `select asked.* from (values ($1::int)) as nothing left join (\n${one}\n) as asked on false`,
          [1],
        )
  return { columns: Object.keys(first ?? {}), rows }
}
