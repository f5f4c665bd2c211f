import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { adapter } from '../src/connectors/airbyte.ts'
import { canonical, errorOf, receive, testContext } from '../src/connectors/connector.contract.ts'
import { day } from '../src/domain/day.ts'

// A source as other people write theirs, in Python with Airbyte's own kit.
const python = process.env['MILLRACE_TEST_AIRBYTE'] ?? ''
const root = await mkdtemp(join(tmpdir(), 'airbyte-cdk-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-12') }
const line = (date: string, id: string, shown: number, spend: string, orders: number) =>
  `{"day":"${date}","campaign":{"id":${id},"name":"봄","state":"on"},"metrics":{"shown":${shown},"clicked":3,"spend":"${spend}","orders":${orders}}}`
const written = [
  line('2026-11-09', '1', 9, '9', 0),
  line('2026-11-10', '9007199254740993', 100, '12.345678', 1.5),
  line('2026-11-10', '2', 50, '0.000001', 0),
  line('2026-11-11', '2', 60, '7', 2),
  line('2026-11-12', '2', 70, '8.5', 0.125),
  line('2026-11-13', '2', 9, '9', 0),
]

async function openSource(config: object) {
  const rows = join(root, 'rows.jsonl')
  await writeFile(rows, `${written.join('\n')}\n`)
  const given = adapter.options.parse({
    command: [python, join(import.meta.dirname, 'airbyte_source.py')],
    config: { rows, token: 'sekret-token', start_date: '{since}', end_date: '{until}', ...config },
    stream: 'campaign_days',
    platform: 'tiktok_ads',
    account: 'a1',
    currency: 'KRW',
    zone: 'Asia/Seoul',
    mapping: {
      columns: {
        date: 'day',
        campaign_id: 'campaign.id',
        campaign_name: 'campaign.name',
        status: 'campaign.state',
        cost: 'metrics.spend',
        impressions: 'metrics.shown',
        clicks: 'metrics.clicked',
        conversions: 'metrics.orders',
      },
      statuses: { on: 'active' },
    },
  })
  return adapter.open(given)
}

// One source for both, because each of its starts is two seconds of Python.
test('a source of Airbyte’s kit is checked, read over the days that were asked for, and goes on from its last state when it dies in the middle', async ({
  skip,
}) => {
  skip(python === '', 'absent: airbyte-cdk (scripts/services.sh start airbyte)')
  const connector = await openSource({ crash_on: '2026-11-11', marker: join(root, 'died') })
  const context = testContext(nowMs)
  expect((await connector.check(context)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
  const [account] = await connector.discover(context)
  const { received, result } = await receive(connector, account!, range, context)
  expect(received.rows.map((row) => `${row['date']} ${row['campaign_id']}`)).toEqual([
    '2026-11-10 9007199254740993',
    '2026-11-10 2',
    '2026-11-11 2',
    '2026-11-12 2',
  ])
  const told = canonical(received.rows, connector.spec.mapping).map((row) =>
    [row.date, row.entityId, row.impressions, row.cost, row.conversions].join(' '),
  )
  expect(told).toEqual([
    '2026-11-10 2 50 0.000001 0',
    '2026-11-10 9007199254740993 100 12.345678 1.5',
    '2026-11-11 2 60 7 2',
    '2026-11-12 2 70 8.5 0.125',
  ])
  expect(result.operations).toBe(2)
  expect(received.entities.map(({ entityId, name, status }) => [entityId, name, status])).toEqual([
    ['9007199254740993', '봄', 'active'],
    ['2', '봄', 'active'],
  ])
}, 300_000)

test('its own word for a failure is the error, without its secrets', async ({ skip }) => {
  skip(python === '', 'absent: airbyte-cdk (scripts/services.sh start airbyte)')
  const connector = await openSource({ fail: 'config' })
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const error = await errorOf(receive(connector, account!, range, context))
  expect(error.code).toBe('CONNECTORS_SOURCE_REFUSED')
  // Airbyte's kit covers its secrets itself, and so do we.
  expect(error.facts['detail']).toMatch(/^this source was told to fail with \*{3,4}$/)
}, 300_000)
