import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddedServer } from '../warehouse/embedded-server.ts'
import { startEmbedded } from '../warehouse/embedded-server.ts'

/* A user's walk from nothing to a counter, with the real program in processes of their own. */
const main = join(import.meta.dirname, 'main.ts')
const project = mkdtempSync(join(tmpdir(), 'millrace-stream-'))
mkdirSync(project, { recursive: true })
writeFileSync(
  join(project, 'millrace.config.json'),
  JSON.stringify({ stream: { log: { topic: 'walk', partitions: 2 }, zone: 'UTC' } }),
)

let server: EmbeddedServer

/** Held for all commands: starting it anew for each is every other command's test. */
beforeAll(async () => {
  server = await startEmbedded({ dir: join(project, '.millrace', 'postgres') })
})

afterAll(async () => {
  await server.stop()
  rmSync(project, { recursive: true, force: true })
})

function run(args: readonly string[], input = '') {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, HOME: project, LANG: 'C.UTF-8' }
  const options = { cwd: project, env, input, encoding: 'utf8', timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--json'], options)
  const rows = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
  return { code: status, rows, stderr }
}

const counted = () =>
  run([
    'sql',
    'select campaign_id, sum(impressions) i, sum(clicks) c, sum(conversions) v, sum(revenue) r from campaign_day group by 1 order by 1',
  ]).rows

describe('stream, events and dlq', { timeout: 240_000 }, () => {
  test('what simulate says it sent is what run counts and sql shows', () => {
    const sent = run(['stream', 'simulate', '--rate', '0', '--count', '3000', '--duplicates', '0.05', '--seed', '7'])
    expect(sent.code).toBe(0)
    const ran = run(['stream', 'run', '--once'])
    expect(ran).toMatchObject({ code: 0 })
    expect(counted()).toEqual(
      sent.rows
        .map((row) => ({
          campaign_id: row['campaign_id'],
          i: String(row['impressions']),
          c: String(row['clicks']),
          v: String(row['conversions']),
          r: expect.stringMatching(new RegExp(`^${Number(row['revenue_micros']) / 1e6}(?:0*)$`)) as string,
        }))
        .sort((a, b) => String(a.campaign_id).localeCompare(String(b.campaign_id))),
    )
    expect(run(['stream', 'lag']).rows.map(({ records }) => records)).toEqual([0, 0])
  })

  test('a refused record is listed, shown whole, corrected, sent again, and counted once', () => {
    const time = Date.now()
    const good = `{"event_type":"click","campaign_id":"mine","timestamp":${time}}`
    const bad = `{"event_type":"click","campaign_id":"","timestamp":${time}}`
    const refused = run(['events', 'send'], `${good}\n${bad}\n`)
    expect(refused).toMatchObject({ code: 5, rows: [{ event: 'sent', sent: 1, refused: 1 }] })
    expect(refused.stderr).toMatch(/stdin:2 {2}campaign_id/)
    run(['stream', 'simulate', '--rate', '0', '--count', '60', '--bad', '0.1', '--seed', '8'])
    expect(run(['stream', 'run', '--once']).code).toBe(0)
    const letters = run(['dlq', 'list']).rows
    expect(letters.length).toBeGreaterThan(0)
    const id = String(letters[0]?.['id'])
    expect(run(['dlq', 'show', id]).rows).toMatchObject([{ id, raw: letters[0]?.['raw'] }])
    expect(run(['dlq', 'show', '0:999999999:0'])).toMatchObject({ code: 2 })
    expect(run(['dlq', 'retry', id])).toMatchObject({ code: 2 })
    expect(run(['dlq', 'retry', id, '--yes']).rows).toMatchObject([{ id, outcome: 'refused' }])
    for (let times = 0; times < 2; times += 1)
      expect(run(['dlq', 'retry', id, '--yes', '--with', good]).rows).toMatchObject([{ id, outcome: 'sent' }])
    expect(run(['stream', 'run', '--once']).code).toBe(0)
    expect(counted()).toContainEqual({ campaign_id: 'mine', i: '0', c: '2', v: '0', r: expect.anything() as string })
    expect(run(['dlq', 'list']).rows.map((row) => row['id'])).not.toContain(id)
  })

  test('what landed is counted again to the same figures, changed over, and reconciles', () => {
    const landed = run(['stream', 'land']).rows
    expect(landed.map(({ what }) => what)).toEqual(['landed', 'compacted', 'removed'])
    expect(Number(landed[0]?.['rows'])).toBeGreaterThan(3_000)
    expect(run(['stream', 'replay', '--into', 'live'])).toMatchObject({ code: 2 })
    const before = counted()
    const asked = run(['stream', 'replay', '--into', 'second', '--swap'])
    expect(asked.rows).toMatchObject([{ code: 'CLI_CONFIRMATION_NEEDED' }])
    expect(run(['stream', 'replay', '--into', 'second', '--swap', '--yes'])).toMatchObject({ code: 0, rows: [] })
    expect(counted()).toEqual(before)
    const query =
      'select count(*)::int as events, count(distinct event_id)::int as ids from ad_events where event_id is not null'
    const [events] = run(['events', 'query', query]).rows
    expect(events?.['events']).toBe(events?.['ids'])
    expect(Number(events?.['ids'])).toBeGreaterThan(2_500)
    expect(run(['events', 'query', 'select nothing from nowhere'])).toMatchObject({
      code: 2,
      rows: [{ code: 'STREAM_QUERY_REFUSED' }],
    })
    const found = run(['stream', 'reconcile', '--days', '1'])
    expect(found).toMatchObject({ code: 0 })
    expect(found.rows.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['lake', 'equal'],
      ['platform', 'not_measured'],
    ])
    expect(run(['stream', 'rebuild', '--yes'])).toMatchObject({ rows: [{ code: 'STREAM_REBUILD_NEEDLESS' }] })
  })

  test('tail shows what lies in the log, with its place', () => {
    const { rows } = run(['events', 'tail', '--from', 'start', '--limit', '3'])
    expect(rows).toHaveLength(3)
    for (const { partition, offset, text } of rows) {
      expect([partition, offset]).toEqual([expect.any(Number), expect.any(Number)])
      expect(JSON.parse(String(text))).toHaveProperty('event_type')
    }
  })

  test('wrong numbers and missing ids are mistakes in the call', () => {
    expect(run(['stream', 'simulate', '--late', '2'])).toMatchObject({ code: 2 })
    expect(run(['dlq', 'show'])).toMatchObject({ code: 2 })
    expect(run(['dlq', 'list', '--with', '{}'])).toMatchObject({ code: 2 })
  })
})
