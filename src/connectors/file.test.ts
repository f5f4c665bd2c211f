import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { addDays, day, daysOf } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { connectorContract, errorOf, receive, testContext } from './connector.contract.ts'
import type { ConnectorRig, ExpectedRow } from './connector.contract.ts'
import { cellPosition, recordsOf } from './file-csv.ts'
import { alike } from './file-header.ts'
import { fileMapping, parseFileMapping } from './file-mapping.ts'
import { planFileImport, previewFile } from './file-plan.ts'
import { dateFormat, numberReader } from './file-values.ts'
import { adapter } from './file.ts'

const root = await mkdtemp(join(tmpdir(), '가져오기 files '))
afterAll(() => rm(root, { recursive: true, force: true }))
let files = 0

async function file(text: string | Uint8Array): Promise<string> {
  files += 1
  const path = join(root, `${files} 보고서.csv`)
  await writeFile(path, text)
  return path
}

const columns = {
  date: 'Day',
  campaign_id: 'Campaign ID',
  campaign_name: 'Campaign',
  status: 'Status',
  cost: 'Cost',
  impressions: 'Impr.',
  clicks: 'Clicks',
  conversions: 'Conv.',
}
const mapping = fileMapping({ columns })
const header = 'Day,Campaign ID,Campaign,Status,Cost,Impr.,Clicks,Conv.'
const range = { since: day('2026-03-07'), until: day('2026-03-09') }

const open = (paths: readonly string[], given: object = { columns }) =>
  adapter.open(
    adapter.options.parse({
      files: paths,
      platform: 'facebook_ads',
      account: '12',
      currency: 'KRW',
      zone: 'Asia/Seoul',
      mapping: given,
    }),
  )

async function rowsOf(path: string, given?: object) {
  await using connector = await open([path], given)
  const context = testContext(0)
  const [account] = await connector.discover(context)
  return receive(connector, account!, range, context)
}

/** Rows by device, so that they must be summed; the truth is what one device's row says, times three. */
async function rig(): Promise<ConnectorRig> {
  const truth = (date: string): readonly ExpectedRow[] =>
    [1, 2].map((campaign) => ({
      entityId: `${campaign}`,
      date: day(date),
      impressions: decimal('3000'),
      clicks: decimal(String(3 * campaign)),
      cost: decimal('3703.71'),
      conversions: decimal('1'),
    }))
  const lines = daysOf(range).flatMap((date) =>
    truth(date).flatMap(({ entityId, conversions }) =>
      ['a', 'b', 'c'].map(
        (device) =>
          `${date},${entityId},"Camp, ${entityId}",Enabled,"1,234.57","1,000",${entityId},${device === 'a' ? conversions : 0}`,
      ),
    ),
  )
  const connector = await open([await file([header, ...lines, 'Total: All,,,,"99,999",1,1,1'].join('\n'))])
  return {
    connector,
    nowMs: Date.UTC(2026, 3, 1),
    range,
    secrets: [],
    truth: (_account, date) => truth(date),
    [Symbol.asyncDispose]: () => connector[Symbol.asyncDispose](),
  }
}

connectorContract('file', rig)

describe('a CSV as it comes', () => {
  test('with a mark, a preamble, CRLF, quoted line breaks, unmapped twin columns and a totals line', async () => {
    const text = `\uFEFFCampaign report\r\n"Mar 1, 2026 - Mar 9, 2026"\r\n\r\n${header},Cost2,Cost2\r\n2026-03-08,1,"two\r\nlines ""q""",paused,"1,000.50",10,1,0.5,x,y\r\n합계,,,,"1,000.50",10,1,0.5,,\r\n`
    const { received } = await rowsOf(await file(text))
    expect(received.rows).toEqual([
      {
        date: '2026-03-08',
        campaign_id: '1',
        campaign_name: 'two\r\nlines "q"',
        status: 'paused',
        cost: '1000.5',
        impressions: '10',
        clicks: '1',
        conversions: '0.5',
      },
    ])
    expect(received.entities).toMatchObject([{ platform: 'meta_ads', name: 'two\r\nlines "q"', status: 'paused' }])
  })

  test('from a German Excel: semicolons, decimal comma, its own dates, UTF-16', async () => {
    const text = 'Tag;Kampagne;Kosten\n08.03.2026;Frühling;1.234,56 €\n09.03.2026;Frühling;-0,50 €\n'
    const given = {
      columns: { date: 'Tag', campaign_id: 'Kampagne', campaign_name: 'Kampagne', cost: 'Kosten' },
      numbers: { decimal: ',', group: '.' },
      dates: 'DD.MM.YYYY',
      constants: { conversions: 0 },
    }
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
    const { received } = await rowsOf(await file(bytes), given)
    expect(
      received.rows.map(({ date, campaign_id, cost, conversions }) => [date, campaign_id, cost, conversions]),
    ).toEqual([
      ['2026-03-08', 'Frühling', '1234.56', '0'],
      ['2026-03-09', 'Frühling', '-0.5', '0'],
    ])
  })

  test('in EUC-KR, when the mapping says so, and is refused by name when it does not', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${header}\n2026-03-08,1,`),
      Buffer.from([0xc7, 0xd1]),
      Buffer.from(',on,1,1,1,1\n'),
    ])
    const path = await file(bytes)
    expect((await errorOf(rowsOf(path))).code).toBe('FILES_ENCODING')
    const { received } = await rowsOf(path, { columns, file: { encoding: 'euc-kr' } })
    expect(received.rows[0]?.['campaign_name']).toBe('한')
  })

  test('of two files is one extract, and only the days of the slice', async () => {
    const paths = [
      await file(`${header}\n2026-03-08,1,A,on,1,1,1,1\n`),
      await file(`${header}\n2026-03-10,1,A,on,1,1,1,1\n2026-03-09,2,B,on,1,1,1,1\n`),
    ]
    await using connector = await open(paths)
    const context = testContext(0)
    const [account] = await connector.discover(context)
    const { received, result } = await receive(connector, account!, range, context)
    expect(received.rows.map((row) => row['date'])).toEqual(['2026-03-08', '2026-03-09'])
    expect(result.requestIds).toHaveLength(2)
  })
})

describe('what is not understood is named by file, line and column', () => {
  const plan = (text: string, given: object = { columns }) =>
    planFileImport([{ file: 'x.csv', text }], fileMapping(given))

  test('every problem of every line', () => {
    const { problems, problemCount, rows, totals, days } = plan(
      `${header}\n2026-03-08,1,"a\nb",on,1.5,1,1,1\n2026-02-30,1,"a\nb",on,"1,5",1.5,1,1\n2026-03-09,,"x,y",on,1,1,1,abc\n합계,,,,1,1,1,1\n`,
    )
    expect(problems.map(({ code, facts }) => [code, facts['line'], facts['column'], facts['field']])).toEqual([
      ['FILES_DATE_INVALID', 4, 1, 'date'],
      ['FILES_NUMBER_INVALID', 5, 7, 'cost'],
      ['FILES_NUMBER_INVALID', 5, 13, 'impressions'],
      ['FILES_VALUE_MISSING', 6, 12, 'campaign_id'],
      ['FILES_NUMBER_INVALID', 6, 28, 'conversions'],
    ])
    expect({ problemCount, rows, totals, days }).toEqual({ problemCount: 5, rows: 1, totals: 1, days: ['2026-03-08'] })
  })

  test('every column that is missing, with those that are alike', () => {
    const { problems, rows } = plan(
      'Date,Campaign Id,Campaign,Status,Costs,Impr.,Clicks,Conv.\n2026-03-08,1,A,on,1,1,1,1\n',
    )
    expect(problems.map(({ code, facts }) => [code, facts['field'], facts['near']])).toEqual([
      ['FILES_COLUMN_UNKNOWN', 'date', '"Date"'],
      ['FILES_COLUMN_UNKNOWN', 'campaign_id', '"Campaign Id", "Campaign"'],
      ['FILES_COLUMN_UNKNOWN', 'cost', '"Costs"'],
    ])
    expect(rows).toBe(0)
  })

  test('a header that is there twice, until the mapping says which', () => {
    const text = 'Day,Id,Cost,Cost\n2026-03-08,1,1,2\n'
    const named = { date: 'Day', campaign_id: 'Id' }
    expect(plan(text, { columns: { ...named, cost: 'Cost' } }).problems).toMatchObject([
      { code: 'FILES_COLUMN_AMBIGUOUS', facts: { header: 'Cost', count: 2, line: 1 } },
    ])
    expect(plan(text, { columns: { ...named, cost: { header: 'Cost', nth: 2 } } }).firstRows).toMatchObject([
      { cost: '2' },
    ])
  })

  test('a campaign that is called Total is a campaign', () => {
    const given = { columns: { date: 'Day', campaign_id: 'Campaign', cost: 'Cost' } }
    const { firstRows, totals } = plan('Campaign,Day,Cost\nTotal reach,2026-03-08,1\nTotal,,1\n', given)
    expect([firstRows.map((row) => row['campaign_id']), totals]).toEqual([['Total reach'], 1])
  })

  test('a currency that is none, and an empty file', () => {
    expect(
      plan('Day,Id,Cur\n2026-03-08,1,Won\n', { columns: { date: 'Day', campaign_id: 'Id', currency: 'Cur' } }).problems,
    ).toMatchObject([{ code: 'FILES_CURRENCY_INVALID', facts: { line: 2, column: 14, value: 'Won' } }])
    expect(plan('').problems).toMatchObject([{ code: 'FILES_EMPTY' }])
  })

  test('an import with one value not understood imports nothing and lists it', async () => {
    const path = await file(`${header}\n2026-03-08,1,A,on,1,1,1,1\n2026-03-08,1,A,on,x,1,1,1\n`)
    const error = await errorOf(rowsOf(path))
    expect(error.code).toBe('FILES_NOT_UNDERSTOOD')
    expect(error.message).toContain(`${path}:3:19: "x" is no number for cost`)
  })

  test('a quotation mark that is never closed', async () => {
    const path = await file(`${header}\n2026-03-08,1,A,on,1,1,1,1\n2026-03-08,1,"A,on,1,1,1,1\n`)
    expect(await errorOf(rowsOf(path))).toMatchObject({ code: 'FILES_CSV_BROKEN', facts: { file: path, line: 3 } })
  })

  test('a file that is not there', async () => {
    expect(await errorOf(rowsOf(join(root, 'none.csv')))).toMatchObject({
      code: 'FILES_UNREADABLE',
      facts: { reason: 'ENOENT' },
    })
    await using connector = await open([join(root, 'none.csv')])
    expect(await connector.check(testContext(0))).toMatchObject([{ outcome: 'fail' }])
  })

  test.for([
    ['columns:\n  date: Day\n', 1, 1, 'campaign_id'],
    ['columns: {date: D, campaign_id: I}\nnumber: {}\n', 2, 1, 'number: there is no such name'],
    [
      'version: 1\ncolums: {date: D, campaign_id: I}\n',
      2,
      1,
      'colums: there is no such name; there are version, file, columns',
    ],
    ['columns:\n  date: Day\n  campaign_id: {x: 1}\n', 3, 3, 'columns.campaign_id'],
    ['columns:\n  date: Day\n  campaign_id: [x, y]\noptional: [date]\n', 1, 1, 'date cannot be optional'],
    ['columns:\n  date: Day\n  campaign_id: x\n  costs: y\n', 4, 3, 'costs'],
    ['columns: {date: D, campaign_id: I}\nnumbers: {decimal: ",", group: ","}\n', 2, 1, 'differ'],
    ['columns: {date: D, campaign_id: I}\ndates: MM/DD\n', 2, 1, 'dates'],
    ['columns: {date: "D\n', 2, 1, ''],
  ] as const)('a mapping that is wrong: %j', ([text, line, column, said]) => {
    let error: unknown
    try {
      parseFileMapping(text, 'map.yaml')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'FILES_MAPPING_INVALID', facts: { file: 'map.yaml' } })
    const { facts } = error as { facts: { line: number; column: number; reason: string } }
    expect([facts.line, facts.column]).toEqual([line, column])
    expect(facts.reason).toContain(said)
  })
})

describe('the dry run', () => {
  test('shows days, the first ten rows and problems, the same streamed as planned', async () => {
    const lines = Array.from(
      { length: 9_000 },
      (_, index) => `${addDays(day('2026-01-01'), index % 90)},${index},"이름 ${index}",on,"1,0${index % 10}0.5",1,1,1`,
    )
    const text = [header, ...lines, '2026-13-01,1,A,on,1,1,1,1'].join('\r\n')
    const path = await file(text)
    const streamed = await previewFile([path], mapping)
    expect(streamed).toEqual(planFileImport([{ file: path, text }], mapping))
    expect(streamed).toMatchObject({ rows: 9_000, problemCount: 1 })
    expect([streamed.days.length, streamed.firstRows.length]).toEqual([90, 10])
    expect(streamed.problems[0]?.facts).toMatchObject({ line: 9_002, column: 1 })
  })

  test('a reader that leaves in the middle of a file leaves nothing open', async () => {
    const path = await file([header, ...Array.from({ length: 20_000 }, () => '2026-03-08,1,A,on,1,1,1,1')].join('\n'))
    await using connector = await open([path])
    const stop = new AbortController()
    const context = testContext(0, { signal: stop.signal })
    const [account] = await connector.discover(context)
    const slice = {
      ...range,
      platform: 'meta_ads',
      accountId: '12',
      level: 'campaign',
      breakdownKey: '',
      kind: 'advance',
    } as const
    const reading = connector.extract(slice, account!, context, {
      rows: async () => Promise.resolve(stop.abort(new Error('enough'))),
      entities: async () => Promise.resolve(),
    })
    await expect(reading).rejects.toThrow('enough')
  })
})

describe('numbers', () => {
  test.for([
    ['1,234.5', '.', ',', '1234.5'],
    ['1.234,5', ',', '.', '1234.5'],
    ['1 234,5', ',', ' ', '1234.5'],
    ['1\u202f234,5', ',', ' ', '1234.5'],
    ['₩1,234', '.', ',', '1234'],
    ['1,234원', '.', ',', '1234'],
    ['-$12.00', '.', ',', '-12'],
    ['$-12.00', '.', ',', '-12'],
    ['(12.50)', '.', ',', '-12.5'],
    ['−3', '.', ',', '-3'],
    ['USD 5.10', '.', ',', '5.1'],
    ['+7', '.', ',', '7'],
    ['1e3', '.', ',', '1000'],
    ['1,5', '.', ',', undefined],
    ['12,34,567', '.', ',', undefined],
    ['1.234.5', '.', ',', undefined],
    ['5%', '.', ',', undefined],
    ['abc', '.', ',', undefined],
    ['', '.', ',', undefined],
    ['-', '.', ',', undefined],
  ] as const)('%s with decimal %s and group %s is %s', ([text, point, group, value]) => {
    expect(numberReader({ decimal: point, group })(text)).toBe(value)
  })

  test('any number written in any format reads back exactly', () => {
    const formats = fc.constantFrom(
      { decimal: '.', group: ',' },
      { decimal: ',', group: '.' },
      { decimal: ',', group: ' ' },
      { decimal: '.', group: '' },
    )
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.nat({ max: 999_999 }), formats, (whole, part, format) => {
        const grouped = String(whole).replaceAll(/\B(?=(\d{3})+$)/g, format.group)
        const text = `${grouped}${format.decimal}${String(part).padStart(6, '0')}`
        const plain = `${whole}.${String(part).padStart(6, '0')}`
        expect(numberReader(format)(text)).toBe(numberReader({ decimal: '.', group: '' })(plain))
      }),
      { seed: 20260105, numRuns: 1_000 },
    )
  })
})

describe('days', () => {
  test.for([
    ['YYYY-MM-DD', '2026-03-08', '2026-03-08'],
    ['YYYYMMDD', '20260308', '2026-03-08'],
    ['M/D/YYYY', '3/8/2026', '2026-03-08'],
    ['D.M.YY', '8.3.26', '2026-03-08'],
    ['YYYY. M. D.', '2026. 3. 8.', '2026-03-08'],
    ['MMM D, YYYY', 'Mar 8, 2026', '2026-03-08'],
    ['YYYY년 M월 D일', '2026년 3월 8일', '2026-03-08'],
    ['YYYY-MM-DD', '2026-3-8', undefined],
    ['DD/MM/YYYY', '03/13/2026', undefined],
    ['MMM D, YYYY', 'Foo 8, 2026', undefined],
  ] as const)('%s reads %s as %s', ([format, text, value]) => {
    expect(dateFormat(format)?.(text)).toBe(value)
  })

  test.for(['YYYY-MM', 'YYYY-YYYY-DD', 'DD-MM', 'YYY-MM-DD', ''])('%j is no format', (format) => {
    expect(dateFormat(format)).toBeUndefined()
  })
})

test('a cell’s position is where an editor shows it', () => {
  const cell = fc.constantFrom('a', '', 'x,y', 'q"q', 'l1\nl2', '한글')
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
      const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
      const text = rows.map((cells) => cells.map(quoted).join(',')).join('\n')
      const lines = text.split('\n')
      const records = recordsOf(text, 'x.csv', ',', false)
      expect(records.map(({ cells }) => cells)).toEqual(rows)
      for (const record of records) {
        for (const [index, value] of record.cells.entries()) {
          const { line, column } = cellPosition(record, ',', index)
          expect(
            lines
              .slice(line - 1)
              .join('\n')
              .slice(column - 1)
              .startsWith(quoted(value)),
          ).toBe(true)
        }
      }
    }),
    { seed: 20260106, numRuns: 300 },
  )
})

test('names alike are offered, the likest first', () => {
  expect(alike('Kosten', ['Kosten (EUR)', 'Klicks', 'Kost'])).toEqual(['Kosten (EUR)', 'Kost'])
})
