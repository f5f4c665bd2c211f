import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import type { Lake } from './lake.ts'
import { readRawRows } from './parquet.ts'
import { openSpool } from './spool.ts'

/** How a contract opens an adapter: the same place every time it is called within one test. */
export interface LakeSetUp {
  /** Path of the adapter's module and the options it is opened with, so that a child process can open the same lake. */
  readonly module: string
  readonly options: (place: string) => unknown
  readonly open: (place: string) => Promise<Lake>
  /** Why this adapter cannot be tried here; undefined means it can. */
  readonly unavailable?: string | undefined
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (found: { readonly bytes: Uint8Array } | undefined) => found && new TextDecoder().decode(found.bytes)
const absent = { ifAbsent: true } as const
const rounds = process.env['MILLRACE_LONG'] ? 500 : 20

async function conflictOrWin(put: Promise<unknown>): Promise<'won' | 'conflict'> {
  try {
    await put
    return 'won'
  } catch (error) {
    if (isMillraceError(error, 'LAKE_CONFLICT')) return 'conflict'
    throw error
  }
}

/**
 * A child replaces one object by ever longer runs of one letter until it is killed -9; then the object must be one whole run,
 * never a mixture or a part, a new writer must be able to go on, and nothing else may be listed.
 */
async function killedWriter(
  setUp: LakeSetUp,
  place: string,
  killAfterMs: number,
): Promise<{ left: string; keys: string[] }> {
  const script = `
    const { adapter } = await import(${JSON.stringify(setUp.module)})
    const lake = await adapter.open(${JSON.stringify(setUp.options(place))})
    for (let n = 0; ; n += 1) {
      const body = new TextEncoder().encode('abcdefgh'[n % 8].repeat(200_000 + n))
      const now = await lake.get('torn')
      await lake.put('torn', body, now ? { ifMatch: now.etag } : { ifAbsent: true })
      if (n === 0) console.log('writing')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await delay(killAfterMs)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using lake = await setUp.open(place)
  const found = await lake.get('torn')
  await lake.put('torn', bytes('whole'), { ifMatch: found?.etag ?? '' })
  const keys = (await Array.fromAsync(lake.list(''))).map(({ key }) => key)
  return { left: text(found) ?? '', keys }
}

/** Every adapter of the lake keeps these promises; what it cannot be tried for is skipped with its reason. */
export function lakeContract(name: string, setUp: LakeSetUp): void {
  let places = 0
  const place = () => `${name}-${process.pid}-${(places += 1)}`
  const promise = (what: string, keep: (lake: Lake) => Promise<void>) =>
    test(`${what} (${name})`, async ({ skip }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      expect.hasAssertions()
      await using lake = await setUp.open(place())
      await keep(lake)
    })

  describe(`lake contract: ${name}`, () => {
    promise('a key never written is nothing', async (lake) => {
      expect(await lake.get('raw/none.json')).toBeUndefined()
      await expect(lake.open('raw/none.json')).rejects.toMatchObject({ code: 'LAKE_OBJECT_MISSING' })
      expect(await Array.fromAsync(lake.list('raw'))).toEqual([])
    })

    promise('what was put is what is got, opened and listed', async (lake) => {
      const put = await lake.put('raw/a=1/x.json', bytes('한글 ✓'), absent)
      expect(put).toMatchObject({ key: 'raw/a=1/x.json', sizeBytes: 10 })
      expect(text(await lake.get('raw/a=1/x.json'))).toBe('한글 ✓')
      expect((await lake.get('raw/a=1/x.json'))?.etag).toBe(put.etag)
      expect(await Array.fromAsync(lake.list('raw'))).toEqual([put])
      await using local = await lake.open('raw/a=1/x.json')
      expect((await stat(local.path)).size).toBe(10)
    })

    promise('an empty object is an object', async (lake) => {
      await lake.put('empty', new Uint8Array(), absent)
      expect((await lake.get('empty'))?.bytes.length).toBe(0)
    })

    promise('a second put of an absent key is a conflict and changes nothing', async (lake) => {
      await lake.put('k.json', bytes('first'), absent)
      await expect(lake.put('k.json', bytes('second'), absent)).rejects.toMatchObject({ code: 'LAKE_CONFLICT' })
      expect(text(await lake.get('k.json'))).toBe('first')
    })

    promise('a replacement needs the version that was read', async (lake) => {
      const first = await lake.put('k.json', bytes('1'), absent)
      const second = await lake.put('k.json', bytes('2'), { ifMatch: first.etag })
      expect(second.etag).not.toBe(first.etag)
      await expect(lake.put('k.json', bytes('3'), { ifMatch: first.etag })).rejects.toMatchObject({
        code: 'LAKE_CONFLICT',
      })
      await expect(lake.put('none.json', bytes('3'), { ifMatch: first.etag })).rejects.toMatchObject({
        code: 'LAKE_CONFLICT',
      })
      await expect(lake.put('k.json', bytes('3'), absent)).rejects.toMatchObject({ code: 'LAKE_CONFLICT' })
      expect(text(await lake.get('k.json'))).toBe('2')
      expect(await Array.fromAsync(lake.list(''))).toEqual([second])
    })

    promise('of racing first writers exactly one wins', async (lake) => {
      for (let round = 0; round < rounds; round += 1) {
        const racers = Array.from({ length: 8 }, (_, racer) => lake.put(`race/${round}`, bytes(`w${racer}`), absent))
        const outcomes = await Promise.all(racers.map(conflictOrWin))
        expect(outcomes.filter((one) => one === 'won')).toHaveLength(1)
        expect(text(await lake.get(`race/${round}`))).toBe(`w${outcomes.indexOf('won')}`)
      }
    })

    promise('of racing replacements of one version exactly one wins', async (lake) => {
      let { etag } = await lake.put('cas.json', bytes('start'), absent)
      for (let round = 0; round < rounds; round += 1) {
        const ifMatch = etag
        const racers = Array.from({ length: 8 }, (_, racer) =>
          lake.put('cas.json', bytes(`${round} w${racer}`), { ifMatch }),
        )
        const outcomes = await Promise.all(racers.map(conflictOrWin))
        expect(outcomes.filter((one) => one === 'won')).toHaveLength(1)
        const now = await lake.get('cas.json')
        expect(text(now)).toBe(`${round} w${outcomes.indexOf('won')}`)
        etag = now?.etag ?? ''
      }
    })

    promise('no count is lost between writers that read, add one and replace', async (lake) => {
      await lake.put('count', bytes('0'), absent)
      const addOne = async (): Promise<void> => {
        for (;;) {
          const now = await lake.get('count')
          const next = bytes(String(Number(text(now)) + 1))
          if ((await conflictOrWin(lake.put('count', next, { ifMatch: now?.etag ?? '' }))) === 'won') return
        }
      }
      await Promise.all(Array.from({ length: 6 }, async () => addOne().then(addOne).then(addOne).then(addOne)))
      expect(text(await lake.get('count'))).toBe('24')
    })

    promise('a listing is complete, in order of the keys, and of whole segments', async (lake) => {
      const keys = ['o/a/x', 'o/a-b', 'o/a.c', 'o/a0', 'o/a=1', 'o/aB', 'o2/z', 'p']
      for (const key of keys) await lake.put(key, bytes(key), absent)
      const listed = async (prefix: string) => (await Array.fromAsync(lake.list(prefix))).map(({ key }) => key)
      expect(await listed('o')).toEqual(['o/a-b', 'o/a.c', 'o/a/x', 'o/a0', 'o/a=1', 'o/aB'])
      expect(await listed('o/a')).toEqual(['o/a/x'])
      expect(await listed('')).toEqual([...keys].sort())
    })

    promise('a listing goes on beyond one page', async (lake) => {
      const keys = Array.from({ length: 1100 }, (_, index) => `many/${String(index).padStart(4, '0')}`)
      for (let from = 0; from < keys.length; from += 50) {
        await Promise.all(keys.slice(from, from + 50).map((key) => lake.put(key, bytes('x'), absent)))
      }
      expect((await Array.fromAsync(lake.list('many'))).map(({ key }) => key)).toEqual(keys)
    })

    promise('what is removed is gone, and may be put again', async (lake) => {
      const first = await lake.put('a/1', bytes('1'), absent)
      await lake.put('a/1', bytes('2'), { ifMatch: first.etag })
      await lake.put('a/2', bytes('2'), absent)
      await lake.remove(['a/1', 'a/none'])
      expect(await lake.get('a/1')).toBeUndefined()
      expect((await Array.fromAsync(lake.list('a'))).map(({ key }) => key)).toEqual(['a/2'])
      await expect(lake.put('a/1', bytes('3'), { ifMatch: first.etag })).rejects.toMatchObject({
        code: 'LAKE_CONFLICT',
      })
      await lake.put('a/1', bytes('3'), absent)
      expect(text(await lake.get('a/1'))).toBe('3')
      await lake.remove([])
    })

    promise('no key leaves the lake or hides in it', async (lake) => {
      const hostile = [
        '',
        '/',
        '../x',
        'a/../../x',
        'a//b',
        '/abs',
        'a/',
        '.',
        '.hidden',
        'a/.tmp',
        'a b',
        'a~2',
        'a\\b',
        'a%2e',
        '한글',
        'a\0',
        'x'.repeat(300),
      ]
      for (const key of hostile) {
        await expect(lake.put(key, bytes('x'), absent)).rejects.toMatchObject({ code: 'LAKE_KEY_INVALID' })
        await expect(lake.get(key)).rejects.toMatchObject({ code: 'LAKE_KEY_INVALID' })
      }
      expect(await Array.fromAsync(lake.list(''))).toEqual([])
    })

    promise('no key is the folder of another', async (lake) => {
      await lake.put('d/x', bytes('x'), absent)
      await expect(lake.put('d', bytes('x'), absent)).rejects.toMatchObject({ code: 'LAKE_KEY_INVALID' })
      await expect(lake.put('d/x/y', bytes('x'), absent)).rejects.toMatchObject({ code: 'LAKE_KEY_INVALID' })
    })

    promise('DuckDB reads what is opened', async (lake) => {
      const columns = [{ name: 'date', type: 'day', required: true }] as const
      const folder = await mkdtemp(join(tmpdir(), 'contract spool 한글 '))
      await using spool = await openSpool({ columns, dateColumn: 'date', folder })
      await spool.append([{ date: '2026-03-08' }, { date: '2026-03-08' }])
      for await (const file of spool.finish()) await lake.put('raw/x.parquet', { path: file.path }, absent)
      await using local = await lake.open('raw/x.parquet')
      const rows = (await Array.fromAsync(readRawRows(local.path, columns))).flat()
      expect(rows).toEqual([{ date: '2026-03-08' }, { date: '2026-03-08' }])
    })

    promise('a file of several megabytes arrives whole', async (lake) => {
      const folder = await mkdtemp(join(tmpdir(), 'contract big '))
      const big = Buffer.alloc(17_000_000, 'millrace ')
      await writeFile(join(folder, 'big'), big)
      const put = await lake.put('big', { path: join(folder, 'big') }, absent)
      expect(put.sizeBytes).toBe(big.length)
      expect(Buffer.compare((await lake.get('big'))?.bytes ?? new Uint8Array(), big)).toBe(0)
      await rm(folder, { recursive: true })
    })

    test('a writer killed in the middle leaves the old object or the new one', async ({ skip }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      expect.hasAssertions()
      const cycles = process.env['MILLRACE_LONG'] ? 40 : 4
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const { left, keys } = await killedWriter(setUp, place(), 20 + ((cycle * 37) % 90))
        expect(left).toMatch(/^([a-h])\1{199999,}$/)
        expect(keys).toEqual(['torn'])
      }
    })
  })
}
