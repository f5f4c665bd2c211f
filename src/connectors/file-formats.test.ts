import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { afterAll, describe, expect, test } from 'vitest'
import type { MillraceError } from '../domain/errors.ts'
import { fileMapping } from './file-mapping.ts'
import { planFileImport, previewFile } from './file-plan.ts'
import { ratioChecker } from './file-ratio.ts'
import { readyMapping } from './file-ready.ts'
import { readMapping } from './file.ts'

const root = await mkdtemp(join(tmpdir(), '형식 formats '))
afterAll(() => rm(root, { recursive: true, force: true }))
let files = 0

async function file(text: string | Uint8Array): Promise<string> {
  files += 1
  const path = join(root, `${files} export.data`)
  await writeFile(path, text)
  return path
}

const mapping = fileMapping({
  columns: { date: 'day', campaign_id: 'campaign.id', campaign_name: 'campaign.name', cost: 'cost', clicks: 'clicks' },
  dates: 'DD.MM.YYYY',
  numbers: { decimal: ',', group: '.' },
})
const plain = { ...mapping, dates: ['YYYY-MM-DD'] }

describe('JSON lines', () => {
  test('keep every digit, nested or not, and text is read by the mapping’s format', async () => {
    const path = await file(
      [
        '{"day":"08.03.2026","campaign":{"id":23846765228240398001,"name":"가을 \\u002b 1"},"cost":0.10,"clicks":12}',
        '',
        '{"day":"08.03.2026","campaign.id":"7","campaign.name":null,"cost":"1.234,5","clicks":"1.000"}',
      ].join('\r\n'),
    )
    const plan = await previewFile([path], mapping)
    expect(plan.problems).toEqual([])
    expect(plan.firstRows).toEqual([
      { date: '2026-03-08', campaign_id: '23846765228240398001', campaign_name: '가을 + 1', cost: '0.1', clicks: '12' },
      { date: '2026-03-08', campaign_id: '7', campaign_name: null, cost: '1234.5', clicks: '1000' },
    ])
  })

  test('a line that is cut is named, and so is a member that no line has', async () => {
    const cut = await file('{"day":"08.03.2026","campaign":{"id":1,"name":"A"},"cost":1,"clicks":1}\n{"day":"08')
    await expect(previewFile([cut], mapping)).rejects.toMatchObject({
      code: 'FILES_JSON_BROKEN',
      facts: { file: cut, line: 2 },
    })
    const other = await file('{"day":"08.03.2026","campaign":{"id":1,"name":"A"},"costs":1,"clicks":1}\n')
    expect((await previewFile([other], mapping)).problems).toMatchObject([
      { code: 'FILES_COLUMN_UNKNOWN', facts: { header: 'cost', near: '"costs"' } },
    ])
  })
})

async function parquet(select: string): Promise<string> {
  files += 1
  const path = join(root, `${files}.parquet`)
  const instance = await DuckDBInstance.create(':memory:')
  const duck = await instance.connect()
  await duck.run(`copy (${select}) to '${path}' (format parquet)`)
  duck.closeSync()
  return path
}

describe('Parquet', () => {
  test('reads types as they are, whatever the formats of text are', async () => {
    const path = await parquet(
      `select timestamp '2026-03-08 00:00:00' as day, 23846765228240398::bigint as "campaign.id", '가을, 1' as "campaign.name",
              1234.500000::decimal(18, 6) as cost, 1000 as clicks
       union all select timestamp '2026-03-09 23:59:59', 8, null, 1e-5::double, null`,
    )
    const plan = await previewFile([path], mapping)
    expect(plan.problems).toEqual([])
    expect(plan.firstRows).toEqual([
      {
        date: '2026-03-08',
        campaign_id: '23846765228240398',
        campaign_name: '가을, 1',
        cost: '1234.5',
        clicks: '1000',
      },
      { date: '2026-03-09', campaign_id: '8', campaign_name: null, cost: '0.00001', clicks: null },
    ])
  })

  test('of many rows is read whole and in order, and a torn one is refused', async () => {
    const path = await parquet(
      `select date '2026-03-08' as day, i::text as "campaign.id", 'n' as "campaign.name", i as cost, i as clicks from range(25000) r (i)`,
    )
    const plan = await previewFile([path], plain)
    expect({ rows: plan.rows, last: plan.firstRows.at(-1)?.['campaign_id'] }).toEqual({ rows: 25_000, last: '9' })
    const torn = await file('PAR1 and then nothing of it')
    await expect(previewFile([torn], plain)).rejects.toMatchObject({ code: 'FILES_PARQUET_BROKEN' })
  })
})

test('a workbook and a packed file are refused with what to do, whatever they are called', async () => {
  const zipped = (name: string) => file(zipSync({ [name]: new TextEncoder().encode('<xml/>') }))
  const codeOf = (path: string) => previewFile([path], plain).catch((error: unknown) => (error as MillraceError).code)
  expect(await codeOf(await zipped('[Content_Types].xml'))).toBe('FILES_WORKBOOK')
  expect(await codeOf(await zipped('xl/workbook.xml'))).toBe('FILES_WORKBOOK')
  expect(await codeOf(await file(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1)))).toBe('FILES_WORKBOOK')
  expect(await codeOf(await zipped('report.csv'))).toBe('FILES_PACKED')
  expect(await codeOf(await file(gzipSync('day;cost')))).toBe('FILES_PACKED')
})

const google = await readMapping('google_ads')
const meta = await readMapping('meta_ads')
const understood = (text: string, by: typeof google) => planFileImport([{ file: 'export.csv', text }], by)

describe('the platforms’ own exports need no mapping of one’s own', () => {
  test('Google Ads in English, with its preamble, totals and ratios', () => {
    const text = `Untitled report
"July 14, 2026 - August 10, 2026"
Campaign state,Campaign,Currency code,Day,Campaign ID,Impr.,CTR,Avg. CPC,Cost,Clicks,Conversions,Cost / conv.,Conv. value
Enabled,"Shoes, red",KRW,2026-08-10,24126885583,"1,510",4.70%,229,"16,290",71,2.00,"8,145.00","52,000.00"
Paused,Brand,KRW,2026-08-10,24126885584,0, --,0,0,0,0.00,0,0
Total: Account, --,KRW, --, --,"1,510",4.70%,229,"16,290",71,2.00,"8,145.00","52,000.00"`
    const plan = understood(text, google)
    expect(plan.problems).toEqual([])
    expect({ rows: plan.rows, totals: plan.totals, days: plan.days }).toEqual({
      rows: 2,
      totals: 1,
      days: ['2026-08-10'],
    })
    expect(plan.firstRows[0]).toMatchObject({ campaign_id: '24126885583', cost: '16290', conversion_value: '52000' })
  })

  test('Google Ads in Korean', () => {
    const text =
      '\ufeff일\t캠페인\t캠페인 ID\t통화 코드\t노출수\t클릭수\t비용\t전환수\n2026. 8. 9.\t가을\t77\tKRW\t"1,000"\t20\t"₩12,340"\t0.50\n'
    const plan = understood(text, google)
    expect(plan.problems).toEqual([])
    expect(plan.firstRows[0]).toMatchObject({
      date: '2026-08-09',
      campaign_id: '77',
      cost: '12340',
      conversions: '0.5',
      video_views: null,
    })
  })

  test.for([
    [
      'Reporting starts,Reporting ends,Campaign name,Campaign delivery,Amount spent (MYR),Impressions,Link clicks,Clicks (all),CTR (all),CPC (all) (MYR)',
      '2026-07-11,2026-07-11,A,active,31.75,1822,12,17,0.933041,1.87',
    ],
    [
      '보고 시작,보고 종료,캠페인 이름,캠페인 게재,지출 금액 (KRW),노출,링크 클릭,클릭(전체),CTR(전체),CPC(전체)',
      '2026-07-11,2026-07-11,A,active,31.75,1822,12,17,0.933041,1.87',
    ],
  ] as const)('Meta Ads Manager: %s', ([header, line]) => {
    const plan = understood(`${header}\n${line}\n`, meta)
    expect(plan.problems).toEqual([])
    expect(plan.firstRows[0]).toMatchObject({ campaign_id: 'A', cost: '31.75', clicks: '17', link_clicks: '12' })
    const spanned = understood(`${header}\n${line.replace('2026-07-11,2026-07-11', '2026-07-11,2026-07-12')}\n`, meta)
    expect(spanned.problems).toMatchObject([{ code: 'FILES_DAYS_SPANNED', facts: { line: 2, column: 12 } }])
    const swapped = understood(`${header}\n${line.replace(',12,17,', ',17,12,')}\n`, meta)
    expect(swapped.problems.map(({ code, facts }) => [code, facts['ratio']])).toEqual([
      ['FILES_RATIO_DIFFERS', 'ctr'],
      ['FILES_RATIO_DIFFERS', 'cpc'],
    ])
  })

  test('a name that is none is a path', async () => {
    expect(readyMapping('kakao')).toBeUndefined()
    await expect(readMapping(join(root, 'none.yaml'))).rejects.toMatchObject({ code: 'FILES_UNREADABLE' })
  })
})

describe('ratios', () => {
  const check = ratioChecker(fileMapping({ columns: { date: 'd', campaign_id: 'i' }, ratios: { ctr: 'CTR' } }))
  const row = (clicks: number, impressions: number) => ({ clicks: String(clicks), impressions: String(impressions) })

  test('that were rounded to any number of digits agree, and one of another column does not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 6 }),
        (a, b, digits) => {
          const [clicks, impressions] = [Math.min(a, b), Math.max(a, b)]
          const shown = ((clicks / impressions) * 100).toFixed(digits)
          expect(check('ctr', `${shown}%`, row(clicks, impressions))).toBeUndefined()
          const wrong = `${(Number(shown) + 2 * 10 ** -digits).toFixed(digits)}%`
          expect(check('ctr', wrong, row(clicks, impressions))).toMatchObject({ ratio: 'ctr', found: wrong })
        },
      ),
      { seed: 20261127 },
    )
  })

  test('without a denominator, or that are no number, say nothing', () => {
    expect(check('ctr', '0.00%', row(0, 0))).toBeUndefined()
    expect(check('ctr', '--', row(1, 10))).toBeUndefined()
    expect(check('ctr', '10%', { clicks: '1' })).toBeUndefined()
  })
})
