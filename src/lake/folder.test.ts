import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { adapter } from './folder.ts'
import { lakeContract } from './lake.contract.ts'

const run = promisify(execFile)
const root = await mkdtemp(join(tmpdir(), '레이크 with spaces '))
afterAll(() => rm(root, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const absent = { ifAbsent: true } as const

lakeContract('folder', {
  module: new URL('folder.ts', import.meta.url).href,
  options: (place) => ({ root: join(root, place) }),
  open: (place) => adapter.open({ root: join(root, place) }),
})

describe('the folder', () => {
  test('any key either lies in the lake or is refused', async () => {
    const inside = join(root, 'any')
    await using lake = await adapter.open({ root: inside })
    const part = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('..', '.', '', '%2e%2e', '..\\', 'a'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 4 }).map((parts) => parts.join('/')),
        async (key) => {
          const before = await readdir(root)
          const outcome = await lake.put(key, bytes('x'), absent).then(
            () => 'put',
            (error: { code?: string }) => error.code,
          )
          expect(['put', 'LAKE_KEY_INVALID', 'LAKE_CONFLICT']).toContain(outcome)
          expect(await readdir(root)).toEqual(before)
        },
      ),
      { seed: 532, numRuns: 300 },
    )
  })

  test('racing writers in four processes lose no count', async () => {
    const options = { root: join(root, 'processes') }
    await using lake = await adapter.open(options)
    await lake.put('count', bytes('0'), absent)
    const script = `
      const { adapter } = await import(${JSON.stringify(new URL('folder.ts', import.meta.url).href)})
      const lake = await adapter.open(${JSON.stringify(options)})
      for (let done = 0; done < 25; ) {
        const now = await lake.get('count')
        const next = new TextEncoder().encode(String(Number(new TextDecoder().decode(now.bytes)) + 1))
        await lake.put('count', next, { ifMatch: now.etag }).then(() => { done += 1 }, (error) => { if (error.code !== 'LAKE_CONFLICT') throw error })
      }`
    const child = () => run(process.execPath, ['--input-type=module', '-e', script])
    await Promise.all([child(), child(), child(), child()])
    expect(new TextDecoder().decode((await lake.get('count'))?.bytes)).toBe('100')
  })

  test('leftovers of killed writers are never listed, and removed when they are old', async () => {
    const inside = join(root, 'leftovers')
    await (await adapter.open({ root: inside }))[Symbol.asyncDispose]()
    const old = join(inside, '.tmp', 'x.parquet.tmp-1')
    const young = join(inside, '.tmp', 'x.parquet.tmp-2')
    await writeFile(old, 'half')
    await writeFile(young, 'half')
    await utimes(old, 1, 1)
    await using lake = await adapter.open({ root: inside })
    expect(await Array.fromAsync(lake.list(''))).toEqual([])
    expect(await readdir(join(inside, '.tmp'))).toEqual(['x.parquet.tmp-2'])
  })

  test('a symbolic link out of the lake is no object', async () => {
    const inside = join(root, 'links')
    await using lake = await adapter.open({ root: inside })
    await writeFile(join(root, 'secret'), 'secret')
    await symlink(join(root, 'secret'), join(inside, 'x'))
    expect(await lake.get('x')).toBeUndefined()
    expect(await Array.fromAsync(lake.list(''))).toEqual([])
    await expect(lake.put('x', bytes('x'), absent)).rejects.toMatchObject({ code: 'LAKE_KEY_INVALID' })
  })

  test('a replaced version an hour old is tidied away, the first and the last two stay', async () => {
    const inside = join(root, 'tidy')
    await using lake = await adapter.open({ root: inside })
    let { etag } = await lake.put('m.json', bytes('1'), absent)
    for (const text of ['2', '3', '4']) ({ etag } = await lake.put('m.json', bytes(text), { ifMatch: etag }))
    await utimes(join(inside, 'm.json~2'), 1, 1)
    await lake.put('m.json', bytes('5'), { ifMatch: etag })
    expect((await readdir(inside)).filter((name) => name.startsWith('m'))).toEqual([
      'm.json',
      'm.json~3',
      'm.json~4',
      'm.json~5',
    ])
  })

  test('a full disk is a coded error and leaves what was there', async ({ skip }) => {
    const mount = join(root, 'small')
    await mkdir(mount)
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount]).then(
      () => true,
      () => false,
    )
    skip(!mounted, 'mounting a small tmpfs needs root')
    try {
      await using lake = await adapter.open({ root: mount })
      const { etag } = await lake.put('a', bytes('old'), absent)
      await expect(lake.put('a', Buffer.alloc(1_000_000), { ifMatch: etag })).rejects.toMatchObject({
        code: 'LAKE_DISK_FULL',
      })
      expect(new TextDecoder().decode((await lake.get('a'))?.bytes)).toBe('old')
      expect(await readdir(join(mount, '.tmp'))).toEqual([])
      await lake.put('a', bytes('new'), { ifMatch: etag })
    } finally {
      await run('umount', [mount])
    }
  })

  test('a folder that cannot be used is named', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(adapter.open({ root: join(root, 'file') })).rejects.toMatchObject({
      code: 'LAKE_FOLDER_UNUSABLE',
      facts: { path: join(root, 'file') },
    })
    await chmod(root, 0o700)
  })
})
